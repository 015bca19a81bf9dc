//! The CLI service: joins the AXIGEN text dialogue on TCP to the administration engine (WIRE.md 1 to 4).
//!
//! Its threads may wait for the disk: a command of an administrator may read much, and few sessions live there.

use crate::administration::Administration;
use crate::parts::Parts;
use axigend_console::{Answer, Engine, Identity, Limits, Request, TextSession};
use axigend_net::{Backend, Conversation, Joined, Service};
use axigend_protocol::Peer;
use std::sync::Arc;

/// What is said before the first prompt. Short: clients read it with one small `recv`, and no line may end in `>` .
const BANNER: [&str; 2] = ["axigend administration service", "log in with USER <name>."];

/// The service as `axigend_net` runs it.
pub struct CliService {
    parts: Arc<Parts>,
    administration: Arc<Administration>,
}

impl CliService {
    /// The service on these parts.
    pub fn new(parts: Arc<Parts>) -> Self {
        let administration = Administration::new(Arc::clone(&parts));
        Self {
            parts,
            administration,
        }
    }
}

impl Service for CliService {
    fn name(&self) -> &'static str {
        "CLI"
    }

    fn thread_name(&self) -> &'static str {
        "cli"
    }

    fn open(&self, _peer: &Peer) -> Box<dyn Conversation> {
        let settings = self.parts.config.settings();
        let limits = Limits {
            max_errors: settings.cli.max_errors,
            max_auth_errors: settings.cli.max_auth_errors,
            max_auth_commands: settings.cli.max_auth_commands,
        };
        let engine = Engine::new(Arc::clone(&self.administration) as _, limits, Identity::default());
        let session = TextSession::new(&BANNER, &engine.prompt());
        Box::new(Joined::new(session, CliBackend { engine }))
    }
}

/// One connection's engine.
struct CliBackend {
    engine: Engine,
}

impl Backend for CliBackend {
    type Session = TextSession;

    async fn answer(&mut self, request: Request) -> Answer {
        self.engine.answer(request).await
    }
}
