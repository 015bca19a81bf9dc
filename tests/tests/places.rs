//! Where domains lie: limits of storages, identities of directories, copies, moves, restorations.

use axigen_tests::{Daemon, Home, Imap, PASSWORD, PATIENCE, Service};
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

/// Where the tests put things beside the usual places.
const SMALL: &str = "maxFiles=1&maxFileSize=64";

/// A domain with the account ann and this storage of messages.
fn with_messages(daemon: &Daemon<'_>, locations: &[&str]) {
    let added = locations.iter().fold(String::new(), |all, location| {
        all + "ADD MessagesLocation " + location + "\n"
    });
    daemon.script(&format!(
        "CREATE Domain name example.test domainLocation domains/x postmasterPassword {PASSWORD}\n{added}COMMIT\n\
         UPDATE Domain example.test\nADD Account ann password {PASSWORD}\nCOMMIT\nCOMMIT\n"
    ));
}

/// What `axictl` says to commands of which one is refused.
fn refused(daemon: &Daemon<'_>, commands: &[&str]) -> String {
    let output = daemon.axictl(commands);
    assert!(!output.status.success(), "{commands:?} was not refused");
    String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
}

fn message(subject: &str, size: usize) -> Vec<u8> {
    let line = format!("{}\r\n", "x".repeat(70));
    format!("Subject: {subject}\r\n\r\n{}", line.repeat(size / 72)).into_bytes()
}

#[track_caller]
fn subjects(daemon: &Daemon<'_>, user: &str) -> Vec<String> {
    let mut imap = daemon.imap(user);
    imap.command("SELECT INBOX").expect("IMAP").ok();
    let bodies = imap.bodies("1:*").unwrap_or_default();
    let subject = |body: &[u8]| {
        let text = String::from_utf8_lossy(body).into_owned();
        let at = text.lines().find_map(|line| line.strip_prefix("Subject: "));
        at.unwrap_or_default().to_owned()
    };
    bodies.iter().map(|(_, body)| subject(body)).collect()
}

#[track_caller]
fn deliver(daemon: &Daemon<'_>, to: &str, subject: &str) {
    let sent = daemon.smtp().send("a@example.org", &[to], &message(subject, 100));
    sent.expect("SMTP").expect("250");
    wait_for(daemon, to, subject);
}

#[track_caller]
fn wait_for(daemon: &Daemon<'_>, user: &str, subject: &str) {
    let end = Instant::now() + PATIENCE;
    while !subjects(daemon, user).iter().any(|known| known == subject) {
        assert!(Instant::now() < end, "{subject} was not delivered to {user}");
        std::thread::park_timeout(Duration::from_millis(100));
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a directory");
    for entry in fs::read_dir(from).expect("a directory") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        if entry.file_type().expect("a type").is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("a copy");
        }
    }
}

fn usid(dir: &Path) -> String {
    let text = fs::read_to_string(dir.join("hsf.dat")).expect("hsf.dat");
    let line = text.lines().find_map(|line| line.strip_prefix("usid "));
    line.expect("a usid").to_owned()
}

#[test]
fn locations_say_what_is_wrong_with_them() {
    let home = Home::new();
    let daemon = home.start();
    let create = format!("CREATE Domain name a.test postmasterPassword {PASSWORD}");
    for (command, why) in [
        (
            "ADD MessagesLocation m?maxFiles=129",
            "maxFiles: '129' is not a number from 1 to 128",
        ),
        (
            "SET domainObjectsLocation o?size=1",
            "'size=1' is not one of maxFiles=<n>, maxFileSize=<KB>, readOnly=yes|no",
        ),
        (
            "SET domainLocation http://x",
            "'http://x' is not a path or file://path",
        ),
    ] {
        let said = refused(&daemon, &[&create, command]);
        assert!(said.contains(why), "{said}");
    }
    for (command, why) in [
        (
            "SET domainObjectsLocation o?readOnly=yes",
            "only locations of messages can be read-only",
        ),
        (
            "ADD MessagesLocation m?readOnly=yes",
            "needs a location of messages that is not read-only",
        ),
        ("ADD MessagesLocation domains/a.test", "lie in one another"),
    ] {
        let said = refused(&daemon, &[&create, command, "COMMIT"]);
        assert!(said.contains(why), "{said}");
    }
    // A path is enough to remove a location, whatever its limits.
    daemon.admin(&[
        &create,
        "ADD MessagesLocation file://m/one?maxFiles=2",
        "ADD MessagesLocation m/two",
        "REMOVE MessagesLocation ./m/one",
        "COMMIT",
    ]);
    assert!(home.path().join("m/two/hsf.dat").exists() && !home.path().join("m/one").exists());
}

