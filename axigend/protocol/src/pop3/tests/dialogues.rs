//! Dialogues as data: the shared transcripts, and those that need messages or a failing server.

use std::fs;

use axigen_shared::Cause;

use super::world::World;
use crate::{
    captured::captured,
    pop3::Session,
    sasl::LoginRules,
    session::Session as _,
    transcript::{self, Connection, Stage as _},
};

#[test]
fn shared_transcripts() {
    for path in transcript::files("pop3") {
        let text = fs::read_to_string(&path).expect("a transcript");
        // What needs another service is left to the runner that has a daemon.
        if text.contains("! open imap") {
            continue;
        }
        transcript::run(&path.display().to_string(), &text, &mut World::new());
    }
}

/// Ann's mailbox with three messages.
fn world() -> World {
    let mut world = World::new();
    world.store(3, b"Subject: one\r\n\r\n.dot\r\nlast\r\n");
    world.store(5, b"Subject: two\r\n\r\nwithout an end");
    world.store(9, b"Subject: three\r\n\r\na\nb\n.\n");
    world
}

const LOGIN: &str =
    "S: +OK *\nC: USER ann\nS: +OK *\nC: PASS Secret-1\nS: +OK Mailbox open, 3 messages, 82 octets\n";

#[track_caller]
fn logged_in(mut world: World, dialogue: &str) -> World {
    transcript::run("dialogue", &format!("{LOGIN}{dialogue}"), &mut world);
    world
}

#[test]
fn listings() {
    logged_in(
        world(),
        "C: STAT\nS: +OK 3 82\n\
         C: LIST\nS: +OK 3 messages, 82 octets\nS: 1 28\nS: 2 30\nS: 3 24\nS: .\n\
         C: LIST 2\nS: +OK 2 30\nC: LIST 4\nS: -ERR No such message\nC: LIST x\nS: -ERR A number is expected\n\
         C: LIST 99999999999999999999999\nS: -ERR No such message\n\
         C: UIDL\nS: +OK *\nS: 1 7.3\nS: 2 7.5\nS: 3 7.9\nS: .\nC: UIDL 3\nS: +OK 3 7.9\n\
         C: DELE 1\nS: +OK *\nC: DELE 1\nS: -ERR Message is deleted\nC: STAT\nS: +OK 2 54\n\
         C: LIST\nS: +OK 2 messages, 54 octets\nS: 2 30\nS: 3 24\nS: .\nC: LIST 1\nS: -ERR Message is deleted\n\
         C: RETR 1\nS: -ERR Message is deleted\nC: RSET\nS: +OK 3 messages, 82 octets\nC: LIST 1\nS: +OK 1 28\n\
         C: DELE 0\nS: -ERR No such message\nC: DELE\nS: -ERR *\nC: RETR\nS: -ERR *\nC: TOP 1\nS: -ERR *\n\
         C: USER bob\nS: -ERR Already logged in\nC: STLS\nS: -ERR Already logged in\n",
    );
}

#[test]
fn messages_on_their_way_out() {
    let seen = logged_in(
        world(),
        "C: RETR 1\nS: +OK 28 octets\nS: Subject: one\nS: \nS: ..dot\nS: last\nS: .\n\
         C: RETR 2\nS: +OK 30 octets\nS: Subject: two\nS: \nS: without an end\nS: .\n\
         C: TOP 3 0\nS: +OK *\nS: Subject: three\nS: \nS: .\n\
         C: TOP 3 2\nS: +OK *\nS: Subject: three\nS: \nS: a\nS: b\nS: .\n\
         C: TOP 3 99999999999999999999\nS: +OK *\nS: Subject: three\nS: \nS: a\nS: b\nS: ..\nS: .\n\
         C: NOOP\nS: +OK Nothing done\n",
    );
    assert_eq!(seen.seen, [3, 5], "RETR marks as seen, TOP does not");
}

