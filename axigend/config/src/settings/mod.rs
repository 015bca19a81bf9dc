//! Typed settings: what services read.
//!
//! Built from the object tree when it is loaded or a change is proposed; a session keeps the snapshot it began with. Checks
//! that concern several attributes are made here and name all of them.

mod connection;
mod contradiction;
mod log;
mod login;
mod processing;
mod server;
mod services;

pub use connection::{ConnectionSettings, ListenerSettings, SslSettings, TlsVersion};
pub(crate) use contradiction::{certificates, contradictions};
pub use log::{LogKind, LogRule, LogSettings, LogType, RotatePeriod};
pub use login::{AuthTypes, LoginSettings};
pub use processing::ProcessingSettings;
pub use server::{IndexingSettings, ServerSettings, ServiceName};
pub use services::{CliSettings, ImapSettings, Pop3Settings, SmtpIncomingSettings};

use axigen_shared::schema::Object;
use axigen_shared::{Cause, Refusal};
use std::sync::Arc;

/// Attributes of every service that takes connections.
const MIN_THREADS: &str = "minConnThreads";
const MAX_THREADS: &str = "maxConnThreads";

/// Everything, as one snapshot.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// What concerns the whole server.
    pub server: ServerSettings,
    /// SMTP receiving.
    pub smtp_incoming: Arc<SmtpIncomingSettings>,
    /// IMAP.
    pub imap: Arc<ImapSettings>,
    /// POP3.
    pub pop3: Arc<Pop3Settings>,
    /// The command line interface over TCP.
    pub cli: Arc<CliSettings>,
    /// Processing of the queue.
    pub processing: Arc<ProcessingSettings>,
    /// The log service.
    pub log: Arc<LogSettings>,
}

impl TryFrom<&Object> for Settings {
    type Error = Refusal;

    /// Builds the typed view of a SERVER object.
    fn try_from(server: &Object) -> Result<Self, Refusal> {
        if let Some(contradiction) = contradictions(server).into_iter().next() {
            return Err(Refusal::new(Cause::Invalid, contradiction.message));
        }
        Ok(Self {
            server: ServerSettings::try_from(server)?,
            smtp_incoming: Arc::new(SmtpIncomingSettings::try_from(&part(server, "smtpIncoming")?)?),
            imap: Arc::new(ImapSettings::try_from(&part(server, "imap")?)?),
            pop3: Arc::new(Pop3Settings::try_from(&part(server, "pop3")?)?),
            cli: Arc::new(CliSettings::try_from(&part(server, "cli")?)?),
            processing: Arc::new(ProcessingSettings::try_from(&part(server, "processing")?)?),
            log: Arc::new(LogSettings::try_from(&part(server, "log")?)?),
        })
    }
}

/// A part of an object; the schema declares it, or this view is wrong.
fn part(object: &Object, field: &str) -> Result<Object, Refusal> {
    object.part(field).ok_or_else(|| {
        Refusal::new(
            Cause::Internal,
            format!("the schema has no {field} in {}", object.context.path),
        )
    })
}

/// Reads attributes of one object; a name that the schema does not have is a defect of the view, not of the file.
struct View<'a>(&'a Object);

impl View<'_> {
    fn value(&self, name: &str) -> Result<axigen_shared::value::Value, Refusal> {
        match self.0.context.attr(name) {
            Some(attr) => Ok(self.0.value(attr)),
            None => Err(Refusal::new(
                Cause::Internal,
                format!("the schema has no attribute {name} in {}", self.0.context.path),
            )),
        }
    }

    fn truth(&self, name: &str) -> Result<bool, Refusal> {
        self.value(name).map(|value| value.truth())
    }

    /// A number that fits 32 bits; the schema's ranges keep larger ones out.
    fn number(&self, name: &str) -> Result<u32, Refusal> {
        let number = self.value(name)?.number();
        u32::try_from(number).map_err(|_| {
            Refusal::new(
                Cause::Invalid,
                format!("invalid value for {name}: {number} is too large"),
            )
        })
    }

    fn large(&self, name: &str) -> Result<u64, Refusal> {
        self.value(name).map(|value| value.number())
    }

    fn seconds(&self, name: &str) -> Result<std::time::Duration, Refusal> {
        self.large(name).map(std::time::Duration::from_secs)
    }

    fn text(&self, name: &str) -> Result<String, Refusal> {
        self.value(name).map(|value| value.str().to_owned())
    }

    /// A path; `none` and the empty text are no path.
    fn path(&self, name: &str) -> Result<Option<String>, Refusal> {
        let text = self.text(name)?;
        Ok((!text.is_empty() && !text.eq_ignore_ascii_case("none")).then_some(text))
    }

    fn set(&self, name: &str) -> Result<Vec<&'static str>, Refusal> {
        self.value(name).map(|value| value.set().to_vec())
    }

    fn level(&self) -> Result<u8, Refusal> {
        // The schema's range is 0 to 31.
        self.number("logLevel")
            .map(|level| u8::try_from(level).unwrap_or(u8::MAX))
    }
}
