//! RENAME (RFC 9051, 6.3.6): children follow; renaming INBOX moves its messages.

use super::super::{
    backend::Request,
    cursor::{Cursor, Parsed},
    dialogue::{Call, Dialogue, Fail, Fine},
};

pub(super) fn parse(cursor: &mut Cursor<'_>, _: &Call) -> Parsed<(String, String)> {
    cursor.space()?;
    let from = cursor.mailbox()?;
    cursor.space()?;
    Ok((from, cursor.mailbox()?))
}

pub(super) async fn run(
    dialogue: &mut Dialogue,
    _: &Call,
    (from, to): (String, String),
) -> Result<Fine, Fail> {
    if to == "INBOX" {
        return Err(Fail::no("ALREADYEXISTS", "INBOX exists always"));
    }
    if to
        .strip_prefix(from.as_str())
        .is_some_and(|rest| rest.starts_with('/'))
        && from != "INBOX"
    {
        return Err(Fail::no("CANNOT", "A mailbox cannot be moved below itself"));
    }
    dialogue
        .wire
        .done(Request::Rename {
            from: from.clone(),
            to: to.clone(),
        })
        .await?;
    // The selected mailbox keeps its numbers under its new name; INBOX itself stays.
    if from != "INBOX"
        && let Some(selected) = &mut dialogue.selected
        && let Some(rest) = selected.name.strip_prefix(from.as_str())
        && (rest.is_empty() || rest.starts_with('/'))
    {
        selected.name = format!("{to}{rest}");
    }
    Ok(Fine::new("RENAME completed"))
}
