//! NAMESPACE (RFC 9051, 6.3.10): one personal namespace.

use super::super::dialogue::{Call, Dialogue, Fail, Fine};

pub(super) use super::nothing as parse;

#[expect(clippy::unused_async, reason = "every row runs in the same way")]
pub(super) async fn run(dialogue: &mut Dialogue, _: &Call, (): ()) -> Result<Fine, Fail> {
    dialogue.wire.say(b"* NAMESPACE ((\"\" \"/\")) NIL NIL\r\n");
    Ok(Fine::new("NAMESPACE completed"))
}
