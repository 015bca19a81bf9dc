//! The service on real parts and a disk in memory.

use std::{
    path::Path,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use axigen_shared::{
    schema::{Action, Change, Object, Step, Value, context},
    value::Secret,
};
use axigend_config::RunningConfig;
use axigend_directory::{Directory, NewDomain};
use axigend_net::{Conversation, Service};
use axigend_processing::Processing;
use axigend_protocol::{Peer, TlsFacts};
use axigend_queue::{BodyType, Queue, QueueOptions};
use axigend_storage::{Disk, Flags, MemoryDisk, NewMessage, StoreOptions, Stores};

use super::{Desk, SmtpIncomingService};

/// A cheap hash of "secret", so that tests do not spend their time on argon2.
const SECRET: &str = "{SSHA}DkMTwBl+a/3DQTxCYEApdUtNXGgdUac3";

fn run<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .expect("a runtime");
    runtime.block_on(work)
}

/// A server with `example.test` and in it joe, whose mailbox may hold one message, and unlimited ann.
async fn service() -> SmtpIncomingService {
    let disk: Arc<dyn Disk> = MemoryDisk::new();
    let (config, _) = RunningConfig::load(Path::new("/nowhere/axigen.cfg")).expect("the defaults");
    let directory =
        Directory::open(Path::new("/w/serverData"), Path::new("/w"), Arc::clone(&disk)).expect("a directory");
    let domain = NewDomain {
        name: "example.test".into(),
        postmaster_password: Secret::new(SECRET),
        ..NewDomain::default()
    };
    directory.create_domain(domain).await.expect("a domain");
    for name in ["ann", "joe"] {
        let mut account = Object::new(context("domain/account").expect("in the schema"));
        account.set_text("name", name).expect("a name");
        directory
            .add_account("example.test", account, Some(Secret::new(SECRET)))
            .await
            .expect("an account");
    }
    let queue =
        Queue::open(Path::new("/w/queue"), Arc::clone(&disk), QueueOptions::default()).expect("a queue");
    let stores = Arc::new(Stores::new(disk, StoreOptions::default()));
    let config = Arc::new(config);
    // Stopped, so that what is accepted stays in the queue.
    let processing = Processing::new(
        Arc::clone(&queue),
        Arc::clone(&directory),
        Arc::clone(&stores),
        Arc::clone(&config),
    );
    SmtpIncomingService {
        desk: Arc::new(Desk {
            config,
            directory,
            stores,
            queue,
            processing,
        }),
    }
}

fn peer(tls: bool) -> Peer {
    Peer {
        remote: Some(([192, 0, 2, 7], 40001).into()),
        local: None,
        uid: None,
        session_id: 1,
        tls: tls.then(TlsFacts::default),
        can_start_tls: true,
    }
}

/// What is heard after this was said.
async fn hear(conversation: &mut Box<dyn Conversation>, said: &[u8]) -> String {
    let mut heard = Vec::new();
    conversation.input(said);
    loop {
        match conversation.next() {
            axigend_net::Action::Write(bytes) => heard.extend(bytes),
            axigend_net::Action::Work => conversation.work().await,
            _ => return String::from_utf8_lossy(&heard).into_owned(),
        }
    }
}

