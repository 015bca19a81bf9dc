//! The pattern of a command, parsed once from its usage line.
//!
//! Usage lines are those of HELP, so what HELP says is what is accepted:
//!
//! ```text
//! EXIT/QUIT                      either word
//! ADD Listener [address] <address>   the keyword may be left out
//! SHOW [ATTR <param>]            may be left out as a whole
//! CHANGE password oldPassword <pass> newPassword <pass>   keyword and value, pairs in any order
//! SCAN ALL [purge|softPurge][verbose]   words of which each may stand
//! SET services (list of services)    a set
//! ```

/// A parameter after the leading words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Parameter {
    /// Its name: the keyword, else the text of the placeholder.
    pub name: String,
    /// The word before the value; empty when there is none.
    pub keyword: String,
    /// Whether the keyword may be left out.
    pub keyword_optional: bool,
    /// Whether the whole may be left out.
    pub optional: bool,
    /// Whether it may stand several times.
    pub repeat: bool,
    /// What stands there.
    pub takes: Takes,
}

/// What a parameter takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Takes {
    /// A value; the words are what may be typed, as a hint (`<yes|no>`), its kind decides.
    Value(Vec<String>),
    /// One of these words and no other (`on|off`).
    Words(Vec<String>),
    /// Nothing: the keyword alone (a flag or a fixed word).
    Nothing,
}

/// A parsed usage line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pattern {
    /// Leading words, each with the spellings that are accepted.
    pub leading: Vec<Vec<String>>,
    /// What follows.
    pub parameters: Vec<Parameter>,
}

/// Words that lead even when a value follows: verb and object.
const LEADING: usize = 2;

impl Pattern {
    /// Parses a usage line; `None` when it is not in the notation above.
    pub fn parse(usage: &str) -> Option<Self> {
        let usage = unwrap_set(usage);
        let mut pieces = pieces(&usage)?.into_iter().peekable();
        let mut pattern = Self {
            leading: Vec::new(),
            parameters: Vec::new(),
        };
        while let Some(piece) = pieces.next() {
            let value_follows = matches!(pieces.peek(), Some(Piece::Value(_) | Piece::Set(_)));
            match piece {
                Piece::Word(word)
                    if pattern.parameters.is_empty() && leads(&pattern, &word, value_follows) =>
                {
                    pattern.leading.push(spellings(&word));
                }
                Piece::Word(word) if value_follows => {
                    let takes = value_of(pieces.next()?)?.1;
                    pattern.parameters.push(Parameter::pair(word, takes));
                }
                Piece::Word(word) if word.contains('|') => {
                    pattern
                        .parameters
                        .push(Parameter::value(word.clone(), Takes::Words(alternatives(&word))));
                }
                Piece::Word(word) => pattern.parameters.push(Parameter::pair(word, Takes::Nothing)),
                Piece::Optional(inside) if value_follows && is_word(&inside) => {
                    let takes = value_of(pieces.next()?)?.1;
                    let mut parameter = Parameter::pair(inside, takes);
                    parameter.keyword_optional = true;
                    pattern.parameters.push(parameter);
                }
                Piece::Optional(inside) => pattern.parameters.extend(optional(&inside)?),
                Piece::Repeat => pattern.parameters.last_mut()?.repeat = true,
                value => {
                    let (name, takes) = value_of(value)?;
                    pattern.parameters.push(Parameter::value(name, takes));
                }
            }
        }
        (!pattern.leading.is_empty()).then_some(pattern)
    }

    /// The leading words only, for commands that are known but not built: whatever follows is taken.
    pub fn leading_only(usage: &str) -> Self {
        let usage = unwrap_set(usage);
        let mut words: Vec<&str> = usage
            .split_whitespace()
            .take_while(|word| is_word(word))
            .collect();
        // The last word before a bar is one of several.
        if usage.split_whitespace().nth(words.len()) == Some("|") {
            words.pop();
        }
        words.truncate(LEADING);
        Self {
            leading: words.into_iter().map(spellings).collect(),
            parameters: Vec::new(),
        }
    }
}

impl Parameter {
    fn value(name: String, takes: Takes) -> Self {
        Self {
            name,
            keyword: String::new(),
            keyword_optional: false,
            optional: false,
            repeat: false,
            takes,
        }
    }

