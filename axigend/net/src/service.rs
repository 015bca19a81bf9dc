//! A service as this crate sees it: two names and a way to open a conversation.

use crate::conversation::Conversation;
use axigend_protocol::Peer;

/// What a service gives to its [`crate::ServiceHost`].
pub trait Service: Send + Sync + 'static {
    /// The module name in the log (services-core 3.1.1): "SMTP-IN", "IMAP", "CLI".
    fn name(&self) -> &'static str;

    /// The name of its threads without their number, at most 12 bytes so that the kernel keeps all of it:
    /// "imap" gives `imap-03`.
    fn thread_name(&self) -> &'static str;

    /// Called on each of its threads before the first connection lives there: for what has to know these threads.
    fn thread_started(&self) {}

    /// Opens the conversation with a new peer. Called on the pool thread that the connection will live on; must not
    /// block. The conversation never leaves that thread and need not be `Send`.
    fn open(&self, peer: &Peer) -> Box<dyn Conversation>;
}
