//! Administration over real parts in a temporary directory, driven through the engine.

use super::Administration;
use crate::parts::Parts;
use crate::services::{LogService, Services, hosts};
use axigen_shared::control::{Body, Reply, axigen};
use axigend_config::{RunningConfig, ServiceName};
use axigend_console::{Answer, Engine, Identity, Request};
use axigend_directory::Directory;
use axigend_net::{State, TlsStore};
use axigend_processing::Processing;
use axigend_queue::{Queue, QueueOptions};
use axigend_search::{IndexSettings, Searches};
use axigend_storage::{Disk, MemoryDisk, StoreOptions, Stores};
use std::net::TcpListener;
use std::sync::Arc;
use tempfile::TempDir;

mod autopurge;
mod leaks;

/// A server without sockets until one is configured, and its administrator.
struct Desk {
    parts: Arc<Parts>,
    engine: Engine,
    home: TempDir,
}

impl Desk {
    fn new() -> Self {
        Self::on(MemoryDisk::new())
    }

    fn on(disk: Arc<dyn Disk>) -> Self {
        let home = TempDir::new().unwrap();
        let file = home.path().join("axigen.cfg");
        std::fs::write(&file, "server = { cli = { listeners = ( ) } }").unwrap();
        let (config, _) = RunningConfig::load(&file).unwrap();
        let config = Arc::new(config);
        let stores = Arc::new(Stores::new(disk.clone(), StoreOptions::default()));
        let directory = Directory::open(&home.path().join("serverData"), home.path(), disk.clone()).unwrap();
        let queue = Queue::open(&home.path().join("queue"), disk, QueueOptions::default()).unwrap();
        let processing = Processing::new(
            Arc::clone(&queue),
            Arc::clone(&directory),
            Arc::clone(&stores),
            Arc::clone(&config),
        );
        let tls = Arc::new(TlsStore::new(home.path()));
        let log = LogService::new(None);
        let services = Services::new(Arc::clone(&tls), log, home.path().join("listeners.json"));
        let working_directory = home.path().to_path_buf();
        let parts = Arc::new(Parts {
            config,
            directory,
            stores,
            searches: Searches::new(Box::new(IndexSettings::default)),
            queue,
            processing,
            services,
            jobs: Arc::default(),
            working_directory,
        });
        parts
            .services
            .build(hosts(&parts, &tls), Arc::clone(&parts.processing));
        let engine = Engine::trusted(
            Administration::new(Arc::clone(&parts)),
            Identity::default(),
            "admin",
        );
        Self { parts, engine, home }
    }

    async fn reply(&mut self, line: &str) -> Reply {
        match self.engine.answer(Request::Line(line.as_bytes().to_vec())).await {
            Answer::Reply { reply, .. } => *reply,
            other => panic!("{other:?}"),
        }
    }

    /// Runs lines that all succeed.
    async fn all(&mut self, lines: &[&str]) {
        for line in lines {
            let reply = self.reply(line).await;
            assert!(reply.ok(), "{line}: {}", reply.message);
        }
    }

    async fn text(&mut self, line: &str) -> String {
        axigen(&self.reply(line).await, true).replace("\r\n", "\n")
    }

    async fn close(self) {
        let settings = self.parts.config.settings();
        let _ = self.parts.services.stop(ServiceName::Cli, &settings).await;
        self.parts.services.dissolve();
    }
}

async fn with_domain() -> Desk {
    let mut desk = Desk::new();
    desk.all(&[
        "CREATE Domain name a.test postmasterPassword 'p w'",
        "COMMIT",
        "UPDATE Domain a.test",
    ])
    .await;
    desk
}

#[tokio::test]
async fn quotas_of_folders_wait_for_the_account() {
    let mut desk = with_domain().await;
    desk.all(&[
        "ADD Account name ann password secret",
        "CONFIG Quotas",
        "SET totalMessageSize 2048",
    ])
    .await;
    let said = desk.text("SHOW ATTR totalMessageSize").await;
    assert!(said.starts_with("totalMessageSize = 2048 [explicit]\n"), "{said}");
    assert!(
        desk.text("LIST Mboxes")
            .await
            .starts_with("INBOX\nDrafts\nSent\nSpam\nTrash\n")
    );
    desk.all(&["SET MboxQuota mboxName inbox messageCount 7 messageSize 70"])
        .await;
    assert_eq!(
        desk.reply("SET MboxQuota mboxName None messageCount 7 messageSize 70")
            .await
            .message,
        "folder not found: None"
    );
    assert!(
        desk.text("SHOW MboxQuota mboxName INBOX")
            .await
            .contains("messageCount = 7\nmessageSize = 70\n")
    );
    desk.all(&["DONE", "COMMIT", "UPDATE Account ANN", "CONFIG Quotas"])
        .await;
    assert!(
        desk.text("SHOW MboxQuota mboxName INBOX")
            .await
            .contains("messageCount = 7\n")
    );
    desk.close().await;
}

