//! CLOSE (RFC 9051, 6.4.1): removes \Deleted messages without telling, then leaves the mailbox.

use super::super::{
    backend::Request,
    dialogue::{Call, Dialogue, Fail, Fine},
};

pub(super) use super::nothing as parse;

pub(super) async fn run(dialogue: &mut Dialogue, _: &Call, (): ()) -> Result<Fine, Fail> {
    if dialogue
        .selected
        .as_ref()
        .is_some_and(|selected| !selected.read_only)
    {
        dialogue.wire.done(Request::Expunge { uids: None }).await?;
    }
    dialogue.leave().await;
    Ok(Fine::new("CLOSE completed"))
}
