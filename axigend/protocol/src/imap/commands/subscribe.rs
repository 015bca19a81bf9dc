//! SUBSCRIBE and UNSUBSCRIBE (RFC 9051, 6.3.7 and 6.3.8). A name need not exist to be subscribed.

use super::super::{
    backend::Request,
    cursor::{Cursor, Parsed},
    dialogue::{Call, Dialogue, Fail, Fine},
};

pub(super) fn parse(cursor: &mut Cursor<'_>, _: &Call) -> Parsed<String> {
    cursor.space()?;
    cursor.mailbox()
}

pub(super) async fn run(dialogue: &mut Dialogue, call: &Call, name: String) -> Result<Fine, Fail> {
    dialogue
        .wire
        .done(Request::Subscribe {
            name,
            on: call.name == "SUBSCRIBE",
        })
        .await?;
    Ok(Fine::new(format!("{} completed", call.name)))
}
