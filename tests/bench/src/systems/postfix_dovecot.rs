//! The peer: Postfix delivering by LMTP to Dovecot (maildir), from the packages of Debian, in a directory of its own.
//!
//! The configurations are the files below `peers/`. Needs root: both switch users.

use super::{Server, System, trying};
use crate::load::{DOMAIN, PASSWORD, user};
use crate::meter;
use axigen_tests::{Host, Service};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const DOVECOT: &str = include_str!("../../peers/dovecot.conf.in");
const MAIN: &str = include_str!("../../peers/postfix-main.cf.in");
const MASTER: &str = include_str!("../../peers/postfix-master.cf.in");

/// The process ids of both masters.
const PID_FILES: [&str; 2] = ["dovecot/run/master.pid", "postfix/spool/pid/master.pid"];
/// Longest wait for the end of both.
const STOP: Duration = Duration::from_secs(30);
/// Between two looks.
const LOOK: Duration = Duration::from_millis(20);

/// Postfix and Dovecot as installed.
pub(crate) struct PostfixDovecot {
    host: Host,
    version: String,
}

impl PostfixDovecot {
    /// Both must be installed, and only root can start them.
    pub(crate) fn new() -> Result<Self, String> {
        if !rustix::process::geteuid().is_root() {
            return Err("only root can start Postfix and Dovecot".to_owned());
        }
        let postfix = output(Command::new("postconf").args(["-d", "-h", "mail_version"]))?;
        let dovecot = output(Command::new("dovecot").arg("--version"))?;
        let dovecot = dovecot.split(' ').next().unwrap_or_default();
        Ok(Self {
            host: Host::reserve(),
            version: format!("postfix {postfix}, dovecot {dovecot}"),
        })
    }

    fn write_config(&self, home: &Path, accounts: usize) -> Result<(), String> {
        let mut passwords = String::new();
        let mut addresses = String::new();
        for number in 1..=accounts {
            let address = user(number);
            let _ = writeln!(passwords, "{address}:{{PLAIN}}{PASSWORD}");
            let _ = writeln!(addresses, "{address} x");
        }
        for (name, text) in [
            ("dovecot/dovecot.conf", self.filled(DOVECOT, home)),
            ("dovecot/passwd", passwords),
            ("postfix/etc/main.cf", self.filled(MAIN, home)),
            ("postfix/etc/master.cf", self.filled(MASTER, home)),
            ("postfix/etc/users", addresses),
        ] {
            trying(name, fs::write(home.join(name), text))?;
        }
        // Where Debian's Postfix finds its table types.
        for name in ["dynamicmaps.cf", "dynamicmaps.cf.d", "postfix-files"] {
            let installed = Path::new("/etc/postfix").join(name);
            let mut copy = Command::new("cp");
            output(copy.arg("-r").arg(installed).arg(home.join("postfix/etc")))?;
        }
        let etc = home.join("postfix/etc");
        let table = format!("lmdb:{}", etc.join("users").display());
        output(Command::new("postmap").arg("-c").arg(&etc).arg(table)).map(|_| ())
    }

    fn filled(&self, template: &str, home: &Path) -> String {
        template
            .replace("@HOME@", &home.display().to_string())
            .replace("@HOST@", &self.host.ip().to_string())
            .replace("@DOMAIN@", DOMAIN)
            .replace("@SMTP@", &Service::Smtp.port().to_string())
            .replace("@IMAP@", &Service::Imap.port().to_string())
            .replace("@POP3@", &Service::Pop3.port().to_string())
    }
}

impl System for PostfixDovecot {
    fn version(&self) -> String {
        self.version.clone()
    }

    fn create(&mut self, home: &Path, accounts: usize) -> Result<Server, String> {
        let directories = [
            "dovecot/run",
            "dovecot/state",
            "postfix/etc",
            "postfix/spool",
            "postfix/data",
            "mail",
        ];
        for directory in directories {
            trying(directory, fs::create_dir_all(home.join(directory)))?;
        }
        output(Command::new("chown").arg("mail:mail").arg(home.join("mail")))?;
        output(
            Command::new("chown")
                .arg("postfix")
                .arg(home.join("postfix/data")),
        )?;
        self.write_config(home, accounts)?;
        self.start(home)
    }

    fn start(&mut self, home: &Path) -> Result<Server, String> {
        let mut server = Server {
            smtp: self.host.address(Service::Smtp),
            imap: self.host.address(Service::Imap),
            pop3: self.host.address(Service::Pop3),
            roots: Vec::new(),
            stop: stopper(home.to_owned()),
        };
        let complaints = home.join("start.txt");
        let mut dovecot = Command::new("dovecot");
        start_daemon(
            dovecot.arg("-c").arg(home.join("dovecot/dovecot.conf")),
            &complaints,
        )?;
        let mut postfix = Command::new("postfix");
        start_daemon(
            postfix.arg("-c").arg(home.join("postfix/etc")).arg("start"),
            &complaints,
        )?;
        server.listens()?;
        for file in PID_FILES {
            let text = trying(file, fs::read_to_string(home.join(file)))?;
            server.roots.push(trying(file, text.trim().parse())?);
        }
        Ok(server)
    }
}

fn stopper(home: PathBuf) -> Box<dyn FnMut(bool) + Send + Sync> {
    Box::new(move |_| {
        let masters = PID_FILES
            .iter()
            .filter_map(|file| fs::read_to_string(home.join(file)).ok()?.trim().parse().ok());
        let masters: Vec<u32> = masters.collect();
        if masters.is_empty() {
            return;
        }
        let all = meter::processes(&masters);
        let _ = output(
            Command::new("postfix")
                .arg("-c")
                .arg(home.join("postfix/etc"))
                .arg("stop"),
        );
        let _ = output(
            Command::new("doveadm")
                .arg("-c")
                .arg(home.join("dovecot/dovecot.conf"))
                .arg("stop"),
        );
        let began = Instant::now();
        // Children end after their masters, and write until then.
        let lives = |pid: &u32| Path::new("/proc").join(pid.to_string()).exists();
        while all.iter().any(lives) && began.elapsed() < STOP {
            std::thread::sleep(LOOK);
        }
    })
}

/// Runs a command that must succeed; what it printed. For commands that leave no daemon behind.
fn output(command: &mut Command) -> Result<String, String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = trying(&name, command.stdin(Stdio::null()).output())?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned());
    }
    Err(format!(
        "{name}: {}",
        String::from_utf8_lossy(&output.stderr).trim()
    ))
}

/// Runs a command that starts a daemon, which keeps its standard error: a pipe would not end, so it is a file.
fn start_daemon(command: &mut Command, complaints: &Path) -> Result<(), String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let file = trying("stderr", fs::File::create(complaints))?;
    let status = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(file)
        .status();
    if trying(&name, status)?.success() {
        return Ok(());
    }
    let text = fs::read_to_string(complaints).unwrap_or_default();
    Err(format!("{name}: {}", text.trim()))
}
