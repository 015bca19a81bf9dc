//! The driver with toy sessions over real sockets and over memory.

use super::{Driver, Ending, Terms};
use crate::phase::{Phase, PhaseWatch};
use crate::testing::{Secure, ToyService, peer, ssl};
use crate::wire::Wire;
use axigen_shared::Refusal;
use rustls::ServerConfig;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::runtime::Builder;
use tokio::sync::watch;
use tokio::task::{JoinHandle, LocalSet, spawn_local};
use tokio_rustls::TlsConnector;

/// Fixed terms.
struct Fixed {
    idle: Duration,
    secure: Arc<Secure>,
}

impl Terms for Fixed {
    fn idle_timeout(&self) -> Duration {
        self.idle
    }

    fn tls(&self) -> Result<Arc<ServerConfig>, Refusal> {
        self.secure.store.server_config(&ssl())
    }
}

/// One driven connection over a pipe.
struct Line {
    client: DuplexStream,
    driver: JoinHandle<Ending>,
    phase: watch::Sender<Phase>,
    secure: Arc<Secure>,
}

impl Line {
    fn open(idle: Duration, service: &ToyService) -> Self {
        let secure = Arc::new(Secure::new());
        let (client, server) = duplex(4096);
        let (phase, watch) = PhaseWatch::new();
        let terms = Arc::new(Fixed {
            idle,
            secure: Arc::clone(&secure),
        });
        let driver = Driver::new(Wire::Plain(server), service.conversation(&peer()), terms, watch);
        Self {
            client,
            driver: spawn_local(driver.run()),
            phase,
            secure,
        }
    }

    async fn say(&mut self, text: &str) {
        self.client
            .write_all(text.as_bytes())
            .await
            .expect("the pipe takes it");
    }

    async fn hear(&mut self, text: &str) {
        hear(&mut self.client, text).await;
    }

    async fn end(self) -> Ending {
        self.driver.await.expect("the driver does not panic")
    }
}

async fn hear(from: &mut (impl AsyncRead + Unpin), text: &str) {
    let mut bytes = vec![0; text.len()];
    from.read_exact(&mut bytes).await.expect("as much as expected");
    assert_eq!(String::from_utf8_lossy(&bytes), text);
}

const LONG: Duration = Duration::from_mins(1);
const SHORT: Duration = Duration::from_millis(50);

fn run(test: impl Future<Output = ()>) {
    let runtime = Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    LocalSet::new().block_on(&runtime, test);
}

#[test]
fn pipelined_commands_are_answered_in_order() {
    run(async {
        let mut line = Line::open(LONG, &ToyService::new());
        line.say("PING\nASK one\nASK wait\nPING\nQUIT\n").await;
        line.hear("HELLO\nPONG\none\nwaited\nPONG\nBYE\n").await;
        drop(std::mem::replace(&mut line.client, duplex(1).0));
        assert!(matches!(line.end().await, Ending::Closed));
    });
}

#[test]
fn silence_ends_with_the_goodbye_of_the_protocol() {
    run(async {
        let mut line = Line::open(SHORT, &ToyService::new());
        line.hear("HELLO\nTIMEOUT\n").await;
        assert_eq!(line.client.read(&mut [0; 1]).await.expect("an end"), 0);
        drop(std::mem::replace(&mut line.client, duplex(1).0));
        assert!(matches!(line.end().await, Ending::Idle));
    });
}

#[test]
fn events_do_not_prolong_the_silence() {
    run(async {
        let service = ToyService::new();
        let mut line = Line::open(Duration::from_millis(200), &service);
        line.say("LISTEN\n").await;
        line.hear("HELLO\n").await;
        let started = tokio::time::Instant::now();
        let talker = spawn_local(async move {
            let mut every = tokio::time::interval(Duration::from_millis(20));
            loop {
                every.tick().await;
                service.news.send_replace("news".to_owned());
            }
        });
        let mut heard = String::new();
        line.client
            .read_to_string(&mut heard)
            .await
            .expect("text until the end");
        talker.abort();
        assert!(heard.starts_with("news\n"), "{heard}");
        assert!(heard.ends_with("TIMEOUT\n"), "{heard}");
        assert!(started.elapsed() < Duration::from_secs(5));
    });
}

