//! Tokens of the configuration file, each with its place.

/// What a token is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A word or quoted text, its escapes resolved; `quoted` says which.
    Text { text: String, quoted: bool },
    /// One of `= ( ) { }`.
    Sign(char),
}

/// A token and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub kind: Kind,
    pub place: Place,
    /// Bytes of the source.
    pub start: usize,
    pub end: usize,
}

/// Line and column, from 1; columns count characters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    pub line: u32,
    pub column: u32,
}

/// A mistake in the tokens themselves.
pub(super) struct Broken {
    pub place: Place,
    pub message: &'static str,
}

/// Cuts the text into tokens; what cannot be one is reported and skipped.
pub(super) fn cut(text: &str) -> (Vec<Token>, Vec<Broken>) {
    let mut lexer = Lexer {
        text,
        at: 0,
        place: Place { line: 1, column: 1 },
        broken: Vec::new(),
    };
    let mut tokens = Vec::new();
    while let Some(token) = lexer.token() {
        tokens.push(token);
    }
    (tokens, lexer.broken)
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
    place: Place,
    broken: Vec<Broken>,
}

impl Lexer<'_> {
    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn take(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        if c == '\n' {
            self.place = Place {
                line: self.place.line.saturating_add(1),
                column: 1,
            };
        } else {
            self.place.column = self.place.column.saturating_add(1);
        }
        Some(c)
    }

    fn token(&mut self) -> Option<Token> {
        self.skip();
        let (start, place) = (self.at, self.place);
        let kind = match self.peek()? {
            sign @ ('=' | '(' | ')' | '{' | '}') => {
                self.take();
                Kind::Sign(sign)
            }
            '"' => Kind::Text {
                text: self.quoted(place),
                quoted: true,
            },
            _ => Kind::Text {
                text: self.word(),
                quoted: false,
            },
        };
        Some(Token {
            kind,
            place,
            start,
            end: self.at,
        })
    }

    /// Blanks and comments.
    fn skip(&mut self) {
        loop {
            match self.peek() {
                Some(c) if c.is_whitespace() => {
                    self.take();
                }
                Some('#') => {
                    while self.peek().is_some_and(|c| c != '\n') {
                        self.take();
                    }
                }
                Some('/') if self.rest().starts_with("/*") => self.comment(),
                // A byte order mark of an editor is no content.
                Some('\u{feff}') if self.at == 0 => self.at += '\u{feff}'.len_utf8(),
                _ => return,
            }
        }
    }

    fn comment(&mut self) {
        let place = self.place;
        self.take();
        self.take();
        while !self.rest().starts_with("*/") {
            if self.take().is_none() {
                self.broken.push(Broken {
                    place,
                    message: "a comment begins here and does not end (*/ is missing)",
                });
                return;
            }
        }
        self.take();
        self.take();
    }

    fn quoted(&mut self, place: Place) -> String {
        let mut text = String::new();
        self.take();
        loop {
            match self.peek() {
                None | Some('\n' | '\r') => {
                    let message = "a quoted value begins here and does not end on its line (\" is missing)";
                    self.broken.push(Broken { place, message });
                    return text;
                }
                Some('"') => {
                    self.take();
                    return text;
                }
                Some('\\') => {
                    self.take();
                    match self.peek() {
                        Some(escaped @ ('"' | '\\')) => {
                            self.take();
                            text.push(escaped);
                        }
                        _ => text.push('\\'),
                    }
                }
                Some(c) => {
                    self.take();
                    text.push(c);
                }
            }
        }
    }

    fn word(&mut self) -> String {
        let start = self.at;
        while self
            .peek()
            .is_some_and(|c| !c.is_whitespace() && !"\"#=(){}".contains(c))
        {
            self.take();
        }
        self.text.get(start..self.at).unwrap_or_default().to_owned()
    }
}
