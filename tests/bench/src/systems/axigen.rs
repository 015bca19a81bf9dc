//! This server: `axigend` in a working directory of its own, set up by `axictl`.

use super::{Server, System, answers, trying};
use crate::load::{DOMAIN, PASSWORD};
use axigen_tests::{Host, Service};
use rustix::process::{Pid, Signal, kill_process};
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// The configuration: the stock one but for ports, limits per client address and logins in clear.
const CONFIG: &str = include_str!("../../peers/axigen.cfg.in");

/// axigend as built beside this program.
pub(crate) struct Axigen {
    host: Host,
    programs: PathBuf,
}

impl Axigen {
    /// The programs in the directory of this one.
    pub(crate) fn new() -> Result<Self, String> {
        let own = trying("current_exe", std::env::current_exe())?;
        let programs = own.parent().unwrap_or(Path::new(".")).to_owned();
        for name in ["axigend", "axictl"] {
            if !programs.join(name).exists() {
                return Err(format!("{} is not built", programs.join(name).display()));
            }
        }
        Ok(Self {
            host: Host::reserve(),
            programs,
        })
    }

    fn add_accounts(&self, home: &Path, accounts: usize) -> Result<(), String> {
        let mut script = format!(
            "CREATE Domain name {DOMAIN} postmasterPassword {PASSWORD}\nCOMMIT\nUPDATE Domain {DOMAIN}\n"
        );
        // IDLE has many sessions of each account.
        script.push_str("CONFIG accountDefaultLimits\nSET imapConnectionCount 255\nDONE\n");
        for number in 1..=accounts {
            let _ = write!(script, "ADD Account user{number} password {PASSWORD}\nCOMMIT\n");
        }
        script.push_str("COMMIT\nSAVE CONFIG\n");
        let mut command = Command::new(self.programs.join("axictl"));
        command.arg("-W").arg(home).args(["-f", "-"]);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        let mut child = trying("axictl", command.spawn())?;
        if let Some(mut input) = child.stdin.take() {
            trying("axictl", input.write_all(script.as_bytes()))?;
        }
        let output = trying("axictl", child.wait_with_output())?;
        if output.status.success() {
            return Ok(());
        }
        Err(format!(
            "axictl: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        ))
    }
}

impl System for Axigen {
    fn version(&self) -> String {
        env!("CARGO_PKG_VERSION").to_owned()
    }

    fn create(&mut self, home: &Path, accounts: usize) -> Result<Server, String> {
        trying("run/", fs::create_dir_all(home.join("run")))?;
        let config = CONFIG.replace("@HOST@", &self.host.ip().to_string());
        trying("axigen.cfg", fs::write(home.join("run/axigen.cfg"), config))?;
        let server = self.start(home)?;
        answers(
            || UnixStream::connect(home.join("run/control.sock")).is_ok(),
            "control socket",
        )?;
        self.add_accounts(home, accounts)?;
        Ok(server)
    }

    fn start(&mut self, home: &Path) -> Result<Server, String> {
        let mut command = Command::new(self.programs.join("axigend"));
        command.arg("-W").arg(home).stdin(Stdio::null());
        if rustix::process::geteuid().is_root() {
            command.args(["-u", "root", "-g", "root"]);
        }
        let output = trying(
            "stderr.txt",
            fs::File::options()
                .create(true)
                .append(true)
                .open(home.join("stderr.txt")),
        )?;
        command
            .stdout(trying("stdout", output.try_clone())?)
            .stderr(output);
        let child = trying("axigend", command.spawn())?;
        let server = Server {
            smtp: self.host.address(Service::Smtp),
            imap: self.host.address(Service::Imap),
            pop3: self.host.address(Service::Pop3),
            roots: vec![child.id()],
            stop: stopper(child),
        };
        server.listens()?;
        Ok(server)
    }
}

fn stopper(mut child: Child) -> Box<dyn FnMut(bool) + Send + Sync> {
    let mut running = true;
    Box::new(move |at_once| {
        if !std::mem::take(&mut running) {
            return;
        }
        let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
        if let Some(pid) = pid {
            let signal = if at_once { Signal::KILL } else { Signal::TERM };
            let _ = kill_process(pid, signal);
        }
        let _ = child.wait();
    })
}
