//! From words and script text to commands, each with the place it came from.
//!
//! Owns how command line arguments become commands (`|` between them) and which lines of a script are remarks. Does not own
//! the grammar inside a command: the daemon reads it, the same for every front end (WIRE.md, 5). Only quotes are
//! looked at here, so that a `|` or a blank inside a value is left alone.

use std::fmt;
use std::io::{self, Read};
use std::path::Path;

/// Longest file read as a whole: the objects of some million accounts.
const MAX_FILE: u64 = 1 << 30;

/// A whole file as text; `-` is standard input.
pub fn whole_file(path: &Path) -> io::Result<String> {
    let source: Box<dyn Read> = if path.as_os_str() == "-" {
        Box::new(io::stdin())
    } else {
        Box::new(std::fs::File::open(path)?)
    };
    let mut text = String::new();
    let size = source.take(MAX_FILE + 1).read_to_string(&mut text)?;
    if size as u64 > MAX_FILE {
        return Err(io::Error::other(format!("it is longer than {MAX_FILE} bytes")));
    }
    Ok(text)
}

/// One command and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// The line for the daemon.
    pub text: String,
    /// Its place, for messages.
    pub place: Place,
}

/// Where a command came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// The n-th command on the command line, counted from 1.
    Argument(usize),
    /// A line of a script, counted from 1.
    Line {
        /// File name, or "standard input".
        source: String,
        /// Line number.
        number: usize,
    },
    /// Typed in the shell.
    Typed,
}

impl fmt::Display for Place {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Argument(number) => write!(out, "command {number}"),
            Self::Line { source, number } => write!(out, "{source}, line {number}"),
            Self::Typed => Ok(()),
        }
    }
}

/// The commands of the command line.
///
/// Three spellings, told apart by the first argument: a whole line each (`'UPDATE Domain x' 'LIST Accounts'`), the words
/// of one command (`LIST Domains`), and either of them with `|` as an argument or inside one.
pub fn from_arguments(arguments: &[String]) -> Vec<Command> {
    let whole_lines = arguments
        .first()
        .is_some_and(|first| first.contains(char::is_whitespace));
    let mut lines: Vec<String> = Vec::new();
    for group in arguments.split(|argument| argument == "|") {
        if whole_lines || group.len() == 1 {
            lines.extend(group.iter().flat_map(|argument| split_at_bars(argument)));
        } else if !group.is_empty() {
            lines.push(
                group
                    .iter()
                    .map(|word| as_token(word))
                    .collect::<Vec<_>>()
                    .join(" "),
            );
        }
    }
    let filled = lines.into_iter().filter(|line| !line.trim().is_empty());
    filled
        .enumerate()
        .map(|(index, text)| Command {
            text,
            place: Place::Argument(index + 1),
        })
        .collect()
}

/// What a line of a script holds: a command, or nothing (blank lines and remarks).
///
/// Remarks are the client's business; the server would call `#` an unknown command (WIRE.md, 5).
pub fn is_command(line: &str) -> bool {
    let line = line.trim_start();
    !line.is_empty() && !line.starts_with('#')
}

/// Cuts a line at every `|` that stands alone between blanks and outside quotes.
pub fn split_at_bars(line: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut quote = None;
    let mut characters = line.chars().peekable();
    let mut before_blank = true;
    while let Some(character) = characters.next() {
        let alone = before_blank && characters.peek().is_none_or(|next| next.is_whitespace());
        if character == '|' && quote.is_none() && alone {
            parts.push(String::new());
            continue;
        }
        if let Some(part) = parts.last_mut() {
            part.push(character);
            if character == '\\' && quote != Some('\'') {
                part.extend(characters.next());
                before_blank = false;
                continue;
            }
        }
        match (quote, character) {
            (None, '\'' | '"') => quote = Some(character),
            (Some(open), close) if open == close => quote = None,
            _ => {}
        }
        before_blank = character.is_whitespace();
    }
    parts.into_iter().map(|part| part.trim().to_owned()).collect()
}

/// A word of the user's shell as one token of the language.
///
/// The user's shell has eaten one layer of quotes, so a word with blanks gets one back. Words that carry quotes of
/// their own, and sets in parentheses, are passed as they are.
fn as_token(word: &str) -> String {
    let bare = !word.is_empty() && !word.contains(char::is_whitespace);
    if bare || word.contains(['"', '\'']) || word.starts_with('(') {
        return word.to_owned();
    }
    format!("\"{}\"", word.replace('\\', "\\\\"))
}

#[cfg(test)]
mod tests {
    use super::{from_arguments, is_command, split_at_bars};

    fn lines(arguments: &[&str]) -> Vec<String> {
        let arguments: Vec<String> = arguments.iter().map(ToString::to_string).collect();
        from_arguments(&arguments)
            .into_iter()
            .map(|command| command.text)
            .collect()
    }

    #[test]
    fn arguments_become_commands() {
        let rows: [(&[&str], &[&str]); 8] = [
            (
                &["UPDATE Domain example.test", "LIST Accounts"],
                &["UPDATE Domain example.test", "LIST Accounts"],
            ),
            (&["LIST", "Domains"], &["LIST Domains"]),
            (&["HELP"], &["HELP"]),
            (
                &["UPDATE", "Domain", "x", "|", "LIST", "Accounts"],
                &["UPDATE Domain x", "LIST Accounts"],
            ),
            (
                &["UPDATE Domain x | LIST Accounts", "BACK"],
                &["UPDATE Domain x", "LIST Accounts", "BACK"],
            ),
            (&["SET", "firstName", "Anna Lee"], &["SET firstName \"Anna Lee\""]),
            (&["SET", "services", "(imap pop3)"], &["SET services (imap pop3)"]),
            (&["|", "HELP", "|"], &["HELP"]),
        ];
        for (arguments, expected) in rows {
            assert_eq!(lines(arguments), expected, "{arguments:?}");
        }
    }

    #[test]
    fn bars_inside_values_are_left_alone() {
        assert_eq!(
            split_at_bars(r#"SET a "x | y" | SHOW"#),
            [r#"SET a "x | y""#, "SHOW"]
        );
        assert_eq!(
            split_at_bars("SET a 'it | is' | SHOW"),
            ["SET a 'it | is'", "SHOW"]
        );
        assert_eq!(split_at_bars("SET a b|c"), ["SET a b|c"]);
        assert_eq!(
            split_at_bars(r#"SET a "\" | " | SHOW"#),
            [r#"SET a "\" | ""#, "SHOW"]
        );
    }

    #[test]
    fn remarks_and_blank_lines_are_no_commands() {
        for (line, expected) in [
            ("", false),
            ("   ", false),
            (" # remark", false),
            ("#", false),
            ("LIST", true),
        ] {
            assert_eq!(is_command(line), expected, "{line:?}");
        }
    }
}
