//! Mailing lists as members, senders, moderators and administrators see them.

use axigen_tests::{Daemon, Home, Imap, PASSWORD, PATIENCE, Service};
use std::time::{Duration, Instant};

const LIST: &str = "news@example.test";

fn in_domain(daemon: &Daemon<'_>, script: &str) -> String {
    daemon.script(&format!("UPDATE Domain example.test\n{script}COMMIT\n"))
}

/// The list news, administered by ann, with bob as its member, and further commands.
fn with_list<'home>(home: &'home Home, more: &str) -> Daemon<'home> {
    let daemon = home.start_with_accounts();
    in_domain(
        &daemon,
        &format!(
            "ADD Account carl password {PASSWORD}\nCOMMIT\n\
             ADD List news password {PASSWORD} adminEmail ann@example.test\n\
             SET description \"All the news\"\n\
             ADD User bob@example.test name \"Bob B\"\nDONE\n\
             {more}COMMIT\n"
        ),
    );
    daemon
}

fn send(daemon: &Daemon<'_>, from: &str, to: &str, message: &str) {
    let sent = daemon
        .smtp()
        .send(from, &[to], message.replace('\n', "\r\n").as_bytes());
    sent.expect("SMTP").expect("250");
}

fn post(daemon: &Daemon<'_>, from: &str, subject: &str) {
    let message = format!("From: {from}\nSubject: {subject}\nX-Secret: yes\n\nhello\n");
    send(daemon, from, LIST, &message);
}

fn messages(daemon: &Daemon<'_>, user: &str, folder: &str) -> Vec<String> {
    let mut imap = daemon.imap(user);
    if !imap.command(&format!("SELECT {folder}")).expect("IMAP").is_ok() {
        return Vec::new();
    }
    let bodies = imap.bodies("1:*").unwrap_or_default();
    bodies
        .iter()
        .map(|(_, body)| String::from_utf8_lossy(body).into_owned())
        .collect()
}

/// Waits for a message with this text in it.
#[track_caller]
fn wait_for(daemon: &Daemon<'_>, user: &str, folder: &str, text: &str) -> String {
    let end = Instant::now() + PATIENCE;
    loop {
        let all = messages(daemon, user, folder);
        if let Some(found) = all.iter().find(|message| message.contains(text)) {
            return found.clone();
        }
        assert!(Instant::now() < end, "{user} {folder} has no {text:?}: {all:?}");
        std::thread::park_timeout(Duration::from_millis(50));
    }
}

/// Waits for the log to say something.
#[track_caller]
fn logged(home: &Home, text: &str) {
    let end = Instant::now() + PATIENCE;
    loop {
        let log = std::fs::read_to_string(home.path().join("log/everything.txt")).unwrap_or_default();
        if log.contains(text) {
            return;
        }
        assert!(
            Instant::now() < end,
            "the log never said {text:?}\n{}",
            home.log_tail()
        );
        std::thread::park_timeout(Duration::from_millis(50));
    }
}

fn field(message: &str, name: &str) -> String {
    let beginning = format!("{name}: ");
    let line = message.lines().find_map(|line| line.strip_prefix(&beginning));
    line.unwrap_or_default().trim().to_owned()
}

/// The list's mailbox.
fn mailbox(daemon: &Daemon<'_>) -> Imap {
    daemon.imap(LIST)
}

fn move_all(daemon: &Daemon<'_>, from: &str, to: &str) {
    let mut imap = mailbox(daemon);
    imap.command(&format!("SELECT {from}")).expect("IMAP").ok();
    imap.command(&format!("UID MOVE 1:* {to}")).expect("IMAP").ok();
}

