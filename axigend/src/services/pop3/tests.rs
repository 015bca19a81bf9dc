//! The service on real parts and a disk in memory.

use std::{path::Path, sync::Arc};

use axigen_shared::{
    schema::{Object, context},
    value::Secret,
};
use axigend_config::RunningConfig;
use axigend_directory::{Directory, NewDomain};
use axigend_net::{Action, Conversation, Service};
use axigend_protocol::{Peer, TlsFacts};
use axigend_storage::{
    Flags, Mailbox, MailboxLimits, MemoryDisk, NewMessage, StoreOptions, Stores, SystemFlags,
};

use super::{Desk, Locks, Pop3Service};

/// A cheap hash of "secret", so that tests do not spend their time on argon2.
const SECRET: &str = "{SSHA}DkMTwBl+a/3DQTxCYEApdUtNXGgdUac3";

fn run<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .expect("a runtime");
    runtime.block_on(work)
}

/// A server with `ann@example.test`, and her mailbox with three messages.
async fn service() -> (Pop3Service, Mailbox) {
    let disk = MemoryDisk::new();
    let (config, _) = RunningConfig::load(Path::new("/nowhere/axigen.cfg")).expect("the defaults");
    let directory =
        Directory::open(Path::new("/w/serverData"), Path::new("/w"), disk.clone()).expect("a directory");
    let domain = NewDomain {
        name: "example.test".into(),
        postmaster_password: Secret::new(SECRET),
        ..NewDomain::default()
    };
    directory.create_domain(domain).await.expect("a domain");
    let mut account = Object::new(context("domain/account").expect("in the schema"));
    account.set_text("name", "ann").expect("a name");
    let account = directory
        .add_account("example.test", account, Some(Secret::new(SECRET)))
        .await
        .expect("ann");
    let stores = Arc::new(Stores::new(disk, StoreOptions::default()));
    let mailbox = stores
        .get(&account.message_dir)
        .expect("a store")
        .mailbox(account.id);
    mailbox.create_default_folders().await.expect("folders");
    let message = |text: &'static str| NewMessage {
        body: Arc::new(bytes::Bytes::from_static(text.as_bytes())),
        flags: Flags::default(),
        internal_date: 0,
    };
    let messages = vec![message("one\r\n.\r\n"), message("two\r\n"), message("three\r\n")];
    mailbox
        .append("INBOX", messages, MailboxLimits::default())
        .await
        .expect("messages");
    let locks = Locks::default();
    let service = Pop3Service {
        desk: Arc::new(Desk {
            config: Arc::new(config),
            directory,
            stores,
            locks,
        }),
    };
    (service, mailbox)
}

fn connect(service: &Pop3Service) -> Box<dyn Conversation> {
    let peer = Peer {
        remote: None,
        local: None,
        uid: None,
        session_id: 1,
        tls: Some(TlsFacts::default()),
        can_start_tls: true,
    };
    service.open(&peer)
}

/// What is heard after this was said.
async fn hear(conversation: &mut Box<dyn Conversation>, said: &[u8]) -> String {
    let mut heard = Vec::new();
    conversation.input(said);
    loop {
        match conversation.next() {
            Action::Write(bytes) => heard.extend(bytes),
            Action::Work => conversation.work().await,
            _ => return String::from_utf8_lossy(&heard).into_owned(),
        }
    }
}

const LOGIN: &[u8] = b"USER ann@example.test\r\nPASS secret\r\n";

fn seen(mailbox: &Mailbox) -> Vec<bool> {
    let inbox = mailbox.folder("INBOX").expect("INBOX").id;
    let rows = mailbox.messages(inbox, 1, 10).expect("rows");
    rows.iter()
        .map(|row| row.flags.system.contains(SystemFlags::SEEN))
        .collect()
}

#[test]
fn what_is_fetched_is_seen_and_what_is_deleted_goes_at_quit() {
    run(async {
        let (service, mailbox) = service().await;
        let mut conversation = connect(&service);
        let heard = hear(
            &mut conversation,
            &[LOGIN, b"RETR 1\r\nTOP 2 0\r\nDELE 2\r\nSTAT\r\n"].concat(),
        )
        .await;
        assert!(
            heard.contains("+OK Mailbox open, 3 messages, 20 octets\r\n"),
            "{heard}"
        );
        assert!(heard.contains("+OK 8 octets\r\none\r\n..\r\n.\r\n"), "{heard}");
        assert!(
            heard.ends_with("+OK Message 2 deleted\r\n+OK 2 15\r\n"),
            "{heard}"
        );
        assert_eq!(seen(&mailbox).len(), 3, "nothing goes before QUIT");
        let heard = hear(&mut conversation, b"QUIT\r\n").await;
        assert!(heard.ends_with(" signing off\r\n"), "{heard}");
        assert_eq!(seen(&mailbox), [true, false]);
    });
}

#[test]
fn one_session_per_mailbox() {
    run(async {
        let (service, mailbox) = service().await;
        let (mut first, mut second) = (connect(&service), connect(&service));
        hear(&mut first, LOGIN).await;
        let heard = hear(&mut second, LOGIN).await;
        assert!(
            heard.ends_with("-ERR [IN-USE] Mailbox is locked by another POP3 session\r\n"),
            "{heard}"
        );
        hear(&mut first, b"DELE 1\r\n").await;
        drop(first);
        let heard = hear(&mut second, LOGIN).await;
        assert!(
            heard.contains("+OK Mailbox open, 3 messages"),
            "a dropped connection deletes nothing: {heard}"
        );
        hear(&mut second, b"QUIT\r\n").await;
        let heard = hear(&mut connect(&service), LOGIN).await;
        assert!(heard.contains("+OK Mailbox open"), "{heard}");
        assert_eq!(seen(&mailbox).len(), 3);
    });
}

#[test]
fn what_others_remove_becomes_a_zombie_and_what_comes_is_not_shown() {
    run(async {
        let (service, mailbox) = service().await;
        let mut conversation = connect(&service);
        hear(&mut conversation, LOGIN).await;
        let inbox = mailbox.folder("INBOX").expect("INBOX").id;
        mailbox
            .expunge(inbox, Some(vec![2]), false)
            .await
            .expect("removed");
        let body = Arc::new(bytes::Bytes::from_static(b"four\r\n"));
        let message = NewMessage {
            body,
            flags: Flags::default(),
            internal_date: 0,
        };
        mailbox
            .append("INBOX", vec![message], MailboxLimits::default())
            .await
            .expect("a fourth");
        let heard = hear(&mut conversation, b"LIST\r\nRETR 2\r\nDELE 2\r\nQUIT\r\n").await;
        let mut lines = heard.lines();
        assert_eq!(lines.next(), Some("+OK 3 messages, 15 octets"));
        assert_eq!(
            lines.by_ref().take(4).collect::<Vec<_>>(),
            ["1 8", "2 0", "3 7", "."]
        );
        assert_eq!(lines.next(), Some("-ERR Message is no longer available"));
        assert_eq!(lines.next(), Some("+OK Message 2 deleted"));
        assert!(
            lines.next().is_some_and(|line| line.starts_with("+OK")),
            "{heard}"
        );
    });
}
