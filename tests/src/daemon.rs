//! A server for one test: its directory, its process, and a certain end.
//!
//! [`Home`] is a working directory with a configuration; it outlives the process, so that a test can kill the daemon
//! and start it again. [`Daemon`] is the running process: started, waited for until it said READY, and killed when the
//! value is dropped, also by a failing test. When a test panics, the end of the log is printed with it.

use crate::binary::binary;
use crate::ports::{Host, Service};
use crate::wire::PATIENCE;
use crate::{Imap, Pop3, Smtp};
use std::fs::{self, File};
use std::io::Write;
use std::net::SocketAddr;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Password of every account that the harness makes.
pub const PASSWORD: &str = "Secret-1";

/// How much of the log a failing test prints.
const LOG_TAIL: usize = 60;

/// A working directory of a daemon, removed at the end of the test.
pub struct Home {
    path: PathBuf,
    host: Host,
    /// Removes the directory at the end; `None` when somebody else does.
    _directory: Option<TempDir>,
}

impl Default for Home {
    fn default() -> Self {
        Self::new()
    }
}

impl Home {
    /// An empty working directory with the test configuration: an address of its own, logins in clear allowed.
    pub fn new() -> Self {
        let home = Self::empty();
        home.configure(&home.usual_config());
        home
    }

    /// A working directory with this configuration file.
    pub fn with_config(config: &str) -> Self {
        let home = Self::empty();
        home.configure(config);
        home
    }

    /// The test configuration in a directory that exists and that the caller removes.
    pub fn inside(path: &Path) -> Self {
        let home = Self {
            path: path.to_owned(),
            host: Host::reserve(),
            _directory: None,
        };
        home.configure(&home.usual_config());
        home
    }

    /// The configuration of a test server at this home's address.
    pub fn usual_config(&self) -> String {
        CONFIG.replace("HOST", &self.host.ip().to_string())
    }

    /// The address that belongs to this home.
    pub fn host(&self) -> &Host {
        &self.host
    }

    fn configure(&self, config: &str) {
        fs::create_dir_all(self.path().join("run")).expect("run/");
        fs::write(self.config_file(), config).expect("axigen.cfg");
    }

    /// An empty working directory without a configuration file.
    pub fn empty() -> Self {
        let directory = tempfile::Builder::new()
            .prefix("axigen-test-")
            .tempdir()
            .expect("a temporary directory");
        Self {
            path: directory.path().to_owned(),
            host: Host::reserve(),
            _directory: Some(directory),
        }
    }

    /// The working directory.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The configuration file.
    pub fn config_file(&self) -> PathBuf {
        self.path().join("run/axigen.cfg")
    }

    /// The control socket.
    pub fn socket(&self) -> PathBuf {
        self.path().join("run/control.sock")
    }

    /// `axigend` with the options every test needs; nothing is started yet.
    pub fn axigend(&self) -> Command {
        let mut command = Command::new(binary("axigend"));
        command.arg("-W").arg(self.path()).stdin(Stdio::null());
        // The tests run as whoever runs them: a test directory belongs to that user, and ports are above 1023.
        if rustix::process::geteuid().is_root() {
            command.args(["-u", "root", "-g", "root"]);
        }
        command
    }

