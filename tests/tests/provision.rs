//! `axictl export`, `diff`, `apply` and `import`: whole servers as files, accounts as tables.

use axigen_tests::{Daemon, Home, Imap, Service};
use std::fmt::Write as _;
use std::io::Read;
use std::process::{Output, Stdio};

/// `secret-1` as another server would hash it: SHA-1 over password and salt.
const HASH: &str = "{SSHA}Ry2KevnO1LssWqIVn06P5oRJAy9zYWx0";

fn said(output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&output.stdout), text(&output.stderr))
}

/// Runs axictl with a file as its last argument.
fn with_file(daemon: &Daemon<'_>, words: &[&str], text: &str) -> (Option<i32>, String, String) {
    let file = daemon.home().path().join("provision.txt");
    std::fs::write(&file, text).expect("the file is written");
    let mut words = words.to_vec();
    let file = file.to_str().expect("a path in UTF-8");
    words.push(file);
    let output = daemon.axictl(&words);
    let (out, errors) = said(&output);
    (output.status.code(), out, errors)
}

fn log_in(daemon: &Daemon<'_>, user: &str, password: &str) {
    Imap::login(daemon.address(Service::Imap), user, password).expect("the password is right");
}

fn export(daemon: &Daemon<'_>, words: &[&str]) -> String {
    let output = daemon.axictl(&[&["export"], words].concat());
    let (out, errors) = said(&output);
    assert_eq!((output.status.code(), errors.as_str()), (Some(0), ""));
    out
}

/// A server with something of everything.
fn furnished(home: &Home) -> Daemon<'_> {
    let daemon = home.start_with_accounts();
    daemon.script(
        "UPDATE Domain example.test\nADD Alias alias.test\nCONFIG accountDefaultLimits\nSET imapConnectionCount 9\nDONE\n\
         UPDATE Account ann\nADD Alias annie\nCONFIG Quotas\nSET totalMessageSize 5000\nDONE\n\
         CONFIG ContactInfo\nSET firstName \"Ann \\\"A\\\" \\\\ Ä\"\nDONE\nCOMMIT\nCOMMIT\n\
         CREATE Domain name two.test postmasterPassword Post-1234\nCOMMIT\n\
         UPDATE Domain two.test\nADD Account cleo password Cleo-1234\nCOMMIT\nCOMMIT\n",
    );
    daemon
}

#[test]
fn an_export_makes_an_empty_server_the_same() {
    let (one, two) = (Home::new(), Home::new());
    let (first, second) = (furnished(&one), two.start());
    let file = export(&first, &["--no-server"]);
    assert!(
        file.contains("imapConnectionCount = 9") && file.contains("[[domain.account]]"),
        "{file}"
    );
    let (status, out, errors) = with_file(&second, &["apply"], &file);
    assert_eq!((status, errors.as_str()), (Some(0), ""), "{out}");
    assert_eq!(export(&second, &["--no-server"]), file);
    // Passwords came along, as hashes.
    log_in(&second, "cleo@two.test", "Cleo-1234");
    // Nothing is left to be done, here and there.
    for daemon in [&first, &second] {
        let (status, out, _) = with_file(daemon, &["diff"], &file);
        assert_eq!(status, Some(0), "{out}");
        let (status, out, _) = with_file(daemon, &["apply"], &file);
        assert!(
            status == Some(0) && out.starts_with("0 created, 0 changed, 0 removed"),
            "{out}"
        );
    }
}

#[test]
fn the_server_is_part_of_it() {
    let home = Home::new();
    let daemon = furnished(&home);
    let file = export(&daemon, &[]);
    let changed = file.replacen(
        "[server]\n",
        "[server]\nsslRandomFiles = \"x\"\nprimaryDomain = \"two.test\"\n",
        1,
    );
    let without: String = {
        let mut seen = false;
        // The name of a setting may stand only once in a table.
        let keep = |line: &&str| {
            let named = line.starts_with("primaryDomain");
            let keep = !(named && seen);
            seen |= named;
            keep
        };
        changed
            .lines()
            .filter(keep)
            .fold(String::new(), |text, line| text + line + "\n")
    };
    let (status, _, errors) = with_file(&daemon, &["diff"], &without);
    assert!(
        status == Some(1)
            && errors
                .contains("server: sslRandomFiles: there is no such setting; did you mean sslRandomFile?"),
        "{errors}"
    );
    let (status, out, errors) = with_file(
        &daemon,
        &["apply"],
        &without.replace("sslRandomFiles = \"x\"\n", ""),
    );
    assert_eq!(status, Some(0), "{out}{errors}");
    assert!(
        out.contains("primaryDomain: ") && out.contains("-> \"two.test\""),
        "{out}"
    );
    log_in(&daemon, "cleo", "Cleo-1234");
}

