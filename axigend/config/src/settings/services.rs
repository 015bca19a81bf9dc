//! Settings of the services that take connections (services-core 3.2.1, 3.2.4, 3.2.5; WIRE.md 4.3).

use super::{ConnectionSettings, LoginSettings, View};
use axigen_shared::Refusal;
use axigen_shared::schema::Object;

/// SMTP receiving.
#[derive(Clone, Debug, PartialEq)]
pub struct SmtpIncomingSettings {
    /// Listeners and threads.
    pub connection: ConnectionSettings,
    /// Wrong commands allowed in a session; 0 is no limit.
    pub max_errors: u32,
    /// Failed logins allowed in a session; 0 is no limit.
    pub max_auth_errors: u32,
    /// Most Received headers of a message.
    pub max_received_headers: u32,
    /// What is logged: sum of 1, 2, 4, 8, 16.
    pub log_level: u8,
}

/// IMAP.
#[derive(Clone, Debug, PartialEq)]
pub struct ImapSettings {
    /// Listeners and threads.
    pub connection: ConnectionSettings,
    /// How users may log in.
    pub login: LoginSettings,
    /// Wrong commands allowed in a session; 0 is no limit.
    pub max_errors: u32,
    /// Failed logins allowed in a session; 0 is no limit.
    pub max_auth_errors: u32,
    /// Text of the greeting; empty for the usual one.
    pub greetings_text: String,
    /// Answers the ID command (RFC 2971).
    pub imap_id_enabled: bool,
    /// Lists folders that hold no mail too. Without effect yet.
    pub imap_show_all_folders: bool,
    /// What is logged: sum of 1, 2, 4, 8, 16.
    pub log_level: u8,
}

/// POP3.
#[derive(Clone, Debug, PartialEq)]
pub struct Pop3Settings {
    /// Listeners and threads.
    pub connection: ConnectionSettings,
    /// How users may log in.
    pub login: LoginSettings,
    /// Wrong commands allowed in a session; 0 is no limit.
    pub max_errors: u32,
    /// Failed logins allowed in a session; 0 is no limit.
    pub max_auth_errors: u32,
    /// Text of the greeting; empty for the usual one.
    pub greetings_text: String,
    /// What is logged: sum of 1, 2, 4, 8, 16.
    pub log_level: u8,
}

/// The command line interface over TCP.
#[derive(Clone, Debug, PartialEq)]
pub struct CliSettings {
    /// Listeners and threads.
    pub connection: ConnectionSettings,
    /// Wrong commands allowed in a session; 0 is no limit.
    pub max_errors: u32,
    /// Failed logins allowed in a session; 0 is no limit.
    pub max_auth_errors: u32,
    /// Commands allowed before login; 0 is no limit.
    pub max_auth_commands: u32,
    /// What is logged: sum of 1, 2, 4, 8, 16.
    pub log_level: u8,
}

impl TryFrom<&Object> for SmtpIncomingSettings {
    type Error = Refusal;

    fn try_from(service: &Object) -> Result<Self, Refusal> {
        let view = View(service);
        Ok(Self {
            // Only the policy script can switch it off (services-core 3.2.1, `allowStartTLS`).
            connection: ConnectionSettings::of(service, true)?,
            max_errors: view.number("maxErrors")?,
            max_auth_errors: view.number("maxAuthErrors")?,
            max_received_headers: view.number("maxReceivedHeaders")?,
            log_level: view.level()?,
        })
    }
}

impl TryFrom<&Object> for ImapSettings {
    type Error = Refusal;

    fn try_from(service: &Object) -> Result<Self, Refusal> {
        let view = View(service);
        let login = LoginSettings::try_from(service)?;
        Ok(Self {
            connection: ConnectionSettings::of(service, login.allow_start_tls)?,
            login,
            max_errors: view.number("maxErrors")?,
            max_auth_errors: view.number("maxAuthErrors")?,
            greetings_text: view.text("greetingsText")?,
            imap_id_enabled: view.truth("imapIdEnabled")?,
            imap_show_all_folders: view.truth("imapShowAllFolders")?,
            log_level: view.level()?,
        })
    }
}

impl TryFrom<&Object> for Pop3Settings {
    type Error = Refusal;

    fn try_from(service: &Object) -> Result<Self, Refusal> {
        let view = View(service);
        let login = LoginSettings::try_from(service)?;
        Ok(Self {
            connection: ConnectionSettings::of(service, login.allow_start_tls)?,
            login,
            max_errors: view.number("maxErrors")?,
            max_auth_errors: view.number("maxAuthErrors")?,
            greetings_text: view.text("greetingsText")?,
            log_level: view.level()?,
        })
    }
}

impl TryFrom<&Object> for CliSettings {
    type Error = Refusal;

    fn try_from(service: &Object) -> Result<Self, Refusal> {
        let view = View(service);
        Ok(Self {
            connection: ConnectionSettings::of(service, false)?,
            max_errors: view.number("maxErrors")?,
            max_auth_errors: view.number("maxAuthErrors")?,
            max_auth_commands: view.number("maxAuthCommands")?,
            log_level: view.level()?,
        })
    }
}
