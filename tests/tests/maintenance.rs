//! Maintenance on line, as an administrator does it: by `axictl` and by the TCP dialogue, while mail goes on.

use axigen_tests::{Daemon, Home, PASSWORD, PATIENCE, Service, Wire};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

const DOMAIN: &str = "UPDATE Domain example.test";
const ANN: &str = "ann@example.test";

/// A dialogue on the TCP command line.
struct Cli {
    wire: Wire,
}

impl Cli {
    fn login(daemon: &Daemon<'_>) -> Self {
        let mut wire = Wire::connect(daemon.address(Service::Cli)).expect("the CLI listens");
        wire.until(b"<login> ").expect("a banner");
        let mut cli = Self { wire };
        cli.say("USER admin", b"<password> ");
        cli.root(PASSWORD);
        cli
    }

    fn say(&mut self, line: &str, prompt: &[u8]) -> String {
        self.wire.send_line(line).expect("the CLI is there");
        let text = self.wire.until(prompt).expect("an answer");
        String::from_utf8(text).expect("UTF-8")
    }

    fn root(&mut self, line: &str) -> String {
        self.say(line, b"<#> ")
    }

    fn domain(&mut self, line: &str) -> String {
        self.say(line, b"<domain#> ")
    }

    fn in_domain(daemon: &Daemon<'_>) -> Self {
        let mut cli = Self::login(daemon);
        cli.domain(DOMAIN);
        cli
    }
}

fn start(home: &Home) -> Daemon<'_> {
    let daemon = home.start_with_accounts();
    daemon.admin(&[&format!("SET admin-password {PASSWORD}")]);
    daemon
}

/// Messages of about this many bytes in a folder of ann.
fn fill(daemon: &Daemon<'_>, folder: &str, count: usize, size: usize) {
    let mut imap = daemon.imap(ANN);
    let _ = imap.command(&format!("CREATE {folder}"));
    for at in 0..count {
        let body = "0123456789abcdef".repeat(size / 16);
        let message = format!("From: a@example.net\r\nSubject: number {at}\r\n\r\n{body}\r\n");
        imap.append(folder, "\\Seen", message.as_bytes())
            .expect("IMAP")
            .ok();
    }
}

fn expunge_all(daemon: &Daemon<'_>, folder: &str) {
    let mut imap = daemon.imap(ANN);
    for line in [
        &format!("SELECT {folder}"),
        "STORE 1:* +FLAGS.SILENT (\\Deleted)",
        "EXPUNGE",
    ] {
        imap.command(line).expect("IMAP").ok();
    }
}

fn messages(daemon: &Daemon<'_>, folder: &str) -> String {
    let mut imap = daemon.imap(ANN);
    let status = imap
        .command(&format!("STATUS {folder} (MESSAGES)"))
        .expect("IMAP")
        .ok();
    status.texts().join("\n")
}

fn refused(daemon: &Daemon<'_>, commands: &[&str]) -> String {
    let output = daemon.axictl(commands);
    assert!(!output.status.success(), "{commands:?} is refused");
    let text = [output.stdout, output.stderr].concat();
    String::from_utf8_lossy(&text).into_owned()
}

/// The usid of the storage of mail.
fn usid(daemon: &Daemon<'_>) -> String {
    let listed = daemon.admin(&["--plain", DOMAIN, "LIST Storages"]);
    let row = listed
        .lines()
        .find(|line| line.contains("messages"))
        .expect("a storage of mail");
    row.split_whitespace().next().expect("a usid").to_owned()
}

