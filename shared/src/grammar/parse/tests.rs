//! Lines of published clients, and lines that are wrong.

use super::{Matched, parse};
use crate::grammar::{Mismatch, help};
use crate::schema::{Context, Verb, context, login, root};
use crate::value::Word;
use proptest::prelude::{any, proptest};

fn at(path: &str) -> &'static Context {
    context(path).unwrap()
}

fn good(path: &str, line: &str) -> Matched {
    parse(at(path), line).unwrap_or_else(|why| panic!("{path}: {line}: {}", why.message()))
}

fn bad(path: &str, line: &str) -> String {
    match parse(at(path), line) {
        Ok(matched) => panic!("{path}: {line} is {}", matched.form.usage),
        Err(why) => why.message(),
    }
}

/// Usage line and arguments, as text.
fn understood(path: &str, line: &str) -> String {
    let matched = good(path, line);
    let items = |words: &[Word]| {
        words
            .iter()
            .flat_map(Word::items)
            .cloned()
            .collect::<Vec<_>>()
            .join(",")
    };
    let args: Vec<String> = matched
        .args
        .iter()
        .map(|(name, words)| format!("{name}={}", items(words)))
        .collect();
    format!("{} | {}", matched.form.usage, args.join(" "))
}

#[test]
fn the_keyword_may_be_left_out() {
    let usage = "UPDATE Domain [name] <domainName>";
    for (line, key) in [
        ("UPDATE Domain name example.com", "example.com"),
        ("update domain example.com", "example.com"),
        ("UPDATE Domain name", "name"),
        ("UPDATE Domain name name", "name"),
        ("UPDATE Domain 'name'", "name"),
    ] {
        assert_eq!(
            understood("root", line),
            format!("{usage} | name={key}"),
            "{line}"
        );
    }
    assert_eq!(bad("root", "UPDATE Domain a b"), "wrong parameter b");
    assert_eq!(bad("root", "UPDATE Domain"), "missing parameter name");
}

#[test]
fn pairs_stand_in_any_order() {
    let usage = "CREATE Domain name <name> [domainLocation <path>] [wmFilterTemplatePath <sieve file path>] postmasterPassword <pass>";
    let expected = format!("{usage} | name=a.b domainLocation=/x postmasterPassword=p");
    for line in [
        "CREATE Domain name a.b domainLocation /x postmasterPassword p",
        "create domain POSTMASTERPASSWORD p domainlocation /x name a.b",
    ] {
        assert_eq!(understood("root", line), expected);
    }
    assert!(matches!(
        good("root", "CREATE Domain name a.b postmasterPasswd p").verb(),
        Verb::Open("domain-create")
    ));
    assert_eq!(
        bad("root", "CREATE Domain name a.b"),
        "missing parameter postmasterPassword"
    );
    let rule = "ADD DenyRule [ipSet] <ipRange> [enable <yes|no>] [priority <priority>]";
    for line in [
        "ADD DenyRule 10.66.0.0-10.66.255.255 enable yes priority 10",
        "ADD DenyRule ipSet 10.66.0.0-10.66.255.255 priority 10 enable yes",
    ] {
        let expected = format!("{rule} | ipSet=10.66.0.0-10.66.255.255 enable=yes priority=10");
        assert_eq!(understood("SERVER/IMAP/listener", line), expected);
    }
}

#[test]
fn sets_flags_and_words() {
    let set = good("domain", "SET services (smtpIncoming  imap )");
    let Verb::Set(attr) = set.verb() else {
        panic!("{:?}", set.verb())
    };
    let value = attr.parse(set.args.first().unwrap()).unwrap();
    assert_eq!(
        (attr.name, value.text().as_str()),
        ("services", "(smtpIncoming imap)")
    );
    assert!(
        good("root", "DELETE Domain name x dontkeepcopy")
            .args
            .flag("dontKeepCopy")
    );
    assert!(matches!(
        good("login", "SET CONSOLE-CODES ON").verb(),
        Verb::Session("CONSOLE-CODES")
    ));
    assert_eq!(
        bad("login", "SET QUIET maybe"),
        "wrong parameter maybe, expected one of off, on"
    );
    assert_eq!(good("root", "LIST Domains ex*").args.first_text(), Some("ex*"));
    assert_eq!(
        understood("domain/account", "SET password 'a b' respectEnforcement no"),
        "SET [password <password> [respectEnforcement <yes|no>]] | password=a b respectEnforcement=no"
    );
    assert!(
        matches!(good("domain/account", "SET passwd x").verb(), Verb::Set(attr) if attr.name == "password")
    );
    assert_eq!(
        good("domain", "ADD ACCOUNT NAME john PASSWD <[(x)]>#!&")
            .args
            .text("passwd"),
        Some("<[(x)]>#!&")
    );
}

