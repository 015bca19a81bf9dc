//! Starting, stopping, signals, exit codes, a broken configuration (services-core, "Daemon command line").

use axigen_tests::{Daemon, Home, Imap, PASSWORD, PATIENCE, Service, Smtp, Wire};
use rustix::process::Signal;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

fn ended(home: &Home, arguments: &[&str]) -> Output {
    home.axigend().args(arguments).output().expect("axigend starts")
}

fn errors(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout)
}

#[test]
fn a_first_start_makes_everything_and_keeps_it_private() {
    let home = Home::new();
    let daemon = home.start();
    for (path, most) in [
        ("run/control.sock", 0o660),
        ("run/axigen.lock", 0o640),
        ("axigen_cert.pem", 0o640),
        ("serverData", 0o750),
        ("domains", 0o750),
        ("queue", 0o750),
        ("log", 0o750),
    ] {
        let mode = fs::metadata(home.path().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
        let mode = mode.permissions().mode() & 0o777;
        assert_eq!(mode & !most, 0, "{path} is {mode:o}, at most {most:o} is right");
    }
    let pid = fs::read_to_string(home.path().join("run/axigen.pid")).expect("the pid file");
    assert_eq!(pid.trim(), daemon.pid().to_string());
    assert!(daemon.stop().success());
}

#[test]
fn an_empty_configuration_file_is_valid() {
    let home = Home::with_config("");
    assert!(ended(&home, &["--check-config"]).status.success());
}

#[test]
fn a_second_daemon_on_the_same_directory_is_refused() {
    let home = Home::new();
    let daemon = home.start();
    let second = ended(&home, &[]);
    assert_eq!(second.status.code(), Some(3), "{}", errors(&second));
    assert!(errors(&second).contains("in use"), "{}", errors(&second));
    let password = ended(&home, &["-A", "whatever-1"]);
    assert_eq!(password.status.code(), Some(3), "{}", errors(&password));
    assert!(errors(&password).contains("axictl"), "{}", errors(&password));
    assert!(daemon.stop().success());
    // Its end frees the directory.
    assert!(home.start().stop().success());
}

#[test]
fn check_config_lists_every_mistake_with_its_place() {
    let home = Home::with_config(
        "server = {\n    imap = {\n        maxErrors = many\n        listeners = ( { address = nonsense } )\n    }\n\
         \u{20}   pop3 = {\n        allowStartTLS = maybe\n    }\n    unknownThing = 3\n}\n",
    );
    let checked = ended(&home, &["--check-config"]);
    assert_eq!(checked.status.code(), Some(1), "{}", errors(&checked));
    let heard = errors(&checked);
    for part in [
        "axigen.cfg:3:",
        "maxErrors",
        "axigen.cfg:4:",
        "address",
        "axigen.cfg:7:",
        "allowStartTLS",
        "yes or no",
        "unknownThing",
    ] {
        assert!(heard.contains(part), "{part} is missing in:\n{heard}");
    }
    let started = ended(&home, &[]);
    assert_eq!(started.status.code(), Some(1), "{}", errors(&started));
}

#[test]
fn wrong_usage_and_sockets_that_cannot_be_bound_have_their_own_exit_codes() {
    let home = Home::new();
    assert_eq!(ended(&home, &["--nonsense"]).status.code(), Some(2));
    let taken: Vec<_> = (0..2)
        .map(|_| std::net::TcpListener::bind("127.0.0.1:0").expect("a port"))
        .collect();
    let address = |index: usize| taken[index].local_addr().expect("its address");
    let home = Home::with_config(&format!(
        "server = {{ services = (imap pop3)\n imap = {{ listeners = ( {{ address = {} }} ) }}\n pop3 = {{ listeners = ( {{ address = {} }} ) }} }}\n",
        address(0),
        address(1)
    ));
    let output = ended(&home, &[]);
    assert_eq!(output.status.code(), Some(4), "{}", errors(&output));
    let version = ended(&home, &["-v"]);
    assert!(
        version.status.success() && errors(&version).contains(env!("CARGO_PKG_VERSION")),
        "{}",
        errors(&version)
    );
}

#[test]
fn an_orderly_stop_says_goodbye_in_every_protocol() {
    let home = Home::new();
    let daemon = home.start_with_accounts();
    let mut smtp = daemon.smtp();
    let mut imap = daemon.imap("ann@example.test");
    let mut pop3 = daemon.pop3("bob@example.test");
    smtp.send(
        "a@example.org",
        &["ann@example.test"],
        b"Subject: last\r\n\r\nx\r\n",
    )
    .expect("SMTP")
    .expect("250");
    daemon.signal(Signal::TERM);
    let rest =
        |wire: &mut Wire| String::from_utf8_lossy(&wire.to_end().expect("the session ends")).into_owned();
    assert!(rest(&mut smtp.wire).starts_with("421 "));
    assert!(rest(&mut imap.wire).contains("* BYE"));
    assert!(rest(&mut pop3.wire).starts_with("-ERR"));
    assert!(daemon.stop().success());
    let daemon = home.start();
    wait_for_messages(&daemon, "ann@example.test", 1);
}

#[test]
fn a_stop_does_not_wait_for_clients_that_only_hold_it_up() {
    /// Less than the grace time of 10 s, of which nothing is used up but a moment for each kind of client.
    const SOON: Duration = Duration::from_secs(6);
    let home = Home::new();
    let daemon = home.start_with_accounts();
    let address = daemon.address(Service::Smtp);
    let opened = "EHLO c\r\nMAIL FROM:<>\r\nRCPT TO:<ann@example.test>\r\n";
    let mut stalled: Vec<Wire> = ["BDAT 100\r\nhalf", "DATA\r\nhalf"]
        .iter()
        .map(|stalled| {
            let mut wire = Wire::connect(address).expect("a connection");
            wire.send(format!("{opened}{stalled}").as_bytes()).expect("sent");
            wire.until(b"Recipient accepted\r\n").expect("an answer");
            wire
        })
        .collect();
    let mut handshaking = Wire::connect(address).expect("a connection");
    handshaking.send(b"EHLO c\r\nSTARTTLS\r\n").expect("sent");
    handshaking.until(b"220 Go ahead\r\n").expect("an answer");
    let before = Instant::now();
    daemon.signal(Signal::TERM);
    for wire in &mut stalled {
        let rest = wire.to_end().expect("the session ends");
        let rest = String::from_utf8_lossy(&rest).into_owned();
        assert!(rest.contains("421 mail.example.test Service closing"), "{rest}");
    }
    assert!(handshaking.to_end().expect("the session ends").is_empty());
    assert!(daemon.stop().success());
    assert!(before.elapsed() < SOON, "{:?}", before.elapsed());
}

#[test]
fn check_config_looks_at_certificates() {
    let home = Home::with_config(
        "server = {\n imap = { listeners = (\n  { address = 127.0.0.1:0 }\n  { address = 127.0.0.2:0 sslEnable = yes\n    sslControl = { certFile = missing.pem } }\n ) }\n}\n",
    );
    let checked = ended(&home, &["--check-config"]);
    assert_eq!(checked.status.code(), Some(1), "{}", errors(&checked));
    let heard = errors(&checked);
    assert!(
        heard.contains("axigen.cfg:5:20: error: certFile: ") && heard.contains("missing.pem cannot be read"),
        "{heard}"
    );
    // The one that is made at the first start is not missed.
    assert_eq!(heard.matches("error:").count(), 1, "{heard}");
}

#[test]
fn hangup_reads_the_file_again_but_never_a_broken_one() {
    let home = Home::new();
    let mut daemon = home.start_with_accounts();
    let good = fs::read_to_string(home.config_file()).expect("axigen.cfg");
    fs::write(
        home.config_file(),
        good.replace("mail.example.test", "new.example.test"),
    )
    .expect("axigen.cfg");
    daemon.signal(Signal::HUP);
    wait_until("the new name in the greeting", || {
        greeting(&daemon).contains("new.example.test")
    });
    fs::write(home.config_file(), "server = { serverName = \n").expect("axigen.cfg");
    daemon.signal(Signal::HUP);
    wait_until("a complaint in the log", || {
        home.log_tail().contains("axigen.cfg:")
    });
    assert!(daemon.is_running() && greeting(&daemon).contains("new.example.test"));
}

#[test]
fn the_password_of_admin_is_set_offline_and_opens_the_command_line_interface() {
    let home = Home::new();
    let set = ended(&home, &["-A", "Offline-Secret 1"]);
    assert!(set.status.success(), "{}", errors(&set));
    let daemon = home.start();
    let mut wire = Wire::connect(daemon.address(Service::Cli)).expect("the CLI answers");
    wire.until(b"<login> ").expect("a login prompt");
    wire.send_line("USER admin").expect("USER");
    wire.until(b"<password> ").expect("a password prompt");
    wire.send_line("Wr0ng-Word").expect("a password");
    let heard = wire.until(b"<login> ").expect("a refusal");
    assert!(String::from_utf8_lossy(&heard).contains("-ERR"));
    wire.send_line("USER admin").expect("USER");
    wire.until(b"<password> ").expect("a password prompt");
    wire.send_line("Offline-Secret 1").expect("a password");
    wire.until(b"<#> ").expect("the root prompt");
    let log = fs::read_to_string(home.path().join("log/everything.txt")).unwrap_or_default();
    assert!(
        !log.contains("Offline-Secret") && !log.contains("Wr0ng-Word"),
        "a password is in the log"
    );
}

#[test]
fn a_demo_started_twice_keeps_its_mail() {
    let directory = tempfile::tempdir().expect("a directory");
    let home = Home::empty();
    let demo = || {
        let mut command = Command::new(axigen_tests::binary("axigend"));
        command.arg("--demo").arg("-W").arg(directory.path());
        command
    };
    let count = |daemon: &Daemon<'_>| {
        let mut command = Command::new(axigen_tests::binary("axictl"));
        command
            .arg("-W")
            .arg(directory.path())
            .args(["UPDATE Domain example.test", "LIST Accounts"]);
        let output = command.output().expect("axictl");
        assert!(output.status.success(), "{}", errors(&output));
        let _ = daemon;
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let daemon = home.start_other(demo());
    let first = count(&daemon);
    assert!(daemon.stop().success());
    let printed = fs::read_to_string(home.path().join("stderr.txt")).unwrap_or_default();
    for word in ["swaks", "curl", "mutt", "axictl"] {
        assert!(
            printed.contains(word),
            "the demo does not print a {word} command:\n{printed}"
        );
    }
    let daemon = home.start_other(demo());
    assert_eq!(count(&daemon), first);
}

#[test]
fn an_index_that_is_lost_is_built_anew_from_the_containers() {
    let home = Home::new();
    let daemon = home.start_with_accounts();
    let mut imap = daemon.imap("ann@example.test");
    imap.append("INBOX", "\\Flagged", b"Subject: kept\r\n\r\nx\r\n")
        .expect("IMAP")
        .ok();
    assert!(daemon.stop().success());
    for index in [
        "domains/example.test/messages",
        "domains/example.test/objects",
        "serverData",
        "queue",
    ] {
        let path = home.path().join(index).join("index.redb");
        fs::remove_file(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }
    let daemon = home.start();
    let mut imap = daemon.imap("ann@example.test");
    imap.command("SELECT INBOX").expect("IMAP").ok();
    let found = imap
        .command("UID SEARCH FLAGGED SUBJECT kept")
        .expect("IMAP")
        .ok()
        .texts()
        .join("\n");
    assert!(found.contains("* SEARCH 1"), "{found}");
}

#[test]
fn the_service_manager_is_told_of_reload_and_stop() {
    let home = Home::new();
    let mut daemon = home.start();
    daemon.signal(Signal::HUP);
    daemon.notified("RELOADING=1");
    daemon.notified("READY=1");
    daemon.signal(Signal::TERM);
    daemon.notified("STOPPING=1");
    assert!(daemon.wait().success());
}

#[test]
fn log_files_rotate_on_a_signal_and_nothing_is_lost() {
    let home = Home::new();
    let daemon = home.start();
    let log = home.path().join("log");
    let files = || fs::read_dir(&log).expect("log/").count();
    assert_eq!(files(), 1);
    daemon.signal(Signal::USR1);
    wait_until("a second log file", || files() == 2);
    greeting(&daemon);
    let all = || {
        fs::read_dir(&log)
            .expect("log/")
            .flatten()
            .map(|entry| fs::read_to_string(entry.path()).unwrap_or_default())
    };
    wait_until("both ends of the log", || {
        let text: String = all().collect();
        text.contains("axigend") && text.contains("ready") && text.contains("connection accepted")
    });
}

#[test]
fn sockets_passed_by_the_service_manager_are_used() {
    let home = Home::new();
    let address = home.host().address(Service::Smtp);
    // What systemd does: bind, put the socket at descriptor 3, say so in the environment, become the daemon.
    let activate = "import os, socket, sys\n\
        host, port = sys.argv[1].rsplit(':', 1)\n\
        bound = socket.create_server((host, int(port)))\n\
        os.dup2(bound.fileno(), 3)\n\
        os.environ.update(LISTEN_FDS='1', LISTEN_PID=str(os.getpid()))\n\
        os.execv(sys.argv[2], sys.argv[2:])";
    let daemon = home.axigend();
    let mut command = Command::new("python3");
    command
        .args(["-c", activate, &address.to_string()])
        .arg(daemon.get_program())
        .args(daemon.get_args());
    let daemon = home.start_command(command);
    assert!(greeting(&daemon).starts_with("220 "));
}

fn greeting(daemon: &Daemon<'_>) -> String {
    Wire::connect(daemon.address(Service::Smtp))
        .and_then(|mut wire| wire.text())
        .unwrap_or_default()
}

#[track_caller]
fn wait_until(what: &str, mut met: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !met() {
        assert!(Instant::now() < deadline, "never saw {what}");
        std::thread::park_timeout(Duration::from_millis(5));
    }
}

#[track_caller]
fn wait_for_messages(daemon: &Daemon<'_>, user: &str, count: usize) {
    let mut imap = Imap::login(daemon.address(Service::Imap), user, PASSWORD).expect("IMAP lets the user in");
    let deadline = Instant::now() + PATIENCE;
    loop {
        let answer = imap.command("SELECT INBOX").expect("IMAP answers").ok();
        if answer.texts().contains(&format!("* {count} EXISTS")) {
            return;
        }
        assert!(
            Instant::now() < deadline,
            "{user}: never {count} messages: {:?}",
            answer.texts()
        );
    }
}

#[test]
fn a_thousand_idle_connections_do_not_keep_the_next_one_waiting() {
    let home = Home::new();
    let daemon = home.start_with_accounts();
    let address = daemon.address(Service::Smtp);
    let idle: Vec<Smtp> = (0..1000).map_while(|_| Smtp::open(address).ok()).collect();
    assert_eq!(idle.len(), 1000, "connections were refused");
    daemon
        .smtp()
        .send("a@example.org", &["ann@example.test"], b"Subject: x\r\n\r\n")
        .expect("SMTP")
        .expect("250");
    daemon
        .imap("ann@example.test")
        .command("NOOP")
        .expect("IMAP")
        .ok();
}
