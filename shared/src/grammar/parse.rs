//! From a line to the command it means.

use super::form::{Form, forms};
use super::matcher::Matcher;
use super::mismatch::Mismatch;
use super::tokens::{Token, tokens};
use crate::schema::{Context, Leave, Verb};
use crate::value::Word;

/// The arguments of a command, by parameter name (the keyword where there is one, else the text of the placeholder).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Args {
    given: Vec<(&'static str, Vec<Word>)>,
}

impl Args {
    /// The first argument, whatever it is called.
    pub fn first(&self) -> Option<&Word> {
        self.given.iter().find_map(|(_, words)| words.first())
    }

    /// Text of the first argument.
    pub fn first_text(&self) -> Option<&str> {
        self.first().and_then(Word::one)
    }

    /// The argument of this name.
    pub fn word(&self, name: &str) -> Option<&Word> {
        self.all(name).first()
    }

    /// Text of the argument of this name.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.word(name).and_then(Word::one)
    }

    /// Whether a flag or argument was given.
    pub fn flag(&self, name: &str) -> bool {
        self.given
            .iter()
            .any(|(known, _)| known.eq_ignore_ascii_case(name))
    }

    /// All arguments of this name.
    pub fn all(&self, name: &str) -> &[Word] {
        let found = self
            .given
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map_or(&[], |(_, words)| words.as_slice())
    }

    /// Everything that was given, in the order of the usage line.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &[Word])> {
        self.given.iter().map(|(name, words)| (*name, words.as_slice()))
    }
}

/// A line that was understood.
#[derive(Clone, Debug)]
pub struct Matched {
    /// The command.
    pub form: &'static Form,
    /// Its arguments.
    pub args: Args,
}

impl Matched {
    /// What the engine does.
    pub fn verb(&self) -> Verb {
        self.form.verb
    }
}

/// Finds the command of this context that a line means.
pub fn parse(context: &'static Context, line: &str) -> Result<Matched, Mismatch> {
    let tokens = tokens(line)?;
    let Some(first) = tokens.first() else {
        return Err(Mismatch::Empty);
    };
    let mut best: Option<(usize, Matched)> = None;
    let mut furthest: Option<((usize, bool), Vec<Mismatch>)> = None;
    for form in forms(context) {
        let mut matcher = Matcher::new(&form.pattern);
        let (reached, led, outcome) = follow(&mut matcher, form, &tokens);
        match outcome.and_then(|()| matcher.finish()) {
            Ok(given) if best.as_ref().is_none_or(|(words, _)| led > *words) => {
                best = Some((
                    led,
                    Matched {
                        form,
                        args: args(form, given),
                    },
                ));
            }
            // What an old form would have wanted is only said when no other came as far.
            Err(mismatch) if led > 0 => match ((reached, !form.legacy), &mut furthest) {
                (far, Some((most, all))) if *most == far => all.push(mismatch),
                (far, Some((most, _))) if *most > far => {}
                (far, _) => furthest = Some((far, vec![mismatch])),
            },
            Ok(_) | Err(_) => {}
        }
    }
    match (best, furthest) {
        (Some((_, matched)), _) => Ok(matched),
        (None, Some((_, mismatches))) => Err(join(&mismatches)),
        (None, None) => Err(unknown(context, first)),
    }
}

/// Follows the tokens: how many fitted, how many of them were leading words.
fn follow(matcher: &mut Matcher<'_>, form: &Form, tokens: &[Token]) -> (usize, usize, Result<(), Mismatch>) {
    let whole = form.pattern.leading.len();
    for (at, token) in tokens.iter().enumerate() {
        // Of a command that is not built only the leading words are known; whatever follows is let through.
        if matches!(form.verb, Verb::NotBuilt) && at >= whole {
            break;
        }
        if let Err(mismatch) = matcher.step(token, at + 1 < tokens.len()) {
            return (at, matcher.led(), Err(mismatch));
        }
    }
    (tokens.len(), matcher.led(), Ok(()))
}

fn args(form: &'static Form, given: Vec<Option<Vec<Word>>>) -> Args {
    let names = form
        .pattern
        .parameters
        .iter()
        .map(|parameter| parameter.name.as_str());
    Args {
        given: names
            .zip(given)
            .filter_map(|(name, words)| words.map(|words| (name, words)))
            .collect(),
    }
}

/// Several commands failed at the same word: what each of them expected there.
fn join(mismatches: &[Mismatch]) -> Mismatch {
    let mut all: Vec<String> = Vec::new();
    let mut names: Vec<String> = Vec::new();
    let mut wrong = None;
    for mismatch in mismatches {
        let (parameter, expected) = match mismatch {
            Mismatch::Wrong { word, expected } => {
                wrong.get_or_insert_with(|| word.clone());
                (None, expected)
            }
            Mismatch::Missing { parameter, expected } => (Some(parameter), expected),
            _ => continue,
        };
        names.extend(parameter.cloned());
        all.extend(
            expected
                .iter()
                .filter(|word| !all.contains(word))
                .cloned()
                .collect::<Vec<_>>(),
        );
    }
    names.dedup();
    match (wrong, names.len()) {
        (Some(word), _) => Mismatch::Wrong { word, expected: all },
        (None, 1) => Mismatch::Missing {
            parameter: names.remove(0),
            expected: all,
        },
        (None, _) => Mismatch::Missing {
            parameter: String::new(),
            expected: all,
        },
    }
}

/// COMMIT in a DONE context, or the reverse, has its own sentence (WIRE.md 7).
fn unknown(context: &'static Context, first: &Token) -> Mismatch {
    let said = first.word.one().unwrap_or("(");
    let leaving = ["COMMIT", "DONE", "BACK"]
        .iter()
        .any(|word| word.eq_ignore_ascii_case(said));
    match context.leave {
        Leave::Commit if leaving => Mismatch::NotHere { instead: "COMMIT" },
        Leave::Done if leaving => Mismatch::NotHere { instead: "DONE" },
        Leave::Free if leaving => Mismatch::NotHere { instead: "" },
        _ => Mismatch::Unknown {
            word: said.to_owned(),
            expected: first_words(context),
        },
    }
}

/// The words that commands of the context begin with.
fn first_words(context: &'static Context) -> Vec<String> {
    let visible = forms(context).iter().filter(|form| !form.legacy);
    let mut words: Vec<String> = visible
        .filter_map(|form| form.pattern.leading.first())
        .flatten()
        .cloned()
        .collect();
    words.sort_unstable();
    words.dedup();
    words
}

#[cfg(test)]
mod tests;