#[test]
fn a_post_reaches_every_member_once_with_the_fields_of_the_list() {
    let home = Home::new();
    let daemon = with_list(
        &home,
        "ADD User carl@example.test name Carl\nDONE\nADD User far@example.net name Far\nDONE\n\
         ADD RemoveHeader X-Secret\n",
    );
    post(&daemon, "bob@example.test", "first");
    let got = wait_for(&daemon, "bob@example.test", "INBOX", "Subject: first");
    for (name, value) in [
        ("Return-Path", "<news-bounces@example.test>"),
        ("Sender", "<news-bounces@example.test>"),
        ("Precedence", "list"),
        ("List-Id", "\"All the news\" <news.example.test>"),
        ("List-Post", "<mailto:news@example.test>"),
        ("List-Owner", "<mailto:news-owner@example.test>"),
        ("List-Help", "<mailto:news-request@example.test?subject=help>"),
        ("List-Subscribe", "<mailto:news-subscribe@example.test>"),
        ("List-Unsubscribe", "<mailto:news-unsubscribe@example.test>"),
        ("From", "bob@example.test"),
    ] {
        assert_eq!(field(&got, name), value, "{got}");
    }
    assert!(
        !got.contains("X-Secret") && got.ends_with("\r\n\r\nhello\r\n"),
        "{got}"
    );
    wait_for(&daemon, "carl@example.test", "INBOX", "Subject: first");
    wait_for(&daemon, LIST, "INBOX", "Subject: first");
    logged(&home, "<far@example.net> is not local");
    post(&daemon, "carl@example.test", "second");
    wait_for(&daemon, "bob@example.test", "INBOX", "Subject: second");
    // The copy of the first that waits for another server does not make it come twice, nor does a restart.
    daemon.kill();
    let daemon = home.start();
    post(&daemon, "carl@example.test", "third");
    wait_for(&daemon, "bob@example.test", "INBOX", "Subject: third");
    assert_eq!(messages(&daemon, "bob@example.test", "INBOX").len(), 3);
    assert!(daemon.stop().success());
    let (code, text) = home.check();
    assert_eq!(code, Some(0), "{text}");
}

#[test]
fn what_has_passed_a_list_comes_from_nobody_or_from_a_program_goes_no_further() {
    let home = Home::new();
    // Two lists that are each other's members.
    let daemon = with_list(&home, "ADD User other@example.test name Other\nDONE\n");
    in_domain(
        &daemon,
        &format!(
            "ADD List other password {PASSWORD} adminEmail ann@example.test\n\
             ADD User {LIST} name News\nDONE\nADD User carl@example.test name Carl\nDONE\nCOMMIT\n"
        ),
    );
    post(&daemon, "bob@example.test", "round");
    wait_for(&daemon, "bob@example.test", "INBOX", "Subject: round");
    wait_for(&daemon, "carl@example.test", "INBOX", "Subject: round");
    logged(&home, "it has been distributed by this list before");
    send(&daemon, "", LIST, "Subject: bounce\n\nx\n");
    logged(&home, "it comes from nobody");
    let vacation = "From: carl@example.test\nSubject: away\nAuto-Submitted: auto-replied\n\nx\n";
    send(&daemon, "carl@example.test", LIST, vacation);
    logged(&home, "a program wrote it");
    assert_eq!(messages(&daemon, "bob@example.test", "INBOX").len(), 1);
    assert_eq!(messages(&daemon, "carl@example.test", "INBOX").len(), 1);
}

#[test]
fn who_may_post_and_what_is_accepted_are_attributes_and_others_are_told() {
    let home = Home::new();
    let daemon = with_list(&home, "SET senderAllow subscribers\n");
    post(&daemon, "carl@example.test", "from outside");
    let answer = wait_for(&daemon, "carl@example.test", "INBOX", "was not published");
    assert_eq!(field(&answer, "Auto-Submitted"), "auto-replied", "{answer}");
    assert_eq!(field(&answer, "Return-Path"), "<>", "{answer}");
    wait_for(&daemon, LIST, "Deleted", "Subject: from outside");
    post(&daemon, "bob@example.test", "from a member");
    wait_for(&daemon, "bob@example.test", "INBOX", "Subject: from a member");
    in_domain(&daemon, "UPDATE List news\nSET senderAllow moderator\nCOMMIT\n");
    post(&daemon, "bob@example.test", "no moderator");
    wait_for(
        &daemon,
        "bob@example.test",
        "INBOX",
        "\"no moderator\" to news@example.test was not published",
    );
    // The address of the moderator is an account here: whoever only writes it into the mail is not he.
    post(&daemon, "ann@example.test", "pretended");
    wait_for(&daemon, LIST, "Deleted", "Subject: pretended");
    let mut smtp = daemon.smtp();
    smtp.start_tls().expect("STARTTLS");
    smtp.auth_plain("ann@example.test", PASSWORD)
        .expect("AUTH")
        .expect("235");
    let message = b"From: ann@example.test\r\nSubject: real\r\n\r\nx\r\n";
    smtp.send("ann@example.test", &[LIST], message)
        .expect("SMTP")
        .expect("250");
    wait_for(&daemon, "bob@example.test", "INBOX", "Subject: real");
    in_domain(
        &daemon,
        "UPDATE List news\nSET senderAllow all\nSET ctypeAllow text\nSET rewriteFrom yes\nCOMMIT\n",
    );
    let html = "From: carl@example.test\nSubject: markup\nContent-Type: text/html\n\n<p>x\n";
    send(&daemon, "carl@example.test", LIST, html);
    wait_for(
        &daemon,
        "carl@example.test",
        "INBOX",
        "does not accept its kind of content",
    );
    let plain = "From: \"Carl C\" <carl@example.test>\nSubject: plain\n\nx\n";
    send(&daemon, "carl@example.test", LIST, plain);
    let got = wait_for(&daemon, "bob@example.test", "INBOX", "Subject: plain");
    assert_eq!(
        field(&got, "From"),
        "\"Carl C via All the news\" <news@example.test>",
        "{got}"
    );
    assert_eq!(field(&got, "Reply-To"), "\"Carl C\" <carl@example.test>", "{got}");
}

