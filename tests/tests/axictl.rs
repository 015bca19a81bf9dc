//! `axictl` as its users see it: exit statuses, places of errors, forms of output, scripts, and the shell in a terminal.

use axigen_tests::{Client, Daemon, Home};
use std::fmt::Write as _;
use std::process::{Command, Output};

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[track_caller]
fn check(output: &Output, status: i32, errors: &str) {
    let heard = text(&output.stderr);
    assert_eq!(
        output.status.code(),
        Some(status),
        "{heard}{}",
        text(&output.stdout)
    );
    assert!(
        heard.contains(errors),
        "expected {errors:?} on standard error, got {heard:?}"
    );
}

fn started(home: &Home) -> Daemon<'_> {
    home.start_with_accounts()
}

#[test]
fn exit_status_tells_what_happened() {
    let home = Home::new();
    let daemon = started(&home);
    check(&daemon.axictl(&["LIST Domains"]), 0, "");
    check(
        &daemon.axictl(&["UPDATE Domain nowhere.test"]),
        1,
        "command 1: UPDATE Domain nowhere.test: ",
    );
    check(&daemon.axictl(&["--nonsense"]), 2, "--nonsense");
    check(
        &daemon.axictl(&["-f", "/nonexistent/script"]),
        2,
        "/nonexistent/script",
    );
    drop(daemon);
    check(
        &home.axictl().arg("LIST Domains").output().expect("axictl"),
        3,
        "axigend is not running",
    );
    let elsewhere = Command::new(axigen_tests::binary("axictl"))
        .args(["-W", "/nonexistent", "HELP"])
        .output();
    check(&elsewhere.expect("axictl"), 3, "-W DIR");
}

#[test]
fn errors_name_the_line_and_the_command_and_hide_passwords() {
    let home = Home::new();
    let daemon = started(&home);
    let script =
        "# remark\n\nUPDATE Domain example.test\nADD Account ann password TopSecret\nLIST Accounts\n";
    let output = daemon.script_output(script, &[]);
    check(
        &output,
        1,
        "standard input, line 4: ADD Account ann password ***: ",
    );
    assert!(!text(&output.stderr).contains("TopSecret") && !text(&output.stdout).contains("TopSecret"));
    assert!(
        !text(&output.stdout).contains("postmaster"),
        "the script went on after the failure"
    );
    let output = daemon.script_output(script, &["--continue-on-error"]);
    check(&output, 1, "line 4");
    assert!(
        text(&output.stdout).contains("postmaster"),
        "{}",
        text(&output.stdout)
    );
}

#[test]
fn commands_may_be_separated_in_every_spelling() {
    let home = Home::new();
    let daemon = started(&home);
    for arguments in [
        &["UPDATE Domain example.test", "LIST Accounts"][..],
        &["UPDATE", "Domain", "example.test", "|", "LIST", "Accounts"],
        &["UPDATE Domain example.test | LIST Accounts"],
    ] {
        let shown = daemon.admin(arguments);
        let accounts: Vec<&str> = shown
            .lines()
            .filter(|line| ["ann", "bob"].contains(line))
            .collect();
        assert_eq!(accounts.len(), 2, "{arguments:?}: {shown}");
    }
}

#[test]
fn plain_text_is_axigens_and_json_is_one_object_a_reply() {
    let home = Home::new();
    let daemon = started(&home);
    let plain = daemon.admin(&["--plain", "LIST Domains"]);
    let lines: Vec<&str> = plain.lines().collect();
    assert_eq!(lines[..3], ["", "The list of domains:", ""], "{plain}");
    assert!(
        lines[4].starts_with("------") && lines[5].starts_with("example.test  "),
        "{plain}"
    );
    assert_eq!(lines[6..], ["", "+OK: command successful"], "{plain}");
    let output = daemon.axictl(&[
        "--json",
        "--continue-on-error",
        "LIST Domains",
        "LIST Nonsense",
        "CONFIG SERVER",
        "SHOW",
    ]);
    let objects: Vec<serde_json::Value> = text(&output.stdout)
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    assert_eq!(objects.len(), 4);
    assert_eq!(objects[0]["body"]["rows"][0]["name"], "example.test");
    assert_eq!(
        (&objects[1]["ok"], &objects[1]["status"]),
        (&false.into(), &"malformed".into())
    );
    assert_eq!(objects[3]["body"]["values"]["primaryDomain"], "example.test");
}

