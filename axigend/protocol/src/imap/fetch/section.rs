//! Section specifiers: `BODY[1.2.HEADER.FIELDS (…)]<0.100>` (RFC 9051, 6.4.5).

use std::fmt;

use super::super::{
    bounds::SECTION_DEPTH_MAX,
    cursor::{Bad, Cursor, Parsed},
    write::quoted_or_atom,
};

/// Part numbers, outermost first; none means the whole message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Part(pub(super) Vec<u32>);

/// A section of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Section {
    pub(super) part: Part,
    pub(super) text: What,
}

/// What of the part is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// The part's body; of the message itself, everything.
    All,
    Header,
    /// The header fields of these names, or all others.
    Fields {
        names: Vec<String>,
        not: bool,
    },
    Text,
    Mime,
}

/// `<origin.length>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Partial {
    pub(super) origin: u64,
    pub(super) length: u64,
}

impl Section {
    pub(super) const WHOLE: Self = Self {
        part: Part(Vec::new()),
        text: What::All,
    };
    pub(super) const HEADER: Self = Self {
        part: Part(Vec::new()),
        text: What::Header,
    };
    pub(super) const TEXT: Self = Self {
        part: Part(Vec::new()),
        text: What::Text,
    };

    pub(super) fn parse(cursor: &mut Cursor<'_>) -> Parsed<Self> {
        cursor.expect(b'[')?;
        let part = Part::parse(cursor)?;
        let text = if cursor.peek() == Some(b']') {
            What::All
        } else {
            section_text(cursor, &part)?
        };
        cursor.expect(b']')?;
        Ok(Self { part, text })
    }
}

fn section_text(cursor: &mut Cursor<'_>, part: &Part) -> Parsed<What> {
    let start = cursor.position();
    let word = cursor.take_while(|byte| byte.is_ascii_alphabetic() || byte == b'.');
    Ok(match word.to_ascii_uppercase().as_slice() {
        b"HEADER" => What::Header,
        b"TEXT" => What::Text,
        b"MIME" if !part.0.is_empty() => What::Mime,
        b"HEADER.FIELDS" => fields(cursor, false)?,
        b"HEADER.FIELDS.NOT" => fields(cursor, true)?,
        _ => {
            let word = String::from_utf8_lossy(word).into_owned();
            return Err(Bad::new(format!(
                "unknown section '{word}' at column {}",
                start + 1
            )));
        }
    })
}

fn fields(cursor: &mut Cursor<'_>, not: bool) -> Parsed<What> {
    cursor.space()?;
    let names = cursor.some("a field name", |cursor| {
        let name = cursor.astring()?;
        cursor.utf8(name, "the field name")
    })?;
    Ok(What::Fields { names, not })
}

impl Part {
    /// Numbers with dots; a dot before a word is taken too, so that the word follows.
    pub(super) fn parse(cursor: &mut Cursor<'_>) -> Parsed<Self> {
        let mut numbers = Vec::new();
        while cursor.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            if numbers.len() >= SECTION_DEPTH_MAX {
                return Err(Bad::new(format!(
                    "a section has at most {SECTION_DEPTH_MAX} part numbers"
                )));
            }
            numbers.push(cursor.nz_number()?);
            if !cursor.eat(b'.') {
                return Ok(Self(numbers));
            }
            if cursor.peek() == Some(b']') {
                return cursor.bad("a part number or a section word");
            }
        }
        Ok(Self(numbers))
    }
}

impl Partial {
    pub(super) fn parse(cursor: &mut Cursor<'_>) -> Parsed<Option<Self>> {
        if !cursor.eat(b'<') {
            return Ok(None);
        }
        let origin = cursor.number64()?;
        cursor.expect(b'.')?;
        let length = cursor.number64()?;
        if length == 0 {
            return Err(Bad::new("the length of a partial FETCH must not be 0"));
        }
        cursor.expect(b'>')?;
        Ok(Some(Self { origin, length }))
    }

    /// The part of `size` bytes that is meant: first byte and number of bytes.
    pub(super) fn cut(partial: Option<Self>, size: u64) -> (u64, u64) {
        match partial {
            None => (0, size),
            Some(Self { origin, length }) => {
                let origin = origin.min(size);
                (origin, length.min(size - origin))
            }
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, number) in self.0.iter().enumerate() {
            write!(out, "{}{number}", if place == 0 { "" } else { "." })?;
        }
        Ok(())
    }
}

impl fmt::Display for Section {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}", self.part)?;
        if self.text != What::All && !self.part.0.is_empty() {
            out.write_str(".")?;
        }
        match &self.text {
            What::All => Ok(()),
            What::Header => out.write_str("HEADER"),
            What::Text => out.write_str("TEXT"),
            What::Mime => out.write_str("MIME"),
            What::Fields { names, not } => {
                let names: Vec<String> = names.iter().map(|name| quoted_or_atom(name)).collect();
                write!(
                    out,
                    "HEADER.FIELDS{} ({})",
                    if *not { ".NOT" } else { "" },
                    names.join(" ")
                )
            }
        }
    }
}