    fn pair(keyword: String, takes: Takes) -> Self {
        Self {
            keyword: keyword.clone(),
            ..Self::value(keyword, takes)
        }
    }
}

/// `SET [maxErrors <maxErrors>]` means SET with one attribute: its outer brackets say only that it is one of many.
fn unwrap_set(usage: &str) -> String {
    match usage
        .strip_prefix("SET [")
        .and_then(|rest| rest.trim_end().strip_suffix(']'))
    {
        Some(inside) => format!("SET {}", inside.trim_end()),
        None => usage.to_owned(),
    }
}

fn leads(pattern: &Pattern, word: &str, value_follows: bool) -> bool {
    !word.contains('|') && (pattern.leading.len() < LEADING || !value_follows)
}

fn is_word(text: &str) -> bool {
    !text.is_empty()
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "-_/*.".contains(c))
}

/// `EXIT/QUIT` are two spellings of one word.
fn spellings(word: &str) -> Vec<String> {
    word.split('/').map(str::to_owned).collect()
}

fn alternatives(text: &str) -> Vec<String> {
    text.split('|')
        .map(|word| word.trim().to_owned())
        .filter(|word| !word.is_empty())
        .collect()
}

/// Name and nature of a value piece.
fn value_of(piece: Piece) -> Option<(String, Takes)> {
    match piece {
        Piece::Value(inside) => {
            let words = alternatives(&inside);
            let listed = inside.contains('|') && words.iter().all(|word| is_word(word));
            Some((inside, Takes::Value(if listed { words } else { Vec::new() })))
        }
        Piece::Set(inside) => Some((inside, Takes::Value(Vec::new()))),
        _ => None,
    }
}

/// What stands in brackets: `[<path>]`, `[ATTR <param>]`, `[details]`, `[a|b]`, `[wildcard (ex: a*)]`.
fn optional(inside: &str) -> Option<Vec<Parameter>> {
    let mut parameters = match inside.split_once(" (ex:") {
        Some((name, _)) => vec![Parameter::value(name.to_owned(), Takes::Value(Vec::new()))],
        None => Pattern::parse(&format!("- - {inside}"))?.into_optional(),
    };
    for parameter in &mut parameters {
        parameter.optional = true;
    }
    Some(parameters)
}

impl Pattern {
    /// Words that led inside brackets are flags there.
    fn into_optional(self) -> Vec<Parameter> {
        let flags = self.leading.into_iter().skip(LEADING).flatten();
        flags
            .map(|word| Parameter::pair(word, Takes::Nothing))
            .chain(self.parameters)
            .collect()
    }
}

enum Piece {
    /// A bare word, or bare words with `|` between.
    Word(String),
    /// `<…>`.
    Value(String),
    /// `(…)`.
    Set(String),
    /// `[…]`.
    Optional(String),
    /// `...` after a parameter.
    Repeat,
}

/// Cuts a usage line; brackets nest, and touching pieces need no blank between.
fn pieces(usage: &str) -> Option<Vec<Piece>> {
    let mut pieces = Vec::new();
    let mut rest = usage.trim();
    while let Some(first) = rest.chars().next() {
        let close = match first {
            '<' => '>',
            '(' => ')',
            '[' => ']',
            _ => {
                let end = rest
                    .find(|c: char| c.is_whitespace() || "<([".contains(c))
                    .unwrap_or(rest.len());
                let (word, after) = rest.split_at(end);
                pieces.push(if word == "..." {
                    Piece::Repeat
                } else {
                    Piece::Word(word.to_owned())
                });
                rest = after.trim_start();
                continue;
            }
        };
        let end = closing(rest, first, close)?;
        let inside = rest.get(1..end)?.trim().to_owned();
        pieces.push(match first {
            '<' => Piece::Value(inside),
            '(' => Piece::Set(inside),
            _ => Piece::Optional(inside),
        });
        rest = rest.get(end + 1..)?.trim_start();
    }
    join_alternatives(pieces)
}

