//! Tokens and their quoting (WIRE.md 5).
//!
//! A value may be escaped (`\x` is `x`), quoted (`'…'`, all literal) or double quoted (`"…"`, where `\"` and `\\` are escapes and
//! any other `\x` keeps both characters); pieces that touch join to one token. Only an unquoted `(` at the beginning of a token
//! starts a set, so that a bare password may hold any of `<>[]()#!&`.

use super::Mismatch;
use crate::value::Word;

/// Longest line in bytes (WIRE.md 5: accept at least 64 KiB).
pub const MAX_LINE: usize = 64 * 1024;

/// A token of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// What it says, its quoting resolved.
    pub word: Word,
    /// Whether any part of it was quoted: a quoted word is never a keyword's value by accident, but still a word.
    pub quoted: bool,
    /// Where it begins, in bytes.
    pub start: usize,
    /// Where it ends, in bytes.
    pub end: usize,
    /// Whether its quotes and parentheses are closed (completion looks at lines that are not finished).
    pub closed: bool,
}

/// The tokens of a line, or why it has none.
pub fn tokens(line: &str) -> Result<Vec<Token>, Mismatch> {
    if line.len() > MAX_LINE {
        return Err(Mismatch::TooLong);
    }
    let tokens = cut(line);
    let Some(open) = tokens.last().filter(|token| !token.closed) else {
        return Ok(tokens);
    };
    let column = line.get(..open.start).map_or(0, |before| before.chars().count()) + 1;
    Err(match open.word {
        Word::Set(_) => Mismatch::OpenSet(column),
        Word::One(_) => Mismatch::OpenQuote(column),
    })
}

/// The tokens of a line that may stop anywhere; the last one says whether it is closed.
pub(super) fn cut(line: &str) -> Vec<Token> {
    let mut reader = Reader { line, at: 0 };
    let mut tokens = Vec::new();
    loop {
        reader.skip_blanks();
        let start = reader.at;
        match reader.peek() {
            None => return tokens,
            Some('(') => {
                reader.at += 1;
                let (items, closed) = reader.set();
                let word = Word::Set(items);
                tokens.push(Token {
                    word,
                    quoted: false,
                    start,
                    end: reader.at,
                    closed,
                });
            }
            Some(_) => {
                let piece = reader.word(false);
                let word = Word::One(piece.text);
                tokens.push(Token {
                    word,
                    quoted: piece.quoted,
                    start,
                    end: reader.at,
                    closed: piece.closed,
                });
            }
        }
    }
}

struct Reader<'a> {
    line: &'a str,
    at: usize,
}

struct Piece {
    text: String,
    quoted: bool,
    closed: bool,
}

impl Reader<'_> {
    fn peek(&self) -> Option<char> {
        self.line.get(self.at..).and_then(|rest| rest.chars().next())
    }

    fn take(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        Some(c)
    }

    fn skip_blanks(&mut self) {
        while self.peek().is_some_and(is_blank) {
            self.take();
        }
    }

    /// The elements up to `)`, and whether it was there.
    fn set(&mut self) -> (Vec<String>, bool) {
        let mut items = Vec::new();
        loop {
            self.skip_blanks();
            match self.peek() {
                None => return (items, false),
                Some(')') => {
                    self.at += 1;
                    return (items, true);
                }
                Some(_) => {
                    let piece = self.word(true);
                    items.push(piece.text);
                    if !piece.closed {
                        return (items, false);
                    }
                }
            }
        }
    }

    /// One word; inside a set a bare `)` ends it.
    fn word(&mut self, in_set: bool) -> Piece {
        let mut piece = Piece {
            text: String::new(),
            quoted: false,
            closed: true,
        };
        while let Some(c) = self.peek() {
            if is_blank(c) || (in_set && c == ')') {
                break;
            }
            self.take();
            match c {
                '\\' => match self.take() {
                    Some(escaped) => piece.text.push(escaped),
                    // A backslash at the end of the line escapes nothing and stands for itself.
                    None => piece.text.push('\\'),
                },
                '\'' => {
                    piece.quoted = true;
                    piece.closed = self.single(&mut piece.text);
                }
                '"' => {
                    piece.quoted = true;
                    piece.closed = self.double(&mut piece.text);
                }
                other => piece.text.push(other),
            }
        }
        piece
    }

    fn single(&mut self, text: &mut String) -> bool {
        while let Some(c) = self.take() {
            if c == '\'' {
                return true;
            }
            text.push(c);
        }
        false
    }

    fn double(&mut self, text: &mut String) -> bool {
        while let Some(c) = self.take() {
            match c {
                '"' => return true,
                '\\' => match self.take() {
                    Some(escaped @ ('"' | '\\')) => text.push(escaped),
                    Some(other) => text.extend(['\\', other]),
                    None => text.push('\\'),
                },
                other => text.push(other),
            }
        }
        false
    }
}

const fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t')
}

#[cfg(test)]
mod tests {
    use super::{Mismatch, tokens};
    use crate::value::{Word, quoted};
    use proptest::prelude::{any, proptest};

    fn words(line: &str) -> Vec<String> {
        tokens(line)
            .unwrap()
            .into_iter()
            .map(|token| match token.word {
                Word::One(text) => text,
                Word::Set(items) => format!("({})", items.join("|")),
            })
            .collect()
    }

    #[test]
    fn quoting() {
        let rows: [(&str, &[&str]); 10] = [
            ("  SET \t maxErrors  10 ", &["SET", "maxErrors", "10"]),
            (r"a\ b \'c\' \\", &["a b", "'c'", "\\"]),
            (r#"'a "b" \c' "a \"b\" \\ \c""#, &[r#"a "b" \c"#, r#"a "b" \ \c"#]),
            (r#"a"b c"'d e'f"#, &["ab cd ef"]),
            (r#""" ''"#, &["", ""]),
            ("(smtpIncoming imap)", &["(smtpIncoming|imap)"]),
            ("( a  'b c' ) ()", &["(a|b c)", "()"]),
            ("p<>[](x)#!&", &["p<>[](x)#!&"]),
            ("# note", &["#", "note"]),
            ("", &[]),
        ];
        for (line, expected) in rows {
            assert_eq!(words(line), expected, "{line}");
        }
    }

    #[test]
    fn unfinished() {
        assert_eq!(tokens("SET x 'a"), Err(Mismatch::OpenQuote(7)));
        assert_eq!(tokens("SET x \"a"), Err(Mismatch::OpenQuote(7)));
        assert_eq!(tokens("SET x (a"), Err(Mismatch::OpenSet(7)));
        assert_eq!(tokens("SET x (a 'b"), Err(Mismatch::OpenSet(7)));
        assert_eq!(tokens(&"x".repeat(super::MAX_LINE + 1)), Err(Mismatch::TooLong));
        assert_eq!(words("a\\"), ["a\\"]);
    }

    proptest! {
        #[test]
        fn what_is_printed_is_read_back(text in any::<String>()) {
            assert_eq!(words(&quoted(&text)), [text]);
        }

        #[test]
        fn no_line_upsets_it(line in any::<String>()) {
            let _ = tokens(&line);
        }
    }
}
