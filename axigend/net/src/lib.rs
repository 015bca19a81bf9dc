//! The one place for connections: listeners, limits, thread pools, TLS and the driver of sessions.
//!
//! A [`Service`] opens a [`Conversation`] per connection; everything else about a connection is done here, the same
//! for every protocol, so that adding one adds no line to this crate. Nothing here knows a protocol.
//!
//! Enter with [`ServiceHost`]: one running service with its listeners ([`ServiceHost::start`]), its live changes
//! ([`ServiceHost::prepare`], [`ServiceHost::apply`]) and its orderly end ([`ServiceHost::stop`]).
//! On the other side a service joins a session without I/O to what answers it with [`Joined`].

mod conversation;
mod driver;
mod host;
mod limits;
mod listener;
mod phase;
mod pool;
mod service;
mod tls;
mod wire;
mod worker;

#[cfg(test)]
mod testing;

pub use conversation::{Action, Backend, Conversation, Joined};
pub use host::{Prepared, Served, ServiceHost, Started, State, UnixSettings};
pub use listener::UNIX_PATH_LIMIT;
pub use service::Service;
pub use tls::TlsStore;
