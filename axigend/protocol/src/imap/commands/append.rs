//! APPEND, several messages at once included (RFC 9051, 6.3.12; RFC 3502; BINARY: RFC 3516; UTF8: RFC 6855, 4).
//!
//! Message bytes go to the service as they come. What can be refused is refused before they are sent: an announced
//! size above the limit, a missing mailbox, a full quota. After a failure the rest of what the client has announced is
//! read past, so the session stays in step.

use axigen_shared::Refusal;

use super::super::{
    answer::Situation,
    backend::{Answer, AppendItem, Request},
    bounds::{CHUNK, MULTIAPPEND_MAX},
    cursor::{Bad, Cursor, Parsed},
    dialogue::{Call, Dialogue, Fail, Fine},
    flags::Flags,
    frame::{self, Limits, Literal},
    set::print_ascending,
    wire::Stop,
};

pub(super) struct Arguments {
    folder: String,
    message: Message,
}

/// What stands before a message's literal.
struct Message {
    item: AppendItem,
    /// `UTF8 (` came: `)` follows the literal.
    utf8: bool,
}

pub(super) fn parse(cursor: &mut Cursor<'_>, call: &Call) -> Parsed<Arguments> {
    cursor.space()?;
    let folder = cursor.mailbox()?;
    cursor.space()?;
    let message = parse_message(cursor, call.utf8_names)?;
    if call.literal.is_none() {
        return cursor.bad("flags, a date-time or the literal of the message");
    }
    Ok(Arguments { folder, message })
}

fn parse_message(cursor: &mut Cursor<'_>, utf8_enabled: bool) -> Parsed<Message> {
    let mut item = AppendItem {
        flags: Flags::default(),
        internal_date: None,
    };
    if cursor.peek() == Some(b'(') {
        item.flags = cursor.flag_list()?;
        cursor.space()?;
    }
    if cursor.peek() == Some(b'"') {
        item.internal_date = Some(cursor.date_time()?);
        cursor.space()?;
    }
    let utf8 = cursor.eat_word("UTF8 (");
    if utf8 && !utf8_enabled {
        return Err(Bad::new("UTF8 needs ENABLE UTF8=ACCEPT first"));
    }
    Ok(Message { item, utf8 })
}

/// Why an APPEND stops, and what of it is still to come.
struct Refused {
    fail: Fail,
    rest: Rest,
}

enum Rest {
    /// The literal just announced.
    Literal(Literal),
    /// The rest of the line after a literal.
    Line,
    /// Nothing.
    Nothing,
}

impl From<Stop> for Refused {
    fn from(stop: Stop) -> Self {
        Self {
            fail: stop.into(),
            rest: Rest::Nothing,
        }
    }
}

pub(super) async fn run(dialogue: &mut Dialogue, call: &Call, arguments: Arguments) -> Result<Fine, Fail> {
    match receive(dialogue, call, &arguments.folder, arguments.message).await {
        Ok(items) => commit(dialogue, arguments.folder, items).await,
        Err(Refused {
            fail: fail @ Fail::Stop(_),
            ..
        }) => Err(fail),
        Err(refused) => {
            dialogue.wire.done(Request::AppendAbort).await?;
            match refused.rest {
                Rest::Literal(literal) => dialogue.refuse_literal(Some(literal)).await?,
                Rest::Line => dialogue.skip_rest().await?,
                Rest::Nothing => {}
            }
            Err(refused.fail)
        }
    }
}

