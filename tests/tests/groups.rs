//! Groups as senders and administrators see them: who gets a copy, how often, and who may write.

use axigen_tests::{Daemon, Home, PASSWORD, PATIENCE};
use std::fmt::Write as _;
use std::time::{Duration, Instant};

const MESSAGE: &[u8] = b"Subject: to a group\r\n\r\nhello\r\n";

fn in_domain(daemon: &Daemon<'_>, script: &str) -> String {
    daemon.script(&format!("UPDATE Domain example.test\n{script}COMMIT\n"))
}

/// A group with these addresses and further commands.
fn group(daemon: &Daemon<'_>, name: &str, addresses: &[&str], more: &str) {
    let added = addresses.iter().fold(String::new(), |mut all, address| {
        writeln!(all, "ADD Address {address}").expect("a string takes everything");
        all
    });
    in_domain(daemon, &format!("ADD Group {name}\n{added}{more}COMMIT\n"));
}

fn count(daemon: &Daemon<'_>, user: &str) -> u32 {
    let mut imap = daemon.imap(user);
    let status = imap.command("STATUS INBOX (MESSAGES)").expect("IMAP").ok();
    let text = status.texts().join("\n");
    let digits = text.rsplit_once("MESSAGES ").map_or("", |(_, rest)| rest);
    digits
        .trim_end_matches(')')
        .parse()
        .expect("a number of messages")
}

/// Waits until a user has so many messages.
#[track_caller]
fn has(daemon: &Daemon<'_>, user: &str, wanted: u32) {
    let end = Instant::now() + PATIENCE;
    loop {
        let count = count(daemon, user);
        if count == wanted {
            return;
        }
        assert!(
            count < wanted && Instant::now() < end,
            "{user} has {count} messages, not {wanted}"
        );
        std::thread::park_timeout(Duration::from_millis(50));
    }
}

/// What SMTP says to the recipient; the whole transaction when it is taken.
fn send(daemon: &Daemon<'_>, to: &[&str]) -> String {
    let sent = daemon.smtp().send("a@example.org", to, MESSAGE);
    sent.expect("SMTP").text()
}

fn send_as(daemon: &Daemon<'_>, user: &str, to: &str) -> String {
    let mut smtp = daemon.smtp();
    smtp.start_tls().expect("STARTTLS");
    smtp.auth_plain(user, PASSWORD).expect("AUTH").expect("235");
    smtp.send(user, &[to], MESSAGE).expect("SMTP").text()
}

#[test]
fn every_member_gets_one_copy_however_it_is_reached_and_changes_are_live() {
    let home = Home::new();
    let daemon = home.start_with_accounts();
    in_domain(&daemon, "UPDATE Account ann\nADD Alias anna\nCOMMIT\n");
    // Each way to ann: by name, by alias, in a group within, and in a group that contains its own holder.
    group(&daemon, "inner", &["anna@example.test", "outer@example.test"], "");
    group(&daemon, "outer", &["ann@example.test", "inner@example.test"], "");
    let sent = send(
        &daemon,
        &["outer@example.test", "ann@example.test", "inner@example.test"],
    );
    assert!(sent.starts_with("250"), "{sent}");
    has(&daemon, "ann@example.test", 1);
    in_domain(
        &daemon,
        "UPDATE Group inner\nADD Address bob@example.test\nCOMMIT\n",
    );
    assert!(send(&daemon, &["outer@example.test"]).starts_with("250"));
    has(&daemon, "ann@example.test", 2);
    has(&daemon, "bob@example.test", 1);
    in_domain(
        &daemon,
        "UPDATE Group outer\nREMOVE Address inner@example.test\nCOMMIT\n",
    );
    assert!(send(&daemon, &["outer@example.test"]).starts_with("250"));
    has(&daemon, "ann@example.test", 3);
    assert_eq!(count(&daemon, "bob@example.test"), 1);
}

