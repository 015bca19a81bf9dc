//! The grammar's small words, read from a collected command (RFC 9051, 9).
//!
//! Owns atoms, strings, numbers, flags and dates; each command reads its own arguments with these. Errors say what was
//! expected and at which column of the command, counted from 1.

use super::{
    bounds::{KEYWORD_MAX, LIST_MEMBERS_MAX, TAG_MAX},
    date,
    flags::{Flag, Flags},
    name,
    set::Set,
};

/// What is wrong with a command: the text of the tagged BAD, or of a NO when only a mailbox name is unacceptable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Bad {
    pub(crate) text: String,
    /// The syntax is right, but no mailbox can have that name: NO [CANNOT] (RFC 9051, 6.3.4; RFC 5530).
    pub(crate) is_name: bool,
}

impl Bad {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            is_name: false,
        }
    }
}

pub(crate) type Parsed<T> = Result<T, Bad>;

/// A place in a command.
#[derive(Clone, Debug)]
pub(crate) struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
    /// Mailbox names are UTF-8 rather than modified UTF-7 (RFC 9051, 5.1; RFC 6855, 3).
    utf8_names: bool,
}

/// ATOM-CHAR.
pub(crate) fn is_atom_char(byte: u8) -> bool {
    byte.is_ascii_graphic() && !matches!(byte, b'(' | b')' | b'{' | b'%' | b'*' | b'"' | b'\\' | b']')
}

/// ASTRING-CHAR.
pub(crate) fn is_astring_char(byte: u8) -> bool {
    is_atom_char(byte) || byte == b']'
}

/// Reading.
impl<'a> Cursor<'a> {
    pub(crate) fn new(bytes: &'a [u8], at: usize) -> Self {
        Self {
            bytes,
            at,
            utf8_names: false,
        }
    }

    pub(crate) fn with_utf8_names(self, utf8_names: bool) -> Self {
        Self { utf8_names, ..self }
    }

    pub(crate) fn position(&self) -> usize {
        self.at
    }

    pub(crate) fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    pub(crate) fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// "expected X at column N, found Y".
    pub(crate) fn bad<T>(&self, expected: &str) -> Parsed<T> {
        let found = match self.peek() {
            None => "the end of the command".to_owned(),
            Some(b'\r') => "a literal's line end".to_owned(),
            Some(byte) if byte.is_ascii_graphic() || byte == b' ' => format!("'{}'", char::from(byte)),
            Some(byte) => format!("byte 0x{byte:02X}"),
        };
        Err(Bad::new(format!(
            "expected {expected} at column {}, found {found}",
            self.at + 1
        )))
    }

    pub(crate) fn eat(&mut self, byte: u8) -> bool {
        let there = self.peek() == Some(byte);
        self.at += usize::from(there);
        there
    }

    /// Takes `word` if it stands here, in any case.
    pub(crate) fn eat_word(&mut self, word: &str) -> bool {
        let there = self
            .rest()
            .get(..word.len())
            .is_some_and(|here| here.eq_ignore_ascii_case(word.as_bytes()));
        if there {
            self.at += word.len();
        }
        there
    }

    pub(crate) fn expect(&mut self, byte: u8) -> Parsed<()> {
        if self.eat(byte) {
            Ok(())
        } else {
            self.bad(&format!("'{}'", char::from(byte)))
        }
    }

    pub(crate) fn space(&mut self) -> Parsed<()> {
        if self.eat(b' ') {
            Ok(())
        } else {
            self.bad("a space")
        }
    }

    pub(crate) fn end(&self) -> Parsed<()> {
        if self.peek().is_none() {
            Ok(())
        } else {
            self.bad("the end of the command")
        }
    }

