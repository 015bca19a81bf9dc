//! Golden forms of WIRE.md 6, byte for byte; `¶` stands for CRLF as there.

use super::axigen;
use crate::control::{Attribute, Body, Column, Form, HelpLine, Note, Reply, Section, Status, Table};

fn check(reply: Reply, prompt: &str, expected: &str) {
    let reply = Reply {
        prompt: prompt.to_owned(),
        ..reply
    };
    assert_eq!(axigen(&reply, false).replace("\r\n", "¶"), expected);
}

fn table(title: &str, form: Form, columns: &[(&str, usize)], rows: &[&[&str]]) -> Reply {
    Reply::with(Body::Table(Table {
        title: title.to_owned(),
        form,
        columns: columns
            .iter()
            .map(|(name, width)| Column {
                name: (*name).to_owned(),
                width: *width,
            })
            .collect(),
        rows: rows
            .iter()
            .map(|row| row.iter().map(|cell| (*cell).to_owned()).collect())
            .collect(),
    }))
}

fn attribute(name: &str, text: &str, note: Option<Note>) -> Attribute {
    Attribute {
        name: name.to_owned(),
        value: serde_json::Value::Null,
        text: text.to_owned(),
        note,
        unit: String::new(),
        without_effect: false,
    }
}

#[test]
fn tables() {
    check(
        table(
            "The list of domains:",
            Form::Blanks,
            &[("name", 18), ("total", 12), ("used", 0)],
            &[
                &["example.com", "33554432", "1204"],
                &["example.org", "33554432", "77"],
            ],
        ),
        "<#> ",
        "¶The list of domains:¶¶name              total       used¶----------------------------------¶\
         example.com       33554432    1204¶example.org       33554432    77¶¶+OK: command successful¶<#> ",
    );
    check(
        table(
            "The list of accounts for this domain:",
            Form::Bars,
            &[("name", 0)],
            &[&["postmaster"], &["john"]],
        ),
        "<domain#> ",
        "¶The list of accounts for this domain:¶¶name¶--------------------¶postmaster¶john¶¶\
         +OK: command successful¶<domain#> ",
    );
    check(
        table(
            "The list of users:",
            Form::Bars,
            &[("email", 0), ("name", 0)],
            &[&["ann@example.com", "Ann Lee"], &["bob@example.com", "Bob"]],
        ),
        "<domain-list#> ",
        "¶The list of users:¶¶email | name¶--------------------¶ann@example.com | Ann Lee¶\
         bob@example.com | Bob¶¶+OK: command successful¶<domain-list#> ",
    );
    check(
        table(
            "The list of listeners:",
            Form::Bars,
            &[("address", 20), ("enable", 7)],
            &[&["127.0.0.1:143", "yes"], &["0.0.0.0:993", "no"]],
        ),
        "<server-imap#> ",
        "¶The list of listeners:¶¶address              | enable ¶-----------------------------¶\
         127.0.0.1:143        | yes    ¶0.0.0.0:993          | no     ¶¶+OK: command successful¶<server-imap#> ",
    );
    check(
        table(
            "The list of groups for this domain:",
            Form::Bars,
            &[("name", 0)],
            &[],
        ),
        "<domain#> ",
        "¶The list of groups for this domain:¶¶name¶--------------------¶¶+OK: command successful¶<domain#> ",
    );
}

#[test]
fn deny_rules_and_plain_lists() {
    check(
        table(
            "The list of deny rules:",
            Form::Bars,
            &[("ipSet", 28), ("enable", 6), ("priority", 9)],
            &[&["10.66.0.0-10.66.255.255", "yes", "10"]],
        ),
        "<server-imap-listener#> ",
        "¶The list of deny rules:¶¶ipSet                        | enable | priority ¶\
         ------------------------------------------------¶10.66.0.0-10.66.255.255      | yes    | 10       ¶¶\
         +OK: command successful¶<server-imap-listener#> ",
    );
    check(
        table(
            "The list of aliases for this domain:",
            Form::Plain,
            &[("name", 0)],
            &[&["example.net"], &["example.info"]],
        ),
        "<domain#> ",
        "¶The list of aliases for this domain:¶example.net¶example.info¶¶+OK: command successful¶<domain#> ",
    );
}

