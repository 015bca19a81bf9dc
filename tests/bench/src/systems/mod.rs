//! Who is measured: how each system is set up in a directory, started and stopped.
//!
//! Limits that would bind are raised on all alike and printed ([`LIMITS`]); durability is what each calls safe.

mod axigen;
mod postfix_dovecot;

pub(crate) use axigen::Axigen;
pub(crate) use postfix_dovecot::PostfixDovecot;

use std::fmt::Display;
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::time::{Duration, Instant};

/// What was raised or switched off, and where.
pub(crate) const LIMITS: &str = "connections per client address: none on axigen listeners, 10000 in Dovecot, Postfix exempts 127/8; \
     IMAP sessions per account: 255 on axigen, 10000 in Dovecot; \
     clear-text logins allowed and no TLS in the load on both; Postfix: 120 smtpd, in_flow_delay 0, 20 parallel LMTP deliveries, \
     no DNS; Dovecot: 6000 imap and 2000 pop3 processes, inotify instances 8192; files open 20000; \
     mail_fsync=optimized (each delivered or appended message is synced), Postfix syncs each queue file";

/// Longest wait until a server answers after its start.
const START: Duration = Duration::from_mins(5);
/// Between two looks.
const LOOK: Duration = Duration::from_millis(2);

/// A kind of server.
pub(crate) trait System {
    /// Its version on the lines.
    fn version(&self) -> String;

    /// Sets a new server up in an empty directory, with accounts `user1` to `user{accounts}`, and starts it.
    fn create(&mut self, home: &Path, accounts: usize) -> Result<Server, String>;

    /// Starts the server of this directory and waits until SMTP and IMAP answer.
    fn start(&mut self, home: &Path) -> Result<Server, String>;
}

/// A running server; stopped when dropped.
pub(crate) struct Server {
    pub(crate) smtp: SocketAddr,
    pub(crate) imap: SocketAddr,
    pub(crate) pop3: SocketAddr,
    /// Its processes are these and all below them.
    pub(crate) roots: Vec<u32>,
    /// Stops it and waits for its end; `true` is at once, as a crash would.
    stop: Box<dyn FnMut(bool) + Send + Sync>,
}

impl Server {
    /// Waits until all services take connections.
    fn listens(&self) -> Result<(), String> {
        for address in [self.smtp, self.imap, self.pop3] {
            answers(|| TcpStream::connect(address).is_ok(), &address.to_string())?;
        }
        Ok(())
    }

    /// Ends it as kill -9 does.
    pub(crate) fn kill(mut self) {
        (self.stop)(true);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        (self.stop)(false);
    }
}

/// Waits until something answers.
fn answers(ready: impl Fn() -> bool, what: &str) -> Result<(), String> {
    let began = Instant::now();
    while !ready() {
        if began.elapsed() > START {
            return Err(format!("{what}: no answer"));
        }
        std::thread::sleep(LOOK);
    }
    Ok(())
}

/// Puts what was tried before an error.
fn trying<T, E: Display>(what: &str, result: Result<T, E>) -> Result<T, String> {
    result.map_err(|error| format!("{what}: {error}"))
}