/// Takes in all messages of the command.
async fn receive(
    dialogue: &Dialogue,
    call: &Call,
    folder: &str,
    first: Message,
) -> Result<Vec<AppendItem>, Refused> {
    let wire = &dialogue.wire;
    let Some(mut literal) = call.literal else {
        return Err(Refused {
            fail: Bad::new("no message").into(),
            rest: Rest::Nothing,
        });
    };
    let (mut message, mut items) = (first, Vec::new());
    loop {
        admit(dialogue, folder, literal).await.map_err(|fail| Refused {
            fail,
            rest: Rest::Literal(literal),
        })?;
        if literal.sync {
            wire.say(b"+ Ready for literal data\r\n");
        }
        stream(dialogue, literal).await?.map_err(|fail| Refused {
            fail,
            rest: Rest::Line,
        })?;
        let line = frame::line(wire, Limits::LOGGED_IN.line, Limits::LOGGED_IN.drain).await?;
        items.push(message.item);
        let text = match (message.utf8, line.bytes.strip_prefix(b")")) {
            (false, _) => line.bytes.as_slice(),
            (true, Some(rest)) => rest,
            (true, None) => return Err(bad("expected ')' after the UTF8 literal", &line.bytes)),
        };
        if text.is_empty() {
            return Ok(items);
        }
        let Some((end, next)) = frame::announcement(text) else {
            return Err(bad(
                "expected the end of the command or another message after the literal",
                &line.bytes,
            ));
        };
        if items.len() >= MULTIAPPEND_MAX {
            return Err(bad("too many messages in one APPEND", &line.bytes));
        }
        let mut cursor = Cursor::new(text.get(..end).unwrap_or_default(), 0);
        let parsed = cursor
            .space()
            .and_then(|()| parse_message(&mut cursor, call.utf8_names));
        message = parsed
            .and_then(|message| cursor.end().map(|()| message))
            .map_err(|bad| Refused {
                fail: bad.into(),
                rest: Rest::Literal(next),
            })?;
        literal = next;
    }
}

/// A syntax error on a line between messages, which may announce another literal.
fn bad(text: &'static str, line: &[u8]) -> Refused {
    let rest = frame::announcement(line).map_or(Rest::Nothing, |(_, literal)| Rest::Literal(literal));
    Refused {
        fail: Bad::new(text).into(),
        rest,
    }
}

fn at(refusal: Refusal) -> Fail {
    Fail::Refused(refusal, Situation::Destination)
}

/// Whether a message of this size may come.
async fn admit(dialogue: &Dialogue, folder: &str, literal: Literal) -> Result<(), Fail> {
    if literal.size == 0 {
        return Err(Fail::no("", "An empty message cannot be stored"));
    }
    let limit = dialogue.settings.append_limit;
    if literal.size > limit {
        return Err(Fail::no(
            "TOOBIG",
            format!("The message is larger than {limit} bytes"),
        ));
    }
    let begin = Request::AppendBegin {
        folder: folder.to_owned(),
        size: literal.size,
    };
    dialogue.wire.done(begin).await.map_err(at)
}

/// Hands a message's bytes over; after a refusal the rest is read past. NUL stands in binary literals only (RFC 9051,
/// 4.3.1).
async fn stream(dialogue: &Dialogue, literal: Literal) -> Result<Result<(), Fail>, Stop> {
    let mut left = literal.size;
    let mut outcome = Ok(());
    while left > 0 {
        if dialogue.wire.waiting() == 0 {
            dialogue.wire.more().await?;
        }
        let piece = dialogue
            .wire
            .take(usize::try_from(left).unwrap_or(CHUNK).min(CHUNK));
        let passed = literal.size - left;
        left -= piece.len() as u64;
        if outcome.is_err() {
            continue;
        }
        outcome = match memchr::memchr(0, &piece) {
            Some(nul) if !literal.binary => Err(Bad::new(format!(
                "the message holds NUL, at its byte {}, which only a binary literal may",
                passed + nul as u64 + 1
            ))
            .into()),
            _ => dialogue.wire.done(Request::BodyChunk(piece)).await.map_err(at),
        };
    }
    Ok(outcome)
}

async fn commit(dialogue: &Dialogue, folder: String, items: Vec<AppendItem>) -> Result<Fine, Fail> {
    match dialogue
        .wire
        .ask(Request::AppendCommit { folder, items })
        .await
        .map_err(at)?
    {
        Answer::Appended { uid_validity, uids } => {
            let code = format!("APPENDUID {uid_validity} {}", print_ascending(uids));
            Ok(Fine::with_code(code, "APPEND completed"))
        }
        _ => Err(Fail::no("SERVERBUG", "Internal error")),
    }
}