#[test]
fn a_full_storage_refuses_mail_for_now_everywhere_until_it_may_grow() {
    let home = Home::new();
    let daemon = home.start();
    let location = format!("mail?{SMALL}");
    with_messages(&daemon, &[&location]);
    daemon.admin(&[
        "CONFIG SERVER",
        "CONFIG PROCESSING",
        "SET schedInterval 1",
        "COMMIT",
        "COMMIT",
    ]);
    let mut early = daemon.smtp();
    early
        .envelope("a@example.org", &["ann@example.test"], "")
        .expect("SMTP")
        .expect("250");
    let big = message("big", 80_000);
    daemon
        .smtp()
        .send("a@example.org", &["ann@example.test"], &big)
        .expect("SMTP")
        .expect("250");
    wait_for(&daemon, "ann@example.test", "big");
    daemon
        .smtp()
        .envelope("a@example.org", &["ann@example.test"], "")
        .expect("SMTP")
        .expect("452 4.3.1");
    let mut imap = daemon.imap("ann@example.test");
    let append = imap
        .append("INBOX", "", b"Subject: no\r\n\r\nx\r\n")
        .expect("IMAP");
    assert!(append.tagged.starts_with("NO [UNAVAILABLE]"), "{}", append.tagged);
    // Whose recipient was taken before is taken over; the message waits in the queue.
    early.command("DATA").expect("SMTP").expect("354");
    early
        .command("Subject: waited\r\n\r\nx\r\n.")
        .expect("SMTP")
        .expect("250");
    assert_eq!(subjects(&daemon, "ann@example.test"), ["big"]);
    // Reading and deleting go on.
    imap.command("SELECT INBOX").expect("IMAP").ok();
    imap.command("STORE 1 +FLAGS (\\Flagged)").expect("IMAP").ok();
    drop(imap);
    daemon.admin(&[
        "DISABLE Domain example.test",
        "EDIT Domain name example.test",
        "UPDATE MessagesLocation mail mail?maxFiles=4&maxFileSize=64",
        "COMMIT",
        "ENABLE Domain name example.test",
    ]);
    wait_for(&daemon, "ann@example.test", "waited");
    deliver(&daemon, "ann@example.test", "after");
}

#[test]
fn a_read_only_storage_keeps_its_mail_and_takes_none_also_after_a_restart() {
    let home = Home::new();
    let daemon = home.start_with_accounts();
    deliver(&daemon, "ann@example.test", "one");
    let places = "domains/example.test/messages";
    let edit = |location: &str| {
        vec![
            "DISABLE Domain example.test".to_owned(),
            "EDIT Domain name example.test".to_owned(),
            format!("UPDATE MessagesLocation {places} {location}"),
            "COMMIT".to_owned(),
            "ENABLE Domain name example.test".to_owned(),
        ]
    };
    let run = |daemon: &Daemon<'_>, location: &str| {
        let commands = edit(location);
        daemon.admin(&commands.iter().map(String::as_str).collect::<Vec<_>>());
    };
    run(&daemon, &format!("{places}?readOnly=yes"));
    daemon.kill();
    let daemon = home.start();
    assert_eq!(subjects(&daemon, "ann@example.test"), ["one"]);
    daemon
        .smtp()
        .envelope("a@example.org", &["ann@example.test"], "")
        .expect("SMTP")
        .expect("452 4.3.1");
    let said = refused(
        &daemon,
        &[
            "UPDATE Domain example.test",
            &format!("ADD Account carl password {PASSWORD}"),
            "COMMIT",
        ],
    );
    assert!(said.contains("read-only"), "{said}");
    run(&daemon, places);
    deliver(&daemon, "ann@example.test", "two");
}