#[test]
fn a_diff_shows_and_an_apply_does() {
    let home = Home::new();
    let daemon = furnished(&home);
    let file = export(&daemon, &["example.test"])
        .replace("imapConnectionCount = 9", "imapConnectionCount = 8")
        .replace("aliases = [\"annie\"]", "aliases = [\"anna\"]")
        + "\n[[domain.account]]\nname = \"dora\"\npassword = \"Dora-1234\"\n\
           \n[[domain]]\nname = \"three.test\"\n\n[[domain.account]]\nname = \"postmaster\"\npassword = \"Post-9876\"\n";
    let expected = [
        "~ domain example.test\n    accountDefaultLimits.imapConnectionCount: 9 -> 8\n",
        "~ account ann of domain example.test\n    aliases: annie -> (not set)\n    aliases: (not set) -> anna\n",
        "+ account dora of domain example.test\n+ domain three.test\n",
    ];
    let (status, out, errors) = with_file(&daemon, &["diff"], &file);
    assert_eq!((status, errors.as_str()), (Some(1), ""), "{out}");
    let all = |out: &str| expected.iter().all(|part| out.contains(part));
    assert!(all(&out), "{out}");
    assert!(
        !daemon.admin(&["LIST Domains"]).contains("three.test"),
        "a diff made something"
    );
    let (status, out, errors) = with_file(&daemon, &["apply"], &file);
    assert_eq!((status, errors.as_str()), (Some(0), ""), "{out}");
    assert!(all(&out), "{out}");
    log_in(&daemon, "dora@example.test", "Dora-1234");
    log_in(&daemon, "postmaster@three.test", "Post-9876");
    // A password in clear is no difference once it is set.
    let (status, out, _) = with_file(&daemon, &["diff"], &file);
    assert_eq!(status, Some(0), "{out}");
}

#[test]
fn what_is_not_in_the_file_goes_only_when_asked() {
    let home = Home::new();
    let daemon = furnished(&home);
    let file = export(&daemon, &["two.test"]);
    let (before, _) = file
        .split_once("\n[[domain.account]]\nname = \"cleo\"")
        .expect("cleo is there");
    let (_, rest) = file
        .split_once("\n[[domain.account]]\nname = \"postmaster\"")
        .expect("postmaster is there");
    let short = format!("{before}\n[[domain.account]]\nname = \"postmaster\"{rest}");
    let (status, _, errors) = with_file(&daemon, &["diff"], &short);
    assert!(
        status == Some(0) && errors.contains("account cleo of domain two.test is not in the file"),
        "{errors}"
    );
    with_file(&daemon, &["apply"], &short);
    assert!(export(&daemon, &["two.test"]).contains("cleo"));
    let (status, out, errors) = with_file(&daemon, &["apply", "--prune"], &short);
    assert!(
        status == Some(0) && out.contains("- account cleo of domain two.test"),
        "{out}{errors}"
    );
    let left = export(&daemon, &[]);
    assert!(!left.contains("cleo") && left.contains("\"ann\""), "{left}");
}

#[test]
fn what_is_wrong_is_told_with_its_place_and_changes_nothing() {
    let home = Home::new();
    let daemon = furnished(&home);
    let before = export(&daemon, &[]);
    let domain = "[[domain]]\nname = \"example.test\"\naliases = [\"alias.test\"]\n";
    for (text, told) in [
        ("[[domain]\n", "line 1"),
        ("[[domain]]\naliases = []\n", "line 1: domain without a name"),
        ("format = 7\n", "format 1"),
        (
            &format!("{domain}[domain.accountDefaultLimits]\nimapConnectionCount = 100000\n"),
            "provision.txt:1: domain example.test: accountDefaultLimits.imapConnectionCount: '100000' is not a number",
        ),
        (
            &format!("{domain}[[domain.account]]\nname = \"ann\"\npasword = \"x\"\n"),
            "provision.txt:4: account ann of domain example.test: pasword: there is no such setting; did you mean password?",
        ),
        (
            &format!("{domain}[[domain.account]]\nname = \"new\"\n"),
            "account new of domain example.test: ",
        ),
        (
            "[[domain]]\nname = \"example.test\"\naliases = [\"two.test\"]\n",
            "domain example.test: ",
        ),
    ] {
        let (status, out, errors) = with_file(&daemon, &["apply"], text);
        assert!(
            status == Some(1) && errors.contains(told),
            "{text}: {out}{errors}"
        );
    }
    let after = export(&daemon, &[]);
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
    // Only what the valid objects of those files said has happened: the default limits were left out.
    let lost: Vec<_> = lines(&before)
        .into_iter()
        .filter(|line| !lines(&after).contains(line))
        .collect();
    assert!(
        lost.iter()
            .all(|line| line.contains("imapConnectionCount") || line.contains("accountDefaultLimits")),
        "{lost:?}"
    );
    let other = daemon.axictl(&["export", "nowhere.test"]);
    assert!(said(&other).1.contains("nowhere.test"), "{other:?}");
}

/// Two good rows among all kinds of bad ones.
fn table() -> String {
    format!(
        "address,password,quota,aliases,firstName,imapConnectionCount\n\
         carl@example.test,{HASH},2G,\"charles, karl\",Carl,3\n\
         \"no address\",{HASH},,,,\n\
         dora@example.test,{HASH},lots,,,\n\
         emil@nowhere.test,{HASH},,,,\n\
         fred@example.test,{{NONSENSE}}x,,,,\n\
         gina@example.test,,,,,\n\
         hugo@example.test,Hugo-1234,,,,many\n\
         ivan@example.test,Ivan-1234,1M,ann,,\n\
         \"jo \"\"x\"\"@example.test\",x,,,,\n\
         kurt@example.test,Kurt-1234,1M,,\"Kurt, \"\"K\"\"\",5\n"
    )
}

