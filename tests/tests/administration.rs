//! What an administrator does with `axictl` alone, on a running server, and what of it survives `kill -9`.

use axigen_tests::{Home, Imap, PASSWORD, PATIENCE, Service, Smtp};
use std::net::{SocketAddr, TcpListener};
use std::time::Instant;

/// A domain, an account with an alias and a quota of its own beside inherited ones, and a listener, all saved.
fn whole_setup(address: SocketAddr) -> String {
    format!(
        "CREATE Domain name example.org postmasterPassword {PASSWORD}\n\
         COMMIT\n\
         UPDATE Domain example.org\n\
         CONFIG accountDefaultQuotas\n\
         SET totalMessageCount 7\n\
         DONE\n\
         ADD Account carl password {PASSWORD}\n\
         ADD Alias charles\n\
         CONFIG Quotas\n\
         SET totalMessageSize 2048\n\
         DONE\n\
         COMMIT\n\
         COMMIT\n\
         CONFIG SERVER\n\
         CONFIG IMAP\n\
         SET greetingsText \"Good morning\"\n\
         ADD Listener {address}\n\
         COMMIT\n\
         COMMIT\n\
         COMMIT\n\
         SAVE CONFIG\n"
    )
}

#[test]
fn domain_accounts_quota_and_listener_made_on_a_running_server_survive_kill_9() {
    let home = Home::new();
    let daemon = home.start();
    let address = home.host().spare();
    daemon.script(&whole_setup(address));
    let check = |when: &str| {
        let mut imap = Imap::login(address, "carl@example.org", PASSWORD)
            .unwrap_or_else(|error| panic!("{when}: the new listener lets the new account in: {error}"));
        let quota = imap
            .command("GETQUOTAROOT INBOX")
            .expect("IMAP answers")
            .ok()
            .texts()
            .join("\n");
        assert!(
            quota.contains("STORAGE 0 2048") && quota.contains("MESSAGE 0 7"),
            "{when}: {quota}"
        );
    };
    check("before the kill");
    daemon.kill();
    let daemon = home.start();
    check("after the kill");
    let shown = daemon.admin(&[
        "UPDATE Domain example.org",
        "UPDATE Account carl",
        "CONFIG Quotas",
        "SHOW",
    ]);
    assert!(shown.contains("totalMessageSize = 2048 [explicit"), "{shown}");
    assert!(shown.contains("totalMessageCount = 7 [inherited]"), "{shown}");
    let mut smtp = daemon.smtp();
    smtp.send(
        "a@example.net",
        &["charles@example.org"],
        b"Subject: alias\r\n\r\nx\r\n",
    )
    .expect("SMTP")
    .expect("250");
    let greeting = axigen_tests::Wire::connect(address).and_then(|mut wire| wire.text());
    let greeting = greeting.expect("a greeting");
    assert!(greeting.ends_with("] Good morning"), "{greeting}");
}

#[test]
fn server_changes_that_were_not_saved_are_gone_after_a_restart() {
    let home = Home::new();
    let daemon = home.start();
    let steps = [
        "CONFIG SERVER",
        "CONFIG POP3",
        "SET maxErrors 3",
        "COMMIT",
        "COMMIT",
        "CONFIG SERVER",
        "CONFIG POP3",
    ];
    let shown = daemon.admin(&[&steps[..], &["SHOW ATTR maxErrors"]].concat());
    assert!(shown.contains("maxErrors = 3"), "{shown}");
    daemon.kill();
    let daemon = home.start();
    let shown = daemon.admin(&["CONFIG SERVER", "CONFIG POP3", "SHOW ATTR maxErrors"]);
    assert!(!shown.contains("maxErrors = 3"), "{shown}");
}

#[test]
fn a_changed_password_lets_the_old_one_in_nowhere() {
    let home = Home::new();
    let daemon = home.start_with_accounts();
    // Twice, so that the second login comes from the cache of recent successes.
    daemon.imap("ann@example.test");
    daemon.imap("ann@example.test");
    daemon.script("UPDATE Domain example.test\nUPDATE Account ann\nSET password Changed-2\nCOMMIT\nCOMMIT\n");
    let imap = daemon.address(Service::Imap);
    let old = Imap::login(imap, "ann@example.test", PASSWORD)
        .err()
        .expect("the old password is refused")
        .to_string();
    assert!(old.contains("AUTHENTICATIONFAILED"), "{old}");
    Imap::login(imap, "ann@example.test", "Changed-2").expect("the new password is taken");
    let mut smtp = daemon.smtp();
    smtp.start_tls().expect("STARTTLS");
    smtp.auth_plain("ann@example.test", PASSWORD)
        .expect("SMTP")
        .expect("535 5.7.8");
    smtp.auth_plain("ann@example.test", "Changed-2")
        .expect("SMTP")
        .expect("235");
}

