//! A running service with toy sessions: listeners, limits, threads, TLS, start and stop.

use super::{Served, ServiceHost, State, UnixSettings};
use crate::testing::{Secure, ToyService, connection, listener};
use axigen_shared::Cause;
use axigend_config::ListenerSettings;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};

const GRACE: Duration = Duration::from_secs(5);

fn loopback() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

fn other_loopback() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 2], 0))
}

struct Bed {
    runtime: Runtime,
    secure: Secure,
    host: Arc<ServiceHost>,
}

impl Bed {
    fn new() -> Self {
        let runtime = Builder::new_current_thread().build().expect("a runtime");
        let secure = Secure::new();
        let host = ServiceHost::new(ToyService::new(), Arc::clone(&secure.store));
        Self {
            runtime,
            secure,
            host,
        }
    }

    fn start(&self, listeners: Vec<ListenerSettings>) -> Vec<SocketAddr> {
        let started = self
            .runtime
            .block_on(self.host.start(&connection(listeners)))
            .expect("it starts");
        assert!(started.failed.is_empty(), "{:?}", started.failed);
        started.bound
    }

    fn change(&self, listeners: Vec<ListenerSettings>) {
        let prepared = self
            .runtime
            .block_on(self.host.prepare(&connection(listeners)))
            .expect("it can be bound");
        self.host.apply(prepared);
    }

    fn stop(&self, grace: Duration) -> Served {
        self.runtime.block_on(self.host.stop(grace))
    }
}

struct Client(BufReader<TcpStream>);

impl Client {
    fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).expect("a connection");
        stream
            .set_read_timeout(Some(Duration::from_secs(10)))
            .expect("a time-out");
        Self(BufReader::new(stream))
    }

    fn greeted(address: SocketAddr) -> Self {
        let mut client = Self::connect(address);
        assert_eq!(client.hear(), "HELLO\n");
        client
    }

    fn hear(&mut self) -> String {
        let mut line = String::new();
        self.0.read_line(&mut line).expect("a line or the end");
        line
    }

    fn ask(&mut self, line: &str) -> String {
        self.0.get_mut().write_all(line.as_bytes()).expect("written");
        self.hear()
    }

    fn assert_closed_at_once(mut self) {
        assert!(matches!(self.0.read(&mut [0; 16]), Ok(0) | Err(_)));
    }
}

#[test]
fn start_serve_stop() {
    let bed = Bed::new();
    assert_eq!(bed.host.state(), State::Stopped);
    let bound = bed.start(vec![listener(loopback()), listener(other_loopback())]);
    assert_eq!(bound.len(), 2);
    assert_eq!(bed.host.bound(), bound);
    assert_eq!(bed.host.state(), State::Running);
    let mut clients: Vec<_> = bound.iter().map(|address| Client::greeted(*address)).collect();
    assert_eq!(clients[0].ask("PING\n"), "PONG\n");
    assert_eq!(bed.host.sessions(), 2);
    // The clients read their goodbye and go.
    let readers: Vec<_> = clients
        .into_iter()
        .map(|mut client| std::thread::spawn(move || (client.hear(), client.hear())))
        .collect();
    assert_eq!(bed.stop(GRACE), Served { finished: 2, cut: 0 });
    assert_eq!(bed.host.state(), State::Stopped);
    for reader in readers {
        assert_eq!(
            reader.join().expect("no panic"),
            ("STOPPING\n".to_owned(), String::new())
        );
    }
    assert!(TcpStream::connect(bound[0]).is_err());
    // And once more, on the very same ports.
    assert_eq!(bed.start(vec![listener(bound[0])]), vec![bound[0]]);
    Client::greeted(bound[0]);
    bed.stop(GRACE);
}

#[test]
fn a_session_that_does_not_finish_is_cut() {
    let bed = Bed::new();
    let bound = bed.start(vec![listener(loopback())]);
    let mut client = Client::greeted(bound[0]);
    assert_eq!(client.ask("PING\nASK block\n"), "PONG\n");
    assert_eq!(
        bed.stop(Duration::from_millis(50)),
        Served { finished: 0, cut: 1 }
    );
    assert_eq!(client.hear(), "");
}