#[tokio::test]
async fn accounts_by_name_and_alias() {
    let mut desk = with_domain().await;
    desk.all(&[
        "ADD Account name ann password secret",
        "CONFIG Quotas",
        "SET totalMessageSize 2048",
    ])
    .await;
    desk.all(&["DONE", "ADD Alias a.n", "COMMIT", "UPDATE Account A.N"])
        .await;
    assert!(desk.text("SHOW ATTR name").await.starts_with("name = \"ann\"\n"));
    assert!(desk.text("LIST Aliases").await.starts_with("a.n\n"));
    desk.all(&["BACK"]).await;
    assert_eq!(
        desk.reply("ADD Account ANN password x").await.message,
        "account already exists"
    );
    assert!(desk.text("LIST Accounts").await.starts_with("ann\npostmaster\n"));
    let account = desk.parts.directory.account_named("a.test", "ann").unwrap();
    assert_eq!(account.mailbox_limits.total_size_kb, 2048);
    desk.all(&["REMOVE Account ann"]).await;
    assert_eq!(
        desk.reply("REMOVE Account ann").await.message,
        "account not found: ann"
    );
    assert_eq!(
        desk.reply("REMOVE Account postmaster").await.message,
        "the postmaster account cannot be removed"
    );
    desk.close().await;
}

#[tokio::test]
async fn defaults_are_inherited_before_they_are_committed() {
    let mut desk = with_domain().await;
    desk.all(&["CONFIG accountDefaultQuotas", "SET totalMessageSize 5000", "DONE"])
        .await;
    desk.all(&["UPDATE Account postmaster", "CONFIG Quotas"]).await;
    assert!(
        desk.text("SHOW ATTR totalMessageSize")
            .await
            .starts_with("totalMessageSize = 5000 [inherited]\n")
    );
    desk.all(&["SET totalMessageSize 7000"]).await;
    let said = desk.text("SHOW ATTR totalMessageSize").await;
    assert!(
        said.starts_with("totalMessageSize = 7000 [explicit, overrides inherited value: 5000]\n"),
        "{said}"
    );
    desk.all(&[
        "DONE",
        "COMMIT",
        "BACK",
        "UPDATE Domain a.test",
        "CONFIG accountDefaultQuotas",
    ])
    .await;
    // BACK dropped the domain's draft, the account's COMMIT stays.
    assert!(
        desk.text("SHOW ATTR totalMessageSize")
            .await
            .starts_with("totalMessageSize = 1048576\n")
    );
    let account = desk
        .parts
        .directory
        .account_named("a.test", "postmaster")
        .unwrap();
    assert_eq!(account.mailbox_limits.total_size_kb, 7000);
    desk.close().await;
}

#[tokio::test]
async fn domains_in_and_out_of_service() {
    let mut desk = with_domain().await;
    desk.all(&["BACK"]).await;
    assert_eq!(
        desk.reply("CREATE Domain name A.test postmasterPassword x")
            .await
            .message,
        "domain already exists"
    );
    let said = desk.text("LIST Domains").await;
    let row: Vec<&str> = said.lines().next().unwrap().split_whitespace().collect();
    assert!(
        row[0] == "a.test" && row[1].parse::<u64>().is_ok() && row[2].parse::<u64>().is_ok(),
        "{said}"
    );
    desk.all(&["DISABLE Domain a.test"]).await;
    assert!(desk.text("LIST Domains").await.starts_with("+OK"));
    assert!(
        desk.text("LIST AllDomains")
            .await
            .starts_with("a.test            disabled\n")
    );
    assert_eq!(
        desk.reply("UPDATE Domain a.test").await.message,
        "domain is disabled: domain a.test is disabled"
    );
    desk.all(&[
        "ENABLE Domain domainLocation /var/opt/axigen/domains/a.test",
        "UPDATE Domain a.test",
    ])
    .await;
    let reply = desk.reply("SHOW postmasterAccount").await;
    assert!(matches!(reply.body, Body::Attribute(one) if one.text == "\"postmaster\""));
    desk.all(&["BACK", "DELETE Domain name a.test"]).await;
    assert_eq!(
        desk.reply("ENABLE Domain name a.test").await.message,
        "domain not found: a.test"
    );
    desk.close().await;
}

