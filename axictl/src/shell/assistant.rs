//! Completion and hints for the line editor.
//!
//! Everything is asked of the daemon at the moment it is needed, so that names of objects are live and the tool knows no command
//! itself. An answer costs well under a millisecond over the socket. A daemon that is gone completes nothing; the next
//! command will say so.

use crate::session::Session;
use axigen_shared::control::{Body, Reply};
use rustyline::completion::{Candidate, Completer};
use rustyline::highlight::Highlighter;
use rustyline::hint::{Hint, Hinter};
use rustyline::validate::Validator;
use rustyline::{CompletionType, Context, Helper};
use serde_json::Value;
use std::borrow::Cow;
use std::cell::RefCell;
use std::rc::Rc;

/// Columns that a candidate with its description fills: one a line, also on a narrow terminal.
const LINE_WIDTH: usize = 78;

/// The helper of the line editor.
pub struct Assistant {
    session: Rc<RefCell<Session>>,
    color: bool,
}

impl Assistant {
    /// A helper that asks this session.
    pub fn new(session: Rc<RefCell<Session>>, color: bool) -> Self {
        Self { session, color }
    }

    fn ask(&self, line: &str, cursor: usize) -> Option<Proposal> {
        let reply = self.session.try_borrow_mut().ok()?.complete(line, cursor).ok()?;
        Proposal::read(&reply)
    }
}

/// What the daemon proposes at a cursor.
#[derive(Debug, Default, PartialEq, Eq)]
struct Proposal {
    /// Where the word at the cursor begins, in bytes.
    start: usize,
    candidates: Vec<Word>,
    /// What may stand there, in words: `<count>`.
    hint: String,
}

impl Proposal {
    fn read(reply: &Reply) -> Option<Self> {
        let Body::Json { value } = &reply.body else {
            return None;
        };
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let rows = value.get("candidates")?.as_array()?;
        let words = rows.iter().map(|row| Word {
            text: text(&row["text"]),
            help: text(&row["help"]),
            shown: String::new(),
        });
        let mut candidates: Vec<Word> = words.collect();
        let widest = candidates
            .iter()
            .map(|word| word.text.chars().count())
            .max()
            .unwrap_or(0);
        let described = candidates.iter().any(|word| !word.help.is_empty()) && candidates.len() > 1;
        let room = LINE_WIDTH.saturating_sub(widest + 2);
        for word in &mut candidates {
            let help: String = word.help.chars().take(room).collect();
            // Padded to one width, the list has one column and the descriptions line up.
            word.shown = if described {
                format!("{:widest$}  {help:room$}", word.text)
            } else {
                word.text.clone()
            };
        }
        let start = usize::try_from(value.get("start")?.as_u64()?).ok()?;
        Some(Self {
            start,
            candidates,
            hint: value.get("hint").map(text).unwrap_or_default(),
        })
    }
}

/// A word that may stand at the cursor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    text: String,
    help: String,
    shown: String,
}

impl Candidate for Word {
    fn display(&self) -> &str {
        &self.shown
    }

    fn replacement(&self) -> &str {
        &self.text
    }
}

impl Completer for Assistant {
    type Candidate = Word;

    fn complete(
        &self,
        line: &str,
        pos: usize,
        _context: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<Word>)> {
        let Some(mut proposal) = self.ask(line, pos).filter(|proposal| proposal.start <= pos) else {
            return Ok((pos, Vec::new()));
        };
        // One way to go on: go on to the next word, too.
        if let [only] = &mut proposal.candidates[..]
            && !only.text.ends_with(' ')
            && pos == line.len()
        {
            only.text.push(' ');
        }
        Ok((proposal.start, proposal.candidates))
    }
}

/// What stands dim behind the cursor.
pub struct Rest {
    shown: String,
    /// How much of it the right arrow takes over.
    taken: usize,
}

impl Hint for Rest {
    fn display(&self) -> &str {
        &self.shown
    }

    fn completion(&self) -> Option<&str> {
        self.shown.get(..self.taken).filter(|taken| !taken.is_empty())
    }
}

impl Hinter for Assistant {
    type Hint = Rest;

    fn hint(&self, line: &str, pos: usize, _context: &Context<'_>) -> Option<Rest> {
        if pos < line.len() || line.trim().is_empty() {
            return None;
        }
        let proposal = self.ask(line, pos)?;
        let written = line.get(proposal.start..)?;
        match &proposal.candidates[..] {
            [only] => {
                let rest = only.text.get(written.len()..)?.to_owned();
                let taken = rest.len();
                let help = if only.help.is_empty() {
                    String::new()
                } else {
                    format!("   {}", only.help)
                };
                Some(Rest {
                    shown: rest + &help,
                    taken,
                })
            }
            // The kind of value is worth showing only where nothing is written yet.
            _ if written.is_empty() && !proposal.hint.is_empty() => Some(Rest {
                shown: proposal.hint,
                taken: 0,
            }),
            _ => None,
        }
    }
}

impl Highlighter for Assistant {
    fn highlight_hint<'hint>(&self, hint: &'hint str) -> Cow<'hint, str> {
        if self.color {
            Cow::Owned(format!("\u{1b}[2m{hint}\u{1b}[0m"))
        } else {
            Cow::Borrowed(hint)
        }
    }

    fn highlight_candidate<'text>(&self, candidate: &'text str, _kind: CompletionType) -> Cow<'text, str> {
        match candidate.split_once("  ") {
            Some((word, help)) if self.color => Cow::Owned(format!("{word}  \u{1b}[2m{help}\u{1b}[0m")),
            _ => Cow::Borrowed(candidate),
        }
    }
}

impl Validator for Assistant {}
impl Helper for Assistant {}

#[cfg(test)]
mod tests {
    use super::Proposal;
    use axigen_shared::control::{Body, Reply};
    use serde_json::json;

    fn read(value: serde_json::Value) -> Option<Proposal> {
        Proposal::read(&Reply::with(Body::Json { value }))
    }

    #[test]
    fn candidates_line_up_with_their_descriptions() {
        let proposal = read(json!({
            "start": 4,
            "candidates": [{"text": "Domains", "help": "lists domains"}, {"text": "AllDomains", "help": ""}],
            "hint": "",
        }));
        let shown: Vec<String> = proposal
            .unwrap()
            .candidates
            .into_iter()
            .map(|word| word.shown)
            .collect();
        assert!(shown[0].starts_with("Domains     lists domains"), "{shown:?}");
        assert_eq!(shown[0].len(), shown[1].len());
    }

    #[test]
    fn strange_answers_complete_nothing() {
        for value in [
            json!(null),
            json!({}),
            json!({"start": -1, "candidates": []}),
            json!({"candidates": 3}),
        ] {
            assert_eq!(read(value.clone()), None, "{value}");
        }
    }
}