#[test]
fn a_start_is_refused_twice_and_names_what_it_could_not_bind() {
    let bed = Bed::new();
    let taken = TcpListener::bind(loopback()).expect("a port");
    let taken = taken
        .local_addr()
        .map(|address| (taken, address))
        .expect("its address");
    let none = bed
        .runtime
        .block_on(bed.host.start(&connection(vec![listener(taken.1)])))
        .expect_err("taken");
    assert!(
        none.detail.starts_with(&format!("cannot bind {}: ", taken.1)),
        "{}",
        none.detail
    );
    assert_eq!(bed.host.state(), State::Stopped);
    let both = connection(vec![listener(taken.1), listener(loopback())]);
    let started = bed
        .runtime
        .block_on(bed.host.start(&both))
        .expect("one of two is enough");
    assert_eq!((started.bound.len(), started.failed.len()), (1, 1));
    let again = bed.runtime.block_on(bed.host.start(&both)).expect_err("it runs");
    assert_eq!(again.cause, Cause::Conflict);
    bed.stop(GRACE);
}

#[test]
fn a_change_binds_first_and_an_error_changes_nothing() {
    let bed = Bed::new();
    let bound = bed.start(vec![listener(loopback())]);
    let mut session = Client::greeted(bound[0]);
    let taken = TcpListener::bind(loopback()).expect("a port");
    let address = taken.local_addr().expect("its address");
    let wish = connection(vec![listener(other_loopback()), listener(address)]);
    let refused = bed
        .runtime
        .block_on(bed.host.prepare(&wish))
        .err()
        .expect("the port is taken");
    assert!(
        refused.detail.starts_with(&format!("cannot bind {address}: ")),
        "{}",
        refused.detail
    );
    assert_eq!(bed.host.bound(), bound);
    drop(taken);
    bed.change(vec![listener(other_loopback()), listener(address)]);
    let now = bed.host.bound();
    assert_eq!(now.len(), 2);
    assert!(now.contains(&address) && !now.contains(&bound[0]));
    assert!(
        TcpStream::connect(bound[0]).is_err(),
        "the removed listener is closed"
    );
    assert_eq!(session.ask("PING\n"), "PONG\n", "its session goes on");
    Client::greeted(address);
    // Back at once: the address was free as soon as the change was applied.
    bed.change(vec![listener(bound[0])]);
    Client::greeted(bound[0]);
    drop(session);
    bed.stop(GRACE);
}

#[test]
fn limits_of_the_listener_close_at_once() {
    let bed = Bed::new();
    let limited = ListenerSettings {
        peer_max_connections: 1,
        ..listener(loopback())
    };
    let bound = bed.start(vec![limited.clone()]);
    let first = Client::greeted(bound[0]);
    Client::connect(bound[0]).assert_closed_at_once();
    // A higher limit acts on the next connection, and on the listener as it is.
    bed.change(vec![ListenerSettings {
        peer_max_connections: 0,
        max_connections: 2,
        ..limited
    }]);
    assert_eq!(bed.host.bound(), bound);
    let second = Client::greeted(bound[0]);
    Client::connect(bound[0]).assert_closed_at_once();
    drop((first, second));
    bed.stop(GRACE);
}

#[test]
fn idle_time_and_threads_change_under_running_sessions() {
    let bed = Bed::new();
    let bound = bed.start(vec![listener(loopback())]);
    let mut sessions: Vec<_> = (0..8).map(|_| Client::greeted(bound[0])).collect();
    let change = |idle_timeout| {
        let mut settings = connection(vec![ListenerSettings {
            idle_timeout,
            ..listener(loopback())
        }]);
        (settings.min_conn_threads, settings.max_conn_threads) = (1, 1);
        let prepared = bed
            .runtime
            .block_on(bed.host.prepare(&settings))
            .expect("nothing new to bind");
        bed.host.apply(prepared);
    };
    change(Duration::from_mins(1));
    for session in &mut sessions {
        assert_eq!(
            session.ask("PING\n"),
            "PONG\n",
            "no session is dropped by fewer threads"
        );
    }
    change(Duration::from_millis(50));
    for session in &mut sessions {
        let mut rest = session.ask("PING\n");
        session.0.read_to_string(&mut rest).expect("text until the end");
        assert!(
            rest.ends_with("TIMEOUT\n"),
            "the next wait has the new idle time: {rest}"
        );
    }
    bed.stop(GRACE);
}

