//! How connections end, what logins are refused, and that no secret is ever logged.

use super::{
    client::{Client, settings},
    store::Store,
};
use crate::{
    captured::captured,
    imap::{LoginRules, Settings, bounds::KEYWORD_LIMIT},
    sasl::Mechanisms,
    session::Session as _,
};

fn text(client: &Client) -> String {
    String::from_utf8_lossy(&client.heard).into_owned()
}

#[test]
fn silence_ends_with_autologout_wherever_it_comes() {
    for before in ["", "a LOG", "b LOGIN {5}\r\nab", "c AUTHENTICATE PLAIN\r\n"] {
        let mut client = Client::new(&Store::new());
        client.send(before.as_bytes());
        client.heard.clear();
        client.session.timeout();
        client.pump();
        assert_eq!(
            (text(&client).as_str(), client.closed),
            ("* BYE Autologout\r\n", true),
            "{before}"
        );
    }
    let mut client = Client::new(&Store::new());
    client.log_in();
    client.command("SELECT INBOX");
    client.send(b"a IDLE\r\n");
    client.heard.clear();
    client.session.timeout();
    client.pump();
    assert_eq!(text(&client), "* BYE Autologout\r\n");
}

#[test]
fn a_stop_is_told_and_nothing_half_sent_takes_effect() {
    let store = Store::new();
    for before in ["", "a IDLE\r\n", "a APPEND INBOX {100+}\r\nSubject: half"] {
        let mut client = Client::new(&store);
        client.log_in();
        client.send(before.as_bytes());
        client.heard.clear();
        client.session.shutdown();
        client.pump();
        assert_eq!(
            (text(&client).as_str(), client.closed),
            ("* BYE Server shutting down\r\n", true),
            "{before}"
        );
    }
    let mut client = Client::new(&store);
    client.log_in();
    client.send(b"a APPEND INBOX {100+}\r\nSubject: half");
    client.session.end_of_input();
    client.pump();
    assert!(client.closed && client.heard.is_empty(), "{}", text(&client));
    let mut client = Client::new(&store);
    client.log_in();
    let status = client.command("STATUS INBOX (MESSAGES)");
    assert_eq!(
        status.first().map(String::as_str),
        Some("* STATUS INBOX (MESSAGES 0)")
    );
}

#[test]
fn wrong_passwords_are_counted_and_full_accounts_are_not_wrong_passwords() {
    let mut client = Client::new(&Store::new());
    client.heard.clear();
    assert_eq!(
        client.command("LOGIN busy x"),
        ["t NO [LIMIT] Too many simultaneous connections"]
    );
    for left in (0..3).rev() {
        let answer = client.command("LOGIN ann@example.test wrong");
        assert_eq!(answer[0], "t NO [AUTHENTICATIONFAILED] Invalid user or password");
        assert_eq!(answer.len(), if left == 0 { 2 } else { 1 }, "{answer:?}");
    }
    assert!(client.closed);
}

#[test]
fn logins_in_clear_can_be_forbidden() {
    let rules = LoginRules {
        start_tls: true,
        secure: Mechanisms::ALL,
        plain: Mechanisms::NONE,
        secure_login: true,
        plain_login: false,
    };
    let strict = Settings {
        login: rules,
        greeting: "Welcome\r\n* OK".into(),
        ..settings()
    };
    let mut client = Client::with(&Store::new(), strict);
    let greeting = text(&client);
    assert!(
        greeting.contains(" STARTTLS LOGINDISABLED] Welcome  * OK\r\n"),
        "{greeting}"
    );
    client.heard.clear();
    for command in ["LOGIN ann@example.test Secret-1", "AUTHENTICATE PLAIN"] {
        assert!(
            client.command(command)[0].starts_with("t NO [PRIVACYREQUIRED]"),
            "{command}"
        );
    }
    assert!(client.command("STARTTLS")[0].starts_with("t OK"));
    assert!(client.command("CAPABILITY")[0].ends_with("SASL-IR ENABLE AUTH=PLAIN AUTH=LOGIN"));
    client.log_in();
}

