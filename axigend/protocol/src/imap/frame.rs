//! Commands out of bytes: lines, literals and their continuation (RFC 9051, 2.2.1 and 4.3; RFC 7888).
//!
//! Owns bounds on lines and literals and staying in step after something too large: what the client has announced
//! without waiting is read past (within a bound), what it waits to send is refused. The message of an APPEND is not
//! collected here; its command streams it. A line may end with a bare LF, as people with a terminal send it.

use std::ops::Range;

use super::{
    bounds::{
        COMMAND_MAX, COMMAND_PRE_LOGIN, DRAIN_MAX, DRAIN_PRE_LOGIN, LINE_MAX, LINE_PRE_LOGIN, LITERAL_MAX,
        LITERAL_PRE_LOGIN,
    },
    cursor::Bad,
    wire::{Stop, Wire},
};

/// Start of an overlong line that is kept, for its tag.
const HEAD_KEPT: usize = 128;
/// End of an overlong line that is kept, for the literal it may announce.
const TAIL_KEPT: usize = 32;

/// Bounds in force: they differ before and after login.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) line: usize,
    pub(crate) literal: usize,
    pub(crate) command: usize,
    pub(crate) drain: u64,
    /// Whether APPEND may stream.
    pub(crate) append: bool,
}

impl Limits {
    pub(crate) const PRE_LOGIN: Self = Self {
        line: LINE_PRE_LOGIN,
        literal: LITERAL_PRE_LOGIN,
        command: COMMAND_PRE_LOGIN,
        drain: DRAIN_PRE_LOGIN,
        append: false,
    };
    pub(crate) const LOGGED_IN: Self = Self {
        line: LINE_MAX,
        literal: LITERAL_MAX,
        command: COMMAND_MAX,
        drain: DRAIN_MAX,
        append: true,
    };
}

/// An announced literal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Literal {
    pub(crate) size: u64,
    /// The client waits for the continuation.
    pub(crate) sync: bool,
    /// `~{…}`: may hold NUL (RFC 3516).
    pub(crate) binary: bool,
}

/// A command as sent: lines with the literals' announcements and contents inside, without the last line end.
#[derive(Clone, Debug, Default)]
pub(crate) struct Raw {
    pub(crate) bytes: Vec<u8>,
    /// Where contents of literals lie in `bytes`.
    pub(crate) literals: Vec<Range<usize>>,
}

/// What was heard.
#[derive(Debug)]
pub(crate) enum Heard {
    Command(Raw),
    /// An APPEND up to the announcement of its message.
    Append(Raw, Literal),
    /// A command that is not even collected; `Raw` holds its start.
    Fault(Raw, Bad),
}

/// Reads one command.
pub(crate) async fn command(wire: &Wire, limits: Limits) -> Result<Heard, Stop> {
    let mut raw = Raw::default();
    let mut fault: Option<Bad> = None;
    loop {
        let line = line(wire, limits.line, limits.drain).await?;
        if fault.is_none() && !line.whole {
            fault = Some(Bad::new(format!("line longer than {} bytes", limits.line)));
        }
        let announced = announcement(&line.bytes);
        let text = announced.map_or(line.bytes.len(), |(at, _)| at);
        if fault.is_none() && raw.bytes.len() + line.bytes.len() > limits.command {
            fault = Some(Bad::new(format!("command longer than {} bytes", limits.command)));
        }
        if fault.is_none() || raw.bytes.is_empty() {
            raw.bytes
                .extend_from_slice(line.bytes.get(..text).unwrap_or_default());
        }
        let Some((_, literal)) = announced else { break };
        if fault.is_none() && limits.append && awaits_message(&raw.bytes) {
            return Ok(Heard::Append(raw, literal));
        }
        if fault.is_none() {
            fault = unacceptable(&raw, literal, limits);
        }
        if fault.is_some() {
            if literal.sync {
                break;
            }
            drain(wire, literal.size, limits.drain).await?;
            continue;
        }
        raw.bytes
            .extend_from_slice(line.bytes.get(text..).unwrap_or_default());
        raw.bytes.extend_from_slice(b"\r\n");
        if literal.sync {
            wire.say(b"+ Ready for literal data\r\n");
        }
        let start = raw.bytes.len();
        collect(wire, literal.size, &mut raw.bytes).await?;
        fault = nul(raw.bytes.get(start..).unwrap_or_default(), start);
        raw.literals.push(start..raw.bytes.len());
    }
    Ok(match fault {
        Some(bad) => Heard::Fault(raw, bad),
        None => Heard::Command(raw),
    })
}

/// What is wrong with an announced literal.
fn unacceptable(raw: &Raw, literal: Literal, limits: Limits) -> Option<Bad> {
    if literal.binary {
        return Some(Bad::new("a binary literal can only be the message of an APPEND"));
    }
    let room = limits.literal.min(limits.command.saturating_sub(raw.bytes.len()));
    (literal.size > room as u64).then(|| {
        Bad::new(format!(
            "literal of {} bytes: at most {room} are accepted here",
            literal.size
        ))
    })
}

/// NUL stands in no literal but a binary one (RFC 9051, 4.3.1 and 9 "CHAR8"); `start` is where the literal begins.
fn nul(literal: &[u8], start: usize) -> Option<Bad> {
    let at = memchr::memchr(0, literal)?;
    Some(Bad::new(format!(
        "the literal at column {} holds NUL, at its byte {}",
        start + 1,
        at + 1
    )))
}

