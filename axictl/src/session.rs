//! A session at work: runs commands one by one, prints their replies, remembers what the user must be told at the end.
//!
//! Shared by the shell, scripts and one-shot commands, which differ only in where the next line comes from ([`Lines`]). Some commands
//! want more than their line: a password (WIRE.md, 4) or a text up to its terminator (6.6); both are read from the same
//! source, as AXIGEN's own scripts do.

use crate::client::{Client, Unreachable};
use crate::input::Command;
use crate::render::{Printer, Stream};
use crate::secrets;
use axigen_shared::control::{Access, Expects, Reply, Subject};
use std::io::{self, IsTerminal, Write};

/// Longest text sent with one command (WIRE.md, 6.6).
const MAX_TEXT: usize = 10 * 1024 * 1024;

/// Where further lines come from.
pub trait Lines {
    /// The next line as it stands, remarks included; `None` at the end.
    fn next_line(&mut self) -> Result<Option<String>, End>;
    /// A password, not echoed where somebody could see it; `None` when there is none.
    fn password(&mut self, prompt: &str) -> Result<Option<String>, End>;
    /// What the daemon says while a command waits for more. Scripts know what to send; a person wants to read it.
    fn told(&mut self, _message: &str) {}
}

/// Why a run ended before its commands did.
#[derive(Debug)]
pub enum End {
    /// The daemon cannot be reached any more.
    Unreachable(Unreachable),
    /// Input or output broke.
    Broken(io::Error),
}

impl From<Unreachable> for End {
    fn from(gone: Unreachable) -> Self {
        Self::Unreachable(gone)
    }
}

impl From<io::Error> for End {
    fn from(error: io::Error) -> Self {
        Self::Broken(error)
    }
}

/// A session with the daemon and what is known of it.
pub struct Session {
    client: Client,
    printer: Printer,
    prompt: String,
    failures: usize,
    over: bool,
    unsaved: bool,
    pending: bool,
    /// Commands that ran, a login included.
    commands: usize,
}

impl Session {
    /// A session on a fresh connection.
    pub fn new(mut client: Client, printer: Printer) -> Self {
        client.show_progress(show_progress);
        let prompt = client.hello().prompt.clone();
        Self {
            client,
            printer,
            prompt,
            failures: 0,
            over: false,
            unsaved: false,
            pending: false,
            commands: 0,
        }
    }

    /// The connection, for what is no command.
    pub fn client(&mut self) -> &mut Client {
        &mut self.client
    }

    /// Logs in, also where the daemon trusts this process already. What the user is told when that fails is the daemon's
    /// sentence.
    pub fn log_in(&mut self, user: &str, lines: &mut dyn Lines) -> Result<Result<(), String>, End> {
        self.commands += 1;
        if self.client.hello().access == Access::Admin {
            self.prompt = self.client.log_out()?.prompt;
        }
        let asked = self
            .client
            .line(&format!("USER {}", axigen_shared::value::quoted(user)))?;
        if asked.expects != Expects::Password {
            return Ok(Err(asked.message));
        }
        let password = lines
            .password(&format!("Password of {user}: "))?
            .unwrap_or_default();
        let reply = self.client.line(&password)?;
        self.prompt.clone_from(&reply.prompt);
        Ok(if reply.ok() { Ok(()) } else { Err(reply.message) })
    }

    /// Whether commands have to wait for a login.
    pub fn needs_login(&self) -> bool {
        self.client.hello().access == Access::Login && self.prompt.starts_with("<login>")
    }

    /// Runs a command and whatever it asks for, and prints the reply. Whether it succeeded.
    pub fn run(&mut self, command: &Command, lines: &mut dyn Lines) -> Result<bool, End> {
        // A script that logs in itself does so whoever runs it; its second line is a password, not a command.
        let logs_in = self.commands == 0 && secrets::begins_login(&command.text);
        self.commands += 1;
        if logs_in && self.client.hello().access == Access::Admin {
            self.prompt = self.client.log_out()?.prompt;
        }
        let line = command.text.clone();
        let mut reply = self.client.begin(Subject::Line { line })?;
        loop {
            self.note(&reply);
            match &reply.expects {
                Expects::Password => {
                    // A raw line: it is never printed, kept or repeated (WIRE.md, 4).
                    let password = lines.password("Password: ")?.unwrap_or_default();
                    reply = self.client.line(&password)?;
                }
                Expects::Text { terminator } => {
                    let terminator = terminator.clone();
                    lines.told(&reply.message);
                    let text = text_until(&terminator, lines)?;
                    reply = self.client.ask(Subject::Text { lines: text })?;
                }
                Expects::Command | Expects::Nothing => break,
            }
        }
        self.over |= reply.expects == Expects::Nothing;
        let ok = reply.ok();
        self.print(command, reply)?;
        if !ok {
            self.failures += 1;
        }
        Ok(ok)
    }

