//! SASL (RFC 4422) as a server: the exchange of a mechanism, without the protocol around it.
//!
//! [`Dialogue`] speaks base64 lines, as SMTP (RFC 4954), POP3 (RFC 5034) and IMAP (RFC 9051, 6.2.2) frame them;
//! an [`Exchange`] is one mechanism in raw octets. PLAIN and LOGIN end in [`Credentials`] for the directory to
//! verify; a mechanism that proves without showing the password (SCRAM) adds its own [`Turn`].
//! Nothing here is ever logged, and everything that held a password is wiped when dropped.

mod credentials;
mod dialogue;
mod exchange;
mod mechanism;
mod rules;

pub use credentials::{Credentials, Password};
pub use dialogue::{Dialogue, Progress, SASL_LINE_MAX};
pub use exchange::{Exchange, Turn};
pub use mechanism::{Mechanism, Mechanisms};
pub use rules::LoginRules;