#[test]
fn texts_are_set_in_several_lines_and_stand_around_the_body() {
    let home = Home::new();
    let daemon = with_list(
        &home,
        "ESET addHeader\nX-List-Name: %LIST%\n.\nESET bodyBegin\n[%DESCRIPTION%]\n.\nESET bodyEnd\n-- \n%LISTADDR%\n.\n",
    );
    post(&daemon, "bob@example.test", "plain");
    let got = wait_for(&daemon, "bob@example.test", "INBOX", "Subject: plain");
    assert_eq!(field(&got, "X-List-Name"), "news");
    assert!(
        got.ends_with("\r\n\r\n[All the news]\r\nhello\r\n\r\n-- \r\nnews@example.test\r\n"),
        "{got:?}"
    );
    let mixed = "From: bob@example.test\nSubject: parts\nMIME-Version: 1.0\n\
                 Content-Type: multipart/mixed; boundary=\"b\"\n\n--b\n\nbody\n--b--\n";
    send(&daemon, "bob@example.test", LIST, mixed);
    let got = wait_for(&daemon, "bob@example.test", "INBOX", "Subject: parts");
    let parts: Vec<&str> = got.split("--b").collect();
    assert_eq!(parts.len(), 5, "{got}");
    assert!(
        parts[1].contains("[All the news]") && parts[2].contains("body"),
        "{got}"
    );
    assert!(
        parts[3].contains("news@example.test") && parts[4].starts_with("--"),
        "{got}"
    );
    let signed = "From: bob@example.test\nSubject: signed\nContent-Type: multipart/signed; boundary=\"b\"\n\n--b\n\nx\n--b--\n";
    send(&daemon, "bob@example.test", LIST, signed);
    let got = wait_for(&daemon, "bob@example.test", "INBOX", "Subject: signed");
    assert!(!got.contains("[All the news]"), "{got}");
    let output = daemon.script_output(
        "UPDATE Domain example.test\nUPDATE List news\nESET addHeader\nno field\n.\n",
        &[],
    );
    let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(text.contains("line 1 is no header field"), "{text}");
}

