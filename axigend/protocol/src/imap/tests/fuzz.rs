//! Any input is survived within the bounds, and how it is cut makes no difference.

use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};

use super::{
    client::{Client, settings},
    store::Store,
};
use crate::{
    imap::{PRE_LOGIN_MEMORY, bounds},
    session::{INPUT_CHUNK, Session as _},
};

/// Commands that follow each other without waiting.
const DIALOGUE: &str = concat!(
    "a CAPABILITY\r\n",
    "b LOGIN {16+}\r\nann@example.test {8+}\r\nSecret-1\r\n",
    "c APPEND INBOX (\\Seen x) \" 1-Feb-2026 10:20:30 +0000\" {25+}\r\nSubject: a\r\n\r\nhello you\r\n\r\n",
    "d APPEND INBOX {12+}\r\nSubject: b\r\n {14+}\r\nSubject: c\r\n\r\n\r\n",
    "e SELECT INBOX\r\n",
    "f FETCH 1:* (FLAGS BODY[] ENVELOPE BODYSTRUCTURE)\r\n",
    "g SEARCH OR SUBJECT {1+}\r\nb TEXT hello\r\n",
    "garbage\r\n",
    "h STORE 1:2 +FLAGS (\\Deleted)\r\n",
    "i NOOP {9999999+}\r\n",
);

fn hear(pieces: &[&[u8]]) -> Vec<u8> {
    let mut client = Client::new(&Store::new());
    for piece in pieces {
        client.send(piece);
    }
    client.heard
}

#[test]
fn cutting_makes_no_difference_anywhere() {
    let bytes = DIALOGUE.as_bytes();
    let whole = hear(&[bytes]);
    assert!(
        String::from_utf8_lossy(&whole).contains("h OK"),
        "{}",
        String::from_utf8_lossy(&whole)
    );
    for cut in 0..bytes.len() {
        let (left, right) = bytes.split_at(cut);
        assert_eq!(hear(&[left, right]), whole, "cut at {cut}");
    }
}

#[test]
fn memory_before_login_is_bounded() {
    for flood in [
        "x".repeat(100),
        "a LOGIN {1000000+}\r\n".to_owned(),
        "a \"{1000}\r\n".to_owned(),
        "a {1000+}\r\n".repeat(3),
    ] {
        let mut client = Client::with(
            &Store::new(),
            crate::imap::Settings {
                max_errors: 0,
                ..settings()
            },
        );
        for _ in 0..2000 {
            client.send(flood.as_bytes());
            assert!(
                client.session.held() <= PRE_LOGIN_MEMORY,
                "{} bytes held",
                client.session.held()
            );
            client.heard.clear();
        }
        client.session.end_of_input();
        client.pump();
        assert!(client.closed);
    }
}

#[test]
fn an_overlong_line_is_one_error_and_the_session_stays_in_step() {
    let mut client = Client::new(&Store::new());
    client.log_in();
    client.send(b"a SEARCH ");
    for _ in 0..100 {
        client.send("x".repeat(1000).as_bytes());
        assert!(client.session.held() < bounds::LINE_MAX + 2 * INPUT_CHUNK);
    }
    client.send(b"\r\nb NOOP\r\n");
    assert!(
        client
            .response()
            .is_some_and(|line| line.starts_with(b"a BAD line longer than 65536 bytes"))
    );
    assert_eq!(client.response().as_deref(), Some(&b"b OK NOOP completed"[..]));
}

#[test]
fn a_large_message_comes_in_bounded_pieces() {
    let store = Store::new();
    let mut client = Client::new(&store);
    client.log_in();
    let message = format!("Subject: x\r\n\r\n{}", "0123456789abcdef\r\n".repeat(40_000));
    client.send(format!("a APPEND INBOX {{{}+}}\r\n{message}\r\n", message.len()).as_bytes());
    client.command("SELECT INBOX");
    client.heard.clear();
    client.send(b"b FETCH 1 BODY.PEEK[]\r\n");
    let text = String::from_utf8_lossy(&client.heard).into_owned();
    assert!(text.contains(&message) && text.ends_with("b OK FETCH completed\r\n"));
    assert!(
        client.largest <= 3 * crate::session::OUTPUT_CHUNK,
        "{} bytes in one write",
        client.largest
    );
}

proptest! {
    #[test]
    fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..2000), logged_in: bool, cut in 0_usize..2000) {
        let mut client = Client::new(&Store::new());
        if logged_in {
            client.log_in();
        }
        let (left, right) = bytes.split_at(cut.min(bytes.len()));
        client.send(left);
        client.send(right);
        prop_assert!(client.session.held() <= bounds::COMMAND_MAX);
    }

    #[test]
    fn any_words(
        words in proptest::collection::vec(
            proptest::sample::select(vec![
                "a", "FETCH", "UID", "SEARCH", "STORE", "COPY", "APPEND", "LIST", "STATUS", "SELECT", "INBOX", "1:*",
                "*", "(", ")", "FLAGS", "BODY[", "]", "1.2", "HEADER.FIELDS", "<0.5>", "\"", "\"\"", "{3}", "{3+}",
                "\r\n", "~{1+}", "\\Seen", "NOT", "OR", "RETURN", "$", "%", "CHARSET", "utf-8", "0", "4294967296",
                "BINARY[1]", "(CHANGEDSINCE 1)", "IDLE", "(QRESYNC", "(1 1", "QRESYNC", "VANISHED", "PARTIAL", "-1:-2",
                "EMAILID", "THREADID", "SORT", "SUBJECT", "DONE", "MOVE", "EXPUNGE", "ENABLE", "IMAP4rev2", "é",
            ]),
            0..60,
        ),
        spaced: bool,
    ) {
        let store = Store::new();
        let mut client = Client::with(&store, crate::imap::Settings { max_errors: 0, ..settings() });
        client.log_in();
        client.command("SELECT INBOX");
        client.send(words.join(if spaced { " " } else { "" }).as_bytes());
        // Whatever was begun is ended by this much: literals are small and IDLE takes one line.
        client.send(b"\r\nxxxx\r\nxxxx\r\nDONE\r\n");
        client.heard.clear();
        if !client.closed {
            client.send(b"z NOOP\r\n");
            let text = String::from_utf8_lossy(&client.heard).into_owned();
            prop_assert!(text.contains("z OK NOOP"), "{}", text);
        }
    }

    #[test]
    fn any_two_cuts(first in 0_usize..700, second in 0_usize..700) {
        let bytes = DIALOGUE.as_bytes();
        let (first, second) = (first.min(second).min(bytes.len()), first.max(second).min(bytes.len()));
        let pieces = [&bytes[..first], &bytes[first..second], &bytes[second..]];
        prop_assert_eq!(hear(&pieces), hear(&[bytes]));
    }
}
