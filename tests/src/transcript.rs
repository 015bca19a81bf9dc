//! Transcripts: whole dialogues as data, run over sockets against the started daemon.
//!
//! The format is told in `tests/transcripts/README.md`; this file is its reader and runner, `pattern.rs` compares lines. A script that
//! fails says the file, the line, what was expected and what came.

mod pattern;

use crate::daemon::Daemon;
use crate::ports::Service;
use crate::wire::Wire;
use pattern::{Bindings, matches, spoken};
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

/// A transcript as read from its file.
#[derive(Debug)]
pub struct Script {
    path: PathBuf,
    service: Service,
    setup: Vec<String>,
    steps: Vec<Step>,
}

#[derive(Debug)]
struct Step {
    line: usize,
    connection: u32,
    act: Act,
}

#[derive(Debug)]
enum Act {
    /// `C:` with CRLF, `C+` without.
    Send(String),
    /// `S:`: one unit of the protocol.
    Expect(String),
    /// `S+`: one line, whatever the protocol.
    ExpectLine(String),
    /// `S?`: lines of this kind are skipped until another comes.
    Skip(String),
    ServerCloses,
    ClientCloses,
    StartTls,
    Open(Service),
}

impl Script {
    /// Reads a transcript; its folder says which service it speaks to.
    pub fn read(path: &Path) -> Result<Self, String> {
        let folder = path
            .parent()
            .and_then(Path::file_name)
            .and_then(|name| name.to_str())
            .unwrap_or_default();
        let service =
            service(folder, false).ok_or_else(|| format!("{}: no service {folder}", path.display()))?;
        let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
        let mut script = Self {
            path: path.to_owned(),
            service,
            setup: Vec::new(),
            steps: Vec::new(),
        };
        for (index, line) in text.lines().enumerate() {
            if let Some(command) = line.strip_prefix("> ") {
                script.setup.push(command.to_owned());
            } else if let Some((connection, act)) = step(line, service) {
                let act = act.map_err(|fault| format!("{}:{}: {fault}", path.display(), index + 1))?;
                script.steps.push(Step {
                    line: index + 1,
                    connection,
                    act,
                });
            }
        }
        Ok(script)
    }

    /// The commands of our own CLI that prepare the server, one a line.
    pub fn setup(&self) -> String {
        self.setup.join("\n")
    }
}

/// Runs a transcript; the error tells file, line and difference.
pub fn run_script(script: &Script, daemon: &Daemon<'_>) -> Result<(), String> {
    if !script.setup.is_empty() {
        daemon.script(&script.setup());
    }
    let mut runner = Runner {
        script,
        daemon,
        wires: BTreeMap::new(),
        bindings: Bindings::from([(
            "host".to_owned(),
            daemon.home().host().ip().to_string().into_bytes(),
        )]),
    };
    for (index, step) in script.steps.iter().enumerate() {
        runner
            .run(index)
            .map_err(|fault| format!("{}:{}: {fault}", script.path.display(), step.line))?;
    }
    Ok(())
}

struct Runner<'run> {
    script: &'run Script,
    daemon: &'run Daemon<'run>,
    wires: BTreeMap<u32, Open>,
    bindings: Bindings,
}

struct Open {
    wire: Wire,
    service: Service,
    /// A unit that was read while skipping and belongs to the next expectation.
    pending: Option<Vec<u8>>,
}

impl Runner<'_> {
    fn run(&mut self, index: usize) -> Result<(), String> {
        let step = &self.script.steps[index];
        if let Act::Open(service) = step.act {
            let open = self.open(service).map_err(|error| error.to_string())?;
            self.wires.insert(step.connection, open);
            return Ok(());
        }
        if !self.wires.contains_key(&step.connection) {
            let open = self
                .open(self.script.service)
                .map_err(|error| error.to_string())?;
            self.wires.insert(step.connection, open);
        }
        let open = self.wires.get_mut(&step.connection).ok_or("no such connection")?;
        match &step.act {
            Act::Open(_) => Ok(()),
            Act::Send(text) => {
                let bytes = spoken(text, &self.bindings)?;
                open.wire.send(&bytes).map_err(|error| error.to_string())
            }
            Act::Expect(pattern) => open.compare(pattern, &mut self.bindings, Open::unit),
            Act::ExpectLine(pattern) => open.compare(pattern, &mut self.bindings, |open| open.wire.line()),
            Act::Skip(pattern) => open.skip(pattern, &mut self.bindings),
            Act::ServerCloses => open.closed(),
            Act::ClientCloses => open.wire.close_sending().map_err(|error| error.to_string()),
            Act::StartTls => open.wire.start_tls().map_err(|error| error.to_string()),
        }
    }

    fn open(&self, service: Service) -> io::Result<Open> {
        let address = self.daemon.address(service);
        let tls = matches!(service, Service::SmtpTls | Service::ImapTls | Service::Pop3Tls);
        let wire = if tls {
            Wire::connect_tls(address)?
        } else {
            Wire::connect(address)?
        };
        Ok(Open {
            wire,
            service,
            pending: None,
        })
    }
}

impl Open {
    fn compare(
        &mut self,
        pattern: &str,
        bindings: &mut Bindings,
        read: impl FnOnce(&mut Self) -> io::Result<Vec<u8>>,
    ) -> Result<(), String> {
        let heard = match self.pending.take() {
            Some(heard) => heard,
            None => read(self).map_err(|error| format!("expected {pattern:?}: {error}"))?,
        };
        let heard = trimmed(&heard);
        if pattern == "..." || matches(pattern, heard, bindings)? {
            return Ok(());
        }
        Err(format!(
            "expected {pattern:?}\n     got {:?}",
            String::from_utf8_lossy(heard)
        ))
    }

