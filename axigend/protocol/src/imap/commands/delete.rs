//! DELETE (RFC 9051, 6.3.5). A mailbox with children is kept: `NO [HASCHILDREN]`.

use super::super::{
    answer::Situation,
    backend::Request,
    cursor::{Cursor, Parsed},
    dialogue::{Call, Dialogue, Fail, Fine},
};

pub(super) fn parse(cursor: &mut Cursor<'_>, _: &Call) -> Parsed<String> {
    cursor.space()?;
    cursor.mailbox()
}

pub(super) async fn run(dialogue: &mut Dialogue, _: &Call, name: String) -> Result<Fine, Fail> {
    if name == "INBOX" {
        return Err(Fail::no("CANNOT", "INBOX cannot be deleted"));
    }
    let selected = dialogue
        .selected
        .as_ref()
        .is_some_and(|selected| selected.name == name);
    dialogue
        .wire
        .done(Request::Delete { name })
        .await
        .map_err(|refusal| Fail::Refused(refusal, Situation::Delete))?;
    if selected {
        dialogue.leave().await;
        dialogue
            .wire
            .say(b"* OK [CLOSED] The selected mailbox was deleted\r\n");
    }
    Ok(Fine::new("DELETE completed"))
}