#[test]
fn the_most_specific_command_is_meant() {
    assert!(matches!(
        good("domain/account/Limits", "RESET imapConnectionCount").verb(),
        Verb::ResetAttr
    ));
    assert!(matches!(
        good("domain/account/Limits", "RESET sentRecipientsExceptions").verb(),
        Verb::ResetChildren(_)
    ));
    assert!(matches!(
        good("domain/account/Limits", "RESET sendQuota").verb(),
        Verb::NotBuilt
    ));
    assert!(matches!(good("SERVER/IMAP", "RESET").verb(), Verb::Reset));
    assert!(matches!(
        good("SERVER/IMAP", "RESET Listeners").verb(),
        Verb::ResetChildren(_)
    ));
    assert!(matches!(
        good(
            "domain/account/Quotas",
            "SET MboxQuota mboxName INBOX messageCount 1 messageSize 2"
        )
        .verb(),
        Verb::Act("SetMboxQuota")
    ));
    assert!(matches!(
        good("domain", "SET name other.example").verb(),
        Verb::NotBuilt
    ));
    assert!(matches!(
        good("SERVER", "CONFIG PERMISSIONS").verb(),
        Verb::NotBuilt
    ));
    assert!(matches!(good("SERVER", "CONFIG IMAP").verb(), Verb::Config(child) if child.field == "imap"));
    assert!(matches!(good("root", "quit").verb(), Verb::Exit));
    assert!(matches!(
        good("domain", "SHOW Account name john ATTR name").verb(),
        Verb::ShowChild(_)
    ));
}

#[test]
fn mistakes_are_named() {
    let rows = [
        ("root", "", "no command"),
        ("root", "   ", "no command"),
        ("root", "FOO", "unknown command FOO"),
        ("root", "# remark", "unknown command #"),
        ("SERVER/IMAP", "SET", "missing parameter, see HELP"),
        ("SERVER/IMAP", "SET foo 1", "wrong parameter foo, see HELP"),
        ("SERVER/IMAP", "SET maxErrors", "missing parameter maxErrors"),
        ("SERVER/IMAP", "SET maxErrors 1 2", "wrong parameter 2"),
        (
            "SERVER/IMAP",
            "LIST Foo",
            "wrong parameter Foo, expected Listeners",
        ),
        (
            "SERVER/IMAP",
            "DONE",
            "command not allowed in this context, leave it with COMMIT",
        ),
        (
            "SERVER/IMAP/AccessControl",
            "COMMIT",
            "command not allowed in this context, leave it with DONE",
        ),
        ("root", "COMMIT", "command not allowed in this context"),
        (
            "root",
            "UPDATE Domain 'a",
            "a quote is not closed, in the word at column 15",
        ),
        (
            "domain",
            "SET services (a",
            "the parenthesis at column 14 is not closed",
        ),
        ("SERVER/IMAP", "SHOW ATTR", "missing parameter ATTR"),
        ("domain", "ADD Account john", "missing parameter password"),
    ];
    for (path, line, message) in rows {
        assert_eq!(bad(path, line), message, "{path}: {line}");
    }
    assert!(!Mismatch::Empty.counts() && Mismatch::OpenQuote(1).counts());
}

#[test]
fn help_is_in_order_and_marks_what_is_missing() {
    let lines = help(at("SERVER/IMAP"));
    let usage: Vec<&str> = lines.iter().map(|line| line.syntax.as_str()).collect();
    assert_eq!(
        usage.get(..9).unwrap(),
        [
            "EXIT/QUIT",
            "HELP",
            "BACK",
            "COMMIT",
            "SHOW [ATTR <param>]",
            "",
            "LIST Listeners",
            "SAVE Config",
            "START Service"
        ]
    );
    assert!(
        usage.contains(&"SET [secureConnAuthTypes (types)]")
            && usage.contains(&"ADD Listener [address] <address>")
    );
    assert!(
        !usage.contains(&"RESET Listeners"),
        "old commands are accepted, not listed"
    );
    let missing = |syntax: &str| {
        lines
            .iter()
            .find(|line| line.syntax == syntax)
            .unwrap()
            .missing
            .clone()
    };
    assert_eq!(missing("SET [logHost <host>]"), "no effect yet");
    assert_eq!(missing("SET [logLevel <level>]"), "");
    let server = help(at("SERVER"));
    let dnr = server
        .iter()
        .find(|line| line.syntax == "CONFIG PERMISSIONS")
        .unwrap();
    assert!(dnr.enters && dnr.missing == "not built yet");
    assert!(
        help(login())
            .iter()
            .all(|line| line.syntax.is_empty() || !line.help.is_empty())
    );
    assert!(
        help(root())
            .iter()
            .any(|line| line.syntax == "LIST Domains [wildcard (ex: domain*)]")
    );
}

proptest! {
    #[test]
    fn no_line_upsets_it(line in any::<String>()) {
        let _ = parse(root(), &line);
    }

    #[test]
    fn nor_one_made_of_words(words in proptest::collection::vec(proptest::sample::select(
        vec!["SET", "ADD", "Account", "name", "password", "(", ")", "'", "SHOW", "ATTR", "x", "\\", "LIST", "UPDATE"]), 0..9)) {
        let _ = parse(at("domain"), &words.join(" "));
    }
}
