//! A small line protocol that makes the driver do everything it can, and what tests need around it.

use crate::{Backend, Conversation, Joined, Service, TlsStore};
use axigend_config::{ConnectionSettings, ListenerSettings, SslSettings, TlsVersion};
use axigend_protocol::{Peer, Session, Step, TlsFacts};
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use std::collections::VecDeque;
use std::fs;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::sync::watch;

/// PING, ASK text, TLS, LISTEN, FLOOD, BLOCK, QUIT; one command a line.
pub struct Toy {
    heard: Vec<u8>,
    steps: VecDeque<Step<String>>,
    listening: bool,
    flooding: bool,
}

impl Toy {
    /// A session that greets.
    pub fn new(peer: &Peer) -> Self {
        let greeting = if peer.tls.is_some() {
            "HELLO TLS\n"
        } else {
            "HELLO\n"
        };
        let mut toy = Self {
            heard: Vec::new(),
            steps: VecDeque::new(),
            listening: false,
            flooding: false,
        };
        toy.say(greeting);
        toy
    }

    fn say(&mut self, text: &str) {
        self.steps.push_back(Step::Write(text.as_bytes().to_vec()));
    }

    fn end(&mut self, text: &str) {
        self.say(text);
        self.steps.push_back(Step::Close);
    }

    fn line(&mut self, line: &str) {
        match line.split_once(' ').unwrap_or((line, "")) {
            ("PING", _) => self.say("PONG\n"),
            ("ASK", text) => self.steps.push_back(Step::Ask(text.to_owned())),
            ("TLS", _) => {
                self.say("GO\n");
                self.steps.push_back(Step::StartTls);
            }
            ("LISTEN", _) => self.listening = true,
            ("FLOOD", _) => self.flooding = true,
            ("QUIT", _) => self.end("BYE\n"),
            _ => self.say("WHAT\n"),
        }
    }
}

impl Session for Toy {
    type Request = String;
    type Answer = String;

    fn input(&mut self, bytes: &[u8]) {
        self.listening = false;
        self.heard.extend_from_slice(bytes);
    }

    fn answer(&mut self, answer: String) {
        self.say(&format!("{answer}\n"));
    }

    fn timeout(&mut self) {
        self.end("TIMEOUT\n");
    }

    fn end_of_input(&mut self) {
        self.steps.push_back(Step::Close);
    }

    fn secured(&mut self, tls: TlsFacts) {
        self.heard.clear();
        self.say(&format!("SECURED {}\n", tls.version));
    }

    fn shutdown(&mut self) {
        self.end("STOPPING\n");
    }

    fn next(&mut self) -> Step<String> {
        loop {
            if let Some(step) = self.steps.pop_front() {
                return step;
            }
            if self.flooding {
                return Step::Write(vec![b'x'; 64 * 1024]);
            }
            let Some(end) = self.heard.iter().position(|byte| *byte == b'\n') else {
                break;
            };
            let line: Vec<u8> = self.heard.drain(..=end).collect();
            let line = String::from_utf8_lossy(&line).trim_end().to_owned();
            self.line(&line);
        }
        if self.listening { Step::Listen } else { Step::Read }
    }
}

/// Answers with the question; ASK block never answers; tells every value of its watch.
pub struct ToyBackend {
    news: watch::Receiver<String>,
}

impl Backend for ToyBackend {
    type Session = Toy;

    async fn answer(&mut self, request: String) -> String {
        match request.as_str() {
            "block" => std::future::pending().await,
            "wait" => {
                // The answer is not there at once, so the driver writes meanwhile.
                tokio::task::yield_now().await;
                "waited".to_owned()
            }
            _ => request,
        }
    }

    async fn event(&mut self) -> String {
        if self.news.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
        self.news.borrow_and_update().clone()
    }
}

/// The toy protocol as a service.
pub struct ToyService {
    /// What listening sessions are told.
    pub news: watch::Sender<String>,
}

impl ToyService {
    /// A service without news.
    pub fn new() -> Arc<Self> {
        Arc::new(Self {
            news: watch::channel(String::new()).0,
        })
    }

    /// A conversation with this peer.
    pub fn conversation(&self, peer: &Peer) -> Box<dyn Conversation> {
        Box::new(Joined::new(
            Toy::new(peer),
            ToyBackend {
                news: self.news.subscribe(),
            },
        ))
    }
}

impl Service for ToyService {
    fn name(&self) -> &'static str {
        "TOY"
    }

    fn thread_name(&self) -> &'static str {
        "toy"
    }

    fn open(&self, peer: &Peer) -> Box<dyn Conversation> {
        self.conversation(peer)
    }
}

/// A peer nobody knows anything about.
pub fn peer() -> Peer {
    Peer {
        remote: None,
        local: None,
        uid: None,
        session_id: 1,
        tls: None,
        can_start_tls: true,
    }
}

/// A certificate in a directory, the store on it, and a client that trusts it.
pub struct Secure {
    /// Removed with this value.
    pub directory: TempDir,
    /// What the service uses.
    pub store: Arc<TlsStore>,
    /// What the client uses.
    pub client: Arc<ClientConfig>,
}

impl Secure {
    /// Makes all three.
    pub fn new() -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).expect("a certificate");
        let pem = format!("{}{}", made.cert.pem(), made.signing_key.serialize_pem());
        fs::write(directory.path().join("cert.pem"), pem).expect("the certificate is written");
        let client = trusting(made.cert.der());
        let store = Arc::new(TlsStore::new(directory.path()));
        Self {
            directory,
            store,
            client,
        }
    }

    /// The name in the certificate.
    pub fn name() -> ServerName<'static> {
        ServerName::try_from("localhost").expect("a name")
    }
}

fn trusting(certificate: &CertificateDer<'static>) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(certificate.clone()).expect("a root");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    Arc::new(
        builder
            .expect("versions")
            .with_root_certificates(roots)
            .with_no_client_auth(),
    )
}

/// TLS as listeners have it by default, with the certificate of [`Secure`].
pub fn ssl() -> SslSettings {
    SslSettings {
        cert_file: "cert.pem".to_owned(),
        allowed_versions: vec![TlsVersion::Tls12, TlsVersion::Tls13],
    }
}

/// A listener on this address without limits.
pub fn listener(address: SocketAddr) -> ListenerSettings {
    ListenerSettings {
        address,
        enable: true,
        idle_timeout: Duration::from_mins(1),
        max_connections: 0,
        peer_max_connections: 0,
        ssl_enable: false,
        ssl: ssl(),
    }
}

/// A service of these listeners with two threads.
pub fn connection(listeners: Vec<ListenerSettings>) -> ConnectionSettings {
    ConnectionSettings {
        listeners,
        min_conn_threads: 2,
        max_conn_threads: 4,
        start_tls: true,
    }
}
