//! Commands without a person: from the command line, a file or standard input.
//!
//! Stops at the first failure unless told to go on. Remarks and blank lines are skipped between commands, but belong to a
//! text that a command asks for. After an error nothing pending is committed: leaving drops it, as everywhere.

use crate::input::{Command, Place, is_command};
use crate::session::{End, Lines, Session};
use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

/// Longest line of a script; the daemon takes 64 KiB (WIRE.md, 5).
const MAX_LINE: u64 = 64 * 1024;

/// Commands that wait, with their places.
pub trait Source: Lines {
    /// The next command; `None` at the end.
    fn next_command(&mut self) -> Result<Option<Command>, End>;
}

/// Runs everything. Whether all commands succeeded (or were to be passed over).
pub fn run(session: &mut Session, source: &mut impl Source, continue_on_error: bool) -> Result<(), End> {
    while let Some(command) = source.next_command()? {
        let done = session.run(&command, source)?;
        if session.is_over() || (!done && !continue_on_error) {
            break;
        }
    }
    Ok(())
}

/// The commands of the command line.
pub struct Arguments(pub VecDeque<Command>);

impl Lines for Arguments {
    fn next_line(&mut self) -> Result<Option<String>, End> {
        Ok(self.0.pop_front().map(|command| command.text))
    }

    fn password(&mut self, _prompt: &str) -> Result<Option<String>, End> {
        self.next_line()
    }
}

impl Source for Arguments {
    fn next_command(&mut self) -> Result<Option<Command>, End> {
        Ok(self.0.pop_front())
    }
}

/// A script.
pub struct Script {
    reader: Box<dyn BufRead>,
    name: String,
    number: usize,
}

impl Script {
    /// Opens a script; `-` is standard input.
    pub fn open(path: &Path) -> io::Result<Self> {
        if path == Path::new("-") {
            return Ok(Self::standard_input());
        }
        let file = File::open(path)
            .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", path.display())))?;
        Ok(Self {
            reader: Box::new(BufReader::new(file)),
            name: path.display().to_string(),
            number: 0,
        })
    }

    /// The script on standard input.
    pub fn standard_input() -> Self {
        Self {
            reader: Box::new(BufReader::new(io::stdin())),
            name: "standard input".to_owned(),
            number: 0,
        }
    }
}

impl Lines for Script {
    fn next_line(&mut self) -> Result<Option<String>, End> {
        let mut line = Vec::new();
        let count = self
            .reader
            .by_ref()
            .take(MAX_LINE + 1)
            .read_until(b'\n', &mut line)?;
        if count == 0 {
            return Ok(None);
        }
        self.number += 1;
        if line.len() as u64 > MAX_LINE {
            let message = format!(
                "{}, line {}: longer than {MAX_LINE} bytes",
                self.name, self.number
            );
            return Err(End::Broken(io::Error::new(io::ErrorKind::InvalidData, message)));
        }
        let line = String::from_utf8(line).map_err(|_| {
            let message = format!("{}, line {}: not UTF-8", self.name, self.number);
            io::Error::new(io::ErrorKind::InvalidData, message)
        })?;
        Ok(Some(line.trim_end_matches(['\n', '\r']).to_owned()))
    }

    fn password(&mut self, _prompt: &str) -> Result<Option<String>, End> {
        self.next_line()
    }
}

impl Source for Script {
    fn next_command(&mut self) -> Result<Option<Command>, End> {
        while let Some(text) = self.next_line()? {
            if is_command(&text) {
                let place = Place::Line {
                    source: self.name.clone(),
                    number: self.number,
                };
                return Ok(Some(Command { text, place }));
            }
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::{Lines, Script, Source};
    use crate::input::Place;
    use std::io::Cursor;

    fn script(text: &str) -> Script {
        Script {
            reader: Box::new(Cursor::new(text.as_bytes().to_vec())),
            name: "x.cli".into(),
            number: 0,
        }
    }

    #[test]
    fn commands_know_their_lines() {
        let mut script = script("# remark\r\n\r\nLIST Domains\r\n  # another\nHELP");
        let mut found = Vec::new();
        while let Some(command) = script.next_command().unwrap() {
            found.push((command.text, command.place));
        }
        let place = |number| Place::Line {
            source: "x.cli".into(),
            number,
        };
        assert_eq!(
            found,
            [("LIST Domains".into(), place(3)), ("HELP".into(), place(5))]
        );
    }

    #[test]
    fn lines_of_a_text_are_taken_as_they_are() {
        let mut script = script("# kept\n  blank  \n");
        assert_eq!(script.next_line().unwrap().unwrap(), "# kept");
        assert_eq!(script.next_line().unwrap().unwrap(), "  blank  ");
        assert!(script.next_line().unwrap().is_none());
    }

    #[test]
    fn bad_input_names_its_line() {
        let mut long = script(&format!("HELP\n{}\n", "x".repeat(70_000)));
        long.next_command().unwrap();
        assert!(format!("{:?}", long.next_command().unwrap_err()).contains("x.cli, line 2"));
    }
}