#[test]
fn members_elsewhere_wait_in_the_queue_and_members_that_are_gone_are_reported_to_the_sender() {
    let home = Home::new();
    let daemon = home.start_with_accounts();
    group(
        &daemon,
        "team",
        &["bob@example.test", "far@example.net", "gone@example.test"],
        "",
    );
    let sent = daemon
        .smtp()
        .send("ann@example.test", &["team@example.test"], MESSAGE);
    sent.expect("SMTP").expect("250");
    has(&daemon, "bob@example.test", 1);
    has(&daemon, "ann@example.test", 1);
    let mut imap = daemon.imap("ann@example.test");
    imap.command("SELECT INBOX").expect("IMAP").ok();
    let bodies = imap.bodies("1").expect("the report");
    let report = String::from_utf8_lossy(&bodies[0].1).into_owned();
    assert!(
        report.contains("Final-Recipient: rfc822; gone@example.test"),
        "{report}"
    );
    assert!(!report.contains("far@example.net"), "{report}");
    // After a restart the member that waits is still there, and nobody gets it again.
    daemon.kill();
    let daemon = home.start();
    has(&daemon, "bob@example.test", 1);
    let log = std::fs::read_to_string(home.path().join("log/everything.txt")).expect("the log");
    assert!(
        log.contains("<far@example.net> is not local"),
        "{}",
        home.log_tail()
    );
}

#[test]
fn who_gets_mail_and_who_may_write_are_attributes() {
    let home = Home::new();
    let daemon = home.start_with_accounts();
    in_domain(
        &daemon,
        &format!("ADD Account carl password {PASSWORD}\nCOMMIT\n"),
    );
    group(&daemon, "all", &[], "SET distributeEmailTo domain\n");
    assert!(send(&daemon, &["all@example.test"]).starts_with("250"));
    for user in ["ann", "bob", "carl", "postmaster"] {
        has(&daemon, &format!("{user}@example.test"), 1);
    }
    group(&daemon, "within", &["bob@example.test"], "");
    group(
        &daemon,
        "closed",
        &["ann@example.test", "within@example.test"],
        "",
    );
    for (who, outside, direct, nested, other) in [
        ("anybody", true, true, true, true),
        ("server", false, true, true, true),
        ("domain", false, true, true, true),
        ("members", false, true, true, false),
        ("directMembers", false, true, false, false),
        ("nobody", false, false, false, false),
    ] {
        in_domain(
            &daemon,
            &format!("UPDATE Group closed\nSET receiveEmailFrom {who}\nCOMMIT\n"),
        );
        let to = "closed@example.test";
        let code = |taken: bool| if taken { "250" } else { "550" };
        assert!(send(&daemon, &[to]).starts_with(code(outside)), "{who}: outside");
        for (user, taken) in [("ann", direct), ("bob", nested), ("carl", other)] {
            let said = send_as(&daemon, &format!("{user}@example.test"), to);
            assert!(said.starts_with(code(taken)), "{who}: {user}: {said}");
        }
    }
}

#[test]
fn a_group_that_is_off_empty_or_for_permissions_is_nobody() {
    let home = Home::new();
    let daemon = home.start_with_accounts();
    group(&daemon, "off", &["ann@example.test"], "SET enable no\n");
    group(&daemon, "empty", &[], "");
    group(
        &daemon,
        "rights",
        &["ann@example.test"],
        "SET distributeEmailTo nobody\n",
    );
    for name in ["off", "empty", "rights"] {
        let said = send(&daemon, &[&format!("{name}@example.test")]);
        assert!(said.starts_with("550 5.1.1"), "{name}: {said}");
    }
    in_domain(&daemon, "UPDATE Group off\nSET enable yes\nSET name on\nCOMMIT\n");
    assert!(send(&daemon, &["off@example.test"]).starts_with("550 5.1.1"));
    assert!(send(&daemon, &["on@example.test"]).starts_with("250"));
    has(&daemon, "ann@example.test", 1);
}