#[test]
fn a_message_that_somebody_else_removes_becomes_a_zombie() {
    let world = logged_in(
        world(),
        "#! remove 5\nC: STAT\nS: +OK 3 52\nC: LIST\nS: +OK 3 messages, 52 octets\nS: 1 28\nS: 2 0\nS: 3 24\nS: .\n\
         C: RETR 2\nS: -ERR Message is no longer available\nC: UIDL 2\nS: +OK 2 7.5\n\
         #! remove 9\nC: RETR 3\nS: -ERR Message is no longer available\nC: TOP 3 1\nS: -ERR Message is no longer available\n\
         C: DELE 2\nS: +OK *\nC: DELE 1\nS: +OK *\nC: QUIT\nS: +OK mail.example.test signing off\nS! closed\n",
    );
    assert!(world.boxes["ann"].is_empty());
}

#[test]
fn deletion_happens_at_quit_only() {
    let cut = logged_in(world(), "C: DELE 1\nS: +OK *\nC! close\nS! closed\n");
    assert_eq!(cut.boxes["ann"].len(), 3);
    let mut failing = world();
    failing.failing = Some(("Update", Cause::StorageFailure));
    logged_in(
        failing,
        "C: DELE 1\nS: +OK *\nC: QUIT\nS: -ERR [SYS/TEMP] Some deleted messages were not removed\nS! closed\n",
    );
}

#[test]
fn a_message_that_cannot_be_read_on_ends_the_connection() {
    let mut failing = world();
    failing.failing = Some(("Read", Cause::StorageFailure));
    let failing = logged_in(failing, "C: RETR 1\nS: +OK 28 octets\nS! closed\n");
    assert!(failing.seen.is_empty());
    let mut failing = world();
    failing.failing = Some(("Open", Cause::StorageFailure));
    logged_in(
        failing,
        "C: RETR 1\nS: -ERR [SYS/TEMP] Storage failure, try again later\nC: STAT\nS: +OK *\n",
    );
}

#[test]
fn refused_logins() {
    for (cause, text) in [
        (Cause::AuthenticationFailed, "[AUTH] Invalid user or password"),
        (Cause::DirectoryFailure, "[SYS/TEMP] *"),
        (Cause::InUse, "[IN-USE] Mailbox is locked by another POP3 session"),
        (
            Cause::TooManyConnections,
            "[IN-USE] Too many connections for this account",
        ),
    ] {
        let mut world = world();
        world.failing = Some(("Login", cause));
        let dialogue = format!(
            "S: +OK *\nC: USER ann\nS: +OK *\nC: PASS x y\nS: -ERR {text}\nC: PASS x\nS: -ERR USER first\n"
        );
        transcript::run("refused", &dialogue, &mut world);
    }
    let mut world = world();
    world.settings.max_auth_errors = 2;
    let wrong = "C: USER ann\nS: +OK *\nC: PASS wrong\nS: -ERR [AUTH] Invalid user or password\n";
    transcript::run(
        "auth errors",
        &format!("S: +OK *\n{wrong}{wrong}S! closed\n"),
        &mut world,
    );
}

#[test]
fn nothing_secret_in_clear() {
    let mut world = world();
    world.settings.login = LoginRules::default();
    let clear = "-ERR Plain text authentication disallowed on non-secure connections";
    let dialogue = format!(
        "S: +OK *\nC: CAPA\nS: +OK *\nS: TOP\nS: UIDL\nS: STLS\nS: RESP-CODES\nS: AUTH-RESP-CODE\nS: PIPELINING\n\
         S: EXPIRE NEVER\nS: IMPLEMENTATION axigend\nS: .\n\
         C: USER ann\nS: {clear}\nC: AUTH PLAIN\nS: {clear}\nC: AUTH\nS: +OK *\nS: .\nC: PASS x\nS: -ERR USER first\n\
         C: STLS\nS: +OK *\nC! starttls\nC: CAPA\nS: +OK *\nS: TOP\nS: UIDL\nS: USER\nS: SASL PLAIN LOGIN\nS: RESP-CODES\n\
         S: AUTH-RESP-CODE\nS: PIPELINING\nS: EXPIRE NEVER\nS: IMPLEMENTATION axigend\nS: .\n\
         C: STLS\nS: -ERR TLS is active already\nC: AUTH PLAIN AGFubgBTZWNyZXQtMQ==\nS: +OK Mailbox open*\n"
    );
    transcript::run("clear", &dialogue, &mut world);
}