/// Directory of the storage of mail.
fn mail_directory(daemon: &Daemon<'_>) -> PathBuf {
    let listed = daemon.admin(&["--plain", DOMAIN, "LIST Storages"]);
    let row = listed
        .lines()
        .find(|line| line.contains("messages"))
        .expect("a storage of mail");
    let uri = row.split_whitespace().last().expect("a location");
    PathBuf::from(uri.strip_prefix("file://").expect("a URI"))
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

#[test]
fn compaction_gives_space_back_and_says_so() {
    let home = Home::new();
    let daemon = start(&home);
    fill(&daemon, "Big", 40, 64 * 1024);
    expunge_all(&daemon, "Big");
    let used = |daemon: &Daemon<'_>| {
        let shown = daemon.admin(&["--plain", DOMAIN, "SHOW StorageInformation details"]);
        assert!(shown.contains("\nusid "), "{shown}");
        let row = shown
            .lines()
            .find(|line| line.contains("messages"))
            .expect("a row")
            .to_owned();
        let cells: Vec<&str> = row.split_whitespace().collect();
        cells[3].parse::<u64>().expect("KB")
    };
    let before = used(&daemon);
    assert!(before > 2_000, "{before}");
    let mail = usid(&daemon);
    let done = daemon.admin(&["--plain", DOMAIN, &format!("COMPACT Storage usid {mail} forced")]);
    assert!(done.contains("KB given back") && done.contains(&mail), "{done}");
    let after = used(&daemon);
    assert!(after + 2_000 < before, "{before} KB became {after}");
    let mut cli = Cli::in_domain(&daemon);
    let all = cli.domain("COMPACT All");
    assert!(
        all.contains("compacting objects") && all.contains("\r\n+OK: 0 KB given back"),
        "{all}"
    );
    let peek = cli.domain("COMPACT peek");
    assert!(peek.contains("\r\nended: 0 KB given back\r\n+OK: "), "{peek}");
    let attached = cli.domain("COMPACT attach");
    assert!(
        attached.ends_with("+OK: 0 KB given back\r\n<domain#> "),
        "{attached}"
    );
    assert!(cli.domain("COMPACT abort").contains("-ERR: no COMPACT runs"));
    assert!(
        cli.domain("COMPACT Storage usid 77")
            .contains("-ERR: no storage 77")
    );
    assert!(cli.domain("SCAN peek").contains("-ERR: no SCAN was started"));
    let server = daemon.admin(&[
        "--plain",
        "CONFIG SERVER",
        "COMPACT ServerStorage forced",
        "COMPACT peek 1",
    ]);
    assert!(server.contains("compacting server"), "{server}");
}

#[test]
fn a_job_goes_on_without_its_session_and_is_aborted() {
    let home = Home::new();
    let daemon = start(&home);
    fill(&daemon, "Many", 150, 2 * 1024 * 1024);
    let mut cli = Cli::in_domain(&daemon);
    cli.wire.send_line("SCAN ALL verbose").expect("the CLI is there");
    cli.wire.until(b"scanning objects").expect("the first line");
    drop(cli);
    let mut other = Cli::in_domain(&daemon);
    let again = other.domain("SCAN ALL");
    let told = daemon.admin(&["--plain", DOMAIN, "SCAN attach"]);
    assert!(
        told.contains("+OK: clean: ") && told.contains("ann@example.test: 150 messages"),
        "{told}"
    );
    assert!(
        again.contains("it runs already") || again.contains("clean"),
        "{again}"
    );
    let mut cli = Cli::in_domain(&daemon);
    cli.wire.send_line("SCAN ALL").expect("the CLI is there");
    cli.wire.until(b"scanning objects").expect("the first line");
    let aborted = other.domain("SCAN abort");
    let end = cli.wire.until(b"<domain#> ").expect("the end");
    let end = String::from_utf8_lossy(&end);
    if aborted.contains("+OK") {
        assert!(
            end.contains("-ERR: aborted") || end.contains("+OK: clean"),
            "{end}"
        );
    }
    // A job does not hold up the stop of the daemon.
    cli.wire.send_line("SCAN ALL").expect("the CLI is there");
    cli.wire.until(b"scanning objects").expect("the first line");
    assert!(daemon.stop().success());
}