#[tokio::test]
async fn a_commit_that_cannot_bind_changes_nothing() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let mut desk = Desk::new();
    desk.all(&["CONFIG SERVER", "CONFIG CLI"]).await;
    desk.all(&[&format!("ADD Listener {free}"), "COMMIT", "START Service"])
        .await;
    assert_eq!(desk.parts.services.state(ServiceName::Cli), Some(State::Running));
    desk.all(&[&format!("ADD Listener {address}")]).await;
    let reply = desk.reply("COMMIT").await;
    assert!(
        !reply.ok() && reply.message.contains(&format!("cannot bind {address}")),
        "{}",
        reply.message
    );
    assert_eq!(reply.prompt, "<server-cli-listener#> ");
    assert_eq!(desk.parts.config.settings().cli.connection.listeners.len(), 1);
    drop(taken);
    desk.all(&["COMMIT"]).await;
    assert_eq!(desk.parts.config.settings().cli.connection.listeners.len(), 2);
    desk.close().await;
}

#[tokio::test]
async fn the_server_tree_is_saved_on_demand() {
    let mut desk = Desk::new();
    desk.all(&["CONFIG SERVER", "SET serverName mail.a.test", "CONFIG PROCESSING"])
        .await;
    desk.all(&["SET queuePath /var/opt/axigen/other"]).await;
    let reply = desk.reply("COMMIT").await;
    assert_eq!(reply.warnings, ["queuePath takes effect at the next start"]);
    assert_eq!(desk.parts.config.settings().processing.queue_path, "other");
    assert_eq!(desk.parts.config.settings().server.server_name, "localhost");
    assert!(desk.reply("COMMIT").await.unsaved);
    assert_eq!(desk.parts.config.settings().server.server_name, "mail.a.test");
    assert!(
        desk.text("SHOW CONFIG")
            .await
            .contains("serverName = \"mail.a.test\"")
    );
    assert!(!desk.reply("SAVE CONFIG").await.unsaved);
    let saved = std::fs::read_to_string(desk.home.path().join("axigen.cfg")).unwrap();
    assert!(saved.contains("mail.a.test"), "{saved}");
    assert_eq!(desk.reply("ENTER DEBUG").await.prompt, "<debug#> ");
    assert_eq!(
        desk.reply("EXEC listCliHelp help.txt").await.message,
        "written to help.txt"
    );
    assert!(!desk.reply("EXEC listCliHelp ../help.txt").await.ok());
    assert!(
        std::fs::read_to_string(desk.home.path().join("help.txt"))
            .unwrap()
            .contains("Context: IMAP")
    );
    desk.close().await;
}

#[tokio::test]
async fn services_start_and_stop_at_once() {
    let mut desk = Desk::new();
    desk.all(&["CONFIG SERVER", "CONFIG PROCESSING", "START Service"])
        .await;
    assert!(desk.parts.processing.is_running());
    assert!(!desk.reply("START Service").await.ok());
    desk.all(&["STOP Service"]).await;
    assert!(!desk.parts.processing.is_running());
    assert!(
        !desk
            .parts
            .config
            .settings()
            .server
            .services
            .contains(&ServiceName::Processing)
    );
    desk.close().await;
}

#[tokio::test]
async fn the_administrators_password() {
    let mut desk = Desk::new();
    desk.all(&["SET admin-password first"]).await;
    assert!(
        !desk
            .reply("CHANGE password oldPassword wrong newPassword second")
            .await
            .ok()
    );
    desk.all(&["CHANGE password oldPassword first newPassword second"])
        .await;
    assert!(
        desk.parts
            .directory
            .authenticate_admin("admin", b"second")
            .await
            .is_ok()
    );
    desk.close().await;
}