#[test]
fn the_end_of_input_closes() {
    run(async {
        let mut line = Line::open(LONG, &ToyService::new());
        line.say("PI").await;
        line.hear("HELLO\n").await;
        line.client.shutdown().await.expect("half closed");
        assert!(matches!(line.end().await, Ending::PeerClosed));
    });
}

#[test]
fn who_never_reads_is_cut() {
    run(async {
        let mut line = Line::open(LONG, &ToyService::new());
        line.say("FLOOD\n").await;
        let Line { client, driver, .. } = line;
        assert!(matches!(driver.await.expect("no panic"), Ending::NotRead));
        drop(client);
    });
}

#[test]
fn a_stop_lets_the_command_finish_and_says_goodbye() {
    run(async {
        let mut line = Line::open(LONG, &ToyService::new());
        line.hear("HELLO\n").await;
        line.phase.send(Phase::Draining).expect("the driver listens");
        line.hear("STOPPING\n").await;
        drop(std::mem::replace(&mut line.client, duplex(1).0));
        assert!(matches!(line.end().await, Ending::Closed));
    });
}

#[test]
fn what_was_sent_before_tls_is_never_heard_after_it() {
    run(async {
        let mut line = Line::open(LONG, &ToyService::new());
        line.hear("HELLO\n").await;
        line.say("TLS\nPING\nQUIT\n").await;
        line.hear("GO\n").await;
        let Line {
            client,
            driver,
            secure,
            ..
        } = line;
        let connector = TlsConnector::from(Arc::clone(&secure.client));
        let mut tls = connector
            .connect(Secure::name(), client)
            .await
            .expect("the handshake");
        hear(&mut tls, "SECURED TLSv1.3\n").await;
        tls.write_all(b"ASK injected?\nQUIT\n").await.expect("written");
        let mut rest = String::new();
        // Ends with close_notify, or this is an error.
        tls.read_to_string(&mut rest).await.expect("a proper end");
        assert_eq!(rest, "injected?\nBYE\n");
        drop(tls);
        assert!(matches!(driver.await.expect("no panic"), Ending::Closed));
    });
}

#[test]
fn an_injection_larger_than_one_read_is_discarded_too() {
    run(async {
        let secure = Arc::new(Secure::new());
        let (mut client, server) = duplex(256 * 1024);
        let (_phase, watch) = PhaseWatch::new();
        let terms = Arc::new(Fixed {
            idle: LONG,
            secure: Arc::clone(&secure),
        });
        let mut injected = b"TLS\n".to_vec();
        injected.extend(b"QUIT\n".repeat(8000));
        client.write_all(&injected).await.expect("the pipe takes it");
        let conversation = ToyService::new().conversation(&peer());
        let driver = spawn_local(Driver::new(Wire::Plain(server), conversation, terms, watch).run());
        hear(&mut client, "HELLO\nGO\n").await;
        let connector = TlsConnector::from(Arc::clone(&secure.client));
        let mut tls = connector
            .connect(Secure::name(), client)
            .await
            .expect("the handshake");
        hear(&mut tls, "SECURED TLSv1.3\n").await;
        drop(tls);
        assert!(matches!(driver.await.expect("no panic"), Ending::PeerClosed));
    });
}

#[test]
fn a_handshake_that_never_comes_ends() {
    run(async {
        let mut line = Line::open(LONG, &ToyService::new());
        line.say("TLS\n").await;
        line.hear("HELLO\nGO\n").await;
        let Line { client, driver, .. } = line;
        assert!(matches!(driver.await.expect("no panic"), Ending::Handshake(_)));
        drop(client);
    });
}

#[test]
fn a_stop_waits_for_no_handshake_and_no_reader() {
    run(async {
        let mut line = Line::open(LONG, &ToyService::new());
        line.say("TLS\n").await;
        line.hear("HELLO\nGO\n").await;
        let Line {
            client,
            driver,
            phase,
            ..
        } = line;
        phase.send(Phase::Draining).expect("the driver listens");
        assert!(matches!(driver.await.expect("no panic"), Ending::Cut));
        drop(client);

        let mut line = Line::open(LONG, &ToyService::new());
        line.say("FLOOD\n").await;
        line.hear("HELLO\n").await;
        line.phase.send(Phase::Draining).expect("the driver listens");
        let Line { client, driver, .. } = line;
        assert!(matches!(driver.await.expect("no panic"), Ending::Cut));
        drop(client);
    });
}