    fn skip(&mut self, pattern: &str, bindings: &mut Bindings) -> Result<(), String> {
        loop {
            let heard = match self.pending.take() {
                Some(heard) => heard,
                None => self.unit().map_err(|error| error.to_string())?,
            };
            if !matches(pattern, trimmed(&heard), bindings)? {
                self.pending = Some(heard);
                return Ok(());
            }
        }
    }

    fn closed(&mut self) -> Result<(), String> {
        let mut rest = self.pending.take().unwrap_or_default();
        rest.extend(
            self.wire
                .to_end()
                .map_err(|error| format!("expected the server to close: {error}"))?,
        );
        if rest.is_empty() {
            return Ok(());
        }
        Err(format!(
            "expected the server to close, got {:?}",
            String::from_utf8_lossy(&rest)
        ))
    }

    /// What one `S:` takes: a reply (SMTP), a response with literals (IMAP), a line (POP3), all up to a prompt (CLI).
    fn unit(&mut self) -> io::Result<Vec<u8>> {
        match self.service {
            Service::Smtp | Service::SmtpTls => self.reply(),
            Service::Imap | Service::ImapTls => self.response(),
            Service::Pop3 | Service::Pop3Tls => self.wire.line(),
            Service::Cli => self.prompted(),
        }
    }

    fn reply(&mut self) -> io::Result<Vec<u8>> {
        let mut whole = Vec::new();
        loop {
            let line = self.wire.line()?;
            let more = line.get(3) == Some(&b'-');
            whole.extend_from_slice(trimmed(&line));
            if !more {
                return Ok(whole);
            }
            whole.push(b'\n');
        }
    }

    fn response(&mut self) -> io::Result<Vec<u8>> {
        let mut whole = Vec::new();
        loop {
            let line = self.wire.line()?;
            whole.extend_from_slice(&line);
            match crate::imap::literal_size(&line) {
                Some(size) => whole.extend(self.wire.exactly(size)?),
                None => return Ok(whole),
            }
        }
    }

    fn prompted(&mut self) -> io::Result<Vec<u8>> {
        let mut whole = Vec::new();
        loop {
            whole.extend(self.wire.until(b"> ")?);
            let last = whole.rsplit(|&byte| byte == b'\n').next().unwrap_or_default();
            let inside = last.strip_prefix(b"<").and_then(|rest| rest.strip_suffix(b"> "));
            let is_prompt = |text: &[u8]| {
                text.iter()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"-#".contains(byte))
            };
            if inside.is_some_and(is_prompt) {
                whole.retain(|&byte| byte != b'\r');
                return Ok(whole);
            }
        }
    }
}

/// Connection and act of one line; `None` for a remark.
fn step(line: &str, service: Service) -> Option<(u32, Result<Act, String>)> {
    let side = line.chars().next().filter(|side| matches!(side, 'C' | 'S'))?;
    let rest = &line[1..];
    let digits = rest.len()
        - rest
            .trim_start_matches(|character: char| character.is_ascii_digit())
            .len();
    let connection = if digits == 0 {
        1
    } else {
        rest[..digits].parse().ok()?
    };
    let kind = rest[digits..]
        .chars()
        .next()
        .filter(|kind| matches!(kind, ':' | '+' | '?' | '!'))?;
    let after = &rest[digits + 1..];
    // "C:" alone is an empty line; any other mark is followed by one blank.
    let text = if after.is_empty() {
        ""
    } else {
        after.strip_prefix(' ')?
    };
    let act = match (side, kind) {
        ('C', ':') => Ok(Act::Send(format!("{text}\\r\\n"))),
        ('C', '+') => Ok(Act::Send(text.to_owned())),
        ('C', '!') => client_act(text, service),
        ('S', ':') => Ok(Act::Expect(text.to_owned())),
        ('S', '+') => Ok(Act::ExpectLine(text.to_owned())),
        ('S', '?') => Ok(Act::Skip(text.to_owned())),
        ('S', '!') if text == "closed" => Ok(Act::ServerCloses),
        _ => Err(format!("not a step: {line:?}")),
    };
    Some((connection, act))
}

fn client_act(text: &str, own: Service) -> Result<Act, String> {
    match text.split_whitespace().collect::<Vec<_>>()[..] {
        ["close"] => Ok(Act::ClientCloses),
        ["starttls"] => Ok(Act::StartTls),
        ["open"] => Ok(Act::Open(own)),
        ["open", "tls"] => with_tls(own).map(Act::Open).ok_or_else(|| text.to_owned()),
        ["open", name] => service(name, false)
            .map(Act::Open)
            .ok_or_else(|| format!("no service {name}")),
        ["open", name, "tls"] => service(name, true)
            .map(Act::Open)
            .ok_or_else(|| format!("no service {name}")),
        _ => Err(format!("not a step: C! {text}")),
    }
}

fn service(name: &str, tls: bool) -> Option<Service> {
    Some(match (name, tls) {
        ("smtp", false) => Service::Smtp,
        ("smtp", true) => Service::SmtpTls,
        ("imap", false) => Service::Imap,
        ("imap", true) => Service::ImapTls,
        ("pop3", false) => Service::Pop3,
        ("pop3", true) => Service::Pop3Tls,
        ("cli", false) => Service::Cli,
        _ => return None,
    })
}

/// The same service with TLS from the first byte.
fn with_tls(own: Service) -> Option<Service> {
    match own {
        Service::Smtp | Service::SmtpTls => Some(Service::SmtpTls),
        Service::Imap | Service::ImapTls => Some(Service::ImapTls),
        Service::Pop3 | Service::Pop3Tls => Some(Service::Pop3Tls),
        Service::Cli => None,
    }
}

fn trimmed(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r\n")
        .or_else(|| line.strip_suffix(b"\n"))
        .unwrap_or(line)
}
