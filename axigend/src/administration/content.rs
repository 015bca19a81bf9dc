//! What is wrong with the text of a message that can be read: what FINDINVALIDMSG and `SCAN ... analyzeStructure` look
//! for beside damage.

use axigen_shared::Refusal;
use axigend_message::{Content, Part, Structure, Summarizer, Summary, fields, header_len};
use axigend_storage::{BodyRef, Store};
use bytes::Bytes;

/// Bytes of a message in which its first header field must be.
const HEAD: usize = 64 * 1024;
/// Bytes read at once.
const PIECE: usize = 1 << 20;

/// How much of the text of messages is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Depth {
    /// Nothing of it.
    Nothing,
    /// Whether it is a message at all.
    Message,
    /// Its parts too.
    Structure,
}

/// What is wrong with the text of a message.
#[derive(Debug, Default)]
pub(super) struct Wrong {
    /// It is no message: whoever opens it sees nothing.
    pub not_a_message: Option<String>,
    /// Its parts are not as they should be; it is a message all the same.
    pub structure: Option<String>,
}

/// Looks at the text of a message whose body can be read.
pub(super) fn look(store: &Store, body: BodyRef, depth: Depth) -> Result<Wrong, Refusal> {
    let mut wrong = Wrong::default();
    if depth == Depth::Nothing {
        return Ok(wrong);
    }
    let head = store.read_blocking(body, 0, HEAD)?;
    let header = head.get(..header_len(&head).unwrap_or(head.len()));
    if !fields(header.unwrap_or_default()).any(|field| is_name(field.name)) {
        wrong.not_a_message = Some("it has no header field, so it is no message (RFC 5322, 2.2)".to_owned());
    } else if depth == Depth::Structure {
        let (_, structure) = summarized(store, body)?.finish_with_structure();
        wrong.structure = part(&structure.root);
    }
    Ok(wrong)
}

/// Whether it is the name of a header field (RFC 5322, 3.6.8).
fn is_name(name: &[u8]) -> bool {
    !name.is_empty() && name.iter().all(u8::is_ascii_graphic)
}

/// The summary of a message, made anew.
pub(super) fn summary(store: &Store, body: BodyRef) -> Result<Summary, Refusal> {
    Ok(summarized(store, body)?.finish())
}

/// Whether what is cached of a message can be read and is of this message; only the former when it is not to be read.
pub(super) fn is_valid(store: &Store, body: BodyRef, note: &Bytes, depth: Depth) -> Result<bool, Refusal> {
    let Some(cached) = Summary::decode(note.clone()) else {
        return Ok(false);
    };
    if depth != Depth::Structure {
        return Ok(true);
    }
    let fresh = summary(store, body)?;
    let same_parts = match (cached.structure(), fresh.structure()) {
        (Some(cached), Some(fresh)) => cached == fresh,
        _ => true,
    };
    Ok(same_parts && cached.header_len() == fresh.header_len())
}

fn summarized(store: &Store, body: BodyRef) -> Result<Summarizer, Refusal> {
    let mut summarizer = Summarizer::new();
    let mut offset = 0;
    while offset < body.len {
        let piece = store.read_blocking(body, offset, PIECE)?;
        if piece.is_empty() {
            break;
        }
        offset = offset.saturating_add(piece.len() as u64);
        summarizer.feed(&piece);
    }
    Ok(summarizer)
}

/// The first thing that is wrong with a part or those inside.
fn part(part: &Part) -> Option<String> {
    match &part.content {
        Content::Leaf => None,
        Content::Message(inner) => {
            let Structure { root, .. } = &**inner;
            self::part(root)
        }
        Content::Multipart(parts) => {
            let subtype = &part.subtype;
            let empty = |part: &Part| part.header.is_empty() && part.body.is_empty();
            if parts.iter().all(empty) {
                return Some(format!("multipart/{subtype} without parts"));
            }
            parts.iter().find_map(self::part)
        }
    }
}