#[test]
fn attributes() {
    let section = Section {
        title: "General parameters".to_owned(),
        attributes: vec![
            attribute("name", "\"john\"", None),
            attribute("mustChangePass", "no", None),
            attribute("customerReference", "\"\"", None),
        ],
        lines: Vec::new(),
    };
    check(
        Reply::with(Body::Attributes {
            sections: vec![section],
        }),
        "<domain-account#> ",
        "¶General parameters:¶name = \"john\"¶mustChangePass = no¶customerReference = \"\"¶¶\
         +OK: command successful¶<domain-account#> ",
    );
    check(
        Reply::with(Body::Attribute(attribute("firstName", "\"John\"", None))),
        "<domain-account-contactInfo#> ",
        "firstName = \"John\"¶+OK: command successful¶<domain-account-contactInfo#> ",
    );
    let notes = [
        (Note::Explicit, "totalMessageSize = 1 [explicit]"),
        (
            Note::Overrides("1048576".into()),
            "totalMessageSize = 1 [explicit, overrides inherited value: 1048576]",
        ),
        (Note::Inherited, "totalMessageSize = 1 [inherited]"),
    ];
    for (note, line) in notes {
        check(
            Reply::with(Body::Attribute(attribute("totalMessageSize", "1", Some(note)))),
            "<x#> ",
            &format!("{line}¶+OK: command successful¶<x#> "),
        );
    }
}

#[test]
fn help_and_text() {
    let lines = vec![
        HelpLine {
            syntax: "HELP".into(),
            help: "lists these commands".into(),
            enters: false,
            missing: String::new(),
        },
        HelpLine {
            syntax: String::new(),
            help: String::new(),
            enters: false,
            missing: String::new(),
        },
        HelpLine {
            syntax: "CONFIG SSLCONTROL".into(),
            help: "edits TLS".into(),
            enters: true,
            missing: "no effect yet".into(),
        },
    ];
    check(
        Reply::with(Body::Help {
            title: "IMAP".into(),
            lines,
        }),
        "<server-imap#> ",
        "The commands available for the IMAP context are:¶HELP - lists these commands¶¶\
         CONFIG SSLCONTROL - edits TLS (no effect yet) (changes context)¶¶+OK: command successful¶<server-imap#> ",
    );
    let version = vec!["10.6.30 (Linux/x86_64)|Linux|x86_64".to_owned()];
    check(
        Reply::with(Body::Text {
            lines: version,
            blank: false,
        }),
        "<login> ",
        "10.6.30 (Linux/x86_64)|Linux|x86_64¶+OK: command successful¶<login> ",
    );
    let hostile = vec!["+OK: not me".to_owned(), "x -ERR: y\r\nz".to_owned()];
    check(
        Reply::with(Body::Text {
            lines: hostile,
            blank: true,
        }),
        "<#> ",
        " +OK: not me¶x - ERR: y  z¶¶+OK: command successful¶<#> ",
    );
}

#[test]
fn statuses() {
    check(
        Reply::refused("object not found"),
        "<domain#> ",
        "-ERR: object not found¶<domain#> ",
    );
    check(
        Reply {
            committed: true,
            ..Reply::done()
        },
        "<server#> ",
        "committing changes... done¶+OK: command successful¶<server#> ",
    );
    check(
        Reply {
            message: "have a nice day".into(),
            ..Reply::default()
        },
        "",
        "+OK: have a nice day¶",
    );
    let warned = Reply {
        warnings: vec!["not bound: 0.0.0.0:25".into()],
        ..Reply::done()
    };
    check(
        warned,
        "<#> ",
        "+OK: command successful; not bound: 0.0.0.0:25¶<#> ",
    );
    assert_eq!(Reply::malformed("x").status, Status::Malformed);
}

#[test]
fn quiet_has_data_and_status_only() {
    let reply = table(
        "The list of groups for this domain:",
        Form::Bars,
        &[("name", 0)],
        &[&["sales"]],
    );
    let reply = Reply {
        prompt: "<domain#> ".into(),
        ..reply
    };
    assert_eq!(
        axigen(&reply, true),
        "sales\r\n+OK: command successful\r\n<domain#> "
    );
}
