//! Which port each service got.
//!
//! All listeners of a test server are on port 0, so that tests run side by side. Two listeners of one service differ by their
//! loopback address: 127.0.0.1 is in clear, 127.0.0.2 has TLS from the first byte. The daemon writes what it bound to
//! `run/listeners.json`, one object: service name to a list of `address:port`.

use serde_json::Value;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;

/// A way into the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Service {
    /// SMTP receiving, in clear with STARTTLS.
    Smtp,
    /// SMTP receiving with TLS from the first byte.
    SmtpTls,
    /// IMAP, in clear with STARTTLS.
    Imap,
    /// IMAP with TLS from the first byte.
    ImapTls,
    /// POP3, in clear with STLS.
    Pop3,
    /// POP3 with TLS from the first byte.
    Pop3Tls,
    /// The command line interface.
    Cli,
}

impl Service {
    /// The service's name in `axigen.cfg`, and the loopback address of its listener in tests.
    pub const fn listener(self) -> (&'static str, &'static str) {
        match self {
            Self::Smtp => ("smtpIncoming", "127.0.0.1"),
            Self::SmtpTls => ("smtpIncoming", "127.0.0.2"),
            Self::Imap => ("imap", "127.0.0.1"),
            Self::ImapTls => ("imap", "127.0.0.2"),
            Self::Pop3 => ("pop3", "127.0.0.1"),
            Self::Pop3Tls => ("pop3", "127.0.0.2"),
            Self::Cli => ("cli", "127.0.0.1"),
        }
    }
}

/// What a started daemon has bound.
#[derive(Clone, Debug, Default)]
pub struct Ports(BTreeMap<String, Vec<SocketAddr>>);

impl Ports {
    /// Reads `run/listeners.json` of a working directory.
    pub fn read(workdir: &Path) -> Self {
        let path = workdir.join("run/listeners.json");
        let text = std::fs::read_to_string(&path)
            .unwrap_or_else(|error| panic!("{} after READY: {error}", path.display()));
        let Value::Object(services) = serde_json::from_str(&text).expect("listeners.json is JSON") else {
            panic!("listeners.json is not an object: {text}");
        };
        Self(
            services
                .into_iter()
                .map(|(service, bound)| (service, addresses(&bound)))
                .collect(),
        )
    }

    /// The address of a service. Panics when it is not bound: the test cannot go on.
    #[track_caller]
    pub fn address(&self, service: Service) -> SocketAddr {
        let (name, ip) = service.listener();
        let bound = self.0.get(name).map(Vec::as_slice).unwrap_or_default();
        let found = bound.iter().find(|address| address.ip().to_string() == ip);
        *found.unwrap_or_else(|| panic!("{service:?} is not bound: {:?}", self.0))
    }

    /// Everything a service has bound.
    pub fn all(&self, name: &str) -> &[SocketAddr] {
        self.0.get(name).map(Vec::as_slice).unwrap_or_default()
    }
}

fn addresses(bound: &Value) -> Vec<SocketAddr> {
    let rows = bound.as_array().map(Vec::as_slice).unwrap_or_default();
    rows.iter().filter_map(|row| row.as_str()?.parse().ok()).collect()
}