#[test]
fn groups_share_the_names_of_accounts_and_are_known_under_their_old_word() {
    let home = Home::new();
    let daemon = home.start_with_accounts();
    group(&daemon, "sales", &["ann@example.test"], "");
    for (commands, why) in [
        (["ADD Group ann", "COMMIT"], "ann is already an account"),
        (["ADD Group sales", "COMMIT"], "group already exists"),
        (
            ["ADD Account sales password Secret-1", "COMMIT"],
            "sales is already a group",
        ),
        (["UPDATE Group nothing", "SHOW"], "group not found: nothing"),
        (
            ["UPDATE Group sales", "ADD Address nonsense"],
            "is not an address",
        ),
    ] {
        let output = daemon.axictl(&["UPDATE Domain example.test", commands[0], commands[1]]);
        let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert!(
            !output.status.success() && text.contains(why),
            "{commands:?}: {text}"
        );
    }
    in_domain(
        &daemon,
        "ADD Forwarder old\nADD Address bob@example.test\nCOMMIT\n",
    );
    let listed = daemon.admin(&["UPDATE Domain example.test", "LIST Forwarders"]);
    assert!(listed.contains("old") && listed.contains("sales"), "{listed}");
    let listed = daemon.admin(&["UPDATE Domain example.test", "LIST Groups s*"]);
    assert!(listed.contains("sales") && !listed.contains("old"), "{listed}");
    let all = daemon.admin(&["UPDATE Domain example.test", "LIST DomainObjectsInfo"]);
    for (name, kind) in [("ann", "account"), ("postmaster", "account"), ("sales", "group")] {
        let is_row = |line: &str| line.contains(name) && line.contains(kind);
        assert!(all.lines().any(is_row), "{name}: {all}");
    }
    let member = daemon.admin(&["UPDATE Domain example.test", "UPDATE Group old", "LIST Addresses"]);
    assert!(member.contains("bob@example.test"), "{member}");
    let shown = daemon.admin(&[
        "UPDATE Domain example.test",
        "SHOW Group sales ATTR receiveEmailFrom",
    ]);
    assert!(shown.contains("anybody"), "{shown}");
    let registry = daemon.admin(&[
        "UPDATE Domain example.test",
        "UPDATE Group sales",
        "SHOW RegistryInformation",
    ]);
    assert!(registry.contains("Creation Date"), "{registry}");
    // On disk with the answer.
    daemon.kill();
    let daemon = home.start();
    assert!(send(&daemon, &["sales@example.test"]).starts_with("250"));
    has(&daemon, "ann@example.test", 1);
    daemon.script("UPDATE Domain example.test\nREMOVE Group sales\nCOMMIT\n");
    assert!(send(&daemon, &["sales@example.test"]).starts_with("550 5.1.1"));
    assert!(daemon.stop().success());
    let (code, text) = home.check();
    assert_eq!(code, Some(0), "{text}");
}

#[test]
fn groups_nested_too_deep_or_in_a_circle_end() {
    let home = Home::new();
    let daemon = home.start_with_accounts();
    let mut script = String::new();
    for depth in 0..24 {
        let next = depth + 1;
        write!(
            script,
            "ADD Group g{depth}\nADD Address g{next}@example.test\nADD Address g0@example.test\n{}COMMIT\n",
            match depth {
                16 => "ADD Address ann@example.test\n",
                17 => "ADD Address bob@example.test\n",
                _ => "",
            }
        )
        .expect("a string takes everything");
    }
    in_domain(&daemon, &script);
    assert!(send(&daemon, &["g0@example.test"]).starts_with("250"));
    has(&daemon, "ann@example.test", 1);
    assert!(send(&daemon, &["g1@example.test"]).starts_with("250"));
    has(&daemon, "bob@example.test", 1);
    assert_eq!(count(&daemon, "ann@example.test"), 2);
}

#[test]
fn the_bytes_for_a_group_are_stored_once() {
    let home = Home::new();
    let daemon = home.start_with_accounts();
    let mut script = String::new();
    for number in 0..20 {
        writeln!(script, "ADD Account u{number} password {PASSWORD}\nCOMMIT")
            .expect("a string takes everything");
    }
    in_domain(&daemon, &script);
    group(&daemon, "all", &[], "SET distributeEmailTo domain\n");
    let line = "x".repeat(70) + "\r\n";
    let message = format!("Subject: large\r\n\r\n{}", line.repeat(14_000));
    let used = || -> u64 {
        let files = std::fs::read_dir(home.path().join("domains/example.test/messages")).expect("messages");
        let sizes = files.map(|file| file.expect("a file").metadata().expect("its size").len());
        sizes.sum()
    };
    let sent = daemon
        .smtp()
        .send("a@example.org", &["all@example.test"], message.as_bytes());
    sent.expect("SMTP").expect("250");
    has(&daemon, "u19@example.test", 1);
    has(&daemon, "ann@example.test", 1);
    let used = used();
    let size = message.len() as u64;
    assert!(
        used < 6 * size,
        "{used} bytes for one message of {size} for 23 mailboxes"
    );
}
