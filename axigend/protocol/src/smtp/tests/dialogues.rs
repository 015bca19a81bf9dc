//! Dialogues as data: the shared transcripts, and those that need a policy or a failing server.

use std::fs;

use axigen_shared::Cause;

use super::world::World;
use crate::{
    captured::captured,
    sasl::Mechanisms,
    session::Session as _,
    smtp::{BodyType, Delivery, Session},
    transcript::{self, Connection, Stage as _},
};

#[test]
fn shared_transcripts() {
    for path in transcript::files("smtp") {
        let text = fs::read_to_string(&path).expect("a transcript");
        transcript::run(&path.display().to_string(), &text, &mut World::new());
    }
}

/// Runs a dialogue that begins after EHLO.
#[track_caller]
fn after_hello(mut world: World, dialogue: &str) -> World {
    let text = format!("S: 220 *\nC: EHLO client.example\nS: 250*\n{dialogue}");
    transcript::run("dialogue", &text, &mut world);
    world
}

const ENVELOPE: &str = "C: MAIL FROM:<a@client.example>\nS: 250 2.1.0 Sender accepted\n\
                        C: RCPT TO:<ann@example.test>\nS: 250 2.1.5 Recipient accepted\n";

#[test]
fn what_the_policy_switches_off_is_not_announced() {
    let world = World::with_policy(|policy| {
        policy.allow_8bit_mime = false;
        policy.allow_binary_data = false;
        policy.allow_pipelining = false;
        policy.allow_start_tls = false;
        policy.max_data_size = 0;
        policy.plain_conn_auth_types = Mechanisms {
            plain: true,
            login: false,
        };
        policy.smtp_greeting = Some("hello there".into());
    });
    let text = "S: 220 hello there\n\
        C: EHLO client.example\n\
        S: 250-mail.example.test axigend ESMTP hello\\n250-AUTH PLAIN\\n250-AUTH=PLAIN\\n250-SIZE 0\\n\
        250-ENHANCEDSTATUSCODES\\n250-HELP\\n250 OK\n\
        C: MAIL FROM:<a@client.example> BODY=8BITMIME\nS: 501 5.5.4 Invalid BODY parameter\n\
        C: MAIL FROM:<a@client.example> SMTPUTF8\nS: 501 5.5.4 Invalid SMTPUTF8 parameter\n\
        C: BDAT 4\nC+ NOOPS: 502 5.5.1 BDAT is not available\n\
        C: STARTTLS\nS: 502 5.5.1 STARTTLS is not available\n\
        C: AUTH LOGIN\nS: 538 5.7.11 *\n\
        C: AUTH PLAIN AGFubgBTZWNyZXQtMQ==\nS: 235 2.7.0 Authentication successful\n";
    transcript::run("switches", &text.replace("NOOPS:", "NOOP\nS:"), &mut { world });
}

#[test]
fn who_may_send_where() {
    let far = "C: MAIL FROM:<a@client.example>\nS: 250*\nC: RCPT TO:<x@far.example>\n";
    let near = "C: MAIL FROM:<a@client.example>\nS: 250*\nC: RCPT TO:<ann@example.test>\n";
    after_hello(
        World::new(),
        &format!("{far}S: 530 5.7.0 Authentication required\n"),
    );
    let deaf = World::with_policy(|policy| policy.remote_delivery = Delivery::None);
    after_hello(deaf, &format!("{far}S: 550 5.7.1 Relay access denied\n"));
    let open = World::with_policy(|policy| policy.remote_delivery = Delivery::All);
    after_hello(
        open,
        &format!("{far}S: 550 5.7.1 Delivery to other servers is not available*\n"),
    );
    let submission = || World::with_policy(|policy| policy.local_delivery = Delivery::Auth);
    after_hello(
        submission(),
        &format!("{near}S: 530 5.7.0 Authentication required\n"),
    );
    let nobody = near.replace("ann", "nobody");
    after_hello(
        submission(),
        &format!("{nobody}S: 530 5.7.0 Authentication required\n"),
    );
    let closed = near.replace("ann", "closed");
    after_hello(
        World::new(),
        &format!("{closed}S: 550 5.7.1 <closed@example.test> Recipient not accepted\n"),
    );
    let disabled = near.replace("ann@example.test", "ann@disabled.test");
    after_hello(
        World::new(),
        &format!("{disabled}S: 450 4.2.1 Domain is disabled, try again later\n"),
    );
}

