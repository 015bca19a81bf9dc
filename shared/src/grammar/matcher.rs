//! Following a pattern token by token: the same steps for understanding a whole line and for completing half of one.

use super::mismatch::Mismatch;
use super::pattern::{Parameter, Pattern, Takes};
use super::tokens::Token;
use crate::value::Word;

/// How far a line has followed a pattern.
pub(super) struct Matcher<'p> {
    pattern: &'p Pattern,
    /// Leading words seen.
    led: usize,
    /// Values of each parameter; a flag has an empty list once it was given.
    given: Vec<Option<Vec<Word>>>,
    /// The parameter whose keyword was the last token.
    awaiting: Option<usize>,
}

/// What could stand next.
pub(super) enum Next<'p> {
    /// This word.
    Word(&'p str),
    /// A value of this parameter, by index.
    Value(usize),
}

impl<'p> Matcher<'p> {
    pub(super) fn new(pattern: &'p Pattern) -> Self {
        Self {
            pattern,
            led: 0,
            given: vec![None; pattern.parameters.len()],
            awaiting: None,
        }
    }

    /// Takes the next token; `more` says whether another follows (WIRE.md 5, rule of `[name]`).
    pub(super) fn step(&mut self, token: &Token, more: bool) -> Result<(), Mismatch> {
        if let Some(words) = self.pattern.leading.get(self.led) {
            let said = token.word.one().unwrap_or_default();
            if words.iter().any(|word| word.eq_ignore_ascii_case(said)) {
                self.led += 1;
                return Ok(());
            }
            return Err(self.wrong(token));
        }
        if let Some(at) = self.awaiting.take() {
            return self.fill(at, token);
        }
        if let Some(at) = self.first_value() {
            return self.first(at, token, more);
        }
        if let Some(at) = self.keyword(token) {
            if self.parameter(at).takes == Takes::Nothing {
                self.mark(at);
            } else {
                self.awaiting = Some(at);
            }
            return Ok(());
        }
        match self.place(token) {
            Some(at) => self.fill(at, token),
            None => Err(self.wrong(token)),
        }
    }

    /// The values of each parameter, in order; what is missing when the line may not end here.
    pub(super) fn finish(self) -> Result<Vec<Option<Vec<Word>>>, Mismatch> {
        if self.led < self.pattern.leading.len() {
            let words = self.pattern.leading.get(self.led).cloned().unwrap_or_default();
            return Err(Mismatch::Missing {
                parameter: String::new(),
                expected: words,
            });
        }
        let missing = self.awaiting.or_else(|| {
            let open = |(at, parameter): &(usize, &Parameter)| !parameter.optional && !self.is_given(*at);
            self.pattern
                .parameters
                .iter()
                .enumerate()
                .find(open)
                .map(|(at, _)| at)
        });
        match missing {
            Some(at) => {
                let parameter = self.parameter(at);
                let expected = match &parameter.takes {
                    Takes::Value(words) | Takes::Words(words) => words.clone(),
                    Takes::Nothing => vec![parameter.keyword.clone()],
                };
                Err(Mismatch::Missing {
                    parameter: parameter.name.clone(),
                    expected,
                })
            }
            None => Ok(self.given),
        }
    }

    /// How many leading words were seen.
    pub(super) fn led(&self) -> usize {
        self.led
    }

