//! The line format: `YYYY-MM-DD HH:MM:SS +ZZZZ LL HOST MODULE:SSSSSSSS: text` (services-core, "Line format").
//!
//! One event is one line whatever its text holds: control characters, line separators and marks that change the direction
//! of text are escaped, and long text is cut.

use crate::record::Record;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::fmt::Write;

/// Longest text of a line, in bytes, before escaping. Protocol lines are shorter; a longer one helps nobody.
pub const TEXT_LIMIT: usize = 8 * 1024;

/// Turns records into lines; keeps the time of the last one, since most lines share their second.
pub struct Lines {
    zone: TimeZone,
    host: String,
    second: i64,
    time: String,
}

impl Lines {
    /// Lines of this host in this time zone.
    pub fn new(host: String, zone: TimeZone) -> Self {
        Self {
            zone,
            host,
            second: i64::MIN,
            time: String::new(),
        }
    }

    /// The host's name as lines show it.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The zone that lines and rotation go by.
    pub fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// The line of a record, with its line feed.
    pub fn format(&mut self, record: &Record) -> String {
        if self.second != record.seconds || self.time.is_empty() {
            self.second = record.seconds;
            let instant = Timestamp::from_second(record.seconds).unwrap_or_default();
            self.time = instant
                .to_zoned_datetime(self.zone.clone())
                .strftime("%Y-%m-%d %H:%M:%S %z")
                .to_string();
        }
        let mut line = String::with_capacity(self.time.len() + self.host.len() + record.text.len() + 32);
        let Record {
            level,
            module,
            id,
            text,
            ..
        } = record;
        // Writing to a String cannot fail.
        let _ = write!(line, "{} {level:02} {} {module}:{id:08X}: ", self.time, self.host);
        escape(text, &mut line);
        line.push('\n');
        line
    }
}

fn escape(text: &str, line: &mut String) {
    let (shown, cut) = match text.char_indices().find(|(at, _)| *at >= TEXT_LIMIT) {
        Some((at, _)) => (text.get(..at).unwrap_or_default(), true),
        None => (text, false),
    };
    for character in shown.chars() {
        match character {
            '\n' => line.push_str("\\n"),
            '\r' => line.push_str("\\r"),
            '\t' => line.push_str("\\t"),
            other if is_harmful(other) => {
                let _ = if other.is_ascii() {
                    write!(line, "\\x{:02X}", u32::from(other))
                } else {
                    write!(line, "\\u{{{:04X}}}", u32::from(other))
                };
            }
            other => line.push(other),
        }
    }
    if cut {
        line.push('…');
    }
}

/// Characters that end a line, move the cursor or turn the direction of what follows.
fn is_harmful(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{2028}' | '\u{2029}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::{Lines, TEXT_LIMIT};
    use crate::record::Record;
    use jiff::tz::{Offset, TimeZone};

    fn line(level: u8, module: &str, id: u32, text: &str) -> String {
        let zone = TimeZone::fixed(Offset::constant(2));
        let record = Record {
            seconds: 1_768_462_200,
            level,
            module: module.into(),
            id,
            text: text.to_owned(),
        };
        Lines::new("mail".to_owned(), zone).format(&record)
    }

    #[test]
    fn the_documented_format() {
        assert_eq!(
            line(
                8,
                "SMTP-IN",
                0x22,
                "[127.0.0.1:25] connection accepted from [192.0.2.7:40001]"
            ),
            "2026-01-15 09:30:00 +0200 08 mail SMTP-IN:00000022: [127.0.0.1:25] connection accepted from [192.0.2.7:40001]\n"
        );
        assert_eq!(
            line(16, "PROCESSING", 0x2C_2605, ""),
            "2026-01-15 09:30:00 +0200 16 mail PROCESSING:002C2605: \n"
        );
    }

    #[test]
    fn one_event_is_one_line() {
        let forged = line(
            1,
            "IMAP",
            1,
            "<< a\r\n2026 08 mail\tX\x1b[2J\u{7f}\u{85}\u{2028}\u{202e}ä\u{1F4E7}",
        );
        assert!(
            forged
                .ends_with("<< a\\r\\n2026 08 mail\\tX\\x1B[2J\\x7F\\u{0085}\\u{2028}\\u{202E}ä\u{1F4E7}\n")
        );
        assert_eq!(forged.matches('\n').count(), 1);
    }

    #[test]
    fn long_text_is_cut_between_characters() {
        let long = line(8, "IMAP", 1, &"ä".repeat(TEXT_LIMIT));
        assert!(long.ends_with("ä…\n"));
        assert!(long.len() < TEXT_LIMIT + 100);
    }
}