#[test]
fn the_moderator_publishes_and_rejects_by_moving_and_by_mail() {
    let home = Home::new();
    let daemon = with_list(&home, "SET moderate all\n");
    post(&daemon, "carl@example.test", "waits");
    let notice = wait_for(&daemon, "ann@example.test", "INBOX", "waits at news@example.test");
    assert!(messages(&daemon, "bob@example.test", "INBOX").is_empty());
    move_all(&daemon, "Pending", "INBOX");
    wait_for(&daemon, "bob@example.test", "INBOX", "Subject: waits");
    // The code of what was moved away is of no use any more.
    let subject = field(&notice, "Subject");
    let reply = |subject: &str| format!("From: ann@example.test\nSubject: Re: {subject}\n\nyes\n");
    send(
        &daemon,
        "ann@example.test",
        "news-request@example.test",
        &reply(&subject),
    );
    wait_for(&daemon, "ann@example.test", "INBOX", "is wrong, too old");
    post(&daemon, "carl@example.test", "by-code");
    let notice = wait_for(&daemon, "ann@example.test", "INBOX", "by-code");
    send(
        &daemon,
        "ann@example.test",
        "news-request@example.test",
        &reply(&field(&notice, "Subject")),
    );
    wait_for(&daemon, "bob@example.test", "INBOX", "Subject: by-code");
    post(&daemon, "carl@example.test", "unwanted");
    wait_for(&daemon, "ann@example.test", "INBOX", "unwanted");
    move_all(&daemon, "Pending", "Reject");
    wait_for(
        &daemon,
        "carl@example.test",
        "INBOX",
        "\"unwanted\" to news@example.test was not published",
    );
    wait_for(&daemon, LIST, "Deleted", "Subject: unwanted");
    post(&daemon, "carl@example.test", "refused-by-code");
    let notice = wait_for(&daemon, "ann@example.test", "INBOX", "refused-by-code");
    let line = notice.lines().rfind(|line| line.starts_with("    confirm "));
    let line = line.expect("a code to reject").trim();
    let mail = format!("From: ann@example.test\nSubject: no\n\n{line}\n");
    send(&daemon, "ann@example.test", "news-request@example.test", &mail);
    wait_for(&daemon, LIST, "Deleted", "Subject: refused-by-code");
    assert_eq!(messages(&daemon, "bob@example.test", "INBOX").len(), 2);
}

#[test]
fn commands_are_answered_at_the_addresses_that_are_there() {
    let home = Home::new();
    let daemon = with_list(&home, "");
    let ask = |subject: &str, body: &str| {
        let mail = format!("From: carl@example.test\nSubject: {subject}\n\n{body}\n");
        send(&daemon, "carl@example.test", "news-request@example.test", &mail);
    };
    ask("help", "");
    wait_for(&daemon, "carl@example.test", "INBOX", "subscribe [your name]");
    ask("x", "dance");
    wait_for(&daemon, "carl@example.test", "INBOX", "    dance");
    in_domain(&daemon, "UPDATE List news\nSET enabledRcpts (request)\nCOMMIT\n");
    let to = ["news-subscribe@example.test"];
    let said = daemon.smtp().send("carl@example.test", &to, b"x: y\r\n\r\n");
    said.expect("SMTP").expect("550 5.1.1");
}

#[test]
fn members_come_and_go_by_mail_with_a_code() {
    let home = Home::new();
    let daemon = with_list(
        &home,
        "ESET welcome\nSubject: Hello %USER%\n\nYou are a member of %LIST% now.\n.\n",
    );
    let to = |which: &str| format!("news-{which}@example.test");
    let ask = |which: &str, subject: &str, body: &str| {
        let mail = format!("From: Carl C <carl@example.test>\nSubject: {subject}\n\n{body}\n");
        send(&daemon, "carl@example.test", &to(which), &mail);
    };
    let users = || daemon.admin(&["UPDATE Domain example.test", "UPDATE List news", "LIST Users"]);
    let told = |text: &str| wait_for(&daemon, "carl@example.test", "INBOX", text);
    ask("unsubscribe", "x", "");
    told("carl@example.test is not a member");
    ask("subscribe", "x", "");
    let question = told("asked at news@example.test for: subscribe");
    assert!(!users().contains("carl"), "not before it is confirmed");
    wait_for(&daemon, LIST, "Requests", "for: subscribe carl@example.test");
    let code = field(&question, "Subject");
    // Somebody else's code is none.
    let mail = format!("From: bob@example.test\nSubject: {code}\n\nx\n");
    send(&daemon, "bob@example.test", &to("request"), &mail);
    wait_for(&daemon, "bob@example.test", "INBOX", "is wrong, too old");
    ask("request", &format!("Re: {code}"), "> quoted");
    told("You are a member of news now");
    assert!(users().contains("carl@example.test | Carl C"), "{}", users());
    ask("request", "subscribe", "");
    told("is a member of news@example.test already");
    ask("request", "x", "unsubscribe");
    let question = told("for: unsubscribe");
    ask(
        "request",
        "x",
        &format!(
            "confirm {}",
            field(&question, "Subject").trim_start_matches("confirm ")
        ),
    );
    told("is not a member of news@example.test any more");
    assert!(!users().contains("carl"), "{}", users());
}