#[test]
fn a_domain_is_deleted_with_a_kept_copy_and_restored_exactly() {
    let home = Home::new();
    let daemon = home.start_with_accounts();
    daemon.script("UPDATE Domain example.test\nADD Alias alias.test\nUPDATE Account ann\nADD Alias anne\nCOMMIT\nCOMMIT\n");
    deliver(&daemon, "anne@alias.test", "kept");
    let before = usid(&home.path().join("domains/example.test/messages"));
    daemon.admin(&["DELETE Domain name example.test"]);
    assert!(Imap::login(daemon.address(Service::Imap), "ann@example.test", PASSWORD).is_err());
    // While another domain has one of its names it stays away.
    daemon.script(&format!(
        "CREATE Domain name alias.test postmasterPassword {PASSWORD}\nCOMMIT\n"
    ));
    let said = refused(&daemon, &["RESTORE Domain name example.test", "COMMIT"]);
    assert!(
        said.contains("alias.test is already a domain or an alias of one"),
        "{said}"
    );
    daemon.admin(&["DELETE Domain name alias.test dontKeepCopy"]);
    let said = refused(&daemon, &["RESTORE Domain name alias.test"]);
    assert!(
        said.contains("no copy of a deleted domain alias.test is kept"),
        "{said}"
    );
    daemon.kill();
    let daemon = home.start();
    daemon.admin(&["RESTORE Domain name example.test", "COMMIT"]);
    assert_eq!(subjects(&daemon, "anne@alias.test"), ["kept"]);
    assert_eq!(usid(&home.path().join("domains/example.test/messages")), before);
    deliver(&daemon, "bob@example.test", "again");
    let said = refused(&daemon, &["RESTORE Domain name example.test"]);
    assert!(said.contains("example.test is already a domain"), "{said}");
    daemon.kill();
    let daemon = home.start();
    assert_eq!(subjects(&daemon, "ann@example.test"), ["kept"]);
    assert!(daemon.stop().success());
    let (code, said) = home.check();
    assert_eq!(code, Some(0), "{said}");
}

