//! The IMAP service: joins the IMAP session to directory and store (services-core 3.2.5).
//!
//! Owns what the session cannot know: who may log in, which mailbox that opens, how its answers are read from the
//! store: as questions that never keep the thread of the connection waiting (`axigend_storage::ask`), one for a page of
//! messages. Does not own the protocol (`axigend_protocol::imap`) or connections (`axigend_net`). A session keeps the
//! settings it began with.

mod append;
mod backend;
mod convert;
mod login;
mod mailbox;
mod message;
mod page;
mod recents;
mod sifting;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use axigend_config::AuthTypes;
use axigend_net::{Conversation, Joined, Service};
use axigend_protocol::{
    Peer,
    imap::{LoginRules, Session, Settings},
    sasl::Mechanisms,
};

use crate::parts::Parts;
use backend::ImapBackend;
use recents::Recents;

/// Largest message that APPEND takes (APPENDLIMIT, RFC 7889): the store writes it in one piece while others wait, so
/// kept moderate.
pub const APPEND_LIMIT: u64 = 64 * 1024 * 1024;

/// The service as `axigend_net` runs it.
pub struct ImapService {
    parts: Arc<Parts>,
    recents: Recents,
}

impl ImapService {
    /// The service on these parts.
    pub fn new(parts: Arc<Parts>) -> Self {
        Self {
            parts,
            recents: Recents::default(),
        }
    }
}

impl Service for ImapService {
    fn name(&self) -> &'static str {
        "IMAP"
    }

    fn thread_name(&self) -> &'static str {
        "imap"
    }

    fn thread_started(&self) {
        axigend_storage::mark_connection_thread();
    }

    fn open(&self, peer: &Peer) -> Box<dyn Conversation> {
        let settings = self.parts.config.settings();
        let imap = &settings.imap;
        let login = LoginRules {
            start_tls: imap.login.allow_start_tls,
            secure: mechanisms(imap.login.secure_conn_auth_types),
            plain: mechanisms(imap.login.plain_conn_auth_types),
            secure_login: imap.login.secure_conn_allow_login,
            plain_login: imap.login.plain_conn_allow_login,
        };
        let session = Session::new(
            Settings {
                greeting: imap.greetings_text.clone(),
                server_name: settings.server.server_name.clone(),
                login,
                id_enabled: imap.imap_id_enabled,
                max_errors: imap.max_errors,
                max_auth_errors: imap.max_auth_errors,
                append_limit: APPEND_LIMIT,
                version: env!("CARGO_PKG_VERSION").to_owned(),
            },
            peer.clone(),
        );
        Box::new(Joined::new(
            session,
            ImapBackend::new(Arc::clone(&self.parts), settings, self.recents.clone()),
        ))
    }
}

/// Those of the administrator's choice that sessions speak.
fn mechanisms(types: AuthTypes) -> Mechanisms {
    Mechanisms {
        plain: types.plain,
        login: types.login,
    }
}