#[test]
fn the_administrator_approves_members_where_he_wants_to() {
    let home = Home::new();
    let daemon = with_list(&home, "SET adminConfirm yes\n");
    let subscribe = |user: &str| {
        let mail = format!("From: {user}\nSubject: x\n\nx\n");
        send(&daemon, user, "news-subscribe@example.test", &mail);
        let question = wait_for(&daemon, user, "INBOX", "for: subscribe");
        let mail = format!("From: {user}\nSubject: {}\n\nx\n", field(&question, "Subject"));
        send(&daemon, user, "news-request@example.test", &mail);
        wait_for(&daemon, user, "INBOX", "has to approve your request");
    };
    subscribe("carl@example.test");
    wait_for(
        &daemon,
        "ann@example.test",
        "INBOX",
        "carl@example.test () asks to become a member",
    );
    move_all(&daemon, "PendingRequests", "ConfirmedRequests");
    wait_for(
        &daemon,
        "carl@example.test",
        "INBOX",
        "You are a member of news now",
    );
    subscribe("postmaster@example.test");
    let notice = wait_for(
        &daemon,
        "ann@example.test",
        "INBOX",
        "postmaster@example.test () asks",
    );
    let deny = notice.lines().rfind(|line| line.starts_with("    confirm "));
    let deny = deny.expect("a code to deny").trim();
    let mail = format!("From: ann@example.test\nSubject: no\n\n{deny}\n");
    send(&daemon, "ann@example.test", "news-request@example.test", &mail);
    wait_for(
        &daemon,
        "postmaster@example.test",
        "INBOX",
        "did not approve your request",
    );
    let users = daemon.admin(&["UPDATE Domain example.test", "UPDATE List news", "LIST Users"]);
    assert!(users.contains("carl") && !users.contains("postmaster"), "{users}");
}

#[test]
fn programs_and_floods_get_no_answers_and_reports_go_to_the_owner() {
    let home = Home::new();
    let daemon = with_list(&home, "");
    let request = "news-request@example.test";
    for (from, header) in [
        ("", "Subject: help"),
        (
            "carl@example.test",
            "Subject: help\nAuto-Submitted: auto-generated",
        ),
        ("carl@example.test", "Subject: help\nPrecedence: bulk"),
        ("carl@example.test", "Subject: help\nList-Id: <x.example.org>"),
        ("other-bounces@example.test", "Subject: help"),
    ] {
        send(
            &daemon,
            from,
            request,
            &format!("From: carl@example.test\n{header}\n\nx\n"),
        );
    }
    for _ in 0..15 {
        send(&daemon, "carl@example.test", request, "Subject: help\n\nhelp\n");
    }
    logged(&home, "not answered: too many in an hour");
    let end = Instant::now() + PATIENCE;
    while messages(&daemon, "carl@example.test", "INBOX").len() < 10 {
        assert!(Instant::now() < end, "{}", home.log_tail());
        std::thread::park_timeout(Duration::from_millis(50));
    }
    assert_eq!(messages(&daemon, "carl@example.test", "INBOX").len(), 10);
    send(&daemon, "", "news-bounces@example.test", "Subject: failed\n\nx\n");
    wait_for(&daemon, "ann@example.test", "INBOX", "Subject: failed");
    send(
        &daemon,
        "carl@example.test",
        "news-owner@example.test",
        "Subject: question\n\nx\n",
    );
    wait_for(&daemon, "ann@example.test", "INBOX", "Subject: question");
}

