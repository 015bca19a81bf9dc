//! A burst of large messages: many senders at once, one to nine MiB each; afterwards all are there with the right sizes, and
//! the counters say what a recount says.
//!
//! `AXIGEN_BURST_SECONDS=180` is the long one; it writes as fast as the disk takes it, so it needs space.

use axigen_tests::{Daemon, Home, Imap, PASSWORD, PATIENCE, Service, Smtp, report};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

const SENDERS: usize = 20;
const SECONDS: u64 = 10;
const MIB: usize = 1 << 20;
/// Received and the like may be added to a message, no more.
const ADDED: usize = 2000;
/// A command that waits for the disk behind nineteen others may take longer than usual.
const DELIVERED: Duration = Duration::from_secs(PATIENCE.as_secs() * 3);

/// What a sender got acknowledged: id and length of each message.
type Sent = Vec<(String, usize)>;

/// The text of a message: its length and its lines follow from the id.
fn message(id: &str, length: usize) -> Vec<u8> {
    let mut text =
        format!("From: burst@example.org\r\nSubject: burst\r\nX-Burst: {id} {length}\r\n\r\n").into_bytes();
    let line = format!("{id} {}\r\n", "0123456789abcdef".repeat(4));
    while text.len() + line.len() + 2 < length {
        text.extend_from_slice(line.as_bytes());
    }
    text.resize(length - 2, b'.');
    text.extend_from_slice(b"\r\n");
    text
}

fn user(number: usize) -> String {
    format!("burst{number}@example.test")
}

fn send(address: SocketAddr, number: usize, until: Instant) -> Sent {
    let mut smtp = Smtp::hello(address).expect("SMTP answers");
    let mut sent = Sent::new();
    let to = user(number);
    while Instant::now() < until {
        let id = format!("{number}-{}", sent.len());
        let length = MIB + (number * 7 + sent.len() * 3) % 9 * MIB - sent.len() % 5;
        let reply = smtp
            .send("burst@example.org", &[&to], &message(&id, length))
            .expect("SMTP answers");
        assert_eq!(reply.code, 250, "{id}: {}", reply.text());
        sent.push((id, length));
    }
    sent
}

/// Whether INBOX shows all that was sent, with its sizes; one body is read whole and compared.
fn verify(daemon: &Daemon<'_>, number: usize, sent: &Sent) {
    let user = user(number);
    let mut imap =
        Imap::login(daemon.address(Service::Imap), &user, PASSWORD).expect("IMAP lets the user in");
    let deadline = Instant::now() + DELIVERED;
    loop {
        let answer = imap.command("SELECT INBOX").expect("IMAP answers").ok();
        if answer.texts().contains(&format!("* {} EXISTS", sent.len())) {
            break;
        }
        assert!(
            Instant::now() < deadline,
            "{user}: not {} messages: {:?}\n{}",
            sent.len(),
            answer.texts(),
            daemon.home().log_tail()
        );
        std::thread::park_timeout(Duration::from_millis(50));
    }
    let (shown, total) = sizes(&mut imap);
    for (id, length) in sent {
        let size = shown.get(id).unwrap_or_else(|| panic!("{user}: {id} is missing"));
        assert!(
            (*length..length + ADDED).contains(size),
            "{user}: {id} has {size}, sent {length}"
        );
    }
    let quota = imap
        .command("GETQUOTA \"\"")
        .expect("IMAP answers")
        .ok()
        .texts()
        .join(" ");
    let wanted = [
        format!("STORAGE {} ", total.div_ceil(1024)),
        format!("MESSAGE {} ", sent.len()),
    ];
    assert!(
        wanted.iter().all(|wanted| quota.contains(wanted)),
        "{quota}: counted {wanted:?}"
    );
    let bodies = imap.bodies("1").expect("a message");
    let (id, length) = &sent[0];
    assert!(
        bodies[0].1.ends_with(&message(id, *length)),
        "{user}: {id} is not what was sent"
    );
}

/// Size of each message of the selected folder by its id, and the sum.
fn sizes(imap: &mut Imap) -> (BTreeMap<String, usize>, usize) {
    let items = "(RFC822.SIZE BODY.PEEK[HEADER.FIELDS (X-Burst)])";
    let answer = imap
        .command(&format!("FETCH 1:* {items}"))
        .expect("IMAP answers")
        .ok();
    let mut shown = BTreeMap::new();
    let mut total = 0;
    for text in answer.texts() {
        let after = |word: &str| text.split_once(word).map(|(_, after)| after.to_owned());
        let size =
            after("RFC822.SIZE ").and_then(|rest| rest.split([' ', ')']).next()?.parse::<usize>().ok());
        let id = after("X-Burst: ").and_then(|rest| Some(rest.split(' ').next()?.to_owned()));
        let (Some(size), Some(id)) = (size, id) else {
            panic!("{text}")
        };
        total += size;
        assert!(shown.insert(id.clone(), size).is_none(), "{id} twice");
    }
    (shown, total)
}