    /// Starts the daemon and waits until it says READY.
    pub fn start(&self) -> Daemon<'_> {
        self.start_command(self.axigend())
    }

    /// Starts this command as the daemon of this directory and waits until it says READY.
    pub fn start_command(&self, command: Command) -> Daemon<'_> {
        self.start_other(command)
    }

    /// Starts this command, whose working directory is another one; output and notifications stay in this directory.
    pub fn start_other(&self, mut command: Command) -> Daemon<'_> {
        let notify = self.path().join("notify.sock");
        let _ = fs::remove_file(&notify);
        let listener = UnixDatagram::bind(&notify).expect("the notification socket");
        listener
            .set_read_timeout(Some(Duration::from_millis(200)))
            .expect("a time-out");
        let output = File::options()
            .create(true)
            .append(true)
            .open(self.path().join("stderr.txt"))
            .expect("stderr.txt");
        command
            .env("NOTIFY_SOCKET", &notify)
            .stdout(output.try_clone().expect("stdout"))
            .stderr(output);
        let child = command.spawn().expect("axigend starts");
        let mut daemon = Daemon {
            home: self,
            child,
            notifications: listener,
        };
        daemon.notified("READY=1");
        daemon
    }

    /// Starts the daemon with `example.test` and the accounts ann and bob in it, password [`PASSWORD`].
    pub fn start_with_accounts(&self) -> Daemon<'_> {
        let daemon = self.start();
        daemon.script(&format!(
            "CREATE Domain name example.test postmasterPassword {PASSWORD}\nCOMMIT\n\
             UPDATE Domain example.test\n\
             ADD Account ann password {PASSWORD}\nCOMMIT\n\
             ADD Account bob password {PASSWORD}\nCOMMIT\n\
             COMMIT\nSAVE CONFIG\n"
        ));
        daemon
    }

    /// `axigend --check` on this directory: its exit code and what it printed.
    pub fn check(&self) -> (Option<i32>, String) {
        let output = self.axigend().arg("--check").output().expect("axigend starts");
        let text = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8_lossy(&text).into_owned())
    }

    /// `axictl` for this directory; nothing is started yet.
    pub fn axictl(&self) -> Command {
        let mut command = Command::new(binary("axictl"));
        command
            .arg("--socket")
            .arg(self.socket())
            .env_remove("AXIGEN_SOCKET")
            .stdin(Stdio::null());
        command
    }

    /// The last lines of the log, or of standard error when there is no log yet.
    pub fn log_tail(&self) -> String {
        let read = |name: &str| fs::read(self.path().join(name)).unwrap_or_default();
        let text = Some(read("log/everything.txt"))
            .filter(|log| !log.is_empty())
            .unwrap_or_else(|| read("stderr.txt"));
        let text = String::from_utf8_lossy(&text);
        let lines: Vec<_> = text.lines().collect();
        let from = lines.len().saturating_sub(LOG_TAIL);
        format!("--- the end of the log\n{}\n", lines[from..].join("\n"))
    }
}

/// A running daemon.
pub struct Daemon<'home> {
    home: &'home Home,
    child: Child,
    notifications: UnixDatagram,
}

impl<'home> Daemon<'home> {
    /// Its working directory.
    pub fn home(&self) -> &'home Home {
        self.home
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The address of a service.
    pub fn address(&self, service: Service) -> SocketAddr {
        self.home.host.address(service)
    }

    /// A connection to SMTP after EHLO.
    #[track_caller]
    pub fn smtp(&self) -> Smtp {
        Smtp::hello(self.address(Service::Smtp)).expect("SMTP answers")
    }

    /// A connection to IMAP, logged in.
    #[track_caller]
    pub fn imap(&self, user: &str) -> Imap {
        Imap::login(self.address(Service::Imap), user, PASSWORD).expect("IMAP lets the user in")
    }

    /// A connection to POP3, logged in.
    #[track_caller]
    pub fn pop3(&self, user: &str) -> Pop3 {
        Pop3::login(self.address(Service::Pop3), user, PASSWORD).expect("POP3 lets the user in")
    }

    /// Runs `axictl` with these arguments.
    pub fn axictl(&self, arguments: &[&str]) -> Output {
        self.home
            .axictl()
            .args(arguments)
            .output()
            .expect("axictl starts")
    }

    /// Runs `axictl` with these arguments, which must succeed; what it printed.
    #[track_caller]
    pub fn admin(&self, arguments: &[&str]) -> String {
        succeeded(&self.axictl(arguments), &arguments.join(" | "))
    }

    /// Runs a script through `axictl`, all of which must succeed; what it printed.
    #[track_caller]
    pub fn script(&self, text: &str) -> String {
        let output = self.script_output(text, &[]);
        succeeded(&output, text)
    }

