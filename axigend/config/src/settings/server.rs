//! Settings of the whole server (services-core 3.1).

use super::View;
use crate::host;
use axigen_shared::Refusal;
use axigen_shared::schema::Object;
use axigen_shared::value::Value;
use std::collections::BTreeSet;
use std::time::Duration;

/// What concerns the whole server.
#[expect(
    clippy::struct_excessive_bools,
    reason = "switches of the configuration, each its own attribute"
)]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerSettings {
    /// Name in greetings and headers.
    pub server_name: String,
    /// Domain of addresses and logins without one; when it is not set, that of the host; empty when the host has none.
    pub primary_domain: String,
    /// Services that run when the server starts.
    pub services: BTreeSet<ServiceName>,
    /// Users may log in with an alias.
    pub allow_alias_logins: bool,
    /// A mailbox takes one POP3 session at a time.
    pub pop3_exclusive_lock: bool,
    /// What was answered is on disk.
    pub enable_io_synchronization: bool,
    /// What storages do is counted from when they are opened first.
    pub enable_storage_statistics: bool,
    /// Upkeep of the search indexes.
    pub indexing: IndexingSettings,
}

/// Upkeep of the search indexes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexingSettings {
    /// Threads that index, at least one.
    pub max_indexing_threads: u32,
    /// Messages added after which an index is optimised.
    pub optimize_threshold: u64,
    /// Removed entries after which an index is cleaned …
    pub vacuum_absolute_threshold: u64,
    /// … when they are also so many percent of it.
    pub vacuum_relative_threshold: u64,
    /// When indexing that failed is begun again; `None`: not before the domain is opened again.
    pub auto_reschedule_timeout: Option<Duration>,
}

impl IndexingSettings {
    fn read(view: &View<'_>) -> Result<Self, Refusal> {
        let again = view.value("indexAutoRescheduleTimeout")?;
        let auto_reschedule_timeout = match again {
            Value::Choice(_) => None,
            seconds => Some(Duration::from_secs(seconds.number())),
        };
        Ok(Self {
            max_indexing_threads: view.number("maxIndexingThreads")?.max(1),
            optimize_threshold: view.large("searchIndexOptimizeThreshold")?,
            vacuum_absolute_threshold: view.large("searchIndexVacuumAbsoluteThreshold")?,
            vacuum_relative_threshold: view.large("searchIndexVacuumRelativeThreshold")?,
            auto_reschedule_timeout,
        })
    }
}

/// Name of a service in `services` (services-core 3.1.1), in the order in which services are started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the names are those of the services")]
pub enum ServiceName {
    Log,
    Processing,
    SmtpIncoming,
    SmtpOutgoing,
    Pop3,
    Imap,
    Webmail,
    Webadmin,
    Cli,
    Rpop,
    FtpBackup,
    Report,
    Pop3Proxy,
    ImapProxy,
    WebmailProxy,
}

impl ServiceName {
    /// Every service.
    pub const ALL: [Self; 15] = [
        Self::Log,
        Self::Processing,
        Self::SmtpIncoming,
        Self::SmtpOutgoing,
        Self::Pop3,
        Self::Imap,
        Self::Webmail,
        Self::Webadmin,
        Self::Cli,
        Self::Rpop,
        Self::FtpBackup,
        Self::Report,
        Self::Pop3Proxy,
        Self::ImapProxy,
        Self::WebmailProxy,
    ];

    /// The name as `services` spells it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Log => "log",
            Self::Processing => "processing",
            Self::SmtpIncoming => "smtpIncoming",
            Self::SmtpOutgoing => "smtpOutgoing",
            Self::Pop3 => "pop3",
            Self::Imap => "imap",
            Self::Webmail => "webmail",
            Self::Webadmin => "webadmin",
            Self::Cli => "cli",
            Self::Rpop => "rpop",
            Self::FtpBackup => "ftpbackup",
            Self::Report => "report",
            Self::Pop3Proxy => "pop3proxy",
            Self::ImapProxy => "imapproxy",
            Self::WebmailProxy => "webmailproxy",
        }
    }

    /// The service whose context this is (`SERVER/IMAP`), for START and STOP; `None` for any other context.
    pub fn of_context(path: &str) -> Option<Self> {
        let name = path.strip_prefix("SERVER/")?.replace('-', "");
        Self::ALL
            .into_iter()
            .find(|service| service.name().eq_ignore_ascii_case(&name))
    }
}

impl TryFrom<&Object> for ServerSettings {
    type Error = Refusal;

    /// From a SERVER object.
    fn try_from(server: &Object) -> Result<Self, Refusal> {
        let view = View(server);
        let names = view.set("services")?;
        let primary_domain = match view.text("primaryDomain")? {
            unset if unset.is_empty() => host::domain(),
            domain => domain,
        };
        Ok(Self {
            server_name: view.text("serverName")?,
            primary_domain,
            services: ServiceName::ALL
                .into_iter()
                .filter(|service| names.contains(&service.name()))
                .collect(),
            allow_alias_logins: view.truth("allowAliasLogins")?,
            pop3_exclusive_lock: view.truth("pop3ExclusiveLock")?,
            enable_io_synchronization: view.truth("enableIOSynchronization")?,
            enable_storage_statistics: view.truth("enableStorageStatistics")?,
            indexing: IndexingSettings::read(&view)?,
        })
    }
}
