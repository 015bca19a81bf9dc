//! Settings of the log service (services-core, "Logging").

use super::View;
use axigen_shared::Refusal;
use axigen_shared::schema::Object;
use std::time::Duration;

/// The log service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogSettings {
    /// Its rules, the lowest priority number first.
    pub rules: Vec<LogRule>,
    /// Keeps a separate security log. Without effect yet.
    pub enable_security_log: bool,
    /// What the log service says of itself.
    pub log_level: u8,
    /// Where it says it. Without effect yet.
    pub log_type: LogType,
}

/// A rule: which records go to which file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogRule {
    /// The lowest number is tried first.
    pub priority: u32,
    /// Host whose records it takes; `*` for all.
    pub hostname: String,
    /// Module whose records it takes; `*` for all.
    pub module: String,
    /// Levels that it takes: sum of 1, 2, 4, 8, 16.
    pub log_level: u8,
    /// File that is written; relative is below `log/` of the working directory.
    pub file_name: String,
    /// Size in KB at which a new file is begun; 0 for never.
    pub file_size: u64,
    /// Age at which a new file is begun; zero for never.
    pub file_time: Duration,
    /// Old files that are kept; 0 for all.
    pub file_count: u32,
    /// Period after which a new file is begun.
    pub rotate_period: RotatePeriod,
    /// Records of this server or of others (`type`).
    pub kind: LogKind,
}

/// `rotatePeriod`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RotatePeriod {
    /// Never by time of day.
    None,
    /// Every day.
    Day,
    /// Every week.
    Week,
    /// Every month.
    Month,
}

/// `type` of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogKind {
    /// Records of this server.
    Local,
    /// Records that other servers send.
    Remote,
}

/// `logType`: where a service logs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogType {
    /// The log service of this server.
    Internal,
    /// The system's log.
    System,
    /// The log service of another server.
    Remote,
}

impl TryFrom<&Object> for LogSettings {
    type Error = Refusal;

    fn try_from(log: &Object) -> Result<Self, Refusal> {
        let view = View(log);
        let mut rules: Vec<LogRule> = log
            .children("rules")
            .iter()
            .map(LogRule::try_from)
            .collect::<Result<_, _>>()?;
        rules.sort_by_key(|rule| rule.priority);
        Ok(Self {
            rules,
            enable_security_log: view.truth("enableSecurityLog")?,
            log_level: view.level()?,
            log_type: match view.text("logType")?.as_str() {
                "system" => LogType::System,
                "remote" => LogType::Remote,
                _ => LogType::Internal,
            },
        })
    }
}

impl TryFrom<&Object> for LogRule {
    type Error = Refusal;

    fn try_from(rule: &Object) -> Result<Self, Refusal> {
        let view = View(rule);
        Ok(Self {
            priority: view.number("priority")?,
            hostname: view.text("hostname")?,
            module: view.text("module")?,
            log_level: view.level()?,
            file_name: view.text("fileName")?,
            file_size: view.large("fileSize")?,
            file_time: view.seconds("fileTime")?,
            file_count: view.number("fileCount")?,
            rotate_period: match view.text("rotatePeriod")?.as_str() {
                "day" => RotatePeriod::Day,
                "week" => RotatePeriod::Week,
                "month" => RotatePeriod::Month,
                _ => RotatePeriod::None,
            },
            kind: if view.text("type")? == "remote" {
                LogKind::Remote
            } else {
                LogKind::Local
            },
        })
    }
}
