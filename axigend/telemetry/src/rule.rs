//! Log rules: which lines go to which file, and when that file is rotated.
//!
//! Every rule that matches writes, in the order of `priority`, lowest first; a file named by several rules gets a line once,
//! and the first of them decides about its rotation. So a rule for one module can be added beside the shipped one
//! without taking its lines away from `everything.txt`.

use crate::record::Record;
use axigend_config::{LogKind, LogRule, LogSettings, RotatePeriod};
use jiff::civil::Date;
use std::path::{Component, Path};

/// The file of the shipped rule.
pub const EVERYTHING: &str = "everything.txt";

/// A rule as the writer uses it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Lowest first.
    pub priority: u32,
    /// `*` for every host.
    pub hostname: String,
    /// `*` for every module.
    pub module: String,
    /// Sum of levels.
    pub log_level: u8,
    /// Below the log directory.
    pub file_name: String,
    /// When to rotate.
    pub rotation: Rotation,
}

/// When a file is rotated and how many old ones are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rotation {
    /// `fileSize` in bytes; 0 = any size.
    pub size: u64,
    /// `fileTime` in seconds since the file was begun; 0 = any age.
    pub age: i64,
    /// `fileCount`: old files kept; 0 = all.
    pub count: u32,
    /// `rotatePeriod`.
    pub period: Period,
}

/// `rotatePeriod`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Period {
    /// Never by the calendar.
    #[default]
    None,
    /// At the first line of a day.
    Day,
    /// At the first line of an ISO week.
    Week,
    /// At the first line of a month.
    Month,
}

impl Period {
    /// Two dates of the same period have the same number.
    pub fn number(self, date: Date) -> i64 {
        match self {
            Self::None => 0,
            Self::Day => i64::from(date.year()) * 1000 + i64::from(date.day_of_year()),
            Self::Week => {
                let week = date.iso_week_date();
                i64::from(week.year()) * 100 + i64::from(week.week())
            }
            Self::Month => i64::from(date.year()) * 100 + i64::from(date.month()),
        }
    }
}

impl Rule {
    /// The shipped rule: everything to `everything.txt`.
    pub fn everything() -> Self {
        Self {
            priority: u32::MAX,
            hostname: "*".to_owned(),
            module: "*".to_owned(),
            log_level: u8::MAX,
            file_name: EVERYTHING.to_owned(),
            rotation: Rotation {
                count: 10,
                ..Rotation::default()
            },
        }
    }

    /// Whether a line of this host goes to this rule's file.
    pub fn matches(&self, host: &str, record: &Record) -> bool {
        self.log_level & record.level != 0 && is(&self.hostname, host) && is(&self.module, &record.module)
    }
}

fn is(pattern: &str, name: &str) -> bool {
    matches!(pattern, "" | "*") || pattern.eq_ignore_ascii_case(name)
}

/// The rules of these settings in order; without any, the shipped one.
pub fn from_settings(settings: &LogSettings) -> Vec<Rule> {
    let mut rules: Vec<Rule> = settings.rules.iter().filter_map(from_row).collect();
    if rules.is_empty() {
        rules.push(Rule::everything());
    }
    rules.sort_by_key(|rule| rule.priority);
    rules
}

/// A rule for another server's log service is not ours to follow. A file outside the log directory is refused by the schema
/// where it is set; were one to come here all the same, nothing would be written outside.
fn from_row(row: &LogRule) -> Option<Rule> {
    if row.kind == LogKind::Remote || !is_below(&row.file_name) {
        return None;
    }
    let period = match row.rotate_period {
        RotatePeriod::None => Period::None,
        RotatePeriod::Day => Period::Day,
        RotatePeriod::Week => Period::Week,
        RotatePeriod::Month => Period::Month,
    };
    let rotation = Rotation {
        size: row.file_size.saturating_mul(1024),
        age: i64::try_from(row.file_time.as_secs()).unwrap_or(i64::MAX),
        count: row.file_count,
        period,
    };
    Some(Rule {
        priority: row.priority,
        hostname: row.hostname.clone(),
        module: row.module.clone(),
        log_level: row.log_level,
        file_name: row.file_name.clone(),
        rotation,
    })
}

/// A file name below the log directory: no way up, no way out.
fn is_below(name: &str) -> bool {
    !name.is_empty()
        && Path::new(name)
            .components()
            .all(|part| matches!(part, Component::Normal(_)))
}

#[cfg(test)]
mod tests {
    use super::{Period, Rule, is_below};
    use crate::record::Record;
    use jiff::civil::date;

    #[test]
    fn matching() {
        let record = Record {
            seconds: 0,
            level: 8,
            module: "SMTP-IN".into(),
            id: 1,
            text: String::new(),
        };
        let rule = Rule {
            module: "smtp-in".to_owned(),
            log_level: 15,
            ..Rule::everything()
        };
        assert!(Rule::everything().matches("mail", &record));
        assert!(rule.matches("mail", &record));
        assert!(
            !Rule {
                log_level: 7,
                ..rule.clone()
            }
            .matches("mail", &record)
        );
        assert!(
            !Rule {
                module: "IMAP".to_owned(),
                ..rule.clone()
            }
            .matches("mail", &record)
        );
        assert!(
            !Rule {
                hostname: "other".to_owned(),
                ..rule
            }
            .matches("mail", &record)
        );
    }

    #[test]
    fn names_stay_below_the_log_directory() {
        for good in ["everything.txt", "imap/today.txt"] {
            assert!(is_below(good), "{good}");
        }
        for bad in ["", "/etc/passwd", "../x", "a/../../x", "."] {
            assert!(!is_below(bad), "{bad}");
        }
    }

    #[test]
    fn periods_of_the_calendar() {
        let (sunday, monday) = (date(2026, 11, 29), date(2026, 11, 30));
        assert_eq!(Period::None.number(sunday), Period::None.number(monday));
        assert_ne!(Period::Day.number(sunday), Period::Day.number(monday));
        assert_ne!(Period::Week.number(sunday), Period::Week.number(monday));
        assert_eq!(Period::Month.number(sunday), Period::Month.number(monday));
        assert_eq!(
            Period::Week.number(date(2026, 12, 31)),
            Period::Week.number(date(2027, 1, 1))
        );
    }
}