#[test]
fn tls_from_the_first_byte() {
    let bed = Bed::new();
    let bound = bed.start(vec![ListenerSettings {
        ssl_enable: true,
        ..listener(loopback())
    }]);
    let client = rustls::ClientConnection::new(Arc::clone(&bed.secure.client), Secure::name());
    let stream = TcpStream::connect(bound[0]).expect("a connection");
    let mut tls = rustls::StreamOwned::new(client.expect("a client"), stream);
    let mut greeting = [0; 10];
    tls.read_exact(&mut greeting).expect("a greeting");
    assert_eq!(&greeting, b"HELLO TLS\n");
    // A client that speaks in clear is not served and does no harm.
    let mut clear = Client::connect(bound[0]);
    clear.0.get_mut().write_all(b"PING\n").expect("written");
    let _ = clear.0.get_mut().shutdown(Shutdown::Write);
    assert!(!clear.hear().contains("PONG"));
    drop(tls);
    bed.stop(GRACE);
}

#[test]
fn tls_without_certificate_is_a_failed_listener() {
    let bed = Bed::new();
    std::fs::remove_file(bed.secure.directory.path().join("cert.pem")).expect("it was there");
    let secure = ListenerSettings {
        ssl_enable: true,
        ..listener(loopback())
    };
    let wish = connection(vec![secure, listener(other_loopback())]);
    let started = bed
        .runtime
        .block_on(bed.host.start(&wish))
        .expect("the other listener is enough");
    assert_eq!(started.failed.len(), 1);
    assert!(
        started.failed[0].1.contains("cert.pem"),
        "{}",
        started.failed[0].1
    );
    bed.stop(GRACE);
}

#[test]
fn an_adopted_socket_is_used_where_it_matches() {
    let bed = Bed::new();
    let socket = TcpListener::bind(loopback()).expect("a port");
    let address = socket.local_addr().expect("its address");
    bed.host.adopt(vec![socket]);
    assert_eq!(bed.start(vec![listener(address)]), vec![address]);
    Client::greeted(address);
    bed.stop(GRACE);
}

#[test]
fn a_unix_socket_has_its_mode_and_replaces_a_stale_one() {
    let bed = Bed::new();
    let path = bed.secure.directory.path().join("control.sock");
    drop(std::os::unix::net::UnixListener::bind(&path).expect("a socket to leave behind"));
    let settings = UnixSettings {
        path: path.clone(),
        mode: 0o660,
        idle_timeout: Duration::ZERO,
        min_conn_threads: 1,
        max_conn_threads: 1,
    };
    bed.host.start_unix(&settings).expect("it starts");
    let mode = std::fs::metadata(&path).expect("it exists").permissions().mode();
    assert_eq!(mode & 0o777, 0o660);
    let mut client = UnixStream::connect(&path).expect("a connection");
    let mut greeting = [0; 6];
    client.read_exact(&mut greeting).expect("a greeting");
    drop(client);
    bed.stop(GRACE);
    assert!(!path.exists());
    let long = UnixSettings {
        path: bed.secure.directory.path().join("x".repeat(108)),
        ..settings
    };
    let refused = bed.host.start_unix(&long).expect_err("too long");
    assert!(refused.detail.contains("at most 107"), "{}", refused.detail);
    assert_eq!(bed.host.state(), State::Stopped);
}

#[test]
fn ipv4_and_ipv6_share_a_port() {
    let bed = Bed::new();
    // A host without IPv6 cannot tell.
    let Ok(six) = TcpListener::bind("[::]:0") else {
        return;
    };
    let port = six.local_addr().expect("its address").port();
    drop(six);
    let four = SocketAddr::from(([0, 0, 0, 0], port));
    let six = SocketAddr::from(([0u16; 8], port));
    assert_eq!(bed.start(vec![listener(four), listener(six)]).len(), 2);
    bed.stop(GRACE);
}

#[test]
fn a_listener_narrows_and_widens_without_a_gap() {
    let bed = Bed::new();
    let bound = bed.start(vec![listener(SocketAddr::from(([0, 0, 0, 0], 0)))]);
    let port = bound[0].port();
    let narrow = SocketAddr::from(([127, 0, 0, 1], port));
    let wide = SocketAddr::from(([0, 0, 0, 0], port));
    let mut session = Client::greeted(narrow);
    for address in [narrow, wide, narrow] {
        bed.change(vec![listener(address)]);
        assert_eq!(bed.host.bound(), [address]);
        Client::greeted(narrow);
        let stranger = TcpListener::bind(narrow);
        assert!(stranger.is_err(), "nobody else can take the port");
    }
    // Both at once are as impossible as at a start.
    let both = connection(vec![listener(narrow), listener(wide)]);
    assert!(bed.runtime.block_on(bed.host.prepare(&both)).is_err());
    assert_eq!(session.ask("PING\n"), "PONG\n");
    drop(session);
    bed.stop(GRACE);
}

