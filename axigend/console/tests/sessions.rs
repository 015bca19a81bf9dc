//! What both sessions keep to whatever arrives: one status line at the end, bounded lines, limits, pages.

mod memory;
mod play;

use axigen_shared::control::{
    Access, Assembler, Body, Expects, Frame, Hello, MAX_FRAME, MAX_REQUEST, Reply, Status, VERSION,
};
use axigend_console::{ControlSession, Engine, Identity, Limits, TextSession};
use axigend_protocol::Session;
use memory::Memory;
use play::Play;
use proptest::prelude::*;
use serde_json::json;

const LIMITS: Limits = Limits {
    max_errors: 3,
    max_auth_errors: 2,
    max_auth_commands: 10,
};

fn text(limits: Limits) -> Play<TextSession> {
    let engine = Engine::new(Memory::new(), limits, Identity::default());
    let first = engine.prompt();
    let mut play = Play::new(TextSession::new(&["hello"], &first), engine);
    assert_eq!(play.heard(), "hello\r\n<login> ");
    play
}

fn logged_in(limits: Limits) -> Play<TextSession> {
    let mut play = text(limits);
    assert_eq!(play.line("USER admin"), "+OK: password required\r\n<password> ");
    assert_eq!(play.line("secret"), "+OK: authentication successful\r\n<#> ");
    play
}

#[test]
fn a_trusted_peer_that_wants_to_log_in_is_nobody_before() {
    let mut play = control();
    let welcome = json!({"id": 1, "kind": "welcome", "protocol": VERSION, "client": "test", "login": true});
    ask(
        &mut play,
        &json!({"id": 0, "kind": "line", "line": "CONFIG SERVER"}),
    );
    let reply = ask(&mut play, &welcome);
    assert!(
        reply.ok() && reply.prompt == "<login> " && !reply.pending,
        "{reply:?}"
    );
    let line = |play: &mut _, text: &str| ask(play, &json!({"id": 2, "kind": "line", "line": text}));
    assert!(!line(&mut play, "LIST Domains").ok());
    assert_eq!(line(&mut play, "USER admin").expects, Expects::Password);
    assert!(!line(&mut play, "wrong").ok());
    assert_eq!(line(&mut play, "USER admin").prompt, "<password> ");
    assert_eq!(line(&mut play, "secret").prompt, "<#> ");
    assert!(line(&mut play, "LIST Domains").ok());
}

#[test]
fn the_version_is_told_in_every_context() {
    let mut play = logged_in(LIMITS);
    for line in ["CONFIG SERVER", "CONFIG IMAP", "CONFIG AccessControl"] {
        assert!(play.line(line).starts_with("+OK"));
        let said = play.line("get version");
        assert!(
            said.contains("|Linux|x86_64\r\n+OK: command successful\r\n<server"),
            "{said}"
        );
    }
    assert!(!play.line("HELP").contains("VERSION"));
}

#[test]
fn help_can_be_asked_for_a_word() {
    let mut play = logged_in(LIMITS);
    play.line("CONFIG SERVER");
    play.line("CONFIG IMAP");
    let said = play.line("HELP listener");
    assert!(said.contains("\r\nADD Listener [address] <address> - ") && said.contains("LIST Listeners"));
    assert!(!said.contains("maxErrors") && said.ends_with("+OK: command successful\r\n<server-imap#> "));
    assert!(
        play.line("HELP nonsense")
            .starts_with("-ERR: no command of this context has the word nonsense")
    );
}

fn control() -> Play<ControlSession> {
    let engine = Engine::trusted(Memory::new(), Identity::default(), "admin");
    let hello = Hello {
        protocol: VERSION,
        server: "axigend".into(),
        access: Access::Admin,
        prompt: engine.prompt(),
    };
    let mut play = Play::new(ControlSession::new(hello), engine);
    assert!(play.heard().starts_with("{\"frame\":\"hello\""));
    play
}

/// Sends a request and puts the reply together.
fn ask(play: &mut Play<ControlSession>, request: &serde_json::Value) -> Reply {
    let said = play.say(&format!("{request}\n"));
    let mut assembler = Assembler::default();
    let mut replies = said.lines().filter_map(|line| {
        assert!(line.len() <= MAX_FRAME, "{}", line.len());
        assembler.frame(serde_json::from_str(line).unwrap())
    });
    let reply = replies.next().unwrap_or_else(|| panic!("no reply: {said}"));
    assert_eq!(replies.count(), 0);
    reply
}

