//! Sending bytes of a message as literals, streamed, and decoded for BINARY (RFC 3516).

use axigen_shared::Refusal;
use axigend_message::{Content, Decoder, Part as MessagePart, Transfer};

use super::{
    super::{dialogue::Fail, wire::Wire},
    choice::{Choice, Chooser},
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
        Source::Chosen(choice) => chosen(wire, message, choice, partial).await?,
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

/// Sends ` {n}` and chosen fields of a long header.
async fn chosen(
    wire: &Wire,
    message: &Message<'_>,
    choice: &Choice,
    partial: Option<Partial>,
) -> Result<(), Fail> {
    let mut window = Window::of(partial, choice.size);
    wire.say(format!(" {{{}}}\r\n", window.left).as_bytes());
    let mut chooser = Chooser::new(&choice.names, choice.not);
    let mut out = Vec::new();
    let mut offset = choice.header.start;
    while offset < choice.header.end && window.left > 0 {
        let chunk = message.chunk(offset, choice.header.end).await?;
        offset += chunk.len() as u64;
        chooser.feed(&chunk, false, &mut out);
        window.say(wire, &mut out);
        wire.pace().await;
    }
    chooser.feed(&[], true, &mut out);
    window.say(wire, &mut out);
    Ok(())
}

/// What a partial FETCH shows of bytes that are made on the way.
struct Window {
    skip: u64,
    left: u64,
}

impl Window {
    fn of(partial: Option<Partial>, size: u64) -> Self {
        let (skip, left) = Partial::cut(partial, size);
        Self { skip, left }
    }

    /// Sends what is to be seen of these bytes, and takes them.
    fn say(&mut self, wire: &Wire, bytes: &mut Vec<u8>) {
        let passed = self.skip.min(bytes.len() as u64);
        let taken = self.left.min(bytes.len() as u64 - passed);
        let start = usize::try_from(passed).unwrap_or(0);
        let end = usize::try_from(passed + taken).unwrap_or(0);
        wire.say_data(bytes.get(start..end).unwrap_or_default());
        (self.skip, self.left) = (self.skip - passed, self.left - taken);
        bytes.clear();
    }
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
    let mut window = Window::of(partial, size);
    let mark = if nul { "~" } else { "" };
    wire.say(format!(" {mark}{{{}}}\r\n", window.left).as_bytes());
    let mut decoder = Decoder::new(transfer);
    let mut out = Vec::new();
    let mut offset = part.body.start;
    while window.left > 0 && offset < part.body.end {
        let chunk = message.chunk(offset, part.body.end).await?;
        offset += chunk.len() as u64;
        decoder.feed(&chunk, &mut out);
        if offset >= part.body.end {
            decoder.finish(&mut out);
        }
        window.say(wire, &mut out);
        wire.pace().await;
    }
    Ok(())
}
