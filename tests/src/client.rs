//! Programs of other people as clients: swaks, curl, mbsync, mutt, fetchmail, Python's libraries.
//!
//! What a client does stands in a script below `tests/clients/`, readable and runnable by hand; this file only hands it the
//! ports and a home directory of its own, bounds its time, and shows all it printed when it fails.

use crate::binary::{binary, top};
use crate::daemon::{Daemon, PASSWORD};
use crate::ports::Service;
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// Seconds a client script may take before it counts as hanging.
const LIMIT: &str = "120";

/// Runs client scripts against one daemon.
pub struct Client<'run> {
    daemon: &'run Daemon<'run>,
    home: TempDir,
}

/// How a client script ended.
#[derive(Debug)]
pub struct Ran {
    /// Whether it exited with status 0.
    pub success: bool,
    /// Standard output and standard error, as they came.
    pub output: String,
}

impl<'run> Client<'run> {
    /// Clients with an empty home directory.
    pub fn new(daemon: &'run Daemon<'run>) -> Self {
        let home = tempfile::Builder::new()
            .prefix("axigen-client-")
            .tempdir()
            .expect("a temporary directory");
        Self { daemon, home }
    }

    /// Runs a script of `tests/clients/`: `*.py` with Python, all others with Bash.
    pub fn run(&self, script: &str) -> Ran {
        let path = top().join("tests/clients").join(script);
        let is_python = path.extension().is_some_and(|extension| extension == "py");
        let interpreter: &[&str] = if is_python {
            &["python3"]
        } else {
            &["bash", "-euo", "pipefail"]
        };
        let mut command = Command::new("timeout");
        command
            .args(["--kill-after=5", LIMIT])
            .args(interpreter)
            .arg(&path);
        command
            .current_dir(self.home.path())
            .env("HOME", self.home.path())
            .env("PASSWORD", PASSWORD);
        command
            .env("WORKDIR", self.daemon.home().path())
            .env("SOCKET", self.daemon.home().socket());
        command
            .env("AXICTL", binary("axictl"))
            .env_remove("AXIGEN_SOCKET");
        for (name, service) in [
            ("SMTP", Service::Smtp),
            ("SMTPS", Service::SmtpTls),
            ("IMAP", Service::Imap),
            ("IMAPS", Service::ImapTls),
            ("POP3", Service::Pop3),
            ("POP3S", Service::Pop3Tls),
            ("CLI", Service::Cli),
        ] {
            let address = self.daemon.address(service);
            command.env(format!("{name}_HOST"), address.ip().to_string());
            command.env(format!("{name}_PORT"), address.port().to_string());
            command.env(name, address.to_string());
        }
        let output = command.stdin(Stdio::null()).output().expect("timeout(1) starts");
        let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
        text.push_str(&String::from_utf8_lossy(&output.stderr));
        Ran {
            success: output.status.success(),
            output: text,
        }
    }

    /// Runs a script that must succeed.
    #[track_caller]
    pub fn passes(&self, script: &str) {
        let ran = self.run(script);
        assert!(ran.success, "{script} failed:\n{}", ran.output);
    }
}