    /// Runs a script through `axictl` with further options.
    pub fn script_output(&self, text: &str, options: &[&str]) -> Output {
        let mut command = self.home.axictl();
        command.args(["-f", "-"]).args(options);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().expect("axictl starts");
        let mut input = child.stdin.take().expect("standard input is a pipe");
        let text = text.to_owned();
        // From a thread of its own: a script longer than the pipe must not wait for output nobody reads.
        let writer = std::thread::spawn(move || {
            let _ = input.write_all(text.as_bytes());
        });
        let output = child.wait_with_output().expect("axictl ends");
        writer.join().expect("the writer does not panic");
        output
    }

    /// Ends the daemon as a power cut would end the process.
    pub fn kill(mut self) {
        self.child.kill().expect("the daemon can be killed");
        self.child.wait().expect("the daemon ends");
    }

    /// Asks the daemon to stop and waits for it.
    pub fn stop(mut self) -> ExitStatus {
        self.signal(rustix::process::Signal::TERM);
        self.wait()
    }

    /// Sends a signal.
    pub fn signal(&self, signal: rustix::process::Signal) {
        let pid = i32::try_from(self.child.id())
            .ok()
            .and_then(rustix::process::Pid::from_raw);
        rustix::process::kill_process(pid.expect("a process id"), signal)
            .expect("the daemon can be signalled");
    }

    /// Waits for the daemon to end by itself.
    pub fn wait(&mut self) -> ExitStatus {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().expect("the daemon can be waited for") {
                return status;
            }
            assert!(
                Instant::now() < deadline,
                "the daemon does not end\n{}",
                self.home.log_tail()
            );
            std::thread::park_timeout(Duration::from_millis(10));
        }
    }

    /// Whether the process is still there.
    pub fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Waits until the daemon tells the service manager this line.
    #[track_caller]
    pub fn notified(&mut self, line: &str) {
        let deadline = Instant::now() + PATIENCE;
        let mut message = [0; 4096];
        loop {
            // The time-out only makes the loop look whether the process is still alive.
            if let Ok(count) = self.notifications.recv(&mut message) {
                let text = String::from_utf8_lossy(&message[..count]).into_owned();
                if text.lines().any(|told| told == line) {
                    return;
                }
            } else if let Ok(Some(status)) = self.child.try_wait() {
                panic!(
                    "axigend ended before it said {line}: {status}\n{}",
                    self.home.log_tail()
                );
            }
            assert!(
                Instant::now() < deadline,
                "axigend never said {line}\n{}",
                self.home.log_tail()
            );
        }
    }
}

impl Drop for Daemon<'_> {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("{}", self.home.log_tail());
        }
    }
}

#[track_caller]
fn succeeded(output: &Output, what: &str) -> String {
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "axictl {}: {what}\n{text}\n{errors}",
        output.status
    );
    text
}

/// `peerMaxConnections 0`: load tests come from one address.
const CONFIG: &str = r#"server = {
    serverName    = "mail.example.test"
    primaryDomain = "example.test"
    services      = (smtpIncoming processing pop3 imap cli log)
    smtpIncoming = {
        logLevel = 31
        listeners = (
            { address = HOST:2025  peerMaxConnections = 0 }
            { address = HOST:2465  peerMaxConnections = 0  sslEnable = yes }
        )
    }
    imap = {
        logLevel = 31
        plainConnAllowLogin = yes
        plainConnAuthTypes  = (plain login)
        listeners = (
            { address = HOST:2143  peerMaxConnections = 0 }
            { address = HOST:2993  peerMaxConnections = 0  sslEnable = yes }
        )
    }
    pop3 = {
        logLevel = 31
        plainConnAllowLogin = yes
        plainConnAuthTypes  = (plain login)
        listeners = (
            { address = HOST:2110  peerMaxConnections = 0 }
            { address = HOST:2995  peerMaxConnections = 0  sslEnable = yes }
        )
    }
    cli = { listeners = ( { address = HOST:2700 } ) }
    log = { listeners = ( { address = HOST:2002 } ) }
}
"#;