#[test]
fn a_message_is_queued_with_its_envelope() {
    run(async {
        let service = service().await;
        let mut conversation = service.open(&peer(true));
        let said = b"EHLO client.example\r\nAUTH PLAIN AGpvZUBleGFtcGxlLnRlc3QAc2VjcmV0\r\n\
            MAIL FROM:<joe@example.test> BODY=8BITMIME\r\nRCPT TO:<ann@example.test>\r\nRCPT TO:<nobody@example.test>\r\n\
            RCPT TO:<x@far.example>\r\nDATA\r\nMessage-ID: <1@client.example>\r\n\r\nx\r\n.\r\nQUIT\r\n";
        let heard = hear(&mut conversation, said).await;
        let replies: Vec<_> = heard
            .lines()
            .skip_while(|line| *line != "250 OK")
            .skip(1)
            .collect();
        assert_eq!(
            replies[..8],
            [
                "235 2.7.0 Authentication successful",
                "250 2.1.0 Sender accepted",
                "250 2.1.5 Recipient accepted",
                "550 5.1.1 <nobody@example.test> No such user",
                "550 5.7.1 Delivery to other servers is not available, SMTP sending is not built yet",
                "354 Ready to receive data; remember <CRLF>.<CRLF>",
                "250 2.0.0 Mail queued for delivery",
                replies[7],
            ]
        );
        let entry = service.desk.queue.take().await.expect("an entry");
        let envelope = &entry.envelope;
        assert_eq!(envelope.reverse_path, "joe@example.test");
        assert_eq!(
            envelope
                .recipients
                .iter()
                .map(|one| one.address.as_str())
                .collect::<Vec<_>>(),
            ["ann@example.test"]
        );
        assert_eq!(envelope.authenticated.as_deref(), Some("joe@example.test"));
        assert_eq!(
            (envelope.body_type, envelope.peer.as_str()),
            (BodyType::EightBitMime, "client.example [192.0.2.7]")
        );
        let mut body = vec![0; usize::try_from(entry.body.len()).expect("small")];
        entry.body.read_at(0, &mut body).expect("the body");
        let body = String::from_utf8_lossy(&body).into_owned();
        assert!(
            body.starts_with("Received: from client.example ([192.0.2.7])\r\n"),
            "{body}"
        );
        assert!(
            body.contains(&format!(" with ESMTPSA id {}\r\n", entry.id)),
            "{body}"
        );
        assert!(
            body.ends_with("\r\nMessage-ID: <1@client.example>\r\n\r\nx\r\n"),
            "{body}"
        );
    });
}

#[test]
fn a_message_that_is_not_finished_leaves_nothing() {
    run(async {
        let service = service().await;
        let mut conversation = service.open(&peer(false));
        let said = "EHLO c\r\nMAIL FROM:<>\r\nRCPT TO:<ann@example.test>\r\n";
        hear(&mut conversation, said.as_bytes()).await;
        let heard = hear(&mut conversation, b"BDAT 3\r\nabcRSET\r\n").await;
        assert!(
            heard.ends_with("250 2.0.0 3 octets received\r\n250 Reset done\r\n"),
            "{heard}"
        );
        hear(&mut conversation, said.as_bytes()).await;
        hear(&mut conversation, b"DATA\r\nhalf a message").await;
        drop(conversation);
        let mut context = Context::from_waker(Waker::noop());
        let taken = std::pin::pin!(service.desk.queue.take());
        assert!(
            matches!(taken.poll(&mut context), Poll::Pending),
            "nothing is queued"
        );
    });
}

#[test]
fn a_full_mailbox_is_told_at_rcpt() {
    run(async {
        let service = service().await;
        let desk = &service.desk;
        let one = Action::Set("totalMessageCount", Value::Number(1));
        let quota = [Change::here(one).below(Step::Part("quotas"))];
        desk.directory
            .update_account("example.test", "joe", &quota, None)
            .await
            .expect("a quota");
        let said = b"EHLO c\r\nMAIL FROM:<>\r\nRCPT TO:<joe@example.test>\r\nRSET\r\n";
        let mut conversation = service.open(&peer(false));
        let heard = hear(&mut conversation, said).await;
        assert!(
            heard.ends_with("250 2.1.5 Recipient accepted\r\n250 Reset done\r\n"),
            "{heard}"
        );
        let account = desk.directory.account_named("example.test", "joe").expect("joe");
        let mailbox = desk
            .stores
            .get(&account.message_dir)
            .expect("a store")
            .mailbox(account.id);
        mailbox.create_default_folders().await.expect("folders");
        let body = Arc::new(bytes::Bytes::from_static(b"Subject: x\r\n\r\nx\r\n"));
        let message = NewMessage {
            body,
            flags: Flags::default(),
            internal_date: 0,
        };
        mailbox
            .append("INBOX", vec![message], account.mailbox_limits)
            .await
            .expect("room for one");
        let heard = hear(&mut conversation, said).await;
        assert!(
            heard.ends_with("452 4.2.2 Mailbox full\r\n250 Reset done\r\n"),
            "{heard}"
        );
        desk.directory
            .disable_domain("example.test")
            .await
            .expect("disabled");
        let heard = hear(&mut conversation, said).await;
        assert!(
            heard.ends_with("450 4.2.1 Domain is disabled, try again later\r\n250 Reset done\r\n"),
            "{heard}"
        );
    });
}
