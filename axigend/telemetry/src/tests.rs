//! Whole ways: from an event to a line in a file.

use crate::{Levels, Options, PROTOCOL, Telemetry};
use axigend_config::{LogKind, LogRule, LogSettings, LogType, RotatePeriod};
use jiff::tz::TimeZone;
use std::fs;
use std::path::Path;
use std::time::Duration;
use tracing_subscriber::Registry;
use tracing_subscriber::layer::SubscriberExt;

fn start(directory: &Path) -> Telemetry {
    let options = Options {
        directory: directory.to_path_buf(),
        host: "mail".to_owned(),
        standard_error: false,
    };
    Telemetry::start_in_zone(options, TimeZone::UTC).expect("a thread")
}

fn settings(rules: Vec<LogRule>) -> LogSettings {
    LogSettings {
        rules,
        enable_security_log: false,
        log_level: 15,
        log_type: LogType::Internal,
    }
}

/// The lines of a file without their time.
fn lines(directory: &Path, name: &str) -> Vec<String> {
    let text = fs::read_to_string(directory.join(name)).unwrap_or_default();
    text.lines()
        .map(|line| {
            line.get("2026-01-15 09:30:00 +0000 ".len()..)
                .unwrap_or(line)
                .to_owned()
        })
        .collect()
}

fn logged(telemetry: &Telemetry, events: impl FnOnce()) {
    tracing::subscriber::with_default(Registry::default().with(telemetry.layer()), events);
    telemetry.flush();
}

#[test]
fn modules_ids_and_levels() {
    let directory = tempfile::tempdir().expect("a directory");
    let telemetry = start(directory.path());
    let levels = Levels::new([("SMTP-IN", 15 | PROTOCOL), ("POP3", 2)]);
    telemetry.configure(&settings(Vec::new()), levels);
    logged(&telemetry, || {
        tracing::info!("ready");
        tracing::error!(critical = true, module = "LOG", "disk full");
        let session = tracing::error_span!("session", module = "SMTP-IN", id = 0x22u32);
        session.in_scope(|| {
            tracing::debug!("<< {}", "EHLO host.example.com");
            tracing::warn!(tries = 3, "odd");
            tracing::info!(module = "PROCESSING", id = 0x002C_2605u32, "RECEIVED");
            tracing::info!(module = "DNR", "asked");
        });
        let quiet = tracing::error_span!("session", module = "POP3", id = 1u32);
        quiet.in_scope(|| {
            tracing::debug!("<< not this");
            tracing::info!("nor this");
            tracing::error!("but this");
        });
        tracing::debug!("a server line at protocol level");
    });
    let expected = [
        "08 mail SERVER:00000000: ready",
        "01 mail LOG:00000000: disk full",
        "16 mail SMTP-IN:00000022: << EHLO host.example.com",
        "04 mail SMTP-IN:00000022: odd tries=3",
        "08 mail PROCESSING:002C2605: RECEIVED",
        "08 mail DNR:00000000: asked",
        "02 mail POP3:00000001: but this",
    ];
    assert_eq!(lines(directory.path(), "everything.txt"), expected);
}

#[test]
fn every_matching_rule_writes_and_a_file_gets_a_line_once() {
    let directory = tempfile::tempdir().expect("a directory");
    let telemetry = start(directory.path());
    let rule = |priority, module: &str, log_level, file: &str| LogRule {
        priority,
        hostname: "*".to_owned(),
        module: module.to_owned(),
        log_level,
        file_name: file.to_owned(),
        file_size: 0,
        file_time: Duration::ZERO,
        file_count: 1,
        rotate_period: RotatePeriod::None,
        kind: LogKind::Local,
    };
    let rules = vec![
        rule(20, "*", 31, "all.txt"),
        rule(10, "IMAP", 31, "imap.txt"),
        rule(30, "IMAP", 31, "all.txt"),
        rule(40, "*", 3, "../errors.txt"),
        LogRule {
            kind: LogKind::Remote,
            ..rule(50, "*", 31, "remote.txt")
        },
    ];
    telemetry.configure(&settings(rules), Levels::default());
    logged(&telemetry, || {
        tracing::info!(module = "IMAP", "for both");
        tracing::error!("for all");
    });
    assert_eq!(
        lines(directory.path(), "imap.txt"),
        ["08 mail IMAP:00000000: for both"]
    );
    let all = [
        "08 mail IMAP:00000000: for both",
        "02 mail SERVER:00000000: for all",
    ];
    assert_eq!(lines(directory.path(), "all.txt"), all);
    assert_eq!(fs::read_dir(directory.path()).expect("a directory").count(), 2);
}

#[test]
fn a_line_looks_as_documented() {
    let directory = tempfile::tempdir().expect("a directory");
    let telemetry = start(directory.path());
    logged(&telemetry, || tracing::info!("ready"));
    let text = fs::read_to_string(directory.path().join("everything.txt")).expect("the file");
    let shape: String = text
        .chars()
        .map(|c| if c.is_ascii_digit() { '9' } else { c })
        .collect();
    assert_eq!(
        shape,
        "9999-99-99 99:99:99 +9999 99 mail SERVER:99999999: ready\n"
    );
}

#[test]
fn files_are_reopened_and_rotated() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let telemetry = start(path);
    logged(&telemetry, || tracing::info!("one"));
    fs::rename(path.join("everything.txt"), path.join("moved.txt")).expect("it was written");
    telemetry.reopen();
    logged(&telemetry, || tracing::info!("two"));
    telemetry.rotate();
    logged(&telemetry, || tracing::info!("three"));
    telemetry.rotate();
    telemetry.close();
    assert_eq!(lines(path, "moved.txt"), ["08 mail SERVER:00000000: one"]);
    assert_eq!(lines(path, "everything.txt.2"), ["08 mail SERVER:00000000: two"]);
    assert_eq!(
        lines(path, "everything.txt.1"),
        ["08 mail SERVER:00000000: three"]
    );
    assert!(lines(path, "everything.txt").is_empty());
}
