//! LOGOUT (RFC 9051, 6.1.3).

use super::super::dialogue::{Call, Dialogue, Fail, Fine, Then};

pub(super) use super::nothing as parse;

pub(super) async fn run(dialogue: &mut Dialogue, _: &Call, (): ()) -> Result<Fine, Fail> {
    dialogue.leave().await;
    dialogue.wire.say(b"* BYE Logging out\r\n");
    Ok(Fine {
        then: Then::Close,
        ..Fine::new("LOGOUT completed")
    })
}