    /// Prints a reply, the rows of a table as they arrive.
    fn print(&mut self, command: &Command, reply: Reply) -> Result<(), End> {
        let mut stream = Stream::new(self.printer, command, reply);
        while let Some(rows) = self.client.rows()? {
            stream.rows(rows)?;
        }
        Ok(stream.end()?)
    }

    /// What may stand at the cursor.
    pub fn complete(&mut self, line: &str, cursor: usize) -> Result<Reply, Unreachable> {
        self.client.ask(Subject::Complete {
            line: line.to_owned(),
            cursor,
        })
    }

    /// The prompt for the next command.
    pub fn prompt(&self) -> &str {
        &self.prompt
    }

    /// How many commands failed.
    pub fn failures(&self) -> usize {
        self.failures
    }

    /// Whether the daemon ended the session (EXIT).
    pub fn is_over(&self) -> bool {
        self.over
    }

    /// Whether leaving drops changes.
    pub fn is_pending(&self) -> bool {
        self.pending
    }

    /// How replies are printed.
    pub fn printer(&self) -> Printer {
        self.printer
    }

    /// What the user should know before leaving, if anything.
    pub fn reminder(&self) -> Option<&'static str> {
        match (self.pending, self.unsaved) {
            (true, true) => Some(
                "Changes of this session are not committed and will be dropped. \
                 Earlier server changes are running but not in the configuration file: SAVE CONFIG keeps them.",
            ),
            (true, false) => Some("Changes of this session are not committed and will be dropped."),
            (false, true) => Some(
                "Server changes are running but not in the configuration file: a restart loses them, SAVE CONFIG keeps them.",
            ),
            (false, false) => None,
        }
    }

    fn note(&mut self, reply: &Reply) {
        self.prompt.clone_from(&reply.prompt);
        self.unsaved = reply.unsaved;
        self.pending = reply.pending;
    }
}

/// How far a job is, on one line of the terminal that is written over; nowhere else.
pub fn show_progress(progress: &str) {
    let mut terminal = io::stderr();
    if terminal.is_terminal() {
        let plain: String = progress.chars().filter(|c| !c.is_control()).collect();
        // To the left edge, the text, and nothing behind it (ECMA-48, 8.3.41). It is no loss when it is not seen.
        let _ = write!(terminal, "\r{plain}\u{1b}[K");
        let _ = terminal.flush();
    }
}

/// The lines up to the terminator. A line that starts with a dot loses one, as on the wire (WIRE.md, 6.6).
fn text_until(terminator: &str, lines: &mut dyn Lines) -> Result<Vec<String>, End> {
    let mut text = Vec::new();
    let mut size = 0;
    let doubled = terminator.starts_with('.');
    while let Some(line) = lines.next_line()? {
        if line == terminator {
            break;
        }
        size += line.len() + 1;
        if size > MAX_TEXT {
            let message = format!("the text is longer than {MAX_TEXT} bytes");
            return Err(End::Broken(io::Error::new(io::ErrorKind::InvalidInput, message)));
        }
        let undotted = line.strip_prefix('.').filter(|rest| doubled && !rest.is_empty());
        text.push(undotted.map_or(line.clone(), str::to_owned));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::{End, Lines, text_until};

    struct Fixed(Vec<&'static str>);

    impl Lines for Fixed {
        fn next_line(&mut self) -> Result<Option<String>, End> {
            Ok(if self.0.is_empty() {
                None
            } else {
                Some(self.0.remove(0).to_owned())
            })
        }
        fn password(&mut self, _prompt: &str) -> Result<Option<String>, End> {
            Ok(None)
        }
    }

    #[test]
    fn text_ends_at_its_terminator_and_dots_are_undoubled() {
        let mut lines = Fixed(vec![
            "keep;",
            "..hidden",
            "# no remark here",
            "",
            ".",
            "LIST Accounts",
        ]);
        assert_eq!(
            text_until(".", &mut lines).unwrap(),
            ["keep;", ".hidden", "# no remark here", ""]
        );
        assert_eq!(lines.0, ["LIST Accounts"]);
        let mut lines = Fixed(vec!["..kept", "EOF"]);
        assert_eq!(text_until("EOF", &mut lines).unwrap(), ["..kept"]);
    }
}
