//! The thread `log-writer`: takes records from the queue, finds their files, writes.
//!
//! All that waits is taken at once and written together, so that a busy server writes large pieces and a quiet one writes
//! every line at once.

use crate::feed::Feed;
use crate::file::LogFile;
use crate::level::{CRITICAL, ERROR, INFORMATION, WARNING};
use crate::line::Lines;
use crate::queue::Receiver;
use crate::record::{Message, Record, SERVER};
use crate::rule::Rule;
use std::collections::HashMap;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// A disk that refuses our lines is complained about on standard error at most once in this time, in seconds.
const COMPLAIN_EVERY: i64 = 60;

/// State of the writer thread.
pub struct Writer {
    directory: PathBuf,
    lines: Lines,
    rules: Vec<Rule>,
    files: HashMap<String, LogFile>,
    /// Lines that did not fit into the queue.
    lost: Arc<AtomicU64>,
    /// For those who look on.
    feed: Arc<Feed>,
    /// Whether the important lines also go to standard error.
    echo: bool,
    complained: i64,
}

impl Writer {
    /// A writer with the shipped rule.
    pub fn new(
        directory: PathBuf,
        lines: Lines,
        (lost, feed): (Arc<AtomicU64>, Arc<Feed>),
        echo: bool,
    ) -> Self {
        let rules = vec![Rule::everything()];
        Self {
            directory,
            lines,
            rules,
            files: HashMap::new(),
            lost,
            feed,
            echo,
            complained: i64::MIN,
        }
    }

    /// Works until it is told to end.
    pub fn run(mut self, mut queue: Receiver) {
        let mut batch = Vec::new();
        loop {
            queue.take(&mut batch);
            for message in batch.drain(..) {
                match message {
                    Message::Line(record) => self.line(&record),
                    Message::Rules(rules) => self.set_rules(rules),
                    Message::Reopen => self.each_file(LogFile::reopen),
                    Message::Rotate => self.each_file(LogFile::rotate),
                    Message::Flush(done) => {
                        self.write();
                        // Nobody may be waiting any more.
                        let _ = done.send(());
                    }
                    Message::Close => {
                        self.tell_losses();
                        self.write();
                        return;
                    }
                }
                self.tell_losses();
            }
            self.write();
        }
    }

    fn line(&mut self, record: &Record) {
        let line = self.lines.format(record);
        self.feed.add(&line);
        if self.echo && is_for_the_foreground(record) {
            // Standard error may be closed; the files are what counts.
            let _ = io::stderr().lock().write_all(line.as_bytes());
        }
        let mut written: Vec<&str> = Vec::new();
        let mut failed = None;
        for rule in &self.rules {
            if written.contains(&rule.file_name.as_str()) || !rule.matches(self.lines.host(), record) {
                continue;
            }
            written.push(&rule.file_name);
            let file = match self.files.get_mut(&rule.file_name) {
                Some(file) => Ok(file),
                None => LogFile::open(&self.directory, rule, record.seconds)
                    .map(|file| self.files.entry(rule.file_name.clone()).or_insert(file)),
            };
            let zone = self.lines.zone();
            if let Err(error) = file.and_then(|file| file.add(&line, record.seconds, zone)) {
                failed = Some((rule.file_name.clone(), error));
            }
        }
        if let Some((name, error)) = failed {
            self.complain(&name, &error);
        }
    }

    fn set_rules(&mut self, rules: Vec<Rule>) {
        self.write();
        self.files
            .retain(|name, _| rules.iter().any(|rule| rule.file_name == *name));
        for (name, file) in &mut self.files {
            if let Some(first) = rules.iter().find(|rule| rule.file_name == *name) {
                file.set_rotation(first.rotation);
            }
        }
        self.rules = rules;
    }

    fn write(&mut self) {
        self.each_file(|file, _| file.write());
    }

    fn each_file(&mut self, work: impl Fn(&mut LogFile, i64) -> io::Result<()>) {
        let now = now();
        let mut failed = Vec::new();
        for (name, file) in &mut self.files {
            if let Err(error) = work(file, now) {
                failed.push((name.clone(), error));
            }
        }
        for (name, error) in failed {
            // Opened again with the next line.
            self.files.remove(&name);
            self.complain(&name, &error);
        }
    }

    fn tell_losses(&mut self) {
        let lost = self.lost.swap(0, Ordering::Relaxed);
        if lost > 0 {
            let text = format!("{lost} lines were lost: they came faster than they could be written");
            self.line(&Record {
                seconds: now(),
                level: WARNING,
                module: "LOG".into(),
                id: 0,
                text,
            });
        }
    }

    fn complain(&mut self, name: &str, error: &io::Error) {
        let now = now();
        if now.saturating_sub(self.complained) >= COMPLAIN_EVERY {
            self.complained = now;
            let path = self.directory.join(name);
            let _ = writeln!(io::stderr(), "axigend: cannot write {}: {error}", path.display());
        }
    }
}

/// What somebody who started the daemon in a terminal, or reads the journal, must see.
fn is_for_the_foreground(record: &Record) -> bool {
    let always = CRITICAL | ERROR;
    record.level & always != 0 || (record.level & (WARNING | INFORMATION) != 0 && &*record.module == SERVER)
}

/// Seconds since 1970.
pub fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}
