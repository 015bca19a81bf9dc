//! NOOP and CHECK (RFC 9051, 6.1.2; RFC 3501, 6.4.1): news of the mailbox is told after the command.

use super::super::dialogue::{Call, Dialogue, Fail, Fine};

pub(super) use super::nothing as parse;

#[expect(clippy::unused_async, reason = "every row runs in the same way")]
pub(super) async fn run(_: &mut Dialogue, call: &Call, (): ()) -> Result<Fine, Fail> {
    Ok(Fine::new(format!("{} completed", call.name)))
}