/// Turns a bit of the body of the message with this subject.
fn damage(directory: &Path, subject: &[u8]) {
    let mut found = fs::read_dir(directory).expect("a directory").filter_map(|entry| {
        let path = entry.expect("an entry").path();
        let bytes = fs::read(&path).expect("a file");
        let at = bytes
            .windows(subject.len())
            .position(|window| window == subject)?;
        path.extension()
            .is_some_and(|extension| extension == "hsf")
            .then_some((path, bytes, at))
    });
    let (file, mut bytes, at) = found.next().expect("the message");
    bytes[at + 200] ^= 1;
    fs::write(&file, bytes).expect("a container");
}

#[test]
fn damage_is_found_named_and_purged() {
    let home = Home::new();
    let daemon = start(&home);
    fill(&daemon, "Some", 3, 4_096);
    let directory = mail_directory(&daemon);
    let clean = daemon.admin(&[
        "--plain",
        DOMAIN,
        "SCAN ALL",
        "SCAN Account ann",
        "SCAN DomainContainer",
    ]);
    assert_eq!(clean.matches("+OK: clean").count(), 3, "{clean}");
    assert!(daemon.stop().success());
    damage(&directory, b"Subject: number 1");
    let daemon = home.start();
    let found = daemon.admin(&["--plain", DOMAIN, "FINDINVALIDMSG ann bob details"]);
    assert!(found.contains("ann@example.test: folder Some uid 2: "), "{found}");
    assert!(
        found.contains("3 messages read, 1 not valid, 0 removed"),
        "{found}"
    );
    let scan = daemon.admin(&["--plain", DOMAIN, "SCAN ALL"]);
    assert!(scan.contains("+OK: not clean, 1 problems"), "{scan}");
    assert!(refused(&daemon, &[DOMAIN, "SCAN ALL purge readOnly"]).contains("readOnly"));
    let soft = daemon.admin(&[
        "--plain",
        DOMAIN,
        &format!("SCAN Storage usid {} softPurge", usid(&daemon)),
    ]);
    assert!(soft.contains("1 damaged messages marked as deleted"), "{soft}");
    assert!(messages(&daemon, "Some").contains("MESSAGES 3"));
    let purged = daemon.admin(&["--plain", DOMAIN, "SCAN ALL purge", "SCAN ALL"]);
    assert!(
        purged.contains("1 damaged messages removed") && purged.contains("+OK: clean"),
        "{purged}"
    );
    assert!(messages(&daemon, "Some").contains("MESSAGES 2"));
    let repaired = daemon.admin(&["--plain", DOMAIN, "REPAIR Accounts ann bob"]);
    assert!(
        repaired.contains("ann@example.test: nothing to repair"),
        "{repaired}"
    );
    assert!(
        repaired.contains("+OK: 2 mailboxes looked at, 0 places put right"),
        "{repaired}"
    );
    assert!(refused(&daemon, &[DOMAIN, "REPAIR Accounts nobody"]).contains("account"));
}