#[test]
fn an_authenticated_client_hears_why_remote_mail_is_not_taken() {
    let text = "C! open tls\nS: 220 *\nC: EHLO client.example\nS: 250*\n\
        C: AUTH PLAIN AGFubgBTZWNyZXQtMQ==\nS: 235 *\n\
        C: MAIL FROM:<ann@example.test>\nS: 250*\n\
        C: RCPT TO:<x@far.example>\nS: 550 5.7.1 Delivery to other servers is not available, SMTP sending is not built yet\n\
        C: RCPT TO:<bob@example.test>\nS: 250 2.1.5 *\nC: DATA\nS: 354 *\nC: x\nC: .\nS: 250 2.0.0 Mail queued for delivery\n";
    let mut world = World::new();
    transcript::run("remote", text, &mut world);
    let (submission, message) = &world.queued[0];
    assert_eq!(submission.authenticated.as_deref(), Some("ann@example.test"));
    assert!(
        String::from_utf8_lossy(message).contains(" with ESMTPSA id 2C2605\r\n\tfor <bob@example.test>;")
    );
}

#[test]
fn too_many_recipients() {
    let world = World::with_policy(|policy| policy.max_rcpt_count = 1);
    let text = format!("{ENVELOPE}C: RCPT TO:<bob@example.test>\nS: 452 4.5.3 Too many recipients\n");
    after_hello(world, &text);
}

#[test]
fn sizes() {
    let small = || World::with_policy(|policy| policy.max_data_size = 1);
    after_hello(
        small(),
        "C: MAIL FROM:<> SIZE=1025\nS: 552 5.3.4 Message size exceeds maximum\nC: MAIL FROM:<> SIZE=1024\nS: 250*\n",
    );
    let line = "x".repeat(98);
    let ten = format!("C: {line}\n").repeat(10);
    let fits = format!(
        "{ENVELOPE}C: DATA\nS: 354 *\n{ten}C: {}\nC: .\nS: 250 2.0.0 *\n",
        "x".repeat(22)
    );
    let world = after_hello(small(), &fits);
    assert_eq!(world.queued[0].0.size, 1024);
    let more = format!(
        "{ENVELOPE}C: DATA\nS: 354 *\n{ten}C: {}\nC: .\nS: 552 5.3.4 *\n{ENVELOPE}",
        "x".repeat(23)
    );
    let world = after_hello(small(), &more);
    assert!(world.queued.is_empty());
    let much = format!(
        "{ENVELOPE}C: DATA\nS: 354 *\n{}C: .\nS: 552 5.3.4 *\nC: NOOP\nS: 250*\n",
        ten.repeat(300)
    );
    let world = after_hello(small(), &much);
    assert!(world.queued.is_empty() && world.asked.contains(&"Discard"));
    let chunks = format!(
        "{ENVELOPE}C: BDAT 1025\nC+ {}\nS: 552 5.3.4 *\nC: BDAT 1 LAST\nC+ x\nS: 503 5.5.1 *\n{ENVELOPE}",
        "x".repeat(1025)
    );
    after_hello(small(), &chunks);
}

#[test]
fn loops() {
    let world = || World::with_policy(|policy| policy.max_received_headers = 2);
    let hops = |count: usize| {
        format!(
            "{ENVELOPE}C: DATA\nS: 354 *\n{}C: \nC: x\nC: .\n",
            "C: Received: x\n".repeat(count)
        )
    };
    after_hello(world(), &format!("{}S: 250 2.0.0 *\n", hops(2)));
    after_hello(
        world(),
        &format!("{}S: 554 5.4.6 Too many hops\nC: NOOP\nS: 250*\n", hops(3)),
    );
}

#[test]
fn a_failing_server_is_never_a_success() {
    let data = format!("{ENVELOPE}C: DATA\nS: 354 *\nC: x\nC: .\n");
    let table = [
        (
            "Open",
            Cause::StorageFull,
            format!("{ENVELOPE}C: DATA\nS: 452 4.3.1 *\nC: NOOP\nS: 250*\n"),
        ),
        (
            "Chunk",
            Cause::StorageFull,
            format!("{data}S: 452 4.3.1 *\n{ENVELOPE}"),
        ),
        (
            "Commit",
            Cause::StorageFailure,
            format!("{data}S: 451 4.3.0 *\n{ENVELOPE}"),
        ),
        (
            "Recipient",
            Cause::DirectoryFailure,
            "C: MAIL FROM:<>\nS: 250*\nC: RCPT TO:<ann@example.test>\nS: 451 4.4.3 *\n".into(),
        ),
        (
            "Open",
            Cause::Internal,
            format!(
                "{ENVELOPE}C: BDAT 4\nC+ QUIT\nS: 451 4.3.0 *\nC: BDAT 4 LAST\nC+ QUIT\nS: 503 *\n{ENVELOPE}"
            ),
        ),
    ];
    for (request, cause, dialogue) in table {
        let mut world = World::new();
        world.failing = Some((request, cause));
        assert!(after_hello(world, &dialogue).queued.is_empty(), "{request}");
    }
    let big = "C: 0123456789012345678901234567890123456789012345678901234567890123456789\n".repeat(3000);
    let mut world = World::new();
    world.failing = Some(("Chunk", Cause::StorageFull));
    let world = after_hello(
        world,
        &format!("{ENVELOPE}C: DATA\nS: 354 *\n{big}C: .\nS: 452 4.3.1 *\nC: NOOP\nS: 250*\n"),
    );
    assert!(
        !world.asked.contains(&"Discard"),
        "the server has dropped it already"
    );
}