#[test]
fn settings_without_effect_are_marked_and_can_be_listed() {
    let home = Home::new();
    let daemon = started(&home);
    let listed = daemon.admin(&["schema", "--json", "--without-effect"]);
    let contexts: serde_json::Value = serde_json::from_str(&listed).expect("JSON");
    let contexts = contexts.as_array().expect("an array");
    assert!(!contexts.is_empty());
    for attribute in contexts
        .iter()
        .flat_map(|context| context["attributes"].as_array().expect("attributes"))
    {
        assert_eq!(attribute["effect"], "none", "{attribute}");
    }
    let marked = daemon.admin(&["--table", "CONFIG SERVER", "CONFIG IMAP", "SHOW"]);
    assert!(
        marked.contains("logHost*") && marked.contains("without effect in this version"),
        "{marked}"
    );
    assert!(!marked.contains("maxErrors*"), "{marked}");
}

#[test]
fn long_lists_arrive_whole() {
    let home = Home::new();
    let daemon = started(&home);
    let mut script = "UPDATE Domain example.test\nUPDATE Account ann\n".to_owned();
    for number in 0..1200 {
        let _ = writeln!(script, "ADD Alias alias-with-a-rather-long-name-{number:05}");
    }
    script.push_str("COMMIT\nUPDATE Account ann\nLIST Aliases\n");
    let shown = daemon.script(&script);
    let count = shown
        .lines()
        .filter(|line| line.starts_with("alias-with-a-rather-long-name-"))
        .count();
    assert_eq!(count, 1200);
}

#[test]
fn a_script_with_its_own_login_runs_for_root_too_and_lost_changes_are_told() {
    let home = Home::new();
    let daemon = started(&home);
    daemon.admin(&["SET admin-password Admin-1"]);
    let output = daemon.script_output("USER admin\nAdmin-1\nLIST Domains\n", &[]);
    check(&output, 0, "");
    assert!(text(&output.stdout).contains("example.test"));
    let output = daemon.script_output("USER admin\nwrong\nLIST Domains\n", &[]);
    check(&output, 1, "line 1: USER admin: authentication failed");
    assert!(!text(&output.stderr).contains("wrong"));
    let script = "UPDATE Domain example.test\nUPDATE Account ann\nADD Alias anna\n";
    check(
        &daemon.script_output(script, &[]),
        0,
        "not committed and will be dropped",
    );
}

/// Each of them is compared with all before it: at the price of the comparison, not of a copy of the whole. Were the
/// cost to grow with the square, this would take minutes.
#[test]
fn twenty_thousand_names_go_into_one_draft() {
    let home = Home::new();
    let daemon = started(&home);
    let mut script = "UPDATE Domain example.test\nUPDATE Account ann\n".to_owned();
    for number in 0..20_000 {
        let _ = writeln!(script, "ADD Alias name-{number}");
    }
    script.push_str("ADD Alias NAME-7\n");
    let began = std::time::Instant::now();
    let output = daemon.script_output(&script, &["--plain"]);
    check(&output, 1, "line 20003: ADD Alias NAME-7: alias already exists");
    assert!(began.elapsed().as_secs() < 30, "{:?}", began.elapsed());
}

#[test]
fn the_shell_completes_hides_passwords_reminds_and_keeps_no_secrets() {
    let home = Home::new();
    let daemon = started(&home);
    Client::new(&daemon).passes("axictl_shell.sh");
}

#[test]
fn a_user_who_is_not_root_logs_in_and_is_told_so() {
    let home = Home::new();
    let daemon = started(&home);
    if !is_root() {
        eprintln!("not run: only root can become another user");
        return;
    }
    Client::new(&daemon).passes("axictl_login.sh");
}

fn is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|process| std::os::unix::fs::MetadataExt::uid(&process) == 0)
}