#[test]
fn a_list_is_an_object_with_a_mailbox_of_its_own() {
    let home = Home::new();
    let daemon = with_list(&home, "CONFIG QUOTAS\nSET totalMessageCount 2\nDONE\n");
    let mut imap = mailbox(&daemon);
    let folders = imap.command("LIST \"\" *").expect("IMAP").ok().texts().join("\n");
    for folder in [
        "INBOX",
        "Pending",
        "Reject",
        "Deleted",
        "Requests",
        "PendingRequests",
        "ConfirmedRequests",
    ] {
        assert!(folders.contains(folder), "{folders}");
    }
    let quota = imap
        .command("GETQUOTAROOT INBOX")
        .expect("IMAP")
        .ok()
        .texts()
        .join("\n");
    assert!(quota.contains("MESSAGE 0 2"), "{quota}");
    for (commands, why) in [
        (
            ["ADD Account news password Secret-1", "COMMIT"],
            "news is already a list",
        ),
        (
            ["ADD Group news-owner", "COMMIT"],
            "news-owner is already an address of a list",
        ),
        (
            ["ADD List news password Secret-1 adminEmail a@b.test", "COMMIT"],
            "list already exists",
        ),
        (
            ["UPDATE List news", "ADD User bob@example.test name Bob"],
            "user already exists",
        ),
        (["UPDATE List news", "SET subscribeRcpt ann"], ""),
    ] {
        let output = daemon.axictl(&["UPDATE Domain example.test", commands[0], commands[1], "COMMIT"]);
        let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert!(
            !output.status.success() && text.contains(why),
            "{commands:?}: {text}"
        );
    }
}

#[test]
fn a_list_is_renamed_switched_off_and_removed() {
    let home = Home::new();
    let daemon = with_list(&home, "");
    let parts = ["UPDATE Domain example.test", "UPDATE List news", "CONFIG QUOTAS"];
    let boxes = daemon.admin(&[&parts[..], &["LIST Mboxes"]].concat());
    assert!(boxes.contains("PendingRequests"), "{boxes}");
    in_domain(
        &daemon,
        "UPDATE List news\nCONFIG QUOTAS\nSET MboxQuota mboxName Pending messageCount 1 messageSize 0\nDONE\nCOMMIT\n",
    );
    let quota = daemon.admin(&[&parts[..], &["SHOW MboxQuota mboxName Pending"]].concat());
    assert!(quota.contains("messageCount = 1"), "{quota}");
    let member = [
        "UPDATE Domain example.test",
        "UPDATE Account bob",
        "LIST MEMBERSHIP",
    ];
    let memberships = daemon.admin(&member);
    assert!(memberships.contains(LIST), "{memberships}");
    in_domain(
        &daemon,
        "UPDATE List news\nSET name press\nSET requestRcpt ask-press\nSET services (imap)\nCOMMIT\n",
    );
    let shown = daemon.admin(&["UPDATE Domain example.test", "SHOW List press"]);
    assert!(
        shown.contains("press-subscribe") && shown.contains("ask-press"),
        "{shown}"
    );
    let said = daemon
        .smtp()
        .send("bob@example.test", &["news@example.test"], b"x: y\r\n\r\n");
    said.expect("SMTP").expect("550 5.1.1");
    let said = daemon
        .smtp()
        .send("bob@example.test", &["press@example.test"], b"x: y\r\n\r\n");
    said.expect("SMTP").expect("550");
    in_domain(
        &daemon,
        "UPDATE List press\nSET services ()\nSET password Changed-2\nCOMMIT\n",
    );
    let login = |password: &str| Imap::login(daemon.address(Service::Imap), "press@example.test", password);
    assert!(login("Changed-2").is_err(), "IMAP is switched off");
    in_domain(&daemon, "UPDATE List press\nSET services (all)\nCOMMIT\n");
    assert!(login(PASSWORD).is_err() && login("Changed-2").is_ok());
    daemon.script("UPDATE Domain example.test\nREMOVE List press\nCOMMIT\n");
    assert!(login("Changed-2").is_err());
    assert!(daemon.stop().success());
    let (code, text) = home.check();
    assert_eq!(code, Some(0), "{text}");
}

#[test]
fn posts_that_were_accepted_reach_the_members_after_kill_9() {
    const POSTS: usize = 20;
    let home = Home::new();
    let daemon = with_list(&home, "");
    for number in 0..POSTS {
        post(&daemon, "carl@example.test", &format!("number-{number}-"));
    }
    daemon.kill();
    let daemon = home.start();
    for number in 0..POSTS {
        wait_for(
            &daemon,
            "bob@example.test",
            "INBOX",
            &format!("Subject: number-{number}-"),
        );
    }
    assert_eq!(messages(&daemon, LIST, "INBOX").len(), POSTS);
    // Only the post that was in hand may have come twice.
    let count = messages(&daemon, "bob@example.test", "INBOX").len();
    assert!((POSTS..=POSTS + 1).contains(&count), "{count} copies");
}
