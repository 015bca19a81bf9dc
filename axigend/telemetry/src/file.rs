//! One log file: appended to, rotated, opened again.

use crate::rule::{Rotation, Rule};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

/// Log files hold addresses and subjects of mail: not for everybody.
const MODE: u32 = 0o640;

/// Old files kept where all are to be kept: so many that somebody has noticed before.
const MOST_FILES: u32 = 100_000;

/// Lines are gathered up to this size before they are written.
const BUFFERED: usize = 64 * 1024;

/// An open log file and the lines not yet written to it.
pub struct LogFile {
    path: PathBuf,
    rotation: Rotation,
    file: File,
    length: u64,
    begun: i64,
    last: i64,
    waiting: Vec<u8>,
}

impl LogFile {
    /// Opens the file of a rule, with its directories.
    pub fn open(directory: &Path, rule: &Rule, now: i64) -> io::Result<Self> {
        let path = directory.join(&rule.file_name);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        let file = append_to(&path)?;
        let metadata = file.metadata()?;
        let changed = metadata
            .modified()
            .ok()
            .and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        let changed = changed
            .and_then(|since| i64::try_from(since.as_secs()).ok())
            .unwrap_or(now);
        // An empty file begins now; one with lines began no later than its last change.
        let last = if metadata.len() == 0 { now } else { changed };
        let rotation = rule.rotation;
        Ok(Self {
            path,
            rotation,
            file,
            length: metadata.len(),
            begun: last,
            last,
            waiting: Vec::new(),
        })
    }

    /// Takes over what a changed rule says about rotation.
    pub fn set_rotation(&mut self, rotation: Rotation) {
        self.rotation = rotation;
    }

    /// Adds a line of this second. Rotates first when it is time.
    pub fn add(&mut self, line: &str, seconds: i64, zone: &TimeZone) -> io::Result<()> {
        if self.is_due(line.len(), seconds, zone) {
            self.rotate(seconds)?;
        }
        self.waiting.extend_from_slice(line.as_bytes());
        self.last = seconds;
        if self.waiting.len() >= BUFFERED {
            self.write()
        } else {
            Ok(())
        }
    }

    /// Writes the gathered lines. What cannot be written is lost; the caller says so.
    pub fn write(&mut self) -> io::Result<()> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let result = self.file.write_all(&self.waiting);
        self.length = self.length.saturating_add(self.waiting.len() as u64);
        self.waiting.clear();
        result
    }

    /// Closes and opens the file: it may have been moved away.
    pub fn reopen(&mut self, now: i64) -> io::Result<()> {
        self.write()?;
        self.file = append_to(&self.path)?;
        self.length = self.file.metadata()?.len();
        if self.length == 0 {
            self.begun = now;
        }
        Ok(())
    }

    /// Moves `name` to `name.1`, `name.1` to `name.2` and so on; the oldest goes.
    pub fn rotate(&mut self, now: i64) -> io::Result<()> {
        self.write()?;
        let most = if self.rotation.count == 0 {
            MOST_FILES
        } else {
            self.rotation.count
        };
        let last = (1..most)
            .find(|number| !numbered(&self.path, *number).exists())
            .unwrap_or(most);
        for number in (0..last).rev() {
            let from = if number == 0 {
                self.path.clone()
            } else {
                numbered(&self.path, number)
            };
            match fs::rename(from, numbered(&self.path, number + 1)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        self.file = append_to(&self.path)?;
        self.length = 0;
        self.begun = now;
        self.last = now;
        Ok(())
    }

    fn is_due(&self, more: usize, seconds: i64, zone: &TimeZone) -> bool {
        let length = self.length.saturating_add(self.waiting.len() as u64);
        if length == 0 {
            return false;
        }
        let Rotation {
            size, age, period, ..
        } = self.rotation;
        let too_large = size > 0 && length.saturating_add(more as u64) > size;
        let too_old = age > 0 && seconds.saturating_sub(self.begun) >= age;
        // The calendar is asked only when the second changed.
        let number = |at: i64| {
            period.number(
                Timestamp::from_second(at)
                    .unwrap_or_default()
                    .to_zoned_datetime(zone.clone())
                    .date(),
            )
        };
        too_large || too_old || (self.last != seconds && number(self.last) != number(seconds))
    }
}

fn append_to(path: &Path) -> io::Result<File> {
    File::options().create(true).append(true).mode(MODE).open(path)
}

fn numbered(path: &Path, number: u32) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{number}"));
    PathBuf::from(name)
}

#[cfg(test)]
mod tests {
    use super::LogFile;
    use crate::rule::{Period, Rotation, Rule};
    use jiff::tz::TimeZone;
    use std::fs;

    const NOON: i64 = 1_768_478_400; // 2026-01-15 12:00:00 UTC
    const DAY: i64 = 86_400;

    fn file(directory: &std::path::Path, rotation: Rotation) -> LogFile {
        LogFile::open(
            directory,
            &Rule {
                rotation,
                ..Rule::everything()
            },
            NOON,
        )
        .expect("it can be opened")
    }

    fn names(directory: &std::path::Path) -> Vec<String> {
        let entries = fs::read_dir(directory).expect("a directory");
        let mut names: Vec<_> = entries
            .map(|entry| {
                entry
                    .expect("an entry")
                    .file_name()
                    .to_string_lossy()
                    .into_owned()
            })
            .collect();
        names.sort();
        names
    }

    #[test]
    fn by_size_and_count() {
        let directory = tempfile::tempdir().expect("a directory");
        let mut log = file(
            directory.path(),
            Rotation {
                size: 10,
                count: 2,
                ..Rotation::default()
            },
        );
        for line in [
            "one\n",
            "two\n",
            "three\n",
            "four\n",
            "five\n",
            "a line longer than all\n",
            "seven\n",
        ] {
            log.add(line, NOON, &TimeZone::UTC).expect("written");
        }
        log.write().expect("written");
        assert_eq!(
            names(directory.path()),
            ["everything.txt", "everything.txt.1", "everything.txt.2"]
        );
        let read = |name: &str| fs::read_to_string(directory.path().join(name)).expect("a file");
        assert_eq!(read("everything.txt"), "seven\n");
        assert_eq!(read("everything.txt.1"), "a line longer than all\n");
        assert_eq!(read("everything.txt.2"), "four\nfive\n");
    }

    #[test]
    fn by_age_and_by_calendar() {
        for rotation in [
            Rotation {
                age: 3600,
                count: 5,
                ..Rotation::default()
            },
            Rotation {
                period: Period::Day,
                count: 5,
                ..Rotation::default()
            },
        ] {
            let directory = tempfile::tempdir().expect("a directory");
            let mut log = file(directory.path(), rotation);
            for (line, at) in [("one\n", NOON), ("two\n", NOON + 60), ("three\n", NOON + DAY)] {
                log.add(line, at, &TimeZone::UTC).expect("written");
            }
            log.write().expect("written");
            let old = fs::read_to_string(directory.path().join("everything.txt.1")).expect("rotated once");
            assert_eq!(old, "one\ntwo\n");
            assert_eq!(names(directory.path()).len(), 2);
        }
    }
}