#[test]
fn a_table_brings_accounts_and_tells_every_bad_row() {
    let home = Home::new();
    let daemon = home.start_with_accounts();
    let table = table();
    let (status, out, errors) = with_file(&daemon, &["import", "--dry-run", "accounts"], &table);
    assert!(
        status == Some(1) && out.starts_with("Would be: "),
        "{out}{errors}"
    );
    assert!(
        !daemon
            .admin(&["UPDATE Domain example.test", "LIST Accounts"])
            .contains("carl")
    );
    let (status, out, errors) = with_file(&daemon, &["import", "accounts"], &table);
    assert!(
        status == Some(1) && out == "2 created, 0 changed, 0 removed, 0 unchanged, 8 refused\n",
        "{out}{errors}"
    );
    for told in [
        "provision.txt:3: row no address: address: name@domain",
        "provision.txt:4: row dora@example.test: quota: 'lots'",
        "provision.txt:5: account emil of domain nowhere.test: ",
        "provision.txt:6: account fred of domain example.test: ",
        "provision.txt:7: account gina of domain example.test: ",
        "provision.txt:8: account hugo of domain example.test: limits.imapConnectionCount: 'many'",
        "provision.txt:9: account ivan of domain example.test: ",
        "provision.txt:10: ",
    ] {
        assert!(errors.contains(told), "{told}\n{errors}");
    }
    log_in(&daemon, "karl@example.test", "secret-1");
    log_in(&daemon, "kurt@example.test", "Kurt-1234");
    let shown = export(&daemon, &["example.test"]);
    assert!(
        shown.contains("totalMessageSize = 2097152") && shown.contains("Kurt, \\\"K\\\"")
            || shown.contains("'Kurt, \"K\"'"),
        "{shown}"
    );
    for name in ["dora", "fred", "gina", "hugo", "ivan"] {
        assert!(!shown.contains(name), "half of {name} was made");
    }
}

#[test]
fn an_import_can_be_repeated() {
    let home = Home::new();
    let daemon = home.start_with_accounts();
    let table = table();
    with_file(&daemon, &["import", "accounts"], &table);
    // Again: what is there stays, what the table does not say is left alone.
    daemon.script(
        "UPDATE Domain example.test\nUPDATE Account carl\nSET customerReference keep-me\nCOMMIT\nCOMMIT\n",
    );
    let (_, out, _) = with_file(
        &daemon,
        &["import", "accounts"],
        &table.replace(",Carl,", ",Charles,"),
    );
    assert!(
        out.contains("0 created, 1 changed, 0 removed, 1 unchanged"),
        "{out}"
    );
    assert!(export(&daemon, &[]).contains("keep-me"));
    let (status, _, errors) = with_file(&daemon, &["import", "accounts"], "adress,password\n");
    assert!(
        status == Some(1) && errors.contains("did you mean address?"),
        "{errors}"
    );
}

#[test]
fn an_import_that_is_cut_off_is_simply_repeated() {
    const ACCOUNTS: usize = 4000;
    let home = Home::new();
    let mut table = String::from("address,password,firstName\n");
    for number in 0..ACCOUNTS {
        let _ = writeln!(table, "user{number}@example.test,{HASH},First {number}");
    }
    let file = home.path().join("accounts.csv");
    std::fs::write(&file, &table).expect("the table is written");
    let daemon = home.start_with_accounts();
    let mut import = home.axictl();
    import.args(["--json", "import", "accounts"]).arg(&file);
    import.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut running = import.spawn().expect("axictl");
    // Some were acknowledged: the first lines of its report.
    let mut first = vec![0; 200];
    running
        .stdout
        .as_mut()
        .expect("a pipe")
        .read_exact(&mut first)
        .expect("a report");
    daemon.kill();
    let told = running.wait_with_output().expect("axictl ends");
    let told = format!("{}{}", String::from_utf8_lossy(&first), said(&told).0);
    let acknowledged = told.lines().filter(|line| line.contains("\"created\"")).count();
    assert!(
        (1..ACCOUNTS).contains(&acknowledged),
        "the kill came too early or too late: {acknowledged}"
    );
    let daemon = home.start();
    let here = export(&daemon, &["example.test"]);
    let count = here.matches("name = \"user").count();
    assert!(
        count >= acknowledged,
        "{acknowledged} were acknowledged, {count} are there"
    );
    // Nobody is half there.
    assert_eq!(here.matches("firstName = ").count(), count);
    assert_eq!(here.matches(HASH).count(), count);
    let (status, out, errors) = with_file(&daemon, &["import", "accounts"], &table);
    assert_eq!(status, Some(0), "{errors}");
    let expected = format!(
        "{} created, 0 changed, 0 removed, {count} unchanged, 0 refused\n",
        ACCOUNTS - count
    );
    assert_eq!(out, expected);
}