#[test]
fn a_copied_domain_is_enabled_on_another_server() {
    let home = Home::new();
    let daemon = home.start_with_accounts();
    daemon.script(
        "UPDATE Domain example.test\nADD Alias alias.test\nUPDATE Account ann\nADD Alias anne\nCOMMIT\nCOMMIT\n",
    );
    deliver(&daemon, "ann@example.test", "moved");
    let said = {
        let twin = home.path().join("domains/twin");
        copy(&home.path().join("domains/example.test"), &twin);
        refused(&daemon, &["ENABLE Domain domainLocation domains/twin"])
    };
    assert!(said.contains("is a copy of the storage"), "{said}");
    assert!(daemon.stop().success());

    let other = Home::new();
    let daemon = other.start();
    daemon.script(&format!(
        "CREATE Domain name other.test postmasterPassword {PASSWORD}\nADD MessagesLocation elsewhere\nCOMMIT\n"
    ));
    let place = other.path().join("domains/here");
    copy(&home.path().join("domains/example.test"), &place);
    let said = refused(&daemon, &["ENABLE Domain domainLocation domains/here/objects"]);
    assert!(said.contains("domainObjects of domain example.test"), "{said}");
    let said = refused(&daemon, &["ENABLE Domain domainLocation domains/nowhere"]);
    assert!(said.contains("is missing or empty"), "{said}");
    daemon.admin(&["ENABLE Domain domainLocation domains/here"]);
    assert_eq!(subjects(&daemon, "anne@alias.test"), ["moved"]);
    deliver(&daemon, "ann@example.test", "new");
    daemon.kill();
    let daemon = other.start();
    assert_eq!(subjects(&daemon, "ann@example.test"), ["moved", "new"]);
    // By the old word it is the same, at COMMIT; names that are taken are refused.
    daemon.admin(&["DELETE Domain name example.test dontKeepCopy"]);
    copy(&home.path().join("domains/example.test"), &place);
    let shown = daemon.admin(&["REGISTER Domain domainLocation domains/here", "SHOW", "COMMIT"]);
    assert!(shown.contains("example.test"), "{shown}");
    assert_eq!(subjects(&daemon, "ann@example.test"), ["moved"]);
    let third = other.path().join("domains/third");
    copy(&home.path().join("domains/example.test"), &third);
    for directory in ["", "objects", "messages"] {
        fs::remove_file(third.join(directory).join("hsf.dat")).expect("hsf.dat");
    }
    let said = refused(&daemon, &["ENABLE Domain domainLocation domains/third"]);
    assert!(said.contains("example.test is already a domain"), "{said}");
}

#[test]
fn directories_moved_by_hand_are_known_again() {
    let home = Home::new();
    let daemon = home.start_with_accounts();
    deliver(&daemon, "ann@example.test", "one");
    daemon.script(&format!(
        "CREATE Domain name other.test postmasterPassword {PASSWORD}\nCOMMIT\n"
    ));
    let said = refused(&daemon, &["EDIT Domain name example.test"]);
    assert!(said.contains("domain example.test is enabled"), "{said}");
    daemon.admin(&["DISABLE Domain example.test"]);
    let domains = home.path().join("domains");
    fs::rename(domains.join("example.test"), domains.join("moved")).expect("moved");
    let said = refused(&daemon, &["ENABLE Domain name example.test"]);
    assert!(said.contains("is missing or empty: the storage"), "{said}");
    let said = refused(
        &daemon,
        &[
            "EDIT Domain name example.test",
            "SET domainLocation domains/other.test",
            "COMMIT",
        ],
    );
    assert!(said.contains("domain of domain other.test"), "{said}");
    daemon.admin(&[
        "EDIT Domain name example.test",
        "SET domainLocation domains/moved",
        "COMMIT",
        "ENABLE Domain name example.test",
    ]);
    assert_eq!(subjects(&daemon, "ann@example.test"), ["one"]);
    // Its mail alone, to another place.
    daemon.admin(&["DISABLE Domain example.test"]);
    fs::rename(domains.join("moved/messages"), home.path().join("mail")).expect("moved");
    daemon.admin(&[
        "EDIT Domain domainLocation domains/moved",
        "UPDATE MessagesLocation domains/moved/messages mail?maxFiles=8",
        "COMMIT",
        "ENABLE Domain name example.test",
    ]);
    assert_eq!(subjects(&daemon, "ann@example.test"), ["one"]);
    // The whole directory again: ENABLE at the new place is enough.
    daemon.admin(&["DISABLE Domain example.test"]);
    fs::rename(domains.join("moved"), domains.join("again")).expect("moved");
    daemon.admin(&["ENABLE Domain domainLocation domains/again"]);
    assert_eq!(subjects(&daemon, "ann@example.test"), ["one"]);
}

