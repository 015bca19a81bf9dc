//! The interactive shell.
//!
//! Owns the loop around the line editor: prompt, history, hidden passwords, pasted lines, and leaving. Completion and hints are in
//! `assistant`, what is remembered between sessions in `history`. The daemon's prompt is shown as it is, coloured.
//!
//! Keys do what people expect: Ctrl-C clears the line, Ctrl-D on an empty line leaves, Tab completes, arrow up goes back.

mod assistant;
mod hidden;
mod history;

pub use hidden::hidden_line;

use crate::input::{Command, Place, is_command, split_at_bars};
use crate::secrets;
use crate::session::{End, Lines, Session};
use assistant::Assistant;
use axigen_shared::value::quoted;
use rustyline::error::ReadlineError;
use rustyline::history::FileHistory;
use rustyline::{ColorMode, CompletionType, Config, Editor};
use std::cell::RefCell;
use std::io;
use std::rc::Rc;

/// Prompt while the lines of a text are typed.
const TEXT_PROMPT: &str = "| ";

type LineEditor = Editor<Assistant, FileHistory>;

/// Runs the shell until the user leaves or the daemon is gone.
pub fn run(session: Session, user: Option<&str>) -> Result<(), End> {
    let color = session.printer().color();
    println!("Connected to axigend. HELP lists the commands, Tab completes, Ctrl-D leaves.");
    let session = Rc::new(RefCell::new(session));
    let config = Config::builder()
        .completion_type(CompletionType::List)
        .completion_prompt_limit(200)
        .history_ignore_space(true)
        .auto_add_history(false)
        .color_mode(if color {
            ColorMode::Enabled
        } else {
            ColorMode::Disabled
        })
        .max_history_size(history::LENGTH)
        .map_err(broken)?
        .build();
    let mut editor = LineEditor::with_config(config).map_err(broken)?;
    editor.set_helper(Some(Assistant::new(Rc::clone(&session), color)));
    history::load(&mut editor);
    let mut keyboard = Keyboard { editor, color };
    log_in_and_loop(&session, &mut keyboard, user)
}

fn log_in_and_loop(
    session: &RefCell<Session>,
    keyboard: &mut Keyboard,
    user: Option<&str>,
) -> Result<(), End> {
    if let Some(user) = user {
        let answer = session.borrow_mut().log_in(user, keyboard)?;
        if let Err(why) = answer {
            session.borrow().printer().notice(&why);
        }
    }
    let mut warned = false;
    while !session.borrow().is_over() {
        let prompt = session.borrow().prompt().to_owned();
        match keyboard.read(&prompt) {
            Ok(line) => {
                warned = false;
                run_line(session, keyboard, &line)?;
            }
            Err(ReadlineError::Interrupted) => {}
            Err(ReadlineError::Eof) => {
                // Once: leaving loses something, so the first Ctrl-D only says so.
                let reminder = if warned { None } else { session.borrow().reminder() };
                let Some(reminder) = reminder else { break };
                session
                    .borrow()
                    .printer()
                    .notice(&format!("{reminder} Ctrl-D once more leaves."));
                warned = true;
            }
            Err(error) => return Err(broken(error)),
        }
    }
    Ok(())
}

/// Runs what was typed: usually one command, several when lines were pasted or `|` stands between them.
fn run_line(session: &RefCell<Session>, keyboard: &mut Keyboard, typed: &str) -> Result<(), End> {
    let commands: Vec<String> = typed
        .lines()
        .filter(|line| is_command(line))
        .flat_map(split_at_bars)
        .collect();
    let count = commands.len();
    for (index, text) in commands.into_iter().enumerate() {
        if !secrets::is_secret(&text) {
            keyboard.remember(&text);
        }
        let Some(text) = with_password(text)? else {
            return Ok(());
        };
        let leaves = ["EXIT", "QUIT"]
            .iter()
            .any(|word| text.trim().eq_ignore_ascii_case(word));
        if let Some(reminder) = session.borrow().reminder().filter(|_| leaves) {
            session.borrow().printer().notice(reminder);
        }
        let command = Command {
            text,
            place: Place::Typed,
        };
        let done = session.borrow_mut().run(&command, keyboard)?;
        if !done && index + 1 < count {
            session
                .borrow()
                .printer()
                .notice(&format!("{} further commands were not run.", count - index - 1));
            break;
        }
    }
    Ok(())
}

/// Asks for the password that a line ends before; `None` when the user thought better of it.
fn with_password(line: String) -> Result<Option<String>, End> {
    if !secrets::awaits_password(&line) {
        return Ok(Some(line));
    }
    // The one command that wants the old password as well (`CHANGE password oldPassword <pass> newPassword <pass>`).
    let own = line
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .eq_ignore_ascii_case("CHANGE password");
    let old = if own {
        hidden_line("Old password: ")?
    } else {
        Some(String::new())
    };
    let Some(old) = old else { return Ok(None) };
    let Some(password) = hidden_line("New password: ")? else {
        return Ok(None);
    };
    let Some(again) = hidden_line("The same again: ")? else {
        return Ok(None);
    };
    if password != again {
        println!("The two are not the same; nothing was changed.");
        return Ok(None);
    }
    let line = line.trim_end();
    Ok(Some(if own {
        format!(
            "{line} oldPassword {} newPassword {}",
            quoted(&old),
            quoted(&password)
        )
    } else {
        format!("{line} {}", quoted(&password))
    }))
}

/// The line editor as a source of lines.
struct Keyboard {
    editor: LineEditor,
    color: bool,
}

impl Keyboard {
    fn read(&mut self, prompt: &str) -> Result<String, ReadlineError> {
        if self.color {
            let styled = format!("\u{1b}[1;34m{prompt}\u{1b}[0m");
            self.editor.readline(&(prompt, styled.as_str()))
        } else {
            self.editor.readline(prompt)
        }
    }

    fn remember(&mut self, line: &str) {
        // A history that cannot be kept is no reason to stop working. It is saved before the command runs: Ctrl-C in a long
        // answer ends the shell.
        let _ = self.editor.add_history_entry(line.trim_end());
        history::save(&mut self.editor);
    }
}

impl Lines for Keyboard {
    fn next_line(&mut self) -> Result<Option<String>, End> {
        loop {
            match self.editor.readline(TEXT_PROMPT) {
                Ok(line) => return Ok(Some(line)),
                Err(ReadlineError::Interrupted) => {
                    println!("The line is dropped. Ctrl-D drops the whole text and leaves axictl.");
                }
                // The daemon waits for the text and takes nothing else: without it the session is over.
                Err(ReadlineError::Eof) => {
                    return Err(
                        io::Error::new(io::ErrorKind::UnexpectedEof, "the text was not finished").into(),
                    );
                }
                Err(error) => return Err(broken(error)),
            }
        }
    }

    fn password(&mut self, prompt: &str) -> Result<Option<String>, End> {
        hidden_line(prompt)
    }

    fn told(&mut self, message: &str) {
        println!("{message}");
    }
}

fn broken(error: ReadlineError) -> End {
    match error {
        ReadlineError::Io(error) => End::Broken(error),
        other => End::Broken(io::Error::other(other)),
    }
}
