//! The arguments of LIST and LSUB (RFC 9051, 6.3.9).

use super::super::{
    cursor::{Bad, Cursor, Parsed, is_astring_char},
    name::Pattern,
};

/// What LIST asks for.
#[derive(Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "independent options of one command")]
pub(crate) struct Arguments {
    pub(crate) lsub: bool,
    /// Selection options.
    pub(crate) select_subscribed: bool,
    pub(crate) select_special_use: bool,
    pub(crate) recursive_match: bool,
    pub(crate) patterns: Vec<Pattern>,
    /// One empty pattern: what is the separator?
    root: bool,
    /// Return options; CHILDREN is always returned.
    return_subscribed: bool,
    pub(crate) status: Vec<StatusItem>,
}

impl Arguments {
    pub(crate) fn parse(cursor: &mut Cursor<'_>) -> Parsed<Self> {
        let mut arguments = Self::default();
        cursor.space()?;
        if cursor.peek() == Some(b'(') {
            cursor.list(|cursor| arguments.selection(cursor))?;
            // RFC 5258, 3.1 and RFC 6154, 6: both others are base options.
            if arguments.recursive_match && !arguments.select_subscribed && !arguments.select_special_use {
                return Err(Bad::new(
                    "RECURSIVEMATCH needs another selection option such as SUBSCRIBED",
                ));
            }
            cursor.space()?;
        }
        let reference = reference(cursor)?;
        cursor.space()?;
        let patterns = if cursor.peek() == Some(b'(') {
            cursor.list(pattern)?
        } else {
            vec![pattern(cursor)?]
        };
        arguments.set_patterns(&reference, &patterns)?;
        if cursor.eat(b' ') {
            if !cursor.eat_word("RETURN ") {
                return cursor.bad("RETURN and a list");
            }
            cursor.list(|cursor| arguments.return_option(cursor))?;
        }
        Ok(arguments)
    }

    pub(crate) fn parse_lsub(cursor: &mut Cursor<'_>) -> Parsed<Self> {
        let mut arguments = Self {
            lsub: true,
            select_subscribed: true,
            ..Self::default()
        };
        cursor.space()?;
        let reference = reference(cursor)?;
        cursor.space()?;
        let pattern = pattern(cursor)?;
        arguments.set_patterns(&reference, &[pattern])?;
        Ok(arguments)
    }

    pub(crate) const fn asks_for_root(&self) -> bool {
        self.root
    }

    pub(crate) const fn needs_subscriptions(&self) -> bool {
        self.select_subscribed || self.return_subscribed
    }

    /// Whether \Subscribed is shown.
    pub(crate) const fn shows_subscribed(&self) -> bool {
        !self.lsub && (self.return_subscribed || self.select_subscribed)
    }

    fn set_patterns(&mut self, reference: &str, patterns: &[String]) -> Parsed<()> {
        self.root = patterns.len() == 1 && patterns.first().is_some_and(String::is_empty);
        for pattern in patterns {
            self.patterns
                .push(Pattern::new(&format!("{reference}{pattern}")).map_err(Bad::new)?);
        }
        Ok(())
    }

    fn selection(&mut self, cursor: &mut Cursor<'_>) -> Parsed<()> {
        match cursor.keyword("a selection option")?.as_str() {
            "SUBSCRIBED" => self.select_subscribed = true,
            "SPECIAL-USE" => self.select_special_use = true,
            "RECURSIVEMATCH" => self.recursive_match = true,
            // There are no remote mailboxes.
            "REMOTE" => {}
            other => return Err(Bad::new(format!("unknown LIST selection option {other}"))),
        }
        Ok(())
    }

    fn return_option(&mut self, cursor: &mut Cursor<'_>) -> Parsed<()> {
        match cursor.keyword("a return option")?.as_str() {
            "SUBSCRIBED" => self.return_subscribed = true,
            "CHILDREN" | "SPECIAL-USE" => {}
            "STATUS" => {
                cursor.space()?;
                self.status = cursor.some("a status item", StatusItem::parse)?;
            }
            other => return Err(Bad::new(format!("unknown LIST return option {other}"))),
        }
        Ok(())
    }
}

fn reference(cursor: &mut Cursor<'_>) -> Parsed<String> {
    let raw = cursor.astring()?;
    decode(cursor, &raw)
}

/// list-mailbox: an astring that may hold wildcards.
fn pattern(cursor: &mut Cursor<'_>) -> Parsed<String> {
    let raw = cursor.string_or(|byte| is_astring_char(byte) || matches!(byte, b'%' | b'*'))?;
    decode(cursor, &raw)
}

fn decode(cursor: &Cursor<'_>, raw: &[u8]) -> Parsed<String> {
    cursor.decode_name(raw).map_err(|what| {
        Bad::new(format!(
            "{what} (reference or pattern before column {})",
            cursor.position() + 1
        ))
    })
}

/// What STATUS can say (RFC 9051, 6.3.11).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StatusItem {
    Messages,
    Recent,
    UidNext,
    UidValidity,
    Unseen,
    Deleted,
    Size,
    /// Bytes of the messages that are \Deleted (RFC 9208, 4.1.4).
    DeletedStorage,
    HighestModSeq,
    AppendLimit,
    /// RFC 8474, 4.3.
    MailboxId,
}

impl StatusItem {
    pub(crate) fn parse(cursor: &mut Cursor<'_>) -> Parsed<Self> {
        Ok(match cursor.keyword("a status item")?.as_str() {
            "MESSAGES" => Self::Messages,
            "RECENT" => Self::Recent,
            "UIDNEXT" => Self::UidNext,
            "UIDVALIDITY" => Self::UidValidity,
            "UNSEEN" => Self::Unseen,
            "DELETED" => Self::Deleted,
            "SIZE" => Self::Size,
            "DELETED-STORAGE" => Self::DeletedStorage,
            "HIGHESTMODSEQ" => Self::HighestModSeq,
            "APPENDLIMIT" => Self::AppendLimit,
            "MAILBOXID" => Self::MailboxId,
            other => return Err(Bad::new(format!("unknown status item {other}"))),
        })
    }
}