/// Files that are no certificate, and a word of why not.
fn unusable(bed: &Bed) -> [(&'static str, &'static str); 4] {
    let directory = bed.secure.directory.path();
    let pem = std::fs::read_to_string(directory.join("cert.pem")).expect("the certificate");
    let (chain, _) = pem.split_once("-----BEGIN PRIVATE").expect("both are in it");
    std::fs::write(directory.join("alone.pem"), chain).expect("written");
    let other = rcgen::generate_simple_self_signed(vec!["other".to_owned()]).expect("a certificate");
    let mixed = format!("{chain}{}", other.signing_key.serialize_pem());
    std::fs::write(directory.join("mixed.pem"), mixed).expect("written");
    std::fs::write(directory.join("empty.pem"), "").expect("written");
    [
        ("absent.pem", "cannot be read"),
        ("alone.pem", "no private key"),
        ("mixed.pem", "do not belong together"),
        ("empty.pem", "no certificate"),
    ]
}

#[test]
fn an_unusable_certificate_refuses_the_change_for_what_it_is() {
    let bed = Bed::new();
    let bound = bed.start(vec![listener(loopback())]);
    for (file, why) in unusable(&bed) {
        for ssl_enable in [false, true] {
            let mut changed = listener(loopback());
            changed.ssl_enable = ssl_enable;
            changed.ssl.cert_file = file.to_owned();
            let refusal = bed
                .runtime
                .block_on(bed.host.prepare(&connection(vec![changed.clone()])))
                .err()
                .expect("it is refused");
            assert!(
                refusal.detail.contains(file)
                    && refusal.detail.contains(why)
                    && refusal.detail.contains("127.0.0.1:0: certFile ")
                    && !refusal.detail.contains("bind"),
                "{refusal:?}"
            );
            changed.enable = false;
            assert!(
                bed.runtime
                    .block_on(bed.host.prepare(&connection(vec![changed])))
                    .is_ok()
            );
        }
    }
    // A refusal is not remembered: the file is looked at again.
    let cert = bed.secure.directory.path().join("cert.pem");
    std::fs::copy(cert, bed.secure.directory.path().join("absent.pem")).expect("copied");
    let mut changed = listener(loopback());
    changed.ssl.cert_file = "absent.pem".to_owned();
    bed.change(vec![changed]);
    assert_eq!(bed.host.bound(), bound);
    bed.stop(GRACE);
}

#[test]
fn an_unusable_certificate_keeps_a_start_from_nothing_else() {
    let bed = Bed::new();
    let mut clear = listener(loopback());
    clear.ssl.cert_file = "absent.pem".to_owned();
    let mut secure = listener(other_loopback());
    secure.ssl_enable = true;
    secure.ssl.cert_file = "absent.pem".to_owned();
    let settings = connection(vec![clear.clone(), secure.clone()]);
    let started = bed
        .runtime
        .block_on(bed.host.start(&settings))
        .expect("it starts");
    assert_eq!((started.bound.len(), started.failed.len()), (1, 1));
    assert!(
        started.failed[0].1.contains("cannot be read"),
        "{:?}",
        started.failed
    );
    Client::greeted(started.bound[0]);
    // What did not work before is no reason to refuse another change, and is opened as soon as it can be.
    clear.max_connections = 7;
    bed.change(vec![clear.clone(), secure.clone()]);
    assert_eq!(bed.host.bound().len(), 1);
    let directory = bed.secure.directory.path();
    std::fs::copy(directory.join("cert.pem"), directory.join("absent.pem")).expect("copied");
    bed.change(vec![clear, secure]);
    assert_eq!(bed.host.bound().len(), 2);
    bed.stop(GRACE);
}

#[test]
fn a_stop_is_not_held_up_by_those_who_only_wait() {
    let bed = Bed::new();
    let mut secure = listener(other_loopback());
    secure.ssl_enable = true;
    let bound = bed.start(vec![listener(loopback()), secure]);
    let mut reader = Client::greeted(bound[0]);
    reader.0.get_mut().write_all(b"FLOOD\n").expect("written");
    let handshaking = Client::connect(bound[1]);
    assert!(reader.0.read(&mut [0; 1]).is_ok());
    while bed.host.sessions() < 2 {
        std::thread::yield_now();
    }
    let before = std::time::Instant::now();
    assert_eq!(bed.stop(GRACE), Served { finished: 0, cut: 2 });
    assert!(before.elapsed() < GRACE);
    drop((reader, handshaking));
}
