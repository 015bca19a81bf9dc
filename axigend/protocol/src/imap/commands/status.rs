//! STATUS (RFC 9051, 6.3.11; HIGHESTMODSEQ: RFC 7162, 3.1.7; APPENDLIMIT: RFC 7889; SIZE: RFC 8438;
//! DELETED-STORAGE: RFC 9208; MAILBOXID: RFC 8474).

use super::super::{
    cursor::{Cursor, Parsed},
    dialogue::{Call, Dialogue, Fail, Fine},
    list::StatusItem,
};

pub(super) struct Arguments {
    name: String,
    items: Vec<StatusItem>,
}

pub(super) fn parse(cursor: &mut Cursor<'_>, _: &Call) -> Parsed<Arguments> {
    cursor.space()?;
    let name = cursor.mailbox()?;
    cursor.space()?;
    Ok(Arguments {
        name,
        items: cursor.some("a status item", StatusItem::parse)?,
    })
}

pub(super) async fn run(dialogue: &mut Dialogue, _: &Call, arguments: Arguments) -> Result<Fine, Fail> {
    if arguments.items.contains(&StatusItem::HighestModSeq) {
        dialogue.enable_condstore();
    }
    let folder = dialogue.wire.folder(&arguments.name).await?;
    if !folder.selectable {
        return Err(Fail::no("CANNOT", "The mailbox cannot be selected"));
    }
    let line = dialogue.status_line(&folder, &arguments.items).await?;
    dialogue.wire.say(line.as_bytes());
    Ok(Fine::new("STATUS completed"))
}