/// One line.
#[derive(Debug)]
pub(crate) struct Line {
    /// Without its line end; of an overlong line its start and its end.
    pub(crate) bytes: Vec<u8>,
    /// Whether this is all of it.
    pub(crate) whole: bool,
}

/// Reads a line of at most `limit` bytes; a longer one is read past.
pub(crate) async fn line(wire: &Wire, limit: usize, drain: u64) -> Result<Line, Stop> {
    let mut searched = 0;
    loop {
        if let Some(newline) = wire.find_newline(searched) {
            if newline > limit {
                break;
            }
            let mut bytes = wire.take(newline + 1);
            strip_newline(&mut bytes);
            return Ok(Line { bytes, whole: true });
        }
        searched = wire.waiting();
        if searched > limit {
            break;
        }
        wire.more().await?;
    }
    overlong(wire, drain).await
}

async fn overlong(wire: &Wire, drain: u64) -> Result<Line, Stop> {
    let mut bytes = wire.take(HEAD_KEPT);
    let mut tail: Vec<u8> = Vec::new();
    let mut passed = 0_u64;
    loop {
        let newline = wire.find_newline(0);
        let piece = wire.take(newline.map_or(usize::MAX, |at| at + 1));
        passed += piece.len() as u64;
        tail.extend_from_slice(
            piece
                .get(piece.len().saturating_sub(TAIL_KEPT)..)
                .unwrap_or_default(),
        );
        tail.drain(..tail.len().saturating_sub(TAIL_KEPT));
        if newline.is_some() {
            strip_newline(&mut tail);
            bytes.append(&mut tail);
            return Ok(Line { bytes, whole: false });
        }
        if passed > drain {
            return Err(Stop::Flood);
        }
        wire.more().await?;
    }
}

fn strip_newline(line: &mut Vec<u8>) {
    if line.last() == Some(&b'\n') {
        line.pop();
    }
    if line.last() == Some(&b'\r') {
        line.pop();
    }
}

/// Adds `size` bytes to `bytes`.
async fn collect(wire: &Wire, size: u64, bytes: &mut Vec<u8>) -> Result<(), Stop> {
    let mut left = usize::try_from(size).map_err(|_| Stop::Flood)?;
    while left > 0 {
        if wire.waiting() == 0 {
            wire.more().await?;
        }
        let piece = wire.take(left);
        left -= piece.len();
        bytes.extend_from_slice(&piece);
    }
    Ok(())
}

/// Reads past `size` bytes, when that is bearable.
pub(crate) async fn drain(wire: &Wire, size: u64, bound: u64) -> Result<(), Stop> {
    if size > bound {
        return Err(Stop::Flood);
    }
    let mut left = size;
    while left > 0 {
        if wire.waiting() == 0 {
            wire.more().await?;
        }
        left -= wire.take(usize::try_from(left).unwrap_or(usize::MAX)).len() as u64;
    }
    Ok(())
}

/// The literal that a line announces at its end, and where the announcement starts.
pub(crate) fn announcement(line: &[u8]) -> Option<(usize, Literal)> {
    let inner = line.strip_suffix(b"}")?;
    let open = inner.iter().rposition(|byte| *byte == b'{')?;
    let spec = inner.get(open + 1..)?;
    let (digits, sync) = match spec.strip_suffix(b"+") {
        Some(digits) => (digits, false),
        None => (spec, true),
    };
    if digits.is_empty() || digits.len() > 19 || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let size = std::str::from_utf8(digits).ok()?.parse().ok()?;
    let binary = open > 0 && line.get(open - 1) == Some(&b'~');
    Some((open - usize::from(binary), Literal { size, sync, binary }))
}

/// Whether the literal after `bytes` is the message of an APPEND: anything stands after its first space, the mailbox.
fn awaits_message(bytes: &[u8]) -> bool {
    let mut words = bytes.splitn(3, |byte| *byte == b' ');
    let (Some(_tag), Some(name), Some(rest)) = (words.next(), words.next(), words.next()) else {
        return false;
    };
    name.eq_ignore_ascii_case(b"APPEND") && !rest.is_empty()
}

#[cfg(test)]
mod tests {
    use super::{Literal, announcement, awaits_message};

    #[test]
    fn announcements() {
        let literal = |size, sync, binary| Literal { size, sync, binary };
        for (line, expected) in [
            ("a LOGIN {5}", Some((8, literal(5, true, false)))),
            ("a LOGIN {5+}", Some((8, literal(5, false, false)))),
            ("a APPEND x ~{0}", Some((11, literal(0, true, true)))),
            ("a {99999999999999999999}", None),
            ("a {}", None),
            ("a {5-}", None),
            ("a 5}", None),
            ("", None),
        ] {
            assert_eq!(announcement(line.as_bytes()), expected, "{line}");
        }
    }

    #[test]
    fn only_what_follows_the_mailbox_is_the_message() {
        for (bytes, expected) in [
            ("a append ", false),
            ("a APPEND INBOX ", true),
            ("a APPEND {1}\r\nx ", true),
            ("a SEARCH x ", false),
        ] {
            assert_eq!(awaits_message(bytes.as_bytes()), expected, "{bytes}");
        }
    }
}