#[test]
fn a_foreign_storage_is_refused_and_a_lost_identity_written_anew() {
    let home = Home::new();
    let daemon = home.start_with_accounts();
    deliver(&daemon, "ann@example.test", "one");
    daemon.script(&format!(
        "CREATE Domain name other.test postmasterPassword {PASSWORD}\nCOMMIT\n"
    ));
    daemon.kill();
    // Somebody else's mail in its place is refused at the start, and the others go on.
    let domains = home.path().join("domains");
    let mail = domains.join("example.test/messages");
    fs::rename(&mail, home.path().join("aside")).expect("moved");
    copy(&domains.join("other.test/messages"), &mail);
    let daemon = home.start();
    assert!(Imap::login(daemon.address(Service::Imap), "ann@example.test", PASSWORD).is_err());
    daemon.imap("postmaster@other.test");
    let said = refused(&daemon, &["ENABLE Domain name example.test"]);
    assert!(said.contains("(messages of domain other.test), not"), "{said}");
    let said = refused(&daemon, &["DELETE Domain name example.test dontKeepCopy"]);
    assert!(said.contains("(messages of domain other.test), not"), "{said}");
    fs::remove_dir_all(&mail).expect("removed");
    fs::rename(home.path().join("aside"), &mail).expect("moved");
    // A file that is lost or damaged is written anew.
    let marked = fs::read(mail.join("hsf.dat")).expect("hsf.dat");
    fs::write(mail.join("hsf.dat"), b"axigen").expect("damaged");
    fs::remove_file(domains.join("example.test/hsf.dat")).expect("removed");
    daemon.admin(&["ENABLE Domain name example.test"]);
    assert_eq!(subjects(&daemon, "ann@example.test"), ["one"]);
    assert_eq!(fs::read(mail.join("hsf.dat")).expect("hsf.dat"), marked);
}

#[test]
fn accounts_are_spread_over_storages_and_stay_where_they_are() {
    let home = Home::new();
    let daemon = home.start();
    with_messages(&daemon, &["m/first?maxFiles=1&maxFileSize=1024"]);
    deliver(&daemon, "ann@example.test", "first");
    daemon.admin(&[
        "DISABLE Domain example.test",
        "EDIT Domain name example.test",
        "ADD MessagesLocation m/second?maxFiles=9",
        "COMMIT",
        "ENABLE Domain name example.test",
        "UPDATE Domain example.test",
        &format!("ADD Account bob password {PASSWORD}"),
        "COMMIT",
        "COMMIT",
    ]);
    // One message for both: a copy in each storage.
    let to = ["ann@example.test", "bob@example.test"];
    let sent = daemon.smtp().send("a@example.org", &to, &message("both", 50_000));
    sent.expect("SMTP").expect("250");
    wait_for(&daemon, to[0], "both");
    wait_for(&daemon, to[1], "both");
    let holds = |place: &str| {
        let bytes = fs::read(home.path().join(place).join("00.hsf")).expect("a container");
        bytes.windows(13).any(|window| window == b"Subject: both")
    };
    assert!(holds("m/first") && holds("m/second"));
    daemon.kill();
    let daemon = home.start();
    assert_eq!(subjects(&daemon, to[0]), ["first", "both"]);
    assert_eq!(subjects(&daemon, to[1]), ["both"]);
    daemon.admin(&["DISABLE Domain example.test"]);
    for (place, accounts) in [("m/first", 2), ("m/second", 1)] {
        let edit = [
            "EDIT Domain name example.test",
            &format!("REMOVE MessagesLocation {place}"),
            "COMMIT",
        ];
        let said = refused(&daemon, &edit);
        let why = format!("{place} cannot be removed: {accounts} accounts have their mail there");
        assert!(said.contains(&why), "{said}");
    }
    daemon.admin(&[
        "ENABLE Domain name example.test",
        "UPDATE Domain example.test",
        "REMOVE Account bob",
        "BACK",
        "DISABLE Domain example.test",
        "EDIT Domain name example.test",
        "REMOVE MessagesLocation m/second",
        "COMMIT",
        "ENABLE Domain name example.test",
    ]);
    assert_eq!(subjects(&daemon, to[0]), ["first", "both"]);
    assert!(daemon.stop().success());
    let (code, said) = home.check();
    assert_eq!(code, Some(0), "{said}");
}
