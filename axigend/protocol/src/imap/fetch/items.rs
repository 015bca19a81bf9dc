//! What FETCH asks for.

use super::{
    super::{
        bounds::LIST_MEMBERS_MAX,
        cursor::{Bad, Cursor, Parsed},
        set::Set,
        window::Window,
    },
    section::{Part, Partial, Section},
};

/// The arguments of FETCH.
#[derive(Debug)]
pub(crate) struct Arguments {
    pub(super) set: Set,
    pub(super) items: Vec<Item>,
    /// Only messages changed after this MODSEQ.
    pub(super) changed_since: Option<u64>,
    /// And what of the set went after it (RFC 7162, 3.2.6).
    pub(super) vanished: bool,
    /// Only these of the messages (RFC 9394, 3.3).
    pub(super) partial: Option<Window>,
}

/// One data item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Item {
    Uid,
    Flags,
    InternalDate,
    SaveDate,
    Size,
    ModSeq,
    /// EMAILID and THREADID (RFC 8474).
    EmailId,
    ThreadId,
    Envelope,
    /// BODYSTRUCTURE, or BODY without extension data.
    Structure {
        extended: bool,
    },
    /// `BODY[…]` and the RFC822 items.
    Section {
        label: Label,
        section: Section,
        partial: Option<Partial>,
        peek: bool,
    },
    Binary {
        part: Part,
        partial: Option<Partial>,
        peek: bool,
    },
    BinarySize {
        part: Part,
    },
    /// The beginning of the text (RFC 8970); with `lazy` only if it is known already.
    Preview {
        lazy: bool,
    },
}

/// The name under which a section is sent back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Label {
    Body,
    Rfc822,
    Rfc822Header,
    Rfc822Text,
}

impl Item {
    /// Whether what is remembered of a message helps to answer.
    pub(super) fn uses_summary(&self) -> bool {
        match self {
            Self::Envelope
            | Self::Structure { .. }
            | Self::Preview { .. }
            | Self::ThreadId
            | Self::Binary { .. }
            | Self::BinarySize { .. } => true,
            Self::Section { section, .. } => *section != Section::WHOLE,
            Self::Uid
            | Self::Flags
            | Self::InternalDate
            | Self::SaveDate
            | Self::Size
            | Self::ModSeq
            | Self::EmailId => false,
        }
    }

    /// Whether FETCH of this item sets \Seen.
    pub(super) const fn marks_seen(&self) -> bool {
        matches!(
            self,
            Self::Section { peek: false, .. } | Self::Binary { peek: false, .. }
        )
    }
}

impl Arguments {
    pub(crate) fn parse(cursor: &mut Cursor<'_>, by_uid: bool) -> Parsed<Self> {
        cursor.space()?;
        let set = cursor.set()?;
        cursor.space()?;
        let mut items = Vec::new();
        if cursor.peek() == Some(b'(') {
            cursor.some("a FETCH item", |cursor| {
                items.push(item(cursor)?);
                Ok(())
            })?;
        } else {
            match macro_items(cursor) {
                Some(all) => items = all,
                None => items.push(item(cursor)?),
            }
        }
        let mut arguments = Self {
            set,
            items,
            changed_since: None,
            vanished: false,
            partial: None,
        };
        if cursor.eat(b' ') {
            cursor.some("a FETCH modifier", |cursor| arguments.modifier(cursor, by_uid))?;
        }
        arguments.complete(by_uid)
    }

    /// CHANGEDSINCE and VANISHED (RFC 7162), PARTIAL (RFC 9394).
    fn modifier(&mut self, cursor: &mut Cursor<'_>, by_uid: bool) -> Parsed<()> {
        let word = cursor.keyword("CHANGEDSINCE, VANISHED or PARTIAL")?;
        match word.as_str() {
            "CHANGEDSINCE" => {
                cursor.space()?;
                self.changed_since = Some(cursor.number64()?);
            }
            "VANISHED" | "PARTIAL" if !by_uid => {
                return Err(Bad::new(format!("{word} is for UID FETCH alone")));
            }
            "VANISHED" => self.vanished = true,
            "PARTIAL" => {
                cursor.space()?;
                self.partial = Some(Window::parse(cursor)?);
            }
            other => {
                return Err(Bad::new(format!(
                    "unknown FETCH modifier {other}; there are CHANGEDSINCE, VANISHED and PARTIAL"
                )));
            }
        }
        Ok(())
    }

    /// With what the modifiers and the UID form bring along.
    fn complete(mut self, by_uid: bool) -> Parsed<Self> {
        if self.vanished && self.changed_since.is_none() {
            return Err(Bad::new("VANISHED needs CHANGEDSINCE"));
        }
        let items = &mut self.items;
        if self.changed_since.is_some() && !items.contains(&Item::ModSeq) {
            items.push(Item::ModSeq);
        }
        if by_uid && !items.contains(&Item::Uid) {
            items.insert(0, Item::Uid);
        }
        if items.len() > LIST_MEMBERS_MAX {
            return Err(Bad::new(format!("FETCH takes at most {LIST_MEMBERS_MAX} items")));
        }
        Ok(self)
    }
}

/// ALL, FAST or FULL.
fn macro_items(cursor: &mut Cursor<'_>) -> Option<Vec<Item>> {
    let mut here = cursor.clone();
    let word = here.keyword("an item").ok()?;
    let mut items = vec![Item::Flags, Item::InternalDate, Item::Size];
    match word.as_str() {
        "FAST" => {}
        "ALL" => items.push(Item::Envelope),
        "FULL" => items.extend([Item::Envelope, Item::Structure { extended: false }]),
        _ => return None,
    }
    *cursor = here;
    Some(items)
}

