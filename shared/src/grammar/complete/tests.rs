//! Completion at a cursor.

use super::{Completion, complete};
use crate::schema::context;
use proptest::prelude::{any, proptest};

fn at(path: &str, line: &str) -> Completion {
    complete(context(path).unwrap(), line, line.len())
}

fn texts(completion: &Completion) -> Vec<&str> {
    completion
        .candidates
        .iter()
        .map(|candidate| candidate.text.as_str())
        .collect()
}

#[test]
fn commands_attributes_and_values() {
    let rows: [(&str, &str, usize, &[&str]); 10] = [
        ("SERVER/IMAP", "sa", 0, &["SAVE"]),
        ("SERVER/IMAP", "  S", 2, &["SHOW", "SAVE", "START", "STOP", "SET"]),
        (
            "SERVER/IMAP",
            "SET imap",
            4,
            &["imapIdEnabled", "imapShowAllFolders"],
        ),
        ("SERVER/IMAP", "SET allowStartTLS ", 18, &["yes", "no"]),
        ("SERVER/IMAP", "SET logType s", 12, &["system"]),
        (
            "SERVER/IMAP",
            "SHOW ATTR max",
            10,
            &["maxErrors", "maxAuthErrors", "maxConnThreads"],
        ),
        (
            "SERVER/IMAP",
            "SET secureConnAuthTypes (plain cr",
            31,
            &["cram-md5"],
        ),
        (
            "domain",
            "SET services (",
            14,
            &["smtpIncoming", "smtpOutgoing", "pop3", "imap", "webmail", "rpop"],
        ),
        ("login", "SET QUIET o", 10, &["off", "on"]),
        (
            "SERVER/IMAP/listener",
            "ADD DenyRule 10.0.0.0/8 en",
            24,
            &["enable"],
        ),
    ];
    for (path, line, start, expected) in rows {
        let completion = at(path, line);
        assert_eq!(
            (completion.start, texts(&completion)),
            (start, expected.to_vec()),
            "{path}: {line}"
        );
    }
}

#[test]
fn live_names_are_asked_for() {
    let completion = at("root", "UPDATE Domain na");
    assert_eq!(completion.prefix, "na");
    assert_eq!(completion.live[0].child.field, "domains");
    let completion = at("root", "UPDATE Domain name ex");
    assert_eq!(completion.live[0].child.field, "domains");
    assert_eq!(completion.start, 19);
    let completion = at("domain", "REMOVE Account ");
    assert_eq!(completion.live[0].child.field, "accounts");
    assert!(at("domain", "ADD Account ").live.is_empty());
    assert_eq!(at("domain", "ADD Account ").hint, "<name>");
    assert_eq!(at("root", "DISABLE Domain x").live[0].child.field, "domains");
    assert_eq!(at("root", "DELETE Domain name ").live[0].child.field, "domains");
}

#[test]
fn old_words_are_not_offered_and_verbs_are_described_when_alone() {
    let completion = at("root", "EN");
    assert_eq!(texts(&completion), ["ENABLE", "ENTER"]);
    assert!(texts(&at("SERVER/IMAP", "RESET ")).is_empty());
    let completion = at("SERVER/IMAP", "COMMI");
    assert!(!completion.candidates[0].help.is_empty());
    assert!(at("SERVER/IMAP", "SE").candidates[0].help.is_empty());
}

proptest! {
    #[test]
    fn no_cursor_upsets_it(line in any::<String>(), cursor in 0..40_usize) {
        let completion = complete(context("domain").unwrap(), &line, cursor);
        assert!(line.is_char_boundary(completion.start));
    }
}
