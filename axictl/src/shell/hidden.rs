//! A line that is typed without being shown: passwords.
//!
//! The line editor shows blanks of the same width with the cursor hidden, and keeps no history of such a line. A terminal
//! that cannot do this (TERM=dumb) or is none gets no question at all: a password must not be echoed by accident.

use crate::session::End;
use rustyline::completion::Completer;
use rustyline::config::Configurer;
use rustyline::error::ReadlineError;
use rustyline::highlight::{CmdKind, Highlighter};
use rustyline::hint::Hinter;
use rustyline::history::MemHistory;
use rustyline::validate::Validator;
use rustyline::{ColorMode, Config, Editor, Helper};
use std::borrow::Cow;
use std::io::{self, IsTerminal};

/// Values of TERM for which the line editor falls back to reading with echo.
const CANNOT_HIDE: [&str; 3] = ["dumb", "cons25", "emacs"];

/// Asks for a line without showing it; `None` after Ctrl-C or Ctrl-D.
pub fn hidden_line(prompt: &str) -> Result<Option<String>, End> {
    let term = std::env::var("TERM").unwrap_or_default();
    if !io::stdin().is_terminal() || CANNOT_HIDE.iter().any(|dumb| dumb.eq_ignore_ascii_case(&term)) {
        let advice = "a password is asked for, but nothing here can hide it: use --password-file, or put it into a script";
        return Err(io::Error::other(advice).into());
    }
    let config = Config::builder().auto_add_history(false).build();
    let mut editor =
        Editor::<Blanks, MemHistory>::with_history(config, MemHistory::new()).map_err(super::broken)?;
    editor.set_helper(Some(Blanks));
    // The blanks are made by the highlighter, which works only with colours on.
    editor.set_color_mode(ColorMode::Forced);
    let invisible = editor.set_cursor_visibility(false).map_err(super::broken)?;
    let line = editor.readline(prompt);
    drop(invisible);
    match line {
        Ok(line) => Ok(Some(line)),
        Err(ReadlineError::Interrupted | ReadlineError::Eof) => Ok(None),
        Err(error) => Err(super::broken(error)),
    }
}

/// Shows blanks instead of what is typed.
struct Blanks;

impl Highlighter for Blanks {
    fn highlight<'line>(&self, line: &'line str, _pos: usize) -> Cow<'line, str> {
        Cow::Owned(" ".repeat(line.chars().count()))
    }

    fn highlight_char(&self, _line: &str, _pos: usize, kind: CmdKind) -> bool {
        kind != CmdKind::MoveCursor
    }
}

impl Completer for Blanks {
    type Candidate = String;
}

impl Hinter for Blanks {
    type Hint = String;
}

impl Validator for Blanks {}
impl Helper for Blanks {}
