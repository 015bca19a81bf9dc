//! Upkeep of storages beyond the usual jobs: repair of books, cutting of files, domains out of service, recovery from
//! another domain, the daily maintenance, statistics.

use axigen_tests::{Daemon, Home, PASSWORD, PATIENCE};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

const DOMAIN: &str = "UPDATE Domain example.test";
const ANN: &str = "ann@example.test";

fn append(daemon: &Daemon<'_>, user: &str, folder: &str, subjects: &[&str], size: usize) {
    let mut imap = daemon.imap(user);
    let _ = imap.command(&format!("CREATE {folder}"));
    for subject in subjects {
        let body = "0123456789abcdef".repeat(size / 16);
        let message = format!("From: a@example.net\r\nSubject: {subject}\r\n\r\n{body}\r\n");
        imap.append(folder, "\\Seen", message.as_bytes())
            .expect("IMAP")
            .ok();
    }
}

fn messages(daemon: &Daemon<'_>, user: &str, folder: &str) -> String {
    let mut imap = daemon.imap(user);
    let status = imap.command(&format!("STATUS {folder} (MESSAGES)"));
    status.expect("IMAP").ok().texts().join("\n")
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

fn in_domain(daemon: &Daemon<'_>, lines: &[&str]) -> String {
    daemon.admin(&[&["--plain", DOMAIN], lines].concat())
}

fn refused(daemon: &Daemon<'_>, lines: &[&str]) -> String {
    let output = daemon.axictl(lines);
    assert!(!output.status.success(), "{lines:?} is refused");
    String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
}

/// Usid and directory of a storage of the domain.
fn storage(daemon: &Daemon<'_>, role: &str) -> (String, PathBuf) {
    let listed = in_domain(daemon, &["LIST Storages"]);
    let row = listed
        .lines()
        .find(|line| line.contains(role))
        .expect("a storage");
    let usid = row.split_whitespace().next().expect("a usid");
    let uri = row.split_whitespace().last().expect("a location");
    let path = uri.strip_prefix("file://").expect("a URI");
    (usid.to_owned(), PathBuf::from(path))
}

fn sizes(dir: &Path, extension: &str) -> Vec<u64> {
    let entries = fs::read_dir(dir).expect("a directory");
    let files = entries.map(|entry| entry.expect("an entry"));
    files
        .filter(|entry| entry.path().extension().is_some_and(|found| found == extension))
        .map(|entry| entry.metadata().expect("a file").len())
        .collect()
}

#[test]
fn files_are_cut_at_a_size() {
    let home = Home::new();
    let daemon = home.start_with_accounts();
    let subjects: Vec<String> = (0..8).map(|at| format!("number {at}")).collect();
    let subjects: Vec<&str> = subjects.iter().map(String::as_str).collect();
    append(&daemon, ANN, "Big", &subjects, 1 << 20);
    let (usid, dir) = storage(&daemon, "messages");
    assert_eq!(sizes(&dir, "hsf").len(), 1);
    let line = format!("COMPACT Storage usid {usid} splitAfter 2048 into {usid}");
    let cut = in_domain(&daemon, &[&line]);
    assert!(cut.contains("8 bodies of"), "{cut}");
    let now = sizes(&dir, "hsf");
    assert!(now.len() > 2 && now.iter().all(|len| *len < 5 << 20), "{now:?}");
    assert!(messages(&daemon, ANN, "Big").contains("MESSAGES 8"));
    let again = in_domain(&daemon, &[&line, "SCAN ALL"]);
    assert!(
        again.contains(" 0 bodies of 0 KB") && again.contains("+OK: clean"),
        "{again}"
    );
    for (line, why) in [
        (
            format!("COMPACT Storage usid {usid} splitAfter 10 into {usid}"),
            "1024 or more",
        ),
        (
            format!("COMPACT Storage usid {usid} splitAfter 2048 into 77"),
            "lies whole in its storage",
        ),
        (
            format!("COMPACT All splitAfter 2048 into {usid}"),
            "lies whole in its storage",
        ),
    ] {
        let said = refused(&daemon, &[DOMAIN, &line]);
        assert!(said.contains(why), "{said}");
    }
}

#[test]
fn the_index_file_becomes_smaller() {
    let home = Home::new();
    let daemon = home.start_with_accounts();
    append(&daemon, ANN, "Many", &["seed"], 64);
    let mut imap = daemon.imap(ANN);
    imap.command("SELECT Many").expect("IMAP").ok();
    for _ in 0..15 {
        imap.command("COPY 1:* Many").expect("IMAP").ok();
        imap.command("NOOP").expect("IMAP").ok();
    }
    drop(imap);
    assert!(messages(&daemon, ANN, "Many").contains("MESSAGES 32768"));
    expunge_all(&daemon, "Many");
    let mut imap = daemon.imap(ANN);
    imap.command("DELETE Many").expect("IMAP").ok();
    let (usid, dir) = storage(&daemon, "messages");
    let before = sizes(&dir, "redb");
    let done = in_domain(&daemon, &[&format!("COMPACT Storage usid {usid}"), "SCAN ALL"]);
    let after = sizes(&dir, "redb");
    assert!(
        done.contains("of them by the index") && done.contains("+OK: clean"),
        "{done}"
    );
    assert!(after[0] * 4 < before[0], "{before:?} became {after:?}");
    append(&daemon, ANN, "After", &["one"], 64);
    assert!(daemon.stop().success());
    let daemon = home.start();
    assert!(messages(&daemon, ANN, "After").contains("MESSAGES 1"));
}

#[test]
fn a_domain_out_of_service_is_compacted_and_repaired() {
    let home = Home::new();
    let daemon = home.start_with_accounts();
    let subjects = ["a", "b", "c", "d"];
    append(&daemon, ANN, "Big", &subjects, 1 << 20);
    append(&daemon, ANN, "Kept", &["kept"], 64);
    expunge_all(&daemon, "Big");
    let (_, dir) = storage(&daemon, "messages");
    let total = |dir: &Path| sizes(dir, "hsf").iter().sum::<u64>();
    let before = total(&dir);
    let edit = "EDIT Domain name example.test";
    assert!(refused(&daemon, &[edit, "COMPACT all"]).contains("enabled"));
    daemon.admin(&["DISABLE Domain name example.test"]);
    let done = daemon.admin(&[
        "--plain",
        edit,
        "COMPACT all forced",
        "COMPACT peek",
        "REPAIR domainContainer",
    ]);
    assert!(
        done.contains("compacting objects") && done.contains("compacting messages"),
        "{done}"
    );
    assert!(
        done.contains("nothing to repair") && done.contains("+OK: 0 places put right"),
        "{done}"
    );
    assert!(
        total(&dir) + (3 << 20) < before,
        "{before} bytes became {}",
        total(&dir)
    );
    let forced = daemon.admin(&["--plain", edit, "REPAIR domainContainer forced", "REPAIR peek"]);
    assert!(
        forced.contains("the index was made anew from the log"),
        "{forced}"
    );
    for (line, why) in [
        ("COMPACT domainStorage", "holds no containers"),
        ("REPAIR domainContainer reset", "forget every account"),
        ("REPAIR publicContainer", "not built"),
        ("REPAIR abort", "no REPAIR runs"),
        ("COMPACT abort", "no COMPACT runs"),
    ] {
        let said = refused(&daemon, &[edit, line]);
        assert!(said.contains(why), "{line}: {said}");
    }
    daemon.admin(&["ENABLE Domain name example.test"]);
    assert!(messages(&daemon, ANN, "Kept").contains("MESSAGES 1"));
    let scan = in_domain(&daemon, &["SCAN ALL"]);
    assert!(scan.contains("+OK: clean"), "{scan}");
}

#[test]
fn accounts_and_mail_come_from_another_domain() {
    let home = Home::new();
    let daemon = home.start_with_accounts();
    append(&daemon, ANN, "Work/2026", &["one", "two"], 64);
    daemon.script(&format!(
        "CREATE Domain name new.test postmasterPassword {PASSWORD}\nCOMMIT\n"
    ));
    let new = "UPDATE Domain new.test";
    let dry = daemon.admin(&["--plain", new, "RECOVER domain example.test dryrun"]);
    assert!(
        dry.contains("nothing was changed") && dry.contains("would be made"),
        "{dry}"
    );
    assert!(refused(&daemon, &[new, "SHOW Account ann"]).contains("ann"));
    let done = daemon.admin(&["--plain", new, "RECOVER domain example.test", "RECOVER peek"]);
    assert!(
        done.contains("ann@new.test: made") && done.contains("ann@new.test: 2 messages"),
        "{done}"
    );
    // With the password that it had.
    assert!(messages(&daemon, "ann@new.test", "Work/2026").contains("MESSAGES 2"));
    append(&daemon, ANN, "Work/2026", &["three"], 64);
    let more = daemon.admin(&["--plain", new, "RECOVER domain example.test"]);
    assert!(
        more.contains("0 accounts and 1 messages of example.test taken over"),
        "{more}"
    );
    let again = daemon.admin(&["--plain", new, "RECOVER domain example.test", "SCAN ALL"]);
    assert!(again.contains("everything of example.test is here"), "{again}");
    assert!(again.contains("+OK: clean"), "{again}");
    daemon.script(&format!("{new}\nREMOVE Account ann\nCOMMIT\n"));
    daemon.admin(&[new, "RECOVER domain example.test setpassword Other-1"]);
    let login = axigen_tests::Imap::login(
        daemon.address(axigen_tests::Service::Imap),
        "ann@new.test",
        "Other-1",
    );
    assert!(login.is_ok());
    assert!(refused(&daemon, &[new, "RECOVER domain new.test"]).contains("another one"));
    assert!(refused(&daemon, &[new, "RECOVER domain none.test"]).contains("none.test"));
}

#[test]
fn the_daily_maintenance_runs_when_it_is_reset() {
    let home = Home::new();
    let daemon = home.start_with_accounts();
    append(&daemon, ANN, "Trash", &["young"], 64);
    let shown = in_domain(&daemon, &["SHOW DisposableMetadataInformation"]);
    assert!(shown.contains("| 1 "), "{shown}");
    // Below the threshold, and without one, nothing is dropped.
    for threshold in ["0", "1000", "1"] {
        if threshold == "1" {
            append(
                &daemon,
                ANN,
                "Other",
                &["a", "b", "c", "d", "e", "f", "g", "h"],
                64,
            );
        }
        daemon.script(&format!(
            "{DOMAIN}\nSET disposableMetadataQuotaThreshold {threshold}\nCOMMIT\n"
        ));
        let reset = in_domain(&daemon, &["RESET maintenanceDate"]);
        assert!(reset.contains("+OK: maintenance begins now"), "{reset}");
        let deadline = Instant::now() + PATIENCE;
        let wanted = if threshold == "1" { "| 0 " } else { "| 1 " };
        while in_domain(&daemon, &["LIST activeStorageTransactions"]).contains("MAINTENANCE")
            || !in_domain(&daemon, &["SHOW DisposableMetadataInformation"]).contains(wanted)
        {
            assert!(Instant::now() < deadline, "{threshold}");
        }
    }
    assert!(messages(&daemon, ANN, "Trash").contains("MESSAGES 1"));
}

#[test]
fn storages_are_counted_as_the_server_says() {
    let home = Home::new();
    let daemon = home.start_with_accounts();
    append(&daemon, ANN, "Some", &["a", "b"], 1024);
    // enableStorageStatistics is on.
    let counted = in_domain(
        &daemon,
        &["SHOW StorageStatistics", "ENABLE detailed StorageStatistics"],
    );
    assert!(!counted.contains("not counted"), "{counted}");
    daemon.admin(&["CONFIG SERVER", "ENABLE detailed mbox StorageStatistics"]);
    append(&daemon, ANN, "Some", &["c", "d"], 1024);
    let cells = |text: &str, row: &str| -> Vec<String> {
        let row = text
            .lines()
            .find(|line| line.contains(row))
            .expect("a row")
            .to_owned();
        row.split('|').map(|cell| cell.trim().to_owned()).collect()
    };
    let plain = in_domain(&daemon, &["SHOW StorageStatistics details"]);
    let raw = in_domain(&daemon, &["SHOW StorageStatistics details raw"]);
    let written = |text: &str| cells(text, "messages")[6].parse::<u64>().expect("a number");
    assert!(written(&raw) > written(&plain) * 500, "{plain}{raw}");
    let busy = cells(&raw, "messages");
    assert!(
        busy.iter()
            .rev()
            .find(|cell| !cell.is_empty())
            .is_some_and(|cell| cell != "0"),
        "{raw}"
    );
    let summary = in_domain(&daemon, &["SHOW StorageStatistics summary"]);
    assert!(summary.contains("2 storages"), "{summary}");
    let average = in_domain(&daemon, &["SHOW StorageStatistics average"]);
    assert!(
        average.contains("in a second") && cells(&average, "messages")[5].contains('.'),
        "{average}"
    );
    let mailboxes = in_domain(&daemon, &["SHOW StorageStatistics mboxDetails mboxReset"]);
    let usid = storage(&daemon, "messages").0;
    assert!(mailboxes.contains(&usid), "{mailboxes}");
    let none = in_domain(&daemon, &["SHOW StorageStatistics mboxDetails"]);
    assert!(!none.contains(&usid) && !none.contains("not counted"), "{none}");
    daemon.admin(&[
        "CONFIG SERVER",
        "SET enableStorageStatistics no",
        "COMMIT",
        "SAVE CONFIG",
    ]);
    assert!(daemon.stop().success());
    let daemon = home.start();
    let off = in_domain(&daemon, &["SHOW StorageStatistics"]);
    assert_eq!(off.matches("not counted").count(), 2, "{off}");
}

#[test]
fn a_scan_looks_at_what_it_is_told_to() {
    let home = Home::new();
    let daemon = home.start_with_accounts();
    append(&daemon, ANN, "Some", &["whole"], 256);
    let mut imap = daemon.imap(ANN);
    let broken = b"Subject: parts\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\nno part\r\n";
    imap.append("Some", "", broken).expect("IMAP").ok();
    imap.append("Some", "", b"no header at all\r\n")
        .expect("IMAP")
        .ok();
    let plain = in_domain(
        &daemon,
        &["SCAN ALL", "SCAN ALL imapLeaks", "SCAN ALL cachedOnly"],
    );
    assert_eq!(plain.matches("+OK: clean").count(), 3, "{plain}");
    assert!(plain.contains("0 bodies read"), "{plain}");
    let parts = in_domain(&daemon, &["SCAN ALL analyzeStructure"]);
    assert!(parts.contains("uid 2: multipart/mixed without parts"), "{parts}");
    assert!(parts.contains("uid 3: it has no header field"), "{parts}");
    let cleared = in_domain(
        &daemon,
        &["SCAN ALL clearCache", "SHOW DisposableMetadataInformation"],
    );
    assert!(cleared.contains("cached summaries dropped"), "{cleared}");
    for (line, why) in [
        ("SCAN ALL readOnly clearCache", "readOnly changes nothing"),
        ("SCAN ALL cachedOnly clearCache", "leaves nothing cached"),
        ("SCAN ALL cachedOnly analyzeStructure", "reads no message"),
        ("SCAN ALL recoverTo nobody", "nobody"),
        ("SCAN PublicFolders", "not built"),
    ] {
        let said = refused(&daemon, &[DOMAIN, line]);
        assert!(said.contains(why), "{line}: {said}");
    }
    let recovered = in_domain(
        &daemon,
        &["SCAN ALL recoverTo ann", "REPAIR Accounts skip-stage-3 ann"],
    );
    assert!(recovered.contains("+OK: clean"), "{recovered}");
    assert!(!recovered.contains("references and sums"), "{recovered}");
    // What is no message goes; what is only built badly stays.
    let found = in_domain(
        &daemon,
        &["FINDINVALIDMSG ann details", "FINDINVALIDMSG ann purge"],
    );
    assert!(
        found.contains("1 not valid, 0 removed") && found.contains("1 not valid, 1 removed"),
        "{found}"
    );
    assert!(messages(&daemon, ANN, "Some").contains("MESSAGES 2"));
    let repaired = in_domain(&daemon, &["REPAIR Accounts ann bob"]);
    assert!(
        repaired.contains("references and sums: nothing to repair"),
        "{repaired}"
    );
}
