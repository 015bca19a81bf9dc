//! The load generators: SMTP, IMAP and POP3 clients that do as little as they can themselves.
//!
//! One blocking thread per connection and reused buffers; what they cost is measured and printed with every bench.

mod imap;
mod message;
mod pop3;
mod smtp;
mod wire;

pub(crate) use imap::Imap;
pub(crate) use message::{DOMAIN, Messages, NEEDLE, PASSWORD, SHORT_NEEDLE, user};
pub(crate) use pop3::Pop3;
pub(crate) use smtp::Smtp;
pub(crate) use wire::Wire;
