//! Sending bytes of a message as literals, streamed, and decoded for BINARY (RFC 3516).

use axigen_shared::Refusal;
use axigend_message::{Content, Decoder, Part as MessagePart, Transfer};

use super::{
    super::{dialogue::Fail, wire::Wire},
    message::{Message, Source},
    section::Partial,
};

/// First byte and end in the stored message of what a section sends.
pub(super) fn stored(bytes: &Source, partial: Option<Partial>) -> Option<(u64, u64)> {
    let Source::Stored(range) = bytes else { return None };
    let (origin, len) = Partial::cut(partial, range.end - range.start);
    Some((range.start + origin, range.start + origin + len))
}

/// Sends ` {n}` and the bytes of a section.
pub(super) async fn section(
    wire: &Wire,
    message: &Message<'_>,
    bytes: Source,
    partial: Option<Partial>,
) -> Result<(), Fail> {
    match &bytes {
        Source::Nothing => wire.say(b" NIL"),
        Source::Here(bytes) => {
            let (origin, len) = Partial::cut(partial, bytes.len() as u64);
            let start = usize::try_from(origin).unwrap_or(usize::MAX);
            let end = usize::try_from(origin + len).unwrap_or(usize::MAX);
            wire.say(format!(" {{{len}}}\r\n").as_bytes());
            wire.say_data(bytes.get(start..end).unwrap_or_default());
        }
        Source::Stored(_) => {
            let (mut offset, end) = stored(&bytes, partial).unwrap_or_default();
            wire.say(format!(" {{{}}}\r\n", end - offset).as_bytes());
            while offset < end {
                let chunk = message.chunk(offset, end).await?;
                offset += chunk.len() as u64;
                wire.say_data(&chunk);
                wire.pace().await;
            }
        }
    }
    Ok(())
}

/// How a part can be sent in BINARY.
pub(super) fn transfer(part: &MessagePart) -> Result<Transfer, Fail> {
    match (part.transfer(), &part.content) {
        (Transfer::Unknown, _) => Err(Fail::no(
            "UNKNOWN-CTE",
            "The content transfer encoding is not known",
        )),
        // A composite part has no encoding of its own (RFC 2045, 6.4).
        (_, Content::Multipart(_) | Content::Message(_)) => Ok(Transfer::Identity),
        (transfer, Content::Leaf) => Ok(transfer),
    }
}

/// Size of a decoded part, and whether it holds NUL.
pub(super) async fn decoded_size(
    message: &Message<'_>,
    part: &MessagePart,
    transfer: Transfer,
) -> Result<(u64, bool), Refusal> {
    let (mut size, mut nul) = (0_u64, false);
    let mut decoder = Decoder::new(transfer);
    let mut out = Vec::new();
    let mut offset = part.body.start;
    while offset < part.body.end {
        let chunk = message.chunk(offset, part.body.end).await?;
        offset += chunk.len() as u64;
        decoder.feed(&chunk, &mut out);
        if offset >= part.body.end {
            decoder.finish(&mut out);
        }
        size += out.len() as u64;
        nul |= memchr::memchr(0, &out).is_some();
        out.clear();
    }
    Ok((size, nul))
}

/// Sends ` {n}` or ` ~{n}` and the decoded bytes of a part.
pub(super) async fn binary(
    wire: &Wire,
    message: &Message<'_>,
    part: &MessagePart,
    partial: Option<Partial>,
) -> Result<(), Fail> {
    let transfer = transfer(part)?;
    let (size, nul) = decoded_size(message, part, transfer).await?;
    let (origin, len) = Partial::cut(partial, size);
    wire.say(format!(" {}{{{len}}}\r\n", if nul { "~" } else { "" }).as_bytes());
    let (mut skip, mut left) = (origin, len);
    let mut decoder = Decoder::new(transfer);
    let mut out = Vec::new();
    let mut offset = part.body.start;
    while left > 0 && offset < part.body.end {
        let chunk = message.chunk(offset, part.body.end).await?;
        offset += chunk.len() as u64;
        decoder.feed(&chunk, &mut out);
        if offset >= part.body.end {
            decoder.finish(&mut out);
        }
        let passed = skip.min(out.len() as u64);
        let taken = left.min(out.len() as u64 - passed);
        let start = usize::try_from(passed).unwrap_or(0);
        let end = usize::try_from(passed + taken).unwrap_or(0);
        wire.say_data(out.get(start..end).unwrap_or_default());
        (skip, left) = (skip - passed, left - taken);
        out.clear();
        wire.pace().await;
    }
    Ok(())
}
