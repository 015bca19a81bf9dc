//! CAPABILITY (RFC 9051, 6.1.1).

use super::super::dialogue::{Call, Dialogue, Fail, Fine};

pub(super) use super::nothing as parse;

#[expect(clippy::unused_async, reason = "every row runs in the same way")]
pub(super) async fn run(dialogue: &mut Dialogue, _: &Call, (): ()) -> Result<Fine, Fail> {
    dialogue
        .wire
        .say(format!("* CAPABILITY {}\r\n", dialogue.capabilities()).as_bytes());
    Ok(Fine::new("CAPABILITY completed"))
}
