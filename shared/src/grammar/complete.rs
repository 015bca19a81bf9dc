//! Completing a line at a cursor.
//!
//! Knows words, attributes and fixed values. Where the name of a live object may stand it says so in [`Completion::live`]; the
//! engine, which can see the objects, adds the names.

use super::form::{Form, Wants, forms};
use super::matcher::{Matcher, Next};
use super::pattern::Takes;
use super::tokens::{Token, cut};
use crate::schema::{Child, Context, Verb};
use crate::value::Word;

/// One way to go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The text that replaces what stands from [`Completion::start`] to the cursor.
    pub text: String,
    /// What it is, for a list of candidates; may be empty.
    pub help: String,
}

/// Names of live objects that may stand at the cursor.
#[derive(Clone, Copy, Debug)]
pub struct LiveNames {
    /// The child whose objects they are, in the context of the line.
    pub child: &'static Child,
}

/// What may stand at a cursor.
#[derive(Clone, Debug, Default)]
pub struct Completion {
    /// Where the word at the cursor begins, in bytes.
    pub start: usize,
    /// That word, as far as it is written, its quoting resolved.
    pub prefix: String,
    /// Words that may stand there and begin with what is written.
    pub candidates: Vec<Candidate>,
    /// Live names that may stand there.
    pub live: Vec<LiveNames>,
    /// What may stand there, in words: for hints (`<maxErrors>`).
    pub hint: String,
}

/// Completes a line at a cursor (in bytes).
pub fn complete(context: &'static Context, line: &str, cursor: usize) -> Completion {
    let end = (0..=cursor.min(line.len()))
        .rev()
        .find(|at| line.is_char_boundary(*at))
        .unwrap_or(0);
    let before = line.get(..end).unwrap_or_default();
    let mut tokens = cut(before);
    let mut completion = Completion {
        start: end,
        ..Completion::default()
    };
    let mut in_set = false;
    if let Some(last) =
        tokens.pop_if(|last| last.end == end && (!last.closed || !before.ends_with([' ', '\t'])))
    {
        in_set = matches!(last.word, Word::Set(_)) && !last.closed;
        (completion.start, completion.prefix) = written(&last, before);
        if matches!(last.word, Word::Set(_)) && last.closed {
            return completion;
        }
    }
    for form in forms(context).iter().filter(|form| !form.legacy) {
        let mut matcher = Matcher::new(&form.pattern);
        // The word at the cursor counts as one that follows.
        if tokens.iter().all(|token| matcher.step(token, true).is_ok()) {
            matcher
                .next()
                .into_iter()
                .for_each(|next| offer(form, &next, in_set, &mut completion));
        }
    }
    completion
}

/// Where the word at the cursor begins and what it says so far; inside a set it is the last element.
fn written(token: &Token, before: &str) -> (usize, String) {
    match &token.word {
        Word::One(text) => (token.start, text.clone()),
        Word::Set(items) => {
            let open_word = !before.ends_with([' ', '\t', '(']);
            if !open_word {
                return (before.len(), String::new());
            }
            // The element as it is written may be longer than what it says: it may be quoted.
            let start = before.rfind([' ', '\t', '(']).map_or(token.start, |at| at + 1);
            (start, items.last().cloned().unwrap_or_default())
        }
    }
}

fn offer(form: &'static Form, next: &Next<'_>, in_set: bool, completion: &mut Completion) {
    match next {
        Next::Word(word) if !in_set => completion.add(word, words_help(form)),
        Next::Word(_) => {}
        Next::Value(at) => {
            let (Some(wants), Some(parameter)) = (form.wants.get(*at), form.pattern.parameters.get(*at))
            else {
                return;
            };
            if completion.hint.is_empty() {
                completion.hint = format!("<{}>", form.parameter(*at));
            }
            match wants {
                Wants::Kind(kind) => kind.words().into_iter().for_each(|word| completion.add(word, "")),
                Wants::Live(child) if completion.live.iter().all(|live| live.child.field != child.field) => {
                    completion.live.push(LiveNames { child });
                }
                Wants::Live(_) => {}
                Wants::Shown(context) => {
                    let shown = context.attributes().filter(|attr| attr.shown());
                    shown.for_each(|attr| completion.add(attr.name, attr.help));
                }
                Wants::Settable(context) => {
                    let settable = context
                        .attributes()
                        .filter(|attr| attr.settable(true) && !attr.legacy);
                    settable.for_each(|attr| completion.add(attr.name, attr.help));
                }
                Wants::Anything => {
                    if let Takes::Value(words) = &parameter.takes {
                        for word in words {
                            completion.add(word, "");
                        }
                    }
                }
            }
        }
    }
}

/// The help of a command stands beside the attribute or object it is about.
fn words_help(form: &'static Form) -> &'static str {
    match form.verb {
        Verb::Set(attr) => attr.help,
        _ => &form.help,
    }
}

impl Completion {
    fn add(&mut self, text: &str, help: &str) {
        let begins = text
            .get(..self.prefix.len())
            .is_some_and(|beginning| beginning.eq_ignore_ascii_case(&self.prefix));
        if !begins || text.is_empty() {
            return;
        }
        match self
            .candidates
            .iter_mut()
            .find(|candidate| candidate.text.eq_ignore_ascii_case(text))
        {
            // A verb that several commands share is described by none of them.
            Some(candidate) if candidate.help != help => candidate.help.clear(),
            Some(_) => {}
            None => self.candidates.push(Candidate {
                text: text.to_owned(),
                help: help.to_owned(),
            }),
        }
    }
}

#[cfg(test)]
mod tests;
