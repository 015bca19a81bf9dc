//! COPY and MOVE, UID forms included (RFC 9051, 6.4.7 and 6.4.8; COPYUID: RFC 4315).

use super::super::{
    answer::Situation,
    backend::Request,
    cursor::{Cursor, Parsed},
    dialogue::{Call, Dialogue, Fail, Fine},
    set::{Set, print_ascending},
};

pub(super) struct Arguments {
    set: Set,
    to: String,
}

pub(super) fn parse(cursor: &mut Cursor<'_>, _: &Call) -> Parsed<Arguments> {
    cursor.space()?;
    let set = cursor.set()?;
    cursor.space()?;
    Ok(Arguments {
        set,
        to: cursor.mailbox()?,
    })
}

pub(super) async fn run(dialogue: &mut Dialogue, call: &Call, arguments: Arguments) -> Result<Fine, Fail> {
    let moving = call.name == "MOVE";
    let selected = if moving {
        dialogue.writable()?
    } else {
        dialogue.selected()?
    };
    let uids = selected.resolve(&arguments.set, call.by_uid)?;
    let to = arguments.to;
    if uids.is_empty() {
        return Ok(Fine::new("No matching messages"));
    }
    let request = if moving {
        Request::Move { uids, to }
    } else {
        Request::Copy { uids, to }
    };
    let copied = dialogue
        .wire
        .copy(request)
        .await
        .map_err(|refusal| Fail::Refused(refusal, Situation::Destination))?;
    if copied.source.is_empty() && !call.by_uid {
        // RFC 5530, 3: another session has removed them, which is told after this.
        return Err(Fail::no("EXPUNGEISSUED", "The messages are no longer there"));
    }
    if copied.source.is_empty() {
        return Ok(Fine::new("No matching messages"));
    }
    let code = format!(
        "COPYUID {} {} {}",
        copied.uid_validity,
        print_ascending(copied.source),
        print_ascending(copied.target)
    );
    if !moving {
        return Ok(Fine::with_code(code, "COPY completed"));
    }
    // RFC 6851, 4.3: COPYUID comes before the EXPUNGEs.
    dialogue.wire.say(format!("* OK [{code}] Moved\r\n").as_bytes());
    dialogue.sync(true).await?;
    Ok(dialogue.with_modseq("MOVE completed"))
}
