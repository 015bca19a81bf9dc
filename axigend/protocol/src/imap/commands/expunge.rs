//! EXPUNGE and UID EXPUNGE (RFC 9051, 6.4.3 and 6.4.9; RFC 4315). What went is told with the news after the command.

use super::super::{
    cursor::{Cursor, Parsed},
    dialogue::{Call, Dialogue, Fail, Fine},
    set::Set,
};

pub(super) fn parse(cursor: &mut Cursor<'_>, call: &Call) -> Parsed<Option<Set>> {
    if !call.by_uid {
        return Ok(None);
    }
    cursor.space()?;
    cursor.set().map(Some)
}

pub(super) async fn run(dialogue: &mut Dialogue, call: &Call, set: Option<Set>) -> Result<Fine, Fail> {
    let selected = dialogue.writable()?;
    let uids = set.map(|set| selected.resolve(&set, call.by_uid)).transpose()?;
    if uids.as_ref().is_none_or(|uids| !uids.is_empty()) {
        dialogue.wire.expunge(uids).await?;
        dialogue.sync(true).await?;
    }
    Ok(dialogue.with_modseq("EXPUNGE completed"))
}

impl Dialogue {
    /// OK with HIGHESTMODSEQ when the client counts in MODSEQ (RFC 7162, 3.2.8).
    pub(super) fn with_modseq(&self, text: &'static str) -> Fine {
        match &self.selected {
            Some(selected) if self.enabled.condstore => {
                Fine::with_code(format!("HIGHESTMODSEQ {}", selected.modseq), text)
            }
            _ => Fine::new(text),
        }
    }
}