#[test]
fn a_removed_account_is_gone_at_once_and_its_address_is_refused() {
    let home = Home::new();
    let daemon = home.start_with_accounts();
    daemon.admin(&["UPDATE Domain example.test", "REMOVE Account bob", "BACK"]);
    assert!(Imap::login(daemon.address(Service::Imap), "bob@example.test", PASSWORD).is_err());
    let mut smtp = daemon.smtp();
    smtp.envelope("a@example.org", &["bob@example.test"], "")
        .expect("SMTP")
        .expect("550 5.1.1");
}

#[test]
fn a_full_mailbox_is_told_at_rcpt_and_takes_mail_again_when_there_is_room() {
    let home = Home::new();
    let daemon = home.start_with_accounts();
    let quota = "UPDATE Domain example.test\nUPDATE Account ann\nCONFIG Quotas\nSET totalMessageCount 1\nDONE\nCOMMIT\nCOMMIT\n";
    daemon.script(quota);
    let mut imap = daemon.imap("ann@example.test");
    imap.append("INBOX", "", b"Subject: one\r\n\r\nx\r\n")
        .expect("IMAP")
        .ok();
    let over = imap
        .append("INBOX", "", b"Subject: two\r\n\r\nx\r\n")
        .expect("IMAP");
    assert!(over.tagged.starts_with("NO [OVERQUOTA]"), "{}", over.tagged);
    let mut smtp = daemon.smtp();
    smtp.envelope("a@example.org", &["ann@example.test"], "")
        .expect("SMTP")
        .expect("452 4.2.2");
    imap.command("SELECT INBOX").expect("IMAP").ok();
    imap.command("STORE 1 +FLAGS (\\Deleted)").expect("IMAP").ok();
    imap.command("EXPUNGE").expect("IMAP").ok();
    smtp.command("RSET").expect("SMTP").expect("250");
    smtp.send(
        "a@example.org",
        &["ann@example.test"],
        b"Subject: three\r\n\r\nx\r\n",
    )
    .expect("SMTP")
    .expect("250");
}

#[test]
fn a_listener_that_cannot_be_bound_leaves_everything_as_it_was() {
    let home = Home::new();
    let daemon = home.start_with_accounts();
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("its address");
    let script = format!(
        "CONFIG SERVER\nCONFIG IMAP\nSET greetingsText never\nADD Listener {address}\nCOMMIT\nCOMMIT\n"
    );
    let output = daemon.script_output(&script, &[]);
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{errors}");
    assert!(errors.contains(&format!("cannot bind {address}")), "{errors}");
    let shown = daemon.admin(&[
        "CONFIG SERVER",
        "CONFIG IMAP",
        "SHOW ATTR greetingsText",
        "LIST Listeners",
    ]);
    assert!(
        !shown.contains("never") && !shown.contains(&address.to_string()),
        "{shown}"
    );
    daemon.imap("ann@example.test");
}

#[test]
fn services_stop_and_start_while_the_others_go_on() {
    let home = Home::new();
    let daemon = home.start_with_accounts();
    let mut smtp = daemon.smtp();
    daemon.admin(&["CONFIG SERVER", "CONFIG POP3", "STOP Service"]);
    assert!(axigen_tests::Pop3::open(daemon.address(Service::Pop3)).is_err());
    smtp.send("a@example.org", &["ann@example.test"], b"Subject: x\r\n\r\nx\r\n")
        .expect("SMTP")
        .expect("250");
    daemon.admin(&["CONFIG SERVER", "CONFIG SMTP-INCOMING", "STOP Service"]);
    let rest = smtp.wire.to_end().expect("the session ends");
    assert!(
        String::from_utf8_lossy(&rest).starts_with("421 "),
        "{}",
        String::from_utf8_lossy(&rest)
    );
    assert!(Smtp::open(daemon.address(Service::Smtp)).is_err());
    daemon.admin(&["CONFIG SERVER", "CONFIG SMTP-INCOMING", "START Service"]);
    Smtp::hello(daemon.address(Service::Smtp)).expect("SMTP answers again");
}

#[test]
fn mail_that_waited_while_processing_was_stopped_is_delivered_after_its_start() {
    let home = Home::new();
    let daemon = home.start_with_accounts();
    daemon.admin(&["CONFIG SERVER", "CONFIG PROCESSING", "STOP Service"]);
    let mut smtp = daemon.smtp();
    smtp.send(
        "a@example.org",
        &["ann@example.test"],
        b"Subject: waits\r\n\r\nx\r\n",
    )
    .expect("SMTP")
    .expect("250");
    let mut imap = daemon.imap("ann@example.test");
    let answer = imap.command("SELECT INBOX").expect("IMAP").ok();
    assert!(
        answer.texts().contains(&"* 0 EXISTS".to_owned()),
        "{:?}",
        answer.texts()
    );
    daemon.admin(&["CONFIG SERVER", "CONFIG PROCESSING", "START Service"]);
    let deadline = Instant::now() + PATIENCE;
    while !imap
        .command("NOOP")
        .expect("IMAP")
        .texts()
        .contains(&"* 1 EXISTS".to_owned())
    {
        assert!(Instant::now() < deadline, "the message never came");
    }
}
