//! The server in one process: start on port 0, reload, stop, start again on what it left.

use axigend::{Server, ServerOptions, StartError, WorkingDirectory};
use std::fs;
use std::future::Future;
use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;

const TWO_SERVICES: &str = "server = { services = (log processing imap pop3)
    imap = { listeners = ( { address = 127.0.0.1:0 } ) }
    pop3 = { listeners = ( { address = 127.0.0.1:0 } ) } }";

struct Home {
    directory: TempDir,
}

impl Home {
    fn new(config: &str) -> Self {
        let home = Self {
            directory: tempfile::tempdir().expect("a directory"),
        };
        fs::create_dir(home.path().join("run")).expect("run/");
        home.configure(config);
        home
    }

    fn path(&self) -> &Path {
        self.directory.path()
    }

    fn config_file(&self) -> PathBuf {
        self.path().join("run/axigen.cfg")
    }

    fn configure(&self, config: &str) {
        fs::write(self.config_file(), config).expect("written");
    }

    async fn start(&self) -> Result<Server, StartError> {
        let directory = WorkingDirectory::open(self.path())?;
        let options = ServerOptions {
            config_file: self.config_file(),
            ..ServerOptions::default()
        };
        Server::start(directory, options).await
    }
}

fn run(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(test);
}

fn address(server: &Server, service: &str) -> SocketAddr {
    server.bound()[service][0]
}

fn greeting(address: SocketAddr) -> String {
    let stream = TcpStream::connect(address).expect("a connection");
    stream
        .set_read_timeout(Some(Duration::from_secs(10)))
        .expect("a time-out");
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).expect("a greeting");
    line
}

#[test]
fn starts_serves_stops_and_starts_again() {
    run(async {
        let home = Home::new(TWO_SERVICES);
        for _ in 0..2 {
            let server = home.start().await.expect("it starts");
            assert!(greeting(address(&server, "imap")).starts_with("* OK"));
            assert!(greeting(address(&server, "pop3")).starts_with("+OK"));
            assert_eq!(server.status(), "running log processing pop3 imap");
            assert!(server.directory().control_socket().exists());
            let listeners = fs::read_to_string(server.directory().listeners_file()).expect("listeners.json");
            assert!(
                listeners.contains(&address(&server, "imap").to_string()),
                "{listeners}"
            );
            let imap = address(&server, "imap");
            server.stop().await;
            assert!(TcpStream::connect(imap).is_err());
            assert!(!home.path().join("run/control.sock").exists());
        }
    });
}

#[test]
fn a_second_server_on_the_same_directory_is_refused() {
    run(async {
        let home = Home::new(TWO_SERVICES);
        let first = home.start().await.expect("it starts");
        let second = home.start().await.err().expect("the directory is in use");
        assert_eq!(second.code(), 3);
        first.stop().await;
    });
}

#[test]
fn a_reload_with_mistakes_changes_nothing() {
    run(async {
        let home = Home::new(TWO_SERVICES);
        let server = home.start().await.expect("it starts");
        let before = server.bound();
        home.configure("server = { imap = { maxErrors = many");
        server.reload().await;
        assert_eq!(server.bound(), before);
        // A configuration whose listener cannot be bound is one with a mistake.
        let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = taken.local_addr().expect("its address").port();
        let unbindable = format!(
            "server = {{ imap = {{ maxErrors = 7 listeners = ( {{ address = 127.0.0.1:{port} }} ) }} }}"
        );
        home.configure(&unbindable);
        server.reload().await;
        assert_eq!(server.bound(), before);
        assert_ne!(server.parts().config.settings().imap.max_errors, 7);
        drop(taken);
        server.reload().await;
        assert_eq!(address(&server, "imap").port(), port);
        assert_eq!(server.parts().config.settings().imap.max_errors, 7);
        assert!(greeting(address(&server, "imap")).starts_with("* OK"));
        server.stop().await;
    });
}

#[test]
fn without_any_socket_there_is_no_server() {
    run(async {
        let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = taken.local_addr().expect("its address").port();
        let config = format!(
            "server = {{ services = (processing imap)
             imap = {{ listeners = ( {{ address = 127.0.0.1:{port} }} ) }} }}"
        );
        let home = Home::new(&config);
        let error = home.start().await.err().expect("nothing to listen on");
        assert_eq!(error.code(), 4);
        assert!(
            error.lines()[0].contains(&format!("cannot bind 127.0.0.1:{port}")),
            "{error:?}"
        );
        // What was built for it was closed again: the next start finds everything free.
        drop(taken);
        home.start().await.expect("it starts").stop().await;
    });
}

#[test]
fn mistakes_in_the_configuration_are_all_listed() {
    run(async {
        let home = Home::new("server = {\n imap = { maxErrors = many }\n pop3 = { maxErrors = few }\n}\n");
        let error = home.start().await.err().expect("two mistakes");
        assert_eq!(error.code(), 1);
        let lines = error.lines();
        let at = |place: &str| lines.iter().any(|line| line.contains(place));
        assert!(at("axigen.cfg:2:") && at("axigen.cfg:3:"), "{lines:?}");
    });
}