#[test]
fn a_dead_directory_is_no_wrong_password() {
    let mut world = World::new();
    world.settings.max_auth_errors = 1;
    world.failing = Some(("Authenticate", Cause::DirectoryFailure));
    let text = "C! open tls\nS: 220 *\nC: EHLO client.example\nS: 250*\n".to_owned()
        + &"C: AUTH PLAIN AGFubgBTZWNyZXQtMQ==\nS: 454 4.7.0 Temporary authentication failure\n".repeat(8);
    transcript::run("directory", &text, &mut world);
}

#[test]
fn too_many_errors() {
    let mut world = World::new();
    world.settings.max_errors = 2;
    after_hello(
        world,
        "C: X\nS: 500*\nC: Y\nS: 500*\nC: Z\nS: 421 mail.example.test Too many errors, closing connection\nS! closed\n",
    );
    let mut world = World::new();
    world.settings.max_errors = 1;
    let refusals = "C: MAIL FROM:<>\nS: 250*\n".to_owned()
        + &"C: RCPT TO:<x@example.test>\nS: 550 5.1.1 <x@example.test> No such user\n".repeat(9);
    after_hello(world, &refusals);
    let mut world = World::new();
    world.settings.max_auth_errors = 2;
    let text = "C! open tls\nS: 220 *\nC: EHLO client.example\nS: 250*\n\
        C: AUTH PLAIN AGFubgB4\nS: 535 5.7.8 Authentication failed\n\
        C: AUTH PLAIN AGFubgB4\nS: 535 5.7.8 Authentication failed\n\
        S: 421 mail.example.test Too many errors, closing connection\nS! closed\n";
    transcript::run("auth errors", text, &mut world);
}

#[test]
fn silence_and_shutdown() {
    let say = |act: fn(&mut Session)| {
        let mut world = World::new();
        let mut connection = Connection::new(world.connect(false));
        connection.go_on(|request| world.answer(1, request));
        connection.heard.clear();
        act(connection.session());
        connection.go_on(|request| world.answer(1, request));
        assert!(connection.closed);
        String::from_utf8_lossy(&connection.heard).into_owned()
    };
    assert_eq!(
        say(Session::timeout),
        "421 mail.example.test timeout expired waiting for data\r\n"
    );
    assert_eq!(
        say(Session::shutdown),
        "421 mail.example.test Service closing transmission channel\r\n"
    );
    assert_eq!(say(Session::end_of_input), "");
}

/// What a client hears after a stop that came behind `said`, when `more` was there before the session looked again.
fn stopped(world: &mut World, said: &[u8], more: &[u8]) -> String {
    let mut connection = Connection::new(world.connect(false));
    connection.go_on(|request| world.answer(1, request));
    connection.session().input(said);
    connection.go_on(|request| world.answer(1, request));
    connection.heard.clear();
    connection.session().input(more);
    connection.session().shutdown();
    connection.go_on(|request| world.answer(1, request));
    assert!(connection.closed);
    String::from_utf8_lossy(&connection.heard).into_owned()
}

#[test]
fn shutdown_takes_the_message_that_is_here_and_waits_for_no_other() {
    const GOODBYE: &str = "421 mail.example.test Service closing transmission channel\r\n";
    let opened = "EHLO c\r\nMAIL FROM:<>\r\nRCPT TO:<ann>\r\n";
    for stalled in [
        "DATA\r\nhalf",
        "BDAT 100\r\nhalf",
        "BDAT 100 LAST\r\nhalf",
        "BDAT 0\r\n",
        "AUTH PLAIN\r\n",
    ] {
        let mut world = World::new();
        let said = format!("{opened}{stalled}");
        assert_eq!(stopped(&mut world, said.as_bytes(), b""), GOODBYE, "{stalled}");
        assert!(world.queued.is_empty());
    }
    // A BDAT that was refused is read past, but not waited for.
    assert_eq!(
        stopped(&mut World::new(), b"EHLO c\r\nBDAT 100 LAST\r\nhalf", b""),
        GOODBYE
    );
    let mut world = World::new();
    let heard = stopped(
        &mut world,
        format!("{opened}DATA\r\nhalf").as_bytes(),
        b"\r\n.\r\nNOOP\r\n",
    );
    assert_eq!(heard, format!("250 2.0.0 Mail queued for delivery\r\n{GOODBYE}"));
    assert_eq!(world.queued.len(), 1);
}

