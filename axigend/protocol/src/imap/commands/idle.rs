//! IDLE (RFC 9051, 6.3.13): news is told as it happens until the client says DONE.

use super::super::{
    backend::Event,
    bounds::LINE_PRE_LOGIN,
    cursor::Bad,
    dialogue::{Call, Dialogue, Fail, Fine},
    frame,
    wire::Heard,
};

pub(super) use super::nothing as parse;

pub(super) async fn run(dialogue: &mut Dialogue, _: &Call, (): ()) -> Result<Fine, Fail> {
    dialogue.wire.say(b"+ idling\r\n");
    loop {
        dialogue.sync(true).await?;
        match dialogue.wire.listen().await? {
            Heard::Event(Event::Changed) => {}
            Heard::Event(Event::Quiet) => dialogue.wire.say(b"* OK Still here\r\n"),
            Heard::Input => break,
        }
    }
    let line = frame::line(&dialogue.wire, LINE_PRE_LOGIN, 0).await?;
    dialogue.sync(true).await?;
    if line.bytes.eq_ignore_ascii_case(b"DONE") {
        return Ok(Fine::new("IDLE terminated"));
    }
    Err(Bad::new("expected DONE").into())
}
