//! Whole answers as files: what an administrator and a script see, letter by letter.
//!
//! `tests/golden/*.txt` hold commands and their output. `UPDATE=1 cargo test --release -p axigen-tests --test golden` rewrites them; a
//! change shows in the diff and must be meant.

use axigen_tests::{Daemon, Home, top};
use std::fs;

/// Name of the file, and the arguments of `axictl`.
const CASES: [(&str, &[&str]); 9] = [
    (
        "plain-accounts",
        &["--plain", "UPDATE Domain example.test", "LIST Accounts"],
    ),
    (
        "plain-quotas",
        &[
            "--plain",
            "UPDATE Domain example.test",
            "UPDATE Account ann",
            "CONFIG Quotas",
            "SHOW",
        ],
    ),
    (
        "plain-imap",
        &[
            "--plain",
            "CONFIG SERVER",
            "CONFIG IMAP",
            "SHOW",
            "SHOW ATTR maxErrors",
        ],
    ),
    ("plain-help-root", &["--plain", "HELP"]),
    (
        "plain-help-listener",
        &[
            "--plain",
            "CONFIG SERVER",
            "CONFIG POP3",
            "UPDATE Listener HOST:2110",
            "HELP",
        ],
    ),
    (
        "plain-refusals",
        &[
            "--plain",
            "--continue-on-error",
            "UPDATE Domain",
            "NONSENSE",
            "LIST Accounts",
            "SET x 1",
            "COMMIT",
        ],
    ),
    (
        "table-quotas",
        &[
            "--table",
            "UPDATE Domain example.test",
            "UPDATE Account ann",
            "CONFIG Quotas",
            "SHOW",
        ],
    ),
    (
        "table-listeners",
        &[
            "--table",
            "CONFIG SERVER",
            "CONFIG IMAP",
            "LIST Listeners",
            "SHOW Listener HOST:2143",
        ],
    ),
    (
        "json-imap",
        &[
            "--json",
            "CONFIG SERVER",
            "CONFIG IMAP",
            "SHOW ATTR maxErrors",
            "SET maxErrors 9",
            "BACK",
        ],
    ),
];

fn heard(daemon: &Daemon<'_>, arguments: &[&str]) -> String {
    let host = daemon.home().host().ip().to_string();
    let real: Vec<String> = arguments.iter().map(|word| word.replace("HOST", &host)).collect();
    let output = daemon.axictl(&real.iter().map(String::as_str).collect::<Vec<_>>());
    let words: Vec<String> = arguments.iter().map(|word| format!("'{word}'")).collect();
    let text = format!(
        "$ axictl {}\n{}--- standard error, status {}\n{}",
        words.join(" "),
        String::from_utf8_lossy(&output.stdout),
        output.status.code().unwrap_or(-1),
        String::from_utf8_lossy(&output.stderr)
    );
    // As wide as the longest address of a test, so that columns stay where they are.
    text.replace(&host, "HOST")
}

#[test]
fn answers_are_as_they_were() {
    let home = Home::new();
    let daemon = home.start_with_accounts();
    daemon.script(
        "UPDATE Domain example.test\nCONFIG accountDefaultQuotas\nSET totalMessageSize 1048576\nDONE\n\
         UPDATE Account ann\nCONFIG Quotas\nSET totalMessageSize 2097152\nSET mboxCount 12\nDONE\nCOMMIT\nCOMMIT\n",
    );
    let mut stale = Vec::new();
    for (name, arguments) in CASES {
        let path = top().join("tests/golden").join(format!("{name}.txt"));
        let now = heard(&daemon, arguments);
        let kept = fs::read_to_string(&path).unwrap_or_default();
        if now == kept {
            continue;
        }
        if std::env::var_os("UPDATE").is_some() {
            fs::write(&path, now).expect("the golden file can be written");
            continue;
        }
        let differs = kept.lines().zip(now.lines()).find(|(kept, now)| kept != now);
        stale.push(format!("{name}: {differs:?}"));
    }
    assert!(
        stale.is_empty(),
        "differ (UPDATE=1 rewrites):\n{}",
        stale.join("\n")
    );
}