fn run(play: &mut Play<ControlSession>, line: &str) -> Reply {
    ask(play, &json!({"id": 9, "kind": "line", "line": line}))
}

#[test]
fn limits_close_the_connection() {
    let mut play = text(LIMITS);
    for _ in 0..2 {
        play.line("USER admin");
        assert!(
            play.line("wrong")
                .starts_with("-ERR: authentication failed\r\n<login> ")
        );
    }
    play.line("USER admin");
    assert_eq!(
        play.line("wrong"),
        "-ERR: too many failed logins, the connection is closed\r\n"
    );
    assert!(play.closed);

    let mut play = text(LIMITS);
    (0..10).for_each(|_| drop(play.line("GET VERSION")));
    assert!(!play.closed);
    assert!(
        play.line("GET VERSION")
            .starts_with("-ERR: too many commands before login")
    );
    assert!(play.closed);

    let mut play = logged_in(LIMITS);
    (0..10).for_each(|_| drop(play.line("UPDATE Domain none.test")));
    (0..10).for_each(|_| drop(play.line("")));
    (0..3).for_each(|_| drop(play.line("NONSENSE")));
    assert!(!play.closed);
    assert!(play.line("NONSENSE").starts_with("-ERR: too many wrong commands"));
    assert!(play.closed);
}

#[test]
fn pipelined_lines_with_any_line_end_are_answered_in_order() {
    let mut play = logged_in(Limits::NONE);
    let said = play.say("CONFIG SERVER\rCONFIG IMAP\nSHOW ATTR maxErrors\r\nBACK\rBACK\r");
    let ok = "+OK: command successful\r\n";
    assert_eq!(
        said,
        format!(
            "{ok}<server#> {ok}<server-imap#> maxErrors = 20\r\n{ok}<server-imap#> {ok}<server#> {ok}<#> "
        )
    );
}

#[test]
fn an_overlong_line_and_bytes_that_are_no_text_are_refused() {
    let mut play = logged_in(Limits::NONE);
    let long = "x".repeat(70_000);
    assert_eq!(play.line(&long), "-ERR: line longer than 65536 bytes\r\n<#> ");
    play.session().input(b"LIST \xff\xfe\r\n");
    assert_eq!(play.heard(), "-ERR: the line is not UTF-8\r\n<#> ");
    assert!(
        play.line("LIST Domains")
            .ends_with("+OK: command successful\r\n<#> ")
    );
}

#[test]
fn time_out_and_stop_say_goodbye() {
    let mut play = logged_in(Limits::NONE);
    play.session().timeout();
    assert_eq!(play.heard(), "-ERR: timeout\r\n");
    assert!(play.closed);
    let mut play = logged_in(Limits::NONE);
    play.session().shutdown();
    assert_eq!(play.heard(), "-ERR: the server is stopping\r\n");
    assert!(play.closed);
}

#[test]
fn console_codes_hide_the_password() {
    let mut play = text(Limits::NONE);
    play.line("SET CONSOLE-CODES on");
    assert!(play.line("USER admin").ends_with("<password> \u{1b}[8m"));
    assert!(play.line("secret").starts_with("\u{1b}[0m+OK"));
}

fn provision(play: &mut Play<TextSession>, accounts: usize) {
    play.line("CREATE Domain name big.test postmasterPassword x");
    play.line("COMMIT");
    play.line("UPDATE Domain big.test");
    for number in 0..accounts {
        assert!(
            play.line(&format!("ADD Account name u{number:05} password x"))
                .starts_with("+OK")
        );
        assert!(play.line("COMMIT").starts_with("+OK"));
    }
}

#[test]
fn a_long_list_has_the_layout_of_a_short_one() {
    let mut play = logged_in(Limits::NONE);
    provision(&mut play, 2500);
    let said = play.line("LIST Accounts");
    let lines: Vec<&str> = said.split("\r\n").collect();
    assert_eq!(
        &lines[..6],
        [
            "",
            "The list of accounts for this domain:",
            "",
            "name",
            "--------------------",
            "postmaster"
        ]
    );
    let names = &lines[6..lines.len() - 3];
    assert_eq!(names.len(), 2500);
    assert!(
        names
            .iter()
            .enumerate()
            .all(|(number, name)| *name == format!("u{number:05}"))
    );
    assert_eq!(
        &lines[lines.len() - 3..],
        ["", "+OK: command successful", "<domain#> "]
    );
    assert!(play.line("LIST Accounts u0000*").contains("u00009"));
    // Whatever comes next is not mixed up with it.
    assert_eq!(play.line("BACK"), "+OK: command successful\r\n<#> ");
}