/// `attach | peek` is one piece.
fn join_alternatives(pieces: Vec<Piece>) -> Option<Vec<Piece>> {
    let mut joined: Vec<Piece> = Vec::new();
    let mut open = false;
    for piece in pieces {
        match (piece, joined.last_mut()) {
            (Piece::Word(bar), Some(Piece::Word(before))) if bar == "|" => {
                before.push('|');
                open = true;
            }
            (Piece::Word(word), Some(Piece::Word(before))) if open => {
                before.push_str(&word);
                open = false;
            }
            (_, _) if open => return None,
            (other, _) => joined.push(other),
        }
    }
    (!open).then_some(joined)
}

fn closing(text: &str, open: char, close: char) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, c) in text.char_indices() {
        if c == open {
            depth += 1;
        } else if c == close {
            depth = depth.checked_sub(1)?;
            if depth == 0 {
                return Some(at);
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::{Pattern, Takes};

    fn shape(usage: &str) -> String {
        let pattern = Pattern::parse(usage).unwrap();
        let mut out: Vec<String> = pattern.leading.iter().map(|word| word.join("/")).collect();
        for parameter in &pattern.parameters {
            let takes = match &parameter.takes {
                Takes::Value(words) | Takes::Words(words) => format!("={}", words.join("|")),
                Takes::Nothing => String::new(),
            };
            let keyword = match (parameter.keyword.is_empty(), parameter.keyword_optional) {
                (true, _) => format!("~{}", parameter.name),
                (false, true) => format!("{}?", parameter.keyword),
                (false, false) => parameter.keyword.clone(),
            };
            let mark = if parameter.optional { "*" } else { "" };
            let repeat = if parameter.repeat { "+" } else { "" };
            out.push(format!("{mark}{keyword}{takes}{repeat}"));
        }
        out.join(" ")
    }

    #[test]
    fn usage_lines() {
        let rows = [
            ("EXIT/QUIT", "EXIT/QUIT"),
            ("SHOW [ATTR <param>]", "SHOW *ATTR="),
            ("SET [maxErrors <maxErrors>]", "SET maxErrors ~maxErrors="),
            ("SET [enable <yes|no>]", "SET enable ~yes|no=yes|no"),
            (
                "SET [services (list of services)]",
                "SET services ~list of services=",
            ),
            (
                "SET [password <password> [respectEnforcement <yes|no>] ]",
                "SET password ~password= *respectEnforcement=yes|no",
            ),
            ("ADD Listener [address] <address>", "ADD Listener address?="),
            (
                "SHOW Listener [address] <address> [ATTR <param>]",
                "SHOW Listener address?= *ATTR=",
            ),
            (
                "ADD DenyRule [ipSet] <ipRange> [enable <yes|no>] [priority <priority>]",
                "ADD DenyRule ipSet?= *enable=yes|no *priority=",
            ),
            (
                "CREATE Domain name <name> [domainLocation <path>] postmasterPassword <pass>",
                "CREATE Domain name= *domainLocation= postmasterPassword=",
            ),
            (
                "CHANGE password oldPassword <pass> newPassword <pass>",
                "CHANGE password oldPassword= newPassword=",
            ),
            (
                "DELETE Domain name <name> [dontKeepCopy]",
                "DELETE Domain name= *dontKeepCopy",
            ),
            (
                "LIST Domains [wildcard (ex: domain*)]",
                "LIST Domains *~wildcard=",
            ),
            ("SAVE CONFIG [<path>]", "SAVE CONFIG *~path="),
            ("SET CONSOLE-CODES on|off", "SET CONSOLE-CODES ~on|off=on|off"),
            (
                "COMPACT attach | peek [timeout]",
                "COMPACT ~attach|peek=attach|peek *timeout",
            ),
            ("SHOW X [a|b][c]", "SHOW X *~a|b=a|b *c"),
            (
                "INHERIT SETTINGS FROM domainDefaults",
                "INHERIT SETTINGS FROM domainDefaults",
            ),
            (
                "INHERIT SETTINGS FROM accountClass <name>",
                "INHERIT SETTINGS FROM accountClass=",
            ),
            ("RESET <attr>", "RESET ~attr="),
        ];
        for (usage, expected) in rows {
            assert_eq!(shape(usage), expected, "{usage}");
        }
    }

    #[test]
    fn broken_usage_lines_are_noticed() {
        for usage in ["", "SET [x", "ADD a <b", "a | [b]"] {
            assert!(Pattern::parse(usage).is_none(), "{usage}");
        }
    }
}
