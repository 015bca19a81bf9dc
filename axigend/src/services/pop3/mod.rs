//! The POP3 service: joins the POP3 session to directory and mailbox (services-core 3.2.4).
//!
//! Owns what the session cannot know: who may log in, the exclusive lock on a mailbox, how its answers are read from
//! the store (as questions that never keep the thread of the connection waiting, `axigend_storage::ask`), and when \Seen is
//! written. Does not own the protocol (`axigend_protocol::pop3`) or connections (`axigend_net`). A session keeps the
//! settings it began with.

mod backend;
mod lock;
mod maildrop;
mod seen;

use std::sync::Arc;

use axigend_config::{AuthTypes, LoginSettings, RunningConfig};
use axigend_directory::Directory;
use axigend_net::{Conversation, Joined, Service};
use axigend_protocol::{
    Peer,
    pop3::{Session, Settings},
    sasl::{LoginRules, Mechanisms},
};
use axigend_storage::Stores;

use crate::parts::Parts;
use backend::Pop3Backend;
use lock::Locks;

/// The service as `axigend_net` runs it.
pub struct Pop3Service {
    desk: Arc<Desk>,
}

/// The parts that answer POP3 sessions.
struct Desk {
    config: Arc<RunningConfig>,
    directory: Arc<Directory>,
    stores: Arc<Stores>,
    locks: Locks,
}

impl Pop3Service {
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
            locks: Locks::default(),
        };
        Self { desk: Arc::new(desk) }
    }
}

impl Service for Pop3Service {
    fn name(&self) -> &'static str {
        "POP3"
    }

    fn thread_name(&self) -> &'static str {
        "pop3"
    }

    fn thread_started(&self) {
        axigend_storage::mark_connection_thread();
    }

    fn open(&self, peer: &Peer) -> Box<dyn Conversation> {
        let settings = self.desk.config.settings();
        let pop3 = &settings.pop3;
        let session = Session::new(
            Settings {
                server_name: settings.server.server_name.clone(),
                greeting: pop3.greetings_text.clone(),
                login: login_rules(&pop3.login),
                max_errors: pop3.max_errors,
                max_auth_errors: pop3.max_auth_errors,
            },
            peer,
        );
        let remote = peer.remote.map(|remote| remote.ip().to_canonical());
        let backend = Pop3Backend::new(Arc::clone(&self.desk), settings, remote);
        Box::new(Joined::new(session, backend))
    }
}

fn login_rules(login: &LoginSettings) -> LoginRules {
    LoginRules {
        start_tls: login.allow_start_tls,
        secure: mechanisms(login.secure_conn_auth_types),
        plain: mechanisms(login.plain_conn_auth_types),
        secure_login: login.secure_conn_allow_login,
        plain_login: login.plain_conn_allow_login,
    }
}

/// Those of the administrator's choice that sessions speak.
fn mechanisms(types: AuthTypes) -> Mechanisms {
    Mechanisms {
        plain: types.plain,
        login: types.login,
    }
}

#[cfg(test)]
mod tests;