#[test]
fn secrets_are_never_logged() {
    let encoded = "AGFubkBleGFtcGxlLnRlc3QAU2VjcmV0LTE=";
    let secret = "Secret-1";
    for spoken in [
        format!("a LOGIN ann@example.test {secret}\r\n"),
        format!("a LOGIN ann@example.test \"{secret}\r\n"),
        format!("a  LOGIN ann@example.test {secret}\r\n"),
        format!("a LOGIN {{16+}}\r\nann@example.test {{8+}}\r\n{secret}\r\n"),
        format!("a LOGINN ann@example.test {secret}\r\n"),
        format!("a AUTHENTICATE PLAIN {encoded}\r\n"),
        format!("a AUTHENTICATE PLAIN\r\n{encoded}\r\n"),
        format!("a AUTHENTICATE NONE\r\n{encoded}\r\n"),
        "a AUTHENTICATE LOGIN\r\nYW5u\r\nU2VjcmV0LTE=\r\n".to_owned(),
        format!("a AUTHENTICATE PLAIN {encoded}x\r\n"),
        format!("a {secret}\r\n"),
    ] {
        let log = captured(|| Client::new(&Store::new()).send(spoken.as_bytes()));
        assert!(log.contains("<< ") && log.contains(">> "), "{log}");
        for hidden in [secret, encoded, "U2VjcmV0LTE="] {
            assert!(
                !log.to_ascii_lowercase().contains(&hidden.to_ascii_lowercase()),
                "{spoken}: {log}"
            );
        }
    }
    let log = captured(|| {
        let mut client = Client::new(&Store::new());
        client.log_in();
        client.send(b"b APPEND INBOX {13+}\r\nSubject: priv\r\nc SEARCH SUBJECT {4+}\r\nhush\r\n");
        client.send(b"d SELECT INBOX\r\ne FETCH 1 BODY[]\r\n");
    });
    assert!(
        log.contains("<< b APPEND INBOX") && log.contains(">> e OK"),
        "{log}"
    );
    assert!(!log.contains("priv") && !log.contains("hush"), "{log}");
}

#[test]
fn after_login_only_wrong_commands_in_a_row_count() {
    let settings = Settings {
        max_errors: 2,
        ..settings()
    };
    let mut client = Client::with(&Store::new(), settings.clone());
    client.log_in();
    for _ in 0..10 {
        client.command("FETCH");
        client.command("BOGUS");
        client.command("NOOP");
    }
    // A name that cannot be is no wrong command.
    for _ in 0..10 {
        client.command("CREATE a//b");
    }
    assert!(!client.closed);
    client.command("BOGUS");
    client.command("BOGUS");
    let answer = client.command("BOGUS");
    assert_eq!(answer.last().map(String::as_str), Some("* BYE Too many errors"));
    let mut stranger = Client::with(&Store::new(), settings);
    for _ in 0..3 {
        stranger.command("NOOP");
        stranger.command("BOGUS");
    }
    assert!(stranger.closed);
}

#[test]
fn a_full_table_of_keywords_is_told_and_no_fault_of_the_mailbox_name() {
    let mut client = Client::new(&Store::new());
    client.log_in();
    client.send(b"a APPEND INBOX {14+}\r\nSubject: 1\r\n\r\n\r\n");
    client.heard.clear();
    let permanent = |lines: &[String]| {
        lines
            .iter()
            .rfind(|line| line.contains("PERMANENTFLAGS"))
            .cloned()
    };
    let told = permanent(&client.command("SELECT INBOX")).unwrap_or_default();
    assert!(told.contains("\\*"), "{told}");
    let words: Vec<String> = (0..KEYWORD_LIMIT).map(|number| format!("word{number}")).collect();
    let told = permanent(&client.command(&format!("STORE 1 +FLAGS ({})", words.join(" "))));
    let told = told.unwrap_or_default();
    assert!(told.contains("word63") && !told.contains("\\*"), "{told}");
    let answer = client.command("STORE 1 +FLAGS (OneMore)");
    assert!(
        answer
            .last()
            .is_some_and(|line| line.starts_with("t NO [LIMIT] ")),
        "{answer:?}"
    );
}