/// The accounts of the senders' messages, with room for them.
fn add_accounts(daemon: &Daemon<'_>) {
    let mut script = "UPDATE Domain example.test\n".to_owned();
    for number in 0..SENDERS {
        script += &["ADD Account burst", &number.to_string(), " password ", PASSWORD].concat();
        script += "\nCONFIG Quotas\nSET totalMessageSize 999999999\nSET totalMessageCount 9999999\n";
        script += "SET messageCount 9999999\nSET messageSize 999999999\nDONE\nCOMMIT\n";
    }
    daemon.script(&(script + "COMMIT\n"));
}

#[test]
fn a_burst_of_large_messages_arrives_whole() {
    let seconds =
        std::env::var("AXIGEN_BURST_SECONDS").map_or(SECONDS, |text| text.parse().expect("a number"));
    let home = Home::new();
    let daemon = home.start_with_accounts();
    add_accounts(&daemon);
    let (address, began) = (daemon.address(Service::Smtp), Instant::now());
    let until = began + Duration::from_secs(seconds);
    let senders: Vec<_> = (0..SENDERS)
        .map(|number| std::thread::spawn(move || send(address, number, until)))
        .collect();
    let sent: Vec<Sent> = senders
        .into_iter()
        .map(|sender| sender.join().expect("every message is taken"))
        .collect();
    let taken = began.elapsed();
    for (number, sent) in sent.iter().enumerate() {
        verify(&daemon, number, sent);
    }
    let (count, bytes) = sent
        .iter()
        .flatten()
        .fold((0, 0), |sum, (_, length)| (sum.0 + 1, sum.1 + length));
    report(&format!(
        "{SENDERS} senders: {count} messages, {} MiB acknowledged in {taken:?}, all visible after {:?}",
        bytes / MIB,
        began.elapsed()
    ));
    assert!(daemon.stop().success());
    let (code, text) = home.check();
    assert_eq!(code, Some(0), "{text}");
}

/// Bytes the daemon has caused to be written so far (`write_bytes` of proc(5)).
fn written(daemon: &Daemon<'_>) -> u64 {
    let text = std::fs::read_to_string(format!("/proc/{}/io", daemon.pid())).expect("the daemon runs");
    text.lines()
        .find_map(|line| line.strip_prefix("write_bytes: ")?.parse().ok())
        .expect("write_bytes")
}

/// One message of one to nine MiB, announced as every MTA does (RFC 1870).
fn send_announced(address: SocketAddr, number: usize) -> usize {
    let mut smtp = Smtp::hello(address).expect("SMTP answers");
    let length = MIB + number % 9 * MIB;
    let to = user(number);
    let size = format!(" SIZE={length}");
    let reply = smtp.envelope("burst@example.org", &[&to], &size);
    reply.expect("SMTP answers").expect("250");
    smtp.command("DATA").expect("SMTP answers").expect("354");
    let mut text = message(&number.to_string(), length);
    text.extend_from_slice(b".\r\n");
    smtp.wire.send(&text).expect("SMTP reads");
    smtp.reply().expect("SMTP answers").expect("250");
    length
}

/// From the connection to the mailbox a byte is written once, one message after the other and twenty at the same time.
#[test]
fn bytes_of_large_messages_are_written_once() {
    let home = Home::new();
    let daemon = home.start_with_accounts();
    add_accounts(&daemon);
    let address = daemon.address(Service::Smtp);
    // Opens the store.
    send_announced(address, 0);
    let before = written(&daemon);
    let alone: usize = (0..SENDERS).map(|number| send_announced(address, number)).sum();
    let between = written(&daemon);
    let senders: Vec<_> = (0..SENDERS)
        .map(|number| std::thread::spawn(move || send_announced(address, number)))
        .collect();
    let together: usize = senders
        .into_iter()
        .map(|sender| sender.join().expect("every message is taken"))
        .sum();
    let after = written(&daemon);
    for (how, bytes, length) in [
        ("alone", between - before, alone),
        ("together", after - between, together),
    ] {
        report(&format!(
            "{SENDERS} messages {how}: {bytes} bytes written for {length}, {:.3} a byte",
            bytes as f64 / length as f64
        ));
        assert!(bytes * 10 <= length as u64 * 11, "{how}: {bytes} for {length}");
        // A file system that does not count would prove nothing.
        assert!(bytes >= length as u64, "{how}: {bytes} for {length}");
    }
    assert!(daemon.stop().success());
    let (code, text) = home.check();
    assert_eq!(code, Some(0), "{text}");
}
