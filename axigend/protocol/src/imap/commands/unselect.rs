//! UNSELECT (RFC 9051, 6.4.2): leaves the mailbox and removes nothing.

use super::super::dialogue::{Call, Dialogue, Fail, Fine};

pub(super) use super::nothing as parse;

pub(super) async fn run(dialogue: &mut Dialogue, _: &Call, (): ()) -> Result<Fine, Fail> {
    dialogue.leave().await;
    Ok(Fine::new("UNSELECT completed"))
}
