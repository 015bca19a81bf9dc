//! The SMTP receiving service: joins the SMTP session to directory, mailboxes and queue (services-core 3.2.1).
//!
//! Owns what the session cannot know: who may log in, who is a recipient and has room, and how a message is handed
//! to processing. Does not own the dialogue (`axigend_protocol::smtp`), connections (`axigend_net`) or what becomes of a
//! queued message (`axigend_processing`). A session keeps the settings it began with.
//!
//! Memory: a client, logged in or not, makes its session hold at most `axigend_protocol::smtp::PRE_AUTH_MEMORY` and
//! the queue's spool at most `axigend_queue::SPOOL_MEMORY` twice; the rest of a message goes to the disk.

mod backend;
mod recipient;

use std::sync::Arc;

use axigend_config::{RunningConfig, Settings};
use axigend_directory::Directory;
use axigend_net::{Conversation, Joined, Service};
use axigend_processing::Processing;
use axigend_protocol::{
    Peer,
    smtp::{self, Session, SmtpPolicy},
};
use axigend_queue::Queue;
use axigend_storage::Stores;

use crate::parts::Parts;
use backend::SmtpBackend;

/// The service as `axigend_net` runs it.
pub struct SmtpIncomingService {
    desk: Arc<Desk>,
}

/// The parts that answer SMTP sessions.
struct Desk {
    config: Arc<RunningConfig>,
    directory: Arc<Directory>,
    stores: Arc<Stores>,
    queue: Arc<Queue>,
    processing: Arc<Processing>,
}

impl SmtpIncomingService {
    /// The service on these parts.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "made like every service, from a handle of its own"
    )]
    pub fn new(parts: Arc<Parts>) -> Self {
        let desk = Desk {
            config: Arc::clone(&parts.config),
            directory: Arc::clone(&parts.directory),
            stores: Arc::clone(&parts.stores),
            queue: Arc::clone(&parts.queue),
            processing: Arc::clone(&parts.processing),
        };
        Self { desk: Arc::new(desk) }
    }
}

impl Service for SmtpIncomingService {
    fn name(&self) -> &'static str {
        "SMTP-IN"
    }

    fn thread_name(&self) -> &'static str {
        "smtp-in"
    }

    fn thread_started(&self) {
        axigend_storage::mark_connection_thread();
    }

    fn open(&self, peer: &Peer) -> Box<dyn Conversation> {
        let settings = self.desk.config.settings();
        let session = Session::new(session_settings(&settings), peer.clone());
        let remote = peer.remote.map(|remote| remote.ip().to_canonical());
        Box::new(Joined::new(
            session,
            SmtpBackend::new(Arc::clone(&self.desk), settings, remote),
        ))
    }
}

/// What the session knows of the configuration. Limits that are no service attributes have the policy's defaults
/// until the policy script sets them.
fn session_settings(settings: &Settings) -> smtp::Settings {
    let smtp = &settings.smtp_incoming;
    smtp::Settings {
        server_name: settings.server.server_name.clone(),
        primary_domain: settings.server.primary_domain.clone(),
        max_errors: smtp.max_errors,
        max_auth_errors: smtp.max_auth_errors,
        policy: Arc::new(SmtpPolicy {
            max_received_headers: smtp.max_received_headers,
            ..SmtpPolicy::default()
        }),
    }
}

#[cfg(test)]
mod tests;
