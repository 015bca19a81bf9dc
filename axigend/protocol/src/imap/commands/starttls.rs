//! STARTTLS (RFC 9051, 6.2.1): what was sent before the handshake is forgotten by the wire.

use super::super::dialogue::{Call, Dialogue, Fail, Fine, Then};

pub(super) use super::nothing as parse;

#[expect(clippy::unused_async, reason = "every row runs in the same way")]
pub(super) async fn run(dialogue: &mut Dialogue, _: &Call, (): ()) -> Result<Fine, Fail> {
    if dialogue.tls {
        return Err(Fail::no("", "TLS is active already"));
    }
    if !dialogue.can_start_tls() {
        return Err(Fail::no("", "STARTTLS is not available"));
    }
    Ok(Fine {
        then: Then::StartTls,
        ..Fine::new("Begin TLS negotiation now")
    })
}
