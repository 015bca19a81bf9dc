//! CLOSE (RFC 9051, 6.4.1; QRESYNC: RFC 7162, 3.2.8): removes \Deleted messages without telling, then leaves the mailbox.

use super::super::dialogue::{Call, Dialogue, Fail, Fine};

pub(super) use super::nothing as parse;

pub(super) async fn run(dialogue: &mut Dialogue, _: &Call, (): ()) -> Result<Fine, Fail> {
    let mut modseq = None;
    if dialogue
        .selected
        .as_ref()
        .is_some_and(|selected| !selected.read_only)
    {
        modseq = expunge(dialogue).await?;
    }
    dialogue.leave().await;
    Ok(match modseq {
        Some(modseq) => Fine::with_code(format!("HIGHESTMODSEQ {modseq}"), "CLOSE completed"),
        None => Fine::new("CLOSE completed"),
    })
}

/// Removes the messages. The HIGHESTMODSEQ then, for a client that counts in it, if it knows everything up to there: what
/// others did is told before, and what they did meanwhile leaves the client with the MODSEQ that it has.
async fn expunge(dialogue: &mut Dialogue) -> Result<Option<u64>, Fail> {
    if !dialogue.enabled.qresync {
        dialogue.wire.expunge(None).await?;
        return Ok(None);
    }
    dialogue.sync(true).await?;
    let known = dialogue.selected()?.modseq;
    let gone = dialogue.wire.expunge(None).await?;
    let since = dialogue.wire.since(known).await?;
    let is_ours = !gone.is_empty() && !since.forgetful && since.changed.is_empty() && since.vanished == gone;
    Ok(is_ours.then_some(since.highest_modseq))
}
