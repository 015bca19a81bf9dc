//! The three renderings of one reply: tables for people, AXIGEN text for scripts, JSON for programs.
//!
//! Chooses the form and writes to standard output; errors of a command go to standard error with the place they came from.
//! Nothing is lost in any form: a table that would hide something (a note, a missing effect) prints it beside.

mod json;
mod stream;
mod table;

pub use stream::Stream;

use crate::args::{Output, When};
use crate::input::{Command, Place};
use crate::secrets;
use axigen_shared::control::{Body, Reply, axigen};
use std::io::{self, IsTerminal, Write};

/// In which form replies are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// One JSON object a reply.
    Json,
    /// AXIGEN text.
    Plain,
    /// Tables.
    Table,
}

/// How everything is printed in this run.
#[derive(Clone, Copy, Debug)]
pub struct Printer {
    form: Form,
    /// Colour on standard output.
    color: bool,
    /// Colour on standard error.
    error_color: bool,
}

impl Printer {
    /// What the options and the terminal ask for.
    pub fn new(output: &Output) -> Self {
        let terminal = io::stdout().is_terminal();
        let form = match output {
            Output { json: true, .. } => Form::Json,
            Output { plain: true, .. } => Form::Plain,
            Output { table: true, .. } => Form::Table,
            _ if terminal => Form::Table,
            _ => Form::Plain,
        };
        Self {
            form,
            color: wanted(output.color, terminal),
            error_color: wanted(output.color, io::stderr().is_terminal()),
        }
    }

    /// The form.
    pub fn form(self) -> Form {
        self.form
    }

    /// Whether prompts and tables are coloured.
    pub fn color(self) -> bool {
        self.color
    }

    /// Prints a reply to this command. A broken pipe is an error; the caller ends quietly.
    fn reply(self, command: &Command, reply: &Reply) -> io::Result<()> {
        let text = match self.form {
            Form::Json => json::object(&masked(command), reply) + "\n",
            Form::Plain => plain(reply),
            Form::Table => table::text(reply, self.color, command.place == Place::Typed),
        };
        write(&text)?;
        self.beside(command, reply);
        Ok(())
    }

    /// What is said on standard error beside the reply.
    fn beside(self, command: &Command, reply: &Reply) {
        if !reply.ok() {
            self.failure(command, &reply.message);
        }
        if self.form == Form::Table {
            for warning in &reply.warnings {
                self.notice(warning);
            }
        }
    }

    /// Says on standard error which command failed, where it stands, and why.
    pub fn failure(self, command: &Command, message: &str) {
        let message = without_controls(message);
        let command_text = without_controls(&masked(command));
        match &command.place {
            Place::Typed => eprintln!("{}", self.red(&format!("Error: {message}"))),
            place => eprintln!("axictl: {place}: {}: {}", command_text.trim(), self.red(&message)),
        }
    }

    /// Says something on standard error that is not a failure of a command.
    pub fn notice(self, message: &str) {
        let message = without_controls(message);
        if self.error_color {
            eprintln!("\u{1b}[33m{message}\u{1b}[0m");
        } else {
            eprintln!("{message}");
        }
    }

    fn red(self, text: &str) -> String {
        if self.error_color {
            format!("\u{1b}[31m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }
}

fn write(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}

fn wanted(when: When, terminal: bool) -> bool {
    match when {
        When::Always => true,
        When::Never => false,
        When::Auto => {
            let dumb = std::env::var_os("TERM").is_none_or(|term| term == "dumb");
            terminal && !dumb && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
        }
    }
}

/// AXIGEN text with the line ends of this system and without the prompt, which nobody types at.
fn plain(reply: &Reply) -> String {
    plain_lines(&axigen(&without_prompt(reply), false))
}

fn without_prompt(reply: &Reply) -> Reply {
    Reply {
        prompt: String::new(),
        ..reply.clone()
    }
}

fn plain_lines(text: &str) -> String {
    text.replace("\r\n", "\n")
}

/// The command without its secrets.
fn masked(command: &Command) -> String {
    secrets::masked(&command.text)
}

/// The text without control characters: names that users chose must not steer the administrator's terminal.
fn without_controls(text: &str) -> String {
    text.chars()
        .map(|character| {
            if character.is_control() && character != '\n' {
                ' '
            } else {
                character
            }
        })
        .collect()
}

/// Whether a body shows anything.
const fn is_empty(body: &Body) -> bool {
    matches!(body, Body::None)
}

#[cfg(test)]
mod tests {
    use super::{plain, without_controls};
    use axigen_shared::control::Reply;

    #[test]
    fn plain_text_has_no_prompt_and_no_carriage_returns() {
        let reply = Reply {
            prompt: "<server#> ".into(),
            ..Reply::done()
        };
        assert_eq!(plain(&reply), "+OK: command successful\n");
        assert_eq!(
            plain(&Reply::refused("no such account")),
            "-ERR: no such account\n"
        );
    }

    #[test]
    fn names_cannot_steer_the_terminal() {
        assert_eq!(without_controls("a\u{1b}[2Jb\u{7}"), "a [2Jb ");
    }
}