    pub(crate) fn take_while(&mut self, accept: impl Fn(u8) -> bool) -> &'a [u8] {
        let rest = self.rest();
        let len = rest.iter().position(|byte| !accept(*byte)).unwrap_or(rest.len());
        self.at += len;
        rest.get(..len).unwrap_or_default()
    }

    /// tag = 1*<any ASTRING-CHAR except "+">
    pub(crate) fn tag(&mut self) -> Parsed<&'a [u8]> {
        let tag = self.take_while(|byte| is_astring_char(byte) && byte != b'+');
        if tag.is_empty() || tag.len() > TAG_MAX {
            return Err(Bad::new(format!(
                "a command begins with a tag of 1 to {TAG_MAX} characters"
            )));
        }
        Ok(tag)
    }

    /// An atom in upper case: a keyword.
    pub(crate) fn keyword(&mut self, expected: &str) -> Parsed<String> {
        let start = self.at;
        let atom = self.take_while(is_atom_char);
        if atom.is_empty() {
            self.at = start;
            return self.bad(expected);
        }
        Ok(String::from_utf8_lossy(atom).to_ascii_uppercase())
    }

    pub(crate) fn atom(&mut self, expected: &str) -> Parsed<String> {
        let atom = self.take_while(is_atom_char);
        if atom.is_empty() {
            self.bad(expected)
        } else {
            Ok(String::from_utf8_lossy(atom).into_owned())
        }
    }

    pub(crate) fn number64(&mut self) -> Parsed<u64> {
        let start = self.at;
        let digits = self.take_while(|byte| byte.is_ascii_digit());
        match std::str::from_utf8(digits)
            .ok()
            .and_then(|digits| digits.parse().ok())
        {
            Some(number) => Ok(number),
            None if digits.is_empty() => self.bad("a number"),
            None => Err(Bad::new(format!(
                "the number at column {} is too large",
                start + 1
            ))),
        }
    }

    pub(crate) fn number(&mut self) -> Parsed<u32> {
        let start = self.at;
        let number = self.number64()?;
        u32::try_from(number)
            .map_err(|_| Bad::new(format!("the number at column {} is too large", start + 1)))
    }

    pub(crate) fn nz_number(&mut self) -> Parsed<u32> {
        let start = self.at;
        match self.number()? {
            0 => Err(Bad::new(format!(
                "the number at column {} must not be 0",
                start + 1
            ))),
            number => Ok(number),
        }
    }

    /// quoted / literal
    pub(crate) fn string(&mut self) -> Parsed<Vec<u8>> {
        match self.peek() {
            Some(b'"') => self.quoted(),
            Some(b'{') => self.literal(),
            _ => self.bad("a string"),
        }
    }

    /// 1*ASTRING-CHAR / string
    pub(crate) fn astring(&mut self) -> Parsed<Vec<u8>> {
        self.string_or(is_astring_char)
    }

    /// A string, or characters that `accept` takes: astring, list-mailbox.
    pub(crate) fn string_or(&mut self, accept: impl Fn(u8) -> bool) -> Parsed<Vec<u8>> {
        if matches!(self.peek(), Some(b'"' | b'{')) {
            return self.string();
        }
        let atom = self.take_while(accept);
        if atom.is_empty() {
            self.bad("an atom or a string")
        } else {
            Ok(atom.to_vec())
        }
    }

    fn quoted(&mut self) -> Parsed<Vec<u8>> {
        let start = self.at;
        self.expect(b'"')?;
        let mut text = Vec::new();
        while let Some(byte) = self.peek() {
            self.at += 1;
            match byte {
                b'"' => {
                    return if std::str::from_utf8(&text).is_ok() {
                        Ok(text)
                    } else {
                        Err(Bad::new(format!(
                            "the quoted string at column {} is not UTF-8",
                            start + 1
                        )))
                    };
                }
                b'\\' => match self.peek() {
                    Some(escaped @ (b'"' | b'\\')) => {
                        self.at += 1;
                        text.push(escaped);
                    }
                    _ => return self.bad("'\"' or '\\' after '\\'"),
                },
                0 | b'\r' | b'\n' => break,
                _ => text.push(byte),
            }
        }
        Err(Bad::new(format!(
            "the quoted string at column {} does not end",
            start + 1
        )))
    }

    fn literal(&mut self) -> Parsed<Vec<u8>> {
        self.expect(b'{')?;
        let size = self.number64()?;
        self.eat(b'+');
        self.expect(b'}')?;
        if !self.rest().starts_with(b"\r\n") {
            return self.bad("the literal after its announcement");
        }
        let start = self.at + 2;
        let end = usize::try_from(size)
            .ok()
            .and_then(|size| start.checked_add(size));
        match end.and_then(|end| self.bytes.get(start..end)) {
            Some(text) => {
                self.at = start + text.len();
                Ok(text.to_vec())
            }
            None => self.bad("a literal of that size"),
        }
    }

    /// Text that must be UTF-8.
    pub(crate) fn utf8(&self, text: Vec<u8>, what: &str) -> Parsed<String> {
        String::from_utf8(text)
            .map_err(|_| Bad::new(format!("{what} before column {} is not UTF-8", self.at + 1)))
    }

    /// A parenthesised list, possibly empty, of at most [`LIST_MEMBERS_MAX`] members.
    pub(crate) fn list<T>(&mut self, mut member: impl FnMut(&mut Self) -> Parsed<T>) -> Parsed<Vec<T>> {
        self.expect(b'(')?;
        let mut members = Vec::new();
        if self.eat(b')') {
            return Ok(members);
        }
        loop {
            members.push(member(self)?);
            if self.eat(b')') {
                return Ok(members);
            }
            if members.len() >= LIST_MEMBERS_MAX {
                return Err(Bad::new(format!("a list has at most {LIST_MEMBERS_MAX} members")));
            }
            if !self.eat(b' ') {
                return self.bad("a space or ')'");
            }
        }
    }

    /// The same with one member at least.
    pub(crate) fn some<T>(
        &mut self,
        what: &str,
        member: impl FnMut(&mut Self) -> Parsed<T>,
    ) -> Parsed<Vec<T>> {
        if self.rest().starts_with(b"()") {
            self.eat(b'(');
            return self.bad(what);
        }
        self.list(member)
    }

    /// A mailbox name, decoded and in its canonical form.
    pub(crate) fn mailbox(&mut self) -> Parsed<String> {
        let start = self.at;
        let raw = self.astring()?;
        let bad = |what| Bad {
            text: format!("{what} (mailbox name at column {})", start + 1),
            is_name: true,
        };
        name::canonical(&self.decode_name(&raw).map_err(bad)?).map_err(bad)
    }

    /// A name or pattern in the encoding in force.
    pub(crate) fn decode_name(&self, raw: &[u8]) -> Result<String, &'static str> {
        if self.utf8_names {
            return std::str::from_utf8(raw)
                .map(str::to_owned)
                .map_err(|_| "not UTF-8");
        }
        name::from_utf7(raw)
    }

    pub(crate) fn set(&mut self) -> Parsed<Set> {
        Set::parse(self)
    }

    /// One flag into `flags`; \Recent cannot be given by a client (RFC 3501, 2.3.2).
    pub(crate) fn flag(&mut self, flags: &mut Flags) -> Parsed<()> {
        let start = self.at;
        if !self.eat(b'\\') {
            let keyword = self.atom("a flag")?;
            if keyword.len() > KEYWORD_MAX {
                return Err(Bad::new(format!(
                    "the keyword at column {} is longer than {KEYWORD_MAX} bytes",
                    start + 1
                )));
            }
            if !flags.has_keyword(&keyword) {
                flags.keywords.push(keyword);
            }
            return Ok(());
        }
        let name = self.take_while(is_atom_char);
        for flag in Flag::ALL {
            if flag
                .name()
                .as_bytes()
                .get(1..)
                .is_some_and(|known| known.eq_ignore_ascii_case(name))
            {
                flags.insert(flag);
                return Ok(());
            }
        }
        let name = String::from_utf8_lossy(name);
        Err(Bad::new(format!(
            "the flag \\{name} at column {} cannot be set: it is not a system flag",
            start + 1
        )))
    }

    pub(crate) fn flag_list(&mut self) -> Parsed<Flags> {
        let mut flags = Flags::default();
        self.list(|cursor| cursor.flag(&mut flags))?;
        Ok(flags)
    }

    /// date = date-text / DQUOTE date-text DQUOTE, as days since 1970.
    pub(crate) fn date(&mut self) -> Parsed<i64> {
        let start = self.at;
        let text = self.astring()?;
        date::parse_date(&text).ok_or_else(|| {
            Bad::new(format!(
                "the date at column {} is not of the form 1-Feb-2026",
                start + 1
            ))
        })
    }

    /// date-time, as seconds since 1970.
    pub(crate) fn date_time(&mut self) -> Parsed<i64> {
        let start = self.at;
        let text = self.quoted()?;
        date::parse_date_time(&text).ok_or_else(|| {
            let form = "\" 1-Feb-2026 10:20:30 +0000\"";
            Bad::new(format!(
                "the date-time at column {} is not of the form {form}",
                start + 1
            ))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Cursor;

    #[test]
    fn strings() {
        for (text, expected) in [
            ("abc] d", Some("abc]")),
            ("\"a\\\"b\\\\\" x", Some("a\"b\\")),
            ("{3}\r\nab) y", Some("ab)")),
            ("{3+}\r\nabc", Some("abc")),
            ("\"ä\"", Some("ä")),
            ("\"open", None),
            ("\"bad\\x\"", None),
            ("{9}\r\nabc", None),
            ("(", None),
            ("ä", None),
            ("", None),
        ] {
            let parsed = Cursor::new(text.as_bytes(), 0).astring().ok();
            assert_eq!(parsed.as_deref(), expected.map(str::as_bytes), "{text}");
        }
    }

    #[test]
    fn errors_name_the_column() {
        let mut cursor = Cursor::new(b"ab(", 2);
        assert_eq!(
            cursor.space().unwrap_err().text,
            "expected a space at column 3, found '('"
        );
        assert_eq!(
            Cursor::new(b"a 0", 2).nz_number().unwrap_err().text,
            "the number at column 3 must not be 0"
        );
        assert!(
            Cursor::new(b"4294967296", 0)
                .number()
                .unwrap_err()
                .text
                .contains("too large")
        );
    }

    #[test]
    fn flags() {
        let flags = Cursor::new(b"(\\seen $Junk \\Deleted $junk)", 0)
            .flag_list()
            .unwrap();
        assert_eq!(flags.keywords, ["$Junk"]);
        assert_eq!(flags.system().count(), 2);
        for bad in ["(\\Recent)", "(\\Bogus)", "(a  b)", "(a", "a"] {
            assert!(Cursor::new(bad.as_bytes(), 0).flag_list().is_err(), "{bad}");
        }
    }
}