fn item(cursor: &mut Cursor<'_>) -> Parsed<Item> {
    let start = cursor.position();
    // '[' is an atom character, so the word is read by hand.
    let word = cursor.take_while(|byte| byte.is_ascii_alphanumeric() || byte == b'.');
    let section = |label, section, peek| {
        Ok(Item::Section {
            label,
            section,
            partial: None,
            peek,
        })
    };
    match word.to_ascii_uppercase().as_slice() {
        b"UID" => Ok(Item::Uid),
        b"FLAGS" => Ok(Item::Flags),
        b"INTERNALDATE" => Ok(Item::InternalDate),
        b"SAVEDATE" => Ok(Item::SaveDate),
        b"RFC822.SIZE" => Ok(Item::Size),
        b"MODSEQ" => Ok(Item::ModSeq),
        b"EMAILID" => Ok(Item::EmailId),
        b"THREADID" => Ok(Item::ThreadId),
        b"ENVELOPE" => Ok(Item::Envelope),
        b"BODYSTRUCTURE" => Ok(Item::Structure { extended: true }),
        b"PREVIEW" => Ok(Item::Preview {
            // RFC 8970, 3.1. Any other list after it is not its own: it belongs to FETCH, or nowhere.
            lazy: cursor.eat_word(" (LAZY)"),
        }),
        b"RFC822" => section(Label::Rfc822, Section::WHOLE, false),
        b"RFC822.HEADER" => section(Label::Rfc822Header, Section::HEADER, true),
        b"RFC822.TEXT" => section(Label::Rfc822Text, Section::TEXT, false),
        b"BODY" if cursor.peek() != Some(b'[') => Ok(Item::Structure { extended: false }),
        b"BODY" => body(cursor, false),
        b"BODY.PEEK" => body(cursor, true),
        b"BINARY" => binary(cursor, false),
        b"BINARY.PEEK" => binary(cursor, true),
        b"BINARY.SIZE" => Ok(Item::BinarySize {
            part: bracketed_part(cursor)?,
        }),
        _ => {
            let word = String::from_utf8_lossy(word).into_owned();
            Err(Bad::new(format!(
                "unknown FETCH item '{word}' at column {}",
                start + 1
            )))
        }
    }
}

fn body(cursor: &mut Cursor<'_>, peek: bool) -> Parsed<Item> {
    let section = Section::parse(cursor)?;
    let partial = Partial::parse(cursor)?;
    Ok(Item::Section {
        label: Label::Body,
        section,
        partial,
        peek,
    })
}

fn binary(cursor: &mut Cursor<'_>, peek: bool) -> Parsed<Item> {
    let part = bracketed_part(cursor)?;
    let partial = Partial::parse(cursor)?;
    Ok(Item::Binary { part, partial, peek })
}

fn bracketed_part(cursor: &mut Cursor<'_>) -> Parsed<Part> {
    cursor.expect(b'[')?;
    let part = Part::parse(cursor)?;
    cursor.expect(b']')?;
    Ok(part)
}

#[cfg(test)]
mod tests {
    use super::{Arguments, Item, Label};
    use crate::imap::cursor::Cursor;

    fn items(text: &str) -> Option<Vec<Item>> {
        let mut cursor = Cursor::new(text.as_bytes(), 0);
        let arguments = Arguments::parse(&mut cursor, false).ok()?;
        cursor.end().ok()?;
        Some(arguments.items)
    }

    #[test]
    fn fetch_items() {
        assert_eq!(items(" 1 FAST").map(|items| items.len()), Some(3));
        assert_eq!(items(" 1 (UID FLAGS)"), Some(vec![Item::Uid, Item::Flags]));
        assert_eq!(items(" 1 BODY"), Some(vec![Item::Structure { extended: false }]));
        assert!(matches!(
            items(" 1 rfc822.text").as_deref(),
            Some([Item::Section {
                label: Label::Rfc822Text,
                peek: false,
                ..
            }])
        ));
        assert_eq!(
            items(" 1 FLAGS (CHANGEDSINCE 5)"),
            Some(vec![Item::Flags, Item::ModSeq])
        );
        for bad in [
            " 1",
            " 1 ()x",
            " 1 (FAST FLAGS)",
            " 1 BODY[",
            " 1 BODY[0]",
            " 1 BODY[MIME]",
            " 1 BODY[]<0.0>",
            " 1 BINARY[TEXT]",
            " 1 BODY[1.HEADER.FIELDS ()]",
            " 1 FLAGS (CHANGEDSINCE x)",
            " 1 FLAGS (CHANGEDSINCE 1 VANISHED)",
            " 1 FLAGS (PARTIAL 1:2)",
            " 1 FLAGS ()",
            " 1 BOGUS",
            " 1 (PREVIEW (EAGER))",
            " 1 (PREVIEW (LAZY UID)",
        ] {
            assert_eq!(items(bad), None, "{bad}");
        }
        assert_eq!(
            items(" 1 (PREVIEW preview (lazy) UID)"),
            Some(vec![
                Item::Preview { lazy: false },
                Item::Preview { lazy: true },
                Item::Uid
            ])
        );
        assert_eq!(
            items(" 1 PREVIEW (CHANGEDSINCE 5)"),
            Some(vec![Item::Preview { lazy: false }, Item::ModSeq])
        );
        for good in [
            " 1 BODY[1.2.HEADER.FIELDS.NOT (a \"b\")]<0.9>",
            " 1 BODY.PEEK[TEXT]",
            " 1:* BODY[1.MIME]",
            " 1 BINARY.SIZE[1.2]",
            " 1 BINARY[]",
        ] {
            assert!(items(good).is_some(), "{good}");
        }
    }
}
