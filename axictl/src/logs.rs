//! `axictl logs`: the daemon's log lines as they are written.
//!
//! The daemon sends every line; what is wanted of them is chosen here. The columns are those of the log files
//! (services-core, "Line format"): date, time, zone, level, host, module and session.

use crate::client::Client;
use crate::session::End;
use axigen_shared::control::{Status, Subject};
use std::io::{self, Write};

/// Which lines are wanted.
pub struct Wanted<'a> {
    /// A sum of levels.
    pub level: u32,
    /// Modules; all when empty.
    pub modules: &'a [String],
}

impl Wanted<'_> {
    /// A line that is not of the known form is always wanted: it says something about the others.
    fn fits(&self, line: &str) -> bool {
        let mut words = line.split(' ');
        let (Some(level), Some(place)) = (
            words.nth(3).and_then(|word| word.parse::<u32>().ok()),
            words.nth(1),
        ) else {
            return true;
        };
        let module = place.split(':').next().unwrap_or_default();
        self.level & level != 0
            && (self.modules.is_empty() || self.modules.iter().any(|name| name.eq_ignore_ascii_case(module)))
    }
}

/// Follows until the connection or the reader of our output ends, which is an error; what the daemon said if it refused.
pub fn follow(client: &mut Client, wanted: &Wanted<'_>) -> Result<String, End> {
    let (reply, id) = client.follow(Subject::Follow { what: "log".into() })?;
    if reply.status != Status::Ok {
        return Ok(reply.message);
    }
    loop {
        let value = client.event(id)?;
        let line = value
            .get("line")
            .and_then(serde_json::Value::as_str)
            .unwrap_or_default();
        if wanted.fits(line) {
            let mut out = io::stdout().lock();
            writeln!(out, "{line}")
                .and_then(|()| out.flush())
                .map_err(End::from)?;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Wanted;

    #[test]
    fn lines_are_chosen_by_level_and_module() {
        let line = "2026-01-15 09:30:00 +0100 08 mail IMAP:00000002: ann@example.test logged in";
        let fits = |level, modules: &[&str]| {
            let modules: Vec<String> = modules.iter().map(|name| (*name).to_owned()).collect();
            Wanted {
                level,
                modules: &modules,
            }
            .fits(line)
        };
        assert!(fits(31, &[]) && fits(8, &["imap"]) && fits(12, &["POP3", "IMAP"]));
        assert!(!fits(7, &[]) && !fits(31, &["POP3"]));
        assert!(
            Wanted {
                level: 1,
                modules: &[]
            }
            .fits("... 3 lines came faster than they were read")
        );
    }
}