#[test]
fn a_long_list_travels_in_bounded_frames() {
    let engine = Engine::trusted(Memory::new(), Identity::default(), "admin");
    let hello = Hello {
        protocol: VERSION,
        server: "axigend".into(),
        access: Access::Admin,
        prompt: engine.prompt(),
    };
    let mut play = Play::new(ControlSession::new(hello), engine);
    play.heard();
    run(&mut play, "CREATE Domain name big.test postmasterPassword x");
    run(&mut play, "COMMIT");
    run(&mut play, "UPDATE Domain big.test");
    for number in 0..3000 {
        run(&mut play, &format!("ADD Account u{number} password x"));
        assert!(run(&mut play, "COMMIT").ok());
    }
    let Body::Table(table) = run(&mut play, "LIST Accounts").body else {
        panic!("a table")
    };
    assert_eq!(table.rows.len(), 3001);
}

#[test]
fn the_control_socket_is_exact_about_what_is_wrong() {
    let mut play = control();
    let reply = ask(&mut play, &json!({"id": 4, "kind": "dance"}));
    assert_eq!(reply.status, Status::Malformed);
    assert!(
        reply
            .message
            .starts_with("not a request: unknown variant `dance`"),
        "{}",
        reply.message
    );
    assert_eq!(run(&mut play, "GET VERSION").message, "command successful");
    let said = play.say("{\"id\": 1, \n");
    let fault: Frame = serde_json::from_str(said.trim_end()).unwrap();
    assert!(matches!(fault, Frame::Fault { message } if message.contains("line 1 column")));
    assert!(play.closed);

    let mut play = control();
    let said = play.say("{\"id\":1,\"kind\":\"welcome\",\"protocol\":7,\"client\":\"axictl 9\"}\n");
    assert!(
        said.contains("this server speaks version 1 of the control protocol, axictl 9 speaks version 7"),
        "{said}"
    );
    assert!(play.closed);

    let mut play = control();
    let said = play.say(&format!("{{\"line\":\"{}\n", "x".repeat(MAX_REQUEST)));
    assert!(said.contains("a request has more than"), "{said}");
    assert!(play.closed);
}

#[test]
fn replies_say_what_is_pending_and_unsaved() {
    let mut play = control();
    run(&mut play, "CONFIG SERVER");
    let reply = run(&mut play, "SET serverName a.test");
    assert!(reply.pending && !reply.unsaved);
    let reply = run(&mut play, "COMMIT");
    assert!(!reply.pending && reply.unsaved && reply.committed);
    assert!(!run(&mut play, "SAVE CONFIG").unsaved);
    assert_eq!(run(&mut play, "EXIT").expects, Expects::Nothing);
    assert!(play.closed);
}

