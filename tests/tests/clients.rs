//! Programs of other people use the server as they do every day; the scripts are in `tests/clients/`.

use axigen_tests::{Client, Home};

#[track_caller]
fn check(script: &str) {
    let home = Home::new();
    let daemon = home.start_with_accounts();
    Client::new(&daemon).passes(script);
}

#[test]
fn swaks_sends_in_clear_with_starttls_over_tls_and_is_refused_where_it_should() {
    check("swaks.sh");
}

#[test]
fn curl_sends_reads_appends_and_deletes_over_all_protocols() {
    check("curl.sh");
}

#[test]
fn mbsync_keeps_a_maildir_equal_both_ways() {
    check("mbsync.sh");
}

#[test]
fn offlineimap_keeps_a_maildir_equal_both_ways() {
    check("offlineimap.sh");
}

#[test]
fn mutt_reads_replies_and_deletes_in_a_terminal() {
    check("mutt.sh");
}

#[test]
fn fetchmail_empties_mailboxes_over_pop3_and_imap() {
    check("fetchmail.sh");
}

#[test]
fn python_smtplib_sends_and_is_refused_where_it_should() {
    check("python_smtplib.py");
}

#[test]
fn python_imaplib_works_through_folders_messages_and_flags() {
    check("python_imaplib.py");
}

#[test]
fn python_imaplib_comes_back_with_qresync_and_knows_what_a_full_look_shows() {
    check("python_qresync.py");
}

#[test]
fn messages_as_nobody_should_write_them_are_read_whole_and_in_valid_grammar() {
    check("imap_messages.py");
}

#[test]
fn python_poplib_reads_deletes_and_meets_the_lock() {
    check("python_poplib.py");
}