#[test]
fn bounds() {
    let mut world = world();
    world.settings.max_errors = 2;
    let long = "x".repeat(5000);
    let dialogue = format!(
        "S: +OK *\nC: USER {long}\nS: -ERR Line too long\nC+ NOOP\\nQUIT\\r\\n\nS: -ERR Lines must end in CRLF*\n\
         C: NONSENSE\nS: -ERR Too many errors, closing connection\nS! closed\n"
    );
    transcript::run("bounds", &dialogue, &mut world);
}

#[test]
fn silence_and_shutdown() {
    let say = |act: fn(&mut Session)| {
        let mut world = world();
        let mut connection = Connection::new(world.connect(false));
        connection.go_on(|request| world.answer(1, request));
        connection
            .session()
            .input(b"USER ann\r\nPASS Secret-1\r\nDELE 1\r\n");
        connection.go_on(|request| world.answer(1, request));
        connection.heard.clear();
        act(connection.session());
        connection.go_on(|request| world.answer(1, request));
        assert!(connection.closed);
        assert_eq!(world.boxes["ann"].len(), 3);
        String::from_utf8_lossy(&connection.heard).into_owned()
    };
    assert_eq!(say(Session::timeout), "");
    assert_eq!(say(Session::shutdown), "-ERR Server shutting down\r\n");
}

#[test]
fn a_large_message_passes_in_pieces_unharmed() {
    let mut world = World::new();
    let message = ".line of a large message\r\n..\r\n".repeat(20_000);
    world.store(1, message.as_bytes());
    let heard = world.hear(b"USER ann\r\nPASS Secret-1\r\nRETR 1\r\nQUIT\r\n".chunks(9));
    let heard = String::from_utf8(heard).expect("text");
    let expected = format!(
        "+OK {} octets\r\n{}.\r\n+OK mail.example.test signing off\r\n",
        message.len(),
        message.replace("\r\n.", "\r\n..")
    );
    let expected = expected.replacen("octets\r\n.", "octets\r\n..", 1);
    assert!(heard.ends_with(&expected));
}

#[test]
fn a_large_listing_comes_in_pieces() {
    let mut world = World::new();
    for uid in 1..=20_000 {
        world.boxes.entry("ann").or_default().insert(uid, Vec::new());
    }
    let mut connection = Connection::new(world.connect(false));
    connection
        .session()
        .input(b"USER ann\r\nPASS Secret-1\r\nUIDL\r\n");
    let mut largest = 0;
    loop {
        match connection.session().next() {
            crate::Step::Write(bytes) => {
                largest = largest.max(bytes.len());
                connection.heard.extend(bytes);
            }
            crate::Step::Ask(request) => {
                let answer = world.answer(1, request);
                connection.session().answer(answer);
            }
            _ => break,
        }
    }
    assert!(largest < crate::OUTPUT_CHUNK + 1024, "{largest}");
    assert!(connection.heard.ends_with(b"20000 7.20000\r\n.\r\n"));
}

#[test]
fn no_secret_is_logged() {
    let said = b"AUTH LOGIN\r\nYW5u\r\nU2VjcmV0LTE=\r\nQUIT\r\nAUTH PLAIN AGFubgBTZWNyZXQtMQ==\r\nUSER ann\r\npass Secret-1\r\n\
        PASS  Secret-1\r\nPASSSecret-1\r\nSecret-1\r\nQUIT\r\n";
    for plain in [false, true] {
        let log = captured(|| {
            let mut world = World::new();
            if !plain {
                world.settings.login = LoginRules::default();
            }
            world.hear(std::iter::once(said.as_slice()));
        });
        assert!(log.contains("<< QUIT") && log.contains(">> +OK"), "{log}");
        for secret in ["Secret-1", "U2VjcmV0LTE", "AGFubgB"] {
            assert!(!log.contains(secret), "{log}");
        }
    }
}