#[test]
fn a_copy_taken_under_a_lock_opens_and_mail_waits_meanwhile() {
    let home = Home::new();
    let daemon = start(&home);
    fill(&daemon, "Kept", 20, 4_096);
    let mut cli = Cli::in_domain(&daemon);
    let locked = cli.domain("READLOCK Storages");
    assert!(locked.contains("+OK: 2 storages are only read"), "{locked}");
    let mut imap = daemon.imap(ANN);
    imap.command("SELECT Kept").expect("IMAP").ok();
    assert_eq!(imap.bodies("1:*").expect("IMAP").len(), 20);
    let refused_append = imap.append("Kept", "", b"Subject: x\r\n\r\nx\r\n").expect("IMAP");
    let said = format!("{refused_append:?}");
    assert!(!refused_append.is_ok() && said.contains("UNAVAILABLE"), "{said}");
    let mut smtp = daemon.smtp();
    smtp.send("a@example.net", &[ANN], b"Subject: waits\r\n\r\nx\r\n")
        .expect("SMTP")
        .expect("250");
    let copied = tempfile::tempdir().expect("a directory");
    let original = home.path().join("domains");
    copy(&original, &copied.path().join("domains"));
    assert!(original.is_dir());
    assert!(messages(&daemon, "INBOX").contains("MESSAGES 0"));
    // The lock dies with its session.
    drop(cli);
    let deadline = Instant::now() + PATIENCE;
    while !imap
        .append("Kept", "", b"Subject: y\r\n\r\ny\r\n")
        .expect("IMAP")
        .is_ok()
    {
        assert!(Instant::now() < deadline, "the lock outlives its session");
    }
    let mut cli = Cli::in_domain(&daemon);
    assert!(
        cli.domain("READUNLOCK Storages")
            .contains("-ERR: this session has locked no")
    );
    cli.domain("READLOCK Storages");
    assert!(
        cli.domain("READUNLOCK Storages")
            .contains("+OK: 2 storages are written again")
    );
    imap.append("Kept", "", b"Subject: z\r\n\r\nz\r\n")
        .expect("IMAP")
        .ok();
    let store = copied
        .path()
        .join(mail_directory(&daemon).strip_prefix(home.path()).expect("below"));
    assert!(daemon.stop().success());
    // What came in under the lock waits for the next try.
    let (code, checked) = home.check();
    assert!(
        code == Some(0) && checked.contains("queued 1; problems 0"),
        "{checked}"
    );
    fs::remove_dir_all(mail_path(&home, &store, copied.path())).expect("the store goes");
    copy(&store, &mail_path(&home, &store, copied.path()));
    let daemon = home.start();
    assert!(messages(&daemon, "Kept").contains("MESSAGES 20"));
    let scan = daemon.admin(&["--plain", DOMAIN, "SCAN ALL"]);
    assert!(scan.contains("+OK: clean"), "{scan}");
}

fn mail_path(home: &Home, store: &Path, copied: &Path) -> PathBuf {
    home.path().join(store.strip_prefix(copied).expect("below"))
}

/// A domain whose objects are those of before carl was added, and whose mail is not.
fn with_lost_account(home: &Home) -> Daemon<'_> {
    let daemon = start(home);
    let listed = daemon.admin(&["--plain", DOMAIN, "LIST Storages"]);
    let row = listed
        .lines()
        .find(|line| line.contains("objects"))
        .expect("objects");
    let objects = PathBuf::from(
        row.split_whitespace()
            .last()
            .expect("a URI")
            .trim_start_matches("file://"),
    );
    assert!(daemon.stop().success());
    let older = tempfile::tempdir().expect("a directory");
    copy(&objects, older.path());
    let daemon = home.start();
    daemon.script(&format!(
        "{DOMAIN}\nADD Account carl password {PASSWORD}\nCOMMIT\nCOMMIT\n"
    ));
    let mut imap = daemon.imap("carl@example.test");
    imap.append("INBOX", "", b"Subject: mine\r\n\r\nx\r\n")
        .expect("IMAP")
        .ok();
    assert!(daemon.stop().success());
    fs::remove_dir_all(&objects).expect("objects go");
    copy(older.path(), &objects);
    home.start()
}

#[test]
fn a_mailbox_without_account_gets_one_back() {
    let home = Home::new();
    let daemon = with_lost_account(&home);
    let dry = daemon.admin(&["--plain", DOMAIN, "RECOVER accounts dryrun"]);
    assert!(
        dry.contains("has no account: 5 folders, 1 messages") && dry.contains("nothing was changed"),
        "{dry}"
    );
    let done = daemon.admin(&[
        "--plain",
        DOMAIN,
        "RECOVER accounts setpassword Again-1",
        "LIST Accounts",
    ]);
    let name = done
        .split_whitespace()
        .find(|word| word.starts_with("recovered-"))
        .expect("an account")
        .split('@')
        .next()
        .expect("a name")
        .to_owned();
    let address = format!("{name}@example.test");
    let mut imap =
        axigen_tests::Imap::login(daemon.address(Service::Imap), &address, "Again-1").expect("a login");
    imap.command("SELECT INBOX").expect("IMAP").ok();
    assert_eq!(imap.bodies("1:*").expect("IMAP").len(), 1);
    let again = daemon.admin(&["--plain", DOMAIN, "RECOVER accounts"]);
    assert!(again.contains("each has its account"), "{again}");
    // The number is taken: a new account begins with an empty mailbox.
    daemon.script(&format!(
        "{DOMAIN}\nADD Account dora password {PASSWORD}\nCOMMIT\nCOMMIT\n"
    ));
    let mut imap = daemon.imap("dora@example.test");
    let status = imap
        .command("STATUS INBOX (MESSAGES)")
        .expect("IMAP")
        .ok()
        .texts()
        .join("");
    assert!(status.contains("MESSAGES 0"), "{status}");
}

