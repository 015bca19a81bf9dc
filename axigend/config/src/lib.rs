//! The running configuration: the object tree, its typed view, and the file.
//!
//! [`RunningConfig`] holds one snapshot of all three, swapped as a whole; [`Settings`] is what services read, built from the
//! tree by one `TryFrom<&Object>` per part, the only places where names of attributes are strings. A draft is proposed
//! (validated against the newest tree), then accepted (swapped in); what was proposed and not accepted never existed.

mod file;
mod host;
mod running;
mod settings;
#[cfg(test)]
mod tests;

pub use axigen_shared::schema::{Diagnostic, Severity};
pub use host::name as host_name;
pub use running::{Proposal, RunningConfig, check};
pub use settings::{
    AuthTypes, CliSettings, ConnectionSettings, ImapSettings, IndexingSettings, ListenerSettings, LogKind,
    LogRule, LogSettings, LogType, LoginSettings, Pop3Settings, ProcessingSettings, RotatePeriod,
    ServerSettings, ServiceName, Settings, SmtpIncomingSettings, SslSettings, TlsVersion,
};
