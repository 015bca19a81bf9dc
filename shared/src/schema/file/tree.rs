//! From tokens to names and values, before any attribute is known.

use super::lexer::{Kind, Place, Token};

/// Deepest nesting of objects and sets: the deepest of ours is server, service, listener set, listener, rule set, rule; a
/// file from elsewhere may have a few more. Bounds recursion.
const MAX_DEPTH: usize = 16;
/// Longest name of an attribute (services-core, "Lexical rules and limits").
const MAX_NAME: usize = 64;

/// `name = value`.
#[derive(Debug)]
pub(super) struct Entry {
    pub name: String,
    pub place: Place,
    pub value: Node,
}

/// A value.
#[derive(Debug)]
pub(super) struct Node {
    pub place: Place,
    /// Bytes of the source.
    pub start: usize,
    pub end: usize,
    pub shape: Shape,
}

#[derive(Debug)]
pub(super) enum Shape {
    Simple(String),
    Set(Vec<Node>),
    Object(Vec<Entry>),
}

/// A mistake and its place.
pub(super) type Mistake = (Place, String);

/// The entries of a whole file.
pub(super) fn entries(tokens: &[Token], mistakes: &mut Vec<Mistake>) -> Vec<Entry> {
    let mut reader = Reader {
        tokens,
        at: 0,
        mistakes,
        depth: 0,
    };
    let mut entries = Vec::new();
    loop {
        entries.extend(reader.entries());
        match reader.peek() {
            None => return entries,
            Some(token) => {
                let place = token.place;
                reader.at += 1;
                reader.mistakes.push((place, "this } closes nothing".to_owned()));
            }
        }
    }
}

/// The objects of a set without its parentheses.
pub(super) fn objects(tokens: &[Token]) -> Vec<Vec<Entry>> {
    let mut mistakes = Vec::new();
    let mut reader = Reader {
        tokens,
        at: 0,
        mistakes: &mut mistakes,
        depth: 0,
    };
    let mut objects = Vec::new();
    while reader.peek().is_some() {
        match reader.value().map(|node| node.shape) {
            Some(Shape::Object(entries)) => objects.push(entries),
            _ => return objects,
        }
    }
    objects
}

struct Reader<'a> {
    tokens: &'a [Token],
    at: usize,
    mistakes: &'a mut Vec<Mistake>,
    depth: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn is_sign(&self, sign: char) -> bool {
        self.peek().is_some_and(|token| token.kind == Kind::Sign(sign))
    }

    fn sign_after(&self, sign: char) -> bool {
        self.tokens
            .get(self.at + 1)
            .is_some_and(|token| token.kind == Kind::Sign(sign))
    }

    /// Place of the next token, or just behind the last.
    fn place(&self) -> Place {
        match self.peek().or(self.tokens.last()) {
            Some(token) => token.place,
            None => Place { line: 1, column: 1 },
        }
    }

    fn wrong(&mut self, message: impl Into<String>) {
        let place = self.place();
        self.mistakes.push((place, message.into()));
    }

    /// Entries up to `}` or the end.
    fn entries(&mut self) -> Vec<Entry> {
        let mut entries = Vec::new();
        while let Some(token) = self.peek() {
            let place = token.place;
            match &token.kind {
                Kind::Sign('}') => return entries,
                Kind::Text { text, .. } => {
                    let name = text.clone();
                    self.at += 1;
                    if let Some(entry) = self.entry(name, place) {
                        entries.push(entry);
                    }
                }
                Kind::Sign(sign) => {
                    let message = format!("a name of an attribute is expected here, not {sign}");
                    self.wrong(message);
                    self.resume();
                }
            }
        }
        entries
    }

    fn entry(&mut self, name: String, place: Place) -> Option<Entry> {
        if name.len() > MAX_NAME {
            self.mistakes
                .push((place, format!("a name has at most {MAX_NAME} characters")));
        }
        if !self.is_sign('=') {
            self.wrong(format!("= is expected after {name}"));
            self.resume();
            return None;
        }
        self.at += 1;
        // `a = b = c`: the value of a is missing, b is a name.
        if self.sign_after('=') || self.peek().is_none_or(|token| token.kind == Kind::Sign('}')) {
            self.mistakes
                .push((place, format!("the value of {name} is missing")));
            return None;
        }
        self.value().map(|value| Entry { name, place, value })
    }

    fn value(&mut self) -> Option<Node> {
        let token = self.peek()?;
        let (place, start) = (token.place, token.start);
        match &token.kind {
            Kind::Text { text, .. } => {
                let (shape, end) = (Shape::Simple(text.clone()), token.end);
                self.at += 1;
                Some(Node {
                    place,
                    start,
                    end,
                    shape,
                })
            }
            Kind::Sign(open @ ('(' | '{')) => {
                let open = *open;
                if self.depth >= MAX_DEPTH {
                    self.wrong(format!("nested more than {MAX_DEPTH} deep"));
                    self.skip_nested();
                    return None;
                }
                self.at += 1;
                self.depth += 1;
                let shape = if open == '(' {
                    Shape::Set(self.items())
                } else {
                    Shape::Object(self.entries())
                };
                self.depth -= 1;
                let end = self.close(if open == '(' { ')' } else { '}' }, place);
                Some(Node {
                    place,
                    start,
                    end,
                    shape,
                })
            }
            Kind::Sign(sign) => {
                let message = format!("a value is expected here, not {sign}");
                self.wrong(message);
                self.resume();
                None
            }
        }
    }

    /// Elements up to `)`.
    fn items(&mut self) -> Vec<Node> {
        let mut items = Vec::new();
        while let Some(token) = self.peek() {
            match token.kind {
                Kind::Sign(')' | '}') => break,
                Kind::Sign('=') => {
                    self.wrong("attributes stand in { }, a set has values only");
                    self.at += 1;
                }
                _ => items.extend(self.value()),
            }
        }
        items
    }

    /// Takes the closing sign; the end of the value in the source.
    fn close(&mut self, sign: char, opened: Place) -> usize {
        if self.is_sign(sign) {
            let end = self.peek().map_or(0, |token| token.end);
            self.at += 1;
            return end;
        }
        self.mistakes
            .push((opened, format!("this is not closed ({sign} is missing)")));
        self.tokens
            .get(self.at.saturating_sub(1))
            .map_or(0, |token| token.end)
    }

    /// After a mistake: on to the next `name =` or closing brace of this object.
    fn resume(&mut self) {
        while let Some(token) = self.peek() {
            match token.kind {
                Kind::Sign('}') => return,
                Kind::Text { .. } if self.sign_after('=') => return,
                Kind::Sign('{' | '(') => self.skip_nested(),
                _ => self.at += 1,
            }
        }
    }

    /// Skips from an opening sign behind the one that closes it, without recursion.
    fn skip_nested(&mut self) {
        let mut depth = 0_usize;
        while let Some(token) = self.peek() {
            match token.kind {
                Kind::Sign('{' | '(') => depth += 1,
                Kind::Sign('}' | ')') => depth = depth.saturating_sub(1),
                _ => {}
            }
            self.at += 1;
            if depth == 0 {
                return;
            }
        }
    }
}