#[test]
fn storages_are_counted_and_cached_metadata_dropped() {
    let home = Home::new();
    let daemon = start(&home);
    let on = daemon.admin(&[
        "--plain",
        DOMAIN,
        "DISABLE StorageStatistics",
        "SHOW StorageStatistics",
        "ENABLE StorageStatistics",
    ]);
    assert!(on.contains("not counted"), "{on}");
    for folder in ["Trash", "Spam", "Other"] {
        fill(&daemon, folder, 3, 1024);
    }
    let counted = daemon.admin(&["--plain", DOMAIN, "SHOW StorageStatistics"]);
    let row = counted
        .lines()
        .find(|line| line.contains("messages"))
        .expect("a row")
        .to_owned();
    let cells: Vec<&str> = row.split('|').map(str::trim).collect();
    assert!(cells[5].parse::<u64>().expect("writes") >= 9, "{counted}");
    let off = daemon.admin(&[
        "--plain",
        DOMAIN,
        "DISABLE StorageStatistics",
        "SHOW StorageStatistics",
    ]);
    assert!(off.contains("not counted"), "{off}");
    let cached = daemon.admin(&["--plain", DOMAIN, "SHOW DisposableMetadataInformation"]);
    assert!(cached.contains("| 9"), "{cached}");
    let dropped = daemon.admin(&[
        "--plain",
        DOMAIN,
        "PURGE disposableMetadata",
        "SHOW DisposableMetadataInformation",
    ]);
    assert!(
        dropped.contains("+OK: 9 cached summaries dropped") && dropped.contains("| 0"),
        "{dropped}"
    );
}

#[test]
fn old_mail_is_purged_from_folders_of_all() {
    let home = Home::new();
    let daemon = start(&home);
    for folder in ["Trash", "Spam", "Other"] {
        fill(&daemon, folder, 3, 1024);
    }
    let young = daemon.admin(&[
        "--plain",
        DOMAIN,
        "PURGE account folders Trash, Spam older than 3",
    ]);
    assert!(young.contains("+OK: 0 messages of 0 accounts removed"), "{young}");
    assert!(
        refused(&daemon, &[DOMAIN, "PURGE account folders Trash never"]).contains("never is no condition")
    );
    assert!(refused(&daemon, &[DOMAIN, "PURGE public folders Trash"]).contains("not built yet"));
    let one = daemon.admin(&[
        "--plain",
        DOMAIN,
        "UPDATE Account ann",
        "PURGE account folders Spam seen",
    ]);
    assert!(one.contains("+OK: 3 messages of 1 accounts removed"), "{one}");
    let all = daemon.admin(&["--plain", "PURGE account folders Trash, Spam, Missing"]);
    assert!(all.contains("+OK: 3 messages of 1 accounts removed"), "{all}");
    assert!(messages(&daemon, "Other").contains("MESSAGES 3"));
    let rest = daemon.admin(&[
        "--plain",
        DOMAIN,
        "UPGRADE Storage",
        "LIST activeStorageTransactions",
    ]);
    assert!(rest.contains("2 storages have the newest format"), "{rest}");
    let server = daemon.admin(&[
        "--plain",
        "CONFIG SERVER",
        "LIST Storages",
        "LIST Storages matchingURI *serverData",
    ]);
    assert!(
        server.contains("server") && server.contains("example.test"),
        "{server}"
    );
}