#[test]
fn a_dropped_connection_queues_nothing() {
    let mut world = World::new();
    let whole = b"EHLO c\r\nMAIL FROM:<>\r\nRCPT TO:<ann>\r\nDATA\r\nx\r\n.\r";
    world.hear(std::iter::once(whole.as_slice()));
    assert!(world.queued.is_empty());
}

#[test]
fn groups_are_answered_in_one_write() {
    let mut world = World::new();
    let mut session = world.connect(false);
    session.input(b"EHLO c\r\nMAIL FROM:<>\r\nRCPT TO:<ann>\r\nRCPT TO:<nobody>\r\nDATA\r\n");
    let mut writes = 0;
    loop {
        match session.next() {
            crate::Step::Write(_) => writes += 1,
            crate::Step::Ask(request) => {
                let answer = world.answer(1, request);
                session.answer(answer);
            }
            _ => break,
        }
    }
    assert_eq!(writes, 1);
}

#[test]
fn what_is_handed_over() {
    let text = "C: MAIL FROM:<j\u{fc}rgen@b\u{fc}cher.example> SMTPUTF8 BODY=8BITMIME SIZE=100\nS: 250*\n\
        C: RCPT TO:<ann>\nS: 250*\nC: RCPT TO:<BOB@example.test>\nS: 250*\n\
        C: DATA\nS: 354 *\nC: Message-ID: <1@x>\nC: \nC: ..dot\nC: .\nS: 250*\n";
    let world = after_hello(World::new(), text);
    let (submission, message) = &world.queued[0];
    assert_eq!(
        submission.reverse_path.address(),
        "j\u{fc}rgen@b\u{fc}cher.example"
    );
    assert_eq!(submission.recipients, ["ann@example.test", "BOB@example.test"]);
    assert_eq!(
        (submission.body_type, submission.smtp_utf8),
        (BodyType::EightBitMime, true)
    );
    assert_eq!((submission.message_id.as_str(), submission.size), ("<1@x>", 27));
    let expected = "Received: from client.example ([192.0.2.7])\r\n\tby mail.example.test with UTF8SMTP id 2C2605;\r\n\t\
        Thu, 15 Jan 2026 09:30:00 +0100\r\nMessage-ID: <1@x>\r\n\r\n.dot\r\n";
    assert_eq!(String::from_utf8_lossy(message), expected);
}

#[test]
fn input_that_came_with_starttls_is_discarded() {
    let mut world = World::new();
    let mut connection = Connection::new(world.connect(false));
    connection
        .session()
        .input(b"EHLO c\r\nSTARTTLS\r\nMAIL FROM:<>\r\nNOO");
    connection.go_on(|request| world.answer(1, request));
    let heard = String::from_utf8_lossy(&connection.heard).into_owned();
    assert!(heard.ends_with("220 Go ahead\r\n"), "{heard}");
    connection.heard.clear();
    connection.session().input(b"RSET\r\n");
    connection.session().secured(crate::TlsFacts::default());
    connection.session().input(b"P\r\nMAIL FROM:<>\r\n");
    connection.go_on(|request| world.answer(1, request));
    let heard = String::from_utf8_lossy(&connection.heard).into_owned();
    assert_eq!(
        heard,
        "500 5.5.1 Command not recognized\r\n503 5.5.1 Bad sequence of commands, send EHLO first\r\n"
    );
}

#[test]
fn no_secret_is_logged() {
    // The second line of every pair is what a client sends on when AUTH was refused and it does not listen.
    let said = b"EHLO c\r\nAUTH LOGIN\r\nYW5u\r\nU2VjcmV0LTE=\r\nauth  plain AGFubgBTZWNyZXQtMQ==\r\nAUTH\tPLAIN AGFubgBTZWNyZXQtMQ==\r\n\
        AUTH PLAIN\r\nAGFubgBTZWNyZXQtMQ==\r\n AUTH PLAIN AGFubgBTZWNyZXQtMQ==\r\nQUIT\r\n";
    for tls in [false, true] {
        let log = captured(|| {
            let mut world = World::new();
            let mut connection = Connection::new(world.connect(tls));
            connection.session().input(said);
            connection.go_on(|request| world.answer(1, request));
        });
        assert!(
            log.contains("<< EHLO c") && log.contains(">> 250 OK") && log.contains("<< QUIT"),
            "{log}"
        );
        for secret in ["Secret-1", "U2VjcmV0LTE", "AGFubgB"] {
            assert!(!log.contains(secret), "{log}");
        }
    }
}