#[test]
fn completion_knows_words_and_live_names() {
    let mut play = control();
    run(&mut play, "CREATE Domain name big.test postmasterPassword x");
    run(&mut play, "COMMIT");
    let mut complete = |line: &str| {
        let request = json!({"id": 2, "kind": "complete", "line": line, "cursor": line.len()});
        let Body::Json { value } = ask(&mut play, &request).body else {
            panic!("JSON")
        };
        let rows = value["candidates"].as_array().unwrap().clone();
        rows.iter()
            .map(|row| row["text"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert!(complete("CON").contains(&"CONFIG".to_owned()));
    assert_eq!(complete("UPDATE Domain b"), ["big.test"]);
    assert_eq!(complete("UPDATE Domain x"), Vec::<String>::new());
}

#[test]
fn the_schema_is_described() {
    let mut play = control();
    let request = json!({"id": 3, "kind": "schema", "without_effect": true});
    let Body::Json { value } = ask(&mut play, &request).body else {
        panic!("JSON")
    };
    let contexts = value.as_array().unwrap();
    assert!(contexts.iter().any(|context| context["context"] == "SERVER"));
    assert!(contexts.iter().all(|context| {
        context["attributes"]
            .as_array()
            .unwrap()
            .iter()
            .all(|a| a["effect"] == "none")
    }));
}

/// Words that lead deep, so that random lines are not all unknown commands.
fn word() -> impl Strategy<Value = String> {
    let known = [
        "CONFIG",
        "SERVER",
        "IMAP",
        "SET",
        "SHOW",
        "ATTR",
        "ADD",
        "UPDATE",
        "REMOVE",
        "LIST",
        "Listener",
        "Listeners",
        "0.0.0.0:143",
        "COMMIT",
        "DONE",
        "BACK",
        "RESET",
        "HELP",
        "maxErrors",
        "enable",
        "yes",
        "CREATE",
        "Domain",
        "name",
        "a.test",
        "postmasterPassword",
        "Account",
        "password",
        "x",
        "Quotas",
        "Alias",
        "DenyRule",
        "AllowRule",
        "10.0.0.0/8",
        "priority",
        "7",
        "AccessControl",
        "SSLCONTROL",
        "SAVE",
        "services",
        "(imap pop3)",
        "USER",
        "admin",
        "secret",
        "GET",
        "VERSION",
        "ENTER",
        "DEBUG",
        "EXEC",
        "listCliHelp",
        "MboxQuota",
        "mboxName",
        "INBOX",
    ];
    prop_oneof![8 => prop::sample::select(known.to_vec()).prop_map(str::to_owned), 1 => any::<String>()]
}

fn line() -> impl Strategy<Value = String> {
    prop::collection::vec(word(), 0..6).prop_map(|words| words.join(" ").replace(['\r', '\n'], " "))
}

/// One status line, as the last line before the prompt.
fn has_one_status(said: &str, line: &str) {
    let lines: Vec<&str> = said.split("\r\n").collect();
    let status = |line: &&str| line.starts_with("+OK: ") || line.starts_with("-ERR: ");
    assert_eq!(
        lines.iter().filter(|line| status(line)).count(),
        1,
        "{line:?} -> {said:?}"
    );
    assert!(
        lines.len() >= 2 && status(&lines[lines.len() - 2]),
        "{line:?} -> {said:?}"
    );
    let prompt = lines[lines.len() - 1];
    assert!(
        prompt.starts_with('<') && prompt.ends_with("> "),
        "{line:?} -> {said:?}"
    );
    assert_eq!(
        said.matches("-ERR").count(),
        usize::from(lines[lines.len() - 2].starts_with("-ERR")),
        "{said:?}"
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn every_line_gets_exactly_one_status_line(lines in prop::collection::vec(line(), 1..40)) {
        let mut play = logged_in(Limits::NONE);
        for line in lines {
            let said = play.line(&line);
            if play.closed {
                prop_assert!(said.starts_with("+OK: have a nice day"));
                break;
            }
            has_one_status(&said, &line);
        }
    }

    #[test]
    fn no_bytes_upset_the_control_socket(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let mut play = control();
        play.session().input(&bytes);
        play.session().input(b"\n");
        play.heard();
    }
}

#[test]
fn hundreds_of_rules_are_added_and_looked_at_on_the_way() {
    let mut play = logged_in(Limits::NONE);
    play.say("CONFIG SERVER\nCONFIG IMAP\nUPDATE Listener 0.0.0.0:143\n");
    for number in 0..300 {
        let line = format!(
            "ADD DenyRule 10.{}.{}.1 priority {number}",
            number / 250,
            number % 250
        );
        assert!(play.line(&line).starts_with("+OK"), "{line}");
    }
    assert_eq!(
        play.line("ADD DenyRule 10.0.7.1").lines().next(),
        Some("-ERR: deny rule already exists")
    );
    assert!(play.line("REMOVE DenyRule 10.0.7.1").starts_with("+OK"));
    assert!(
        play.line("UPDATE DenyRule 10.0.8.1 priority 9")
            .starts_with("+OK")
    );
    assert!(play.line("SET enable no").starts_with("+OK"));
    assert!(play.line("SET enable yes").starts_with("+OK"));
    let rows = play
        .line("LIST DenyRules")
        .lines()
        .filter(|line| line.starts_with("10."))
        .count();
    assert_eq!(rows, 299);
    let said = play.line("SHOW DenyRule 10.0.8.1");
    assert!(said.contains("priority = 9"), "{said}");
    assert!(play.line("SHOW ATTR enable").starts_with("enable = yes"));
    assert!(play.line("COMMIT").contains("+OK"));
    assert!(
        play.line("SHOW Listener 0.0.0.0:143 ATTR enable")
            .starts_with("enable = yes")
    );
}