    /// What could stand after the tokens so far.
    pub(super) fn next(&self) -> Vec<Next<'p>> {
        if let Some(words) = self.pattern.leading.get(self.led) {
            return words.iter().map(|word| Next::Word(word)).collect();
        }
        if let Some(at) = self.awaiting {
            return vec![Next::Value(at)];
        }
        if let Some(at) = self.first_value() {
            return self.offers(at);
        }
        let open =
            (0..self.pattern.parameters.len()).filter(|at| !self.is_given(*at) || self.parameter(*at).repeat);
        open.flat_map(|at| self.offers(at)).collect()
    }

    /// What a parameter offers: its keyword, its words, a value.
    fn offers(&self, at: usize) -> Vec<Next<'p>> {
        let parameter = self.parameter(at);
        if parameter.keyword_optional {
            return vec![Next::Value(at)];
        }
        if !parameter.keyword.is_empty() {
            return vec![Next::Word(&parameter.keyword)];
        }
        match &parameter.takes {
            Takes::Words(words) => words.iter().map(|word| Next::Word(word)).collect(),
            _ => vec![Next::Value(at)],
        }
    }

    /// The parameter that must stand directly after the leading words: the one with an optional keyword.
    fn first_value(&self) -> Option<usize> {
        let first = self.pattern.parameters.first()?;
        (first.keyword_optional && !self.is_given(0)).then_some(0)
    }

    fn first(&mut self, at: usize, token: &Token, more: bool) -> Result<(), Mismatch> {
        let keyword = &self.parameter(at).keyword;
        let said = token.word.one().unwrap_or_default();
        if !token.quoted && more && keyword.eq_ignore_ascii_case(said) {
            self.awaiting = Some(at);
            return Ok(());
        }
        self.fill(at, token)
    }

    /// The parameter whose keyword this token is.
    fn keyword(&self, token: &Token) -> Option<usize> {
        let said = token.word.one().filter(|_| !token.quoted)?;
        let is = |(at, parameter): &(usize, &Parameter)| {
            !parameter.keyword.is_empty()
                && parameter.keyword.eq_ignore_ascii_case(said)
                && (!self.is_given(*at) || parameter.repeat)
        };
        self.pattern
            .parameters
            .iter()
            .enumerate()
            .find(is)
            .map(|(at, _)| at)
    }

    /// The parameter without keyword that this token is a value of.
    fn place(&self, token: &Token) -> Option<usize> {
        let fits = |(at, parameter): &(usize, &Parameter)| {
            let open = !self.is_given(*at) || parameter.repeat;
            open && parameter.keyword.is_empty()
                && match &parameter.takes {
                    Takes::Words(words) => {
                        let said = token.word.one().unwrap_or_default();
                        words.iter().any(|word| word.eq_ignore_ascii_case(said))
                    }
                    Takes::Value(_) => true,
                    Takes::Nothing => false,
                }
        };
        self.pattern
            .parameters
            .iter()
            .enumerate()
            .find(fits)
            .map(|(at, _)| at)
    }

    fn fill(&mut self, at: usize, token: &Token) -> Result<(), Mismatch> {
        if let Takes::Words(words) = &self.parameter(at).takes {
            let said = token.word.one().unwrap_or_default();
            if !words.iter().any(|word| word.eq_ignore_ascii_case(said)) {
                return Err(Mismatch::Wrong {
                    word: said.to_owned(),
                    expected: words.clone(),
                });
            }
        }
        self.mark(at);
        if let Some(Some(values)) = self.given.get_mut(at) {
            values.push(token.word.clone());
        }
        Ok(())
    }

    fn mark(&mut self, at: usize) {
        if let Some(given) = self.given.get_mut(at) {
            given.get_or_insert_default();
        }
    }

    fn is_given(&self, at: usize) -> bool {
        self.given.get(at).is_some_and(Option::is_some)
    }

    /// Indexes come from the pattern itself, never from a line.
    fn parameter(&self, at: usize) -> &'p Parameter {
        &self.pattern.parameters[at]
    }

    fn wrong(&self, token: &Token) -> Mismatch {
        let word = match &token.word {
            Word::One(text) => text.clone(),
            Word::Set(items) => format!("({})", items.join(" ")),
        };
        let expected = self
            .next()
            .into_iter()
            .map(|next| match next {
                Next::Word(word) => word.to_owned(),
                Next::Value(at) => format!("<{}>", self.parameter(at).name),
            })
            .collect();
        Mismatch::Wrong { word, expected }
    }
}
