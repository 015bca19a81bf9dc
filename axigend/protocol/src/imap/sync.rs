//! Telling the client what happened in its mailbox: EXPUNGE, EXISTS, RECENT, FETCH (RFC 9051, 5.2, 5.3, 7.5), VANISHED
//! instead of EXPUNGE where it is enabled (RFC 7162, 3.2.10.2).
//!
//! Called after each command and while idling. EXPUNGE moves the numbers of other messages, so it waits while a
//! command's numbers may still be on their way (RFC 9051, 7.5.1).

use std::{fmt::Write as _, sync::Arc};

use super::{
    backend::{Changes, Row},
    dialogue::{Dialogue, Fail},
    resync::say_vanished,
    selected::Selected,
    set::runs,
    wire::Stop,
    write::FlagsFetch,
};

impl Dialogue {
    /// Tells what changed since the last time; `expunge`: messages may lose their numbers now.
    pub(crate) async fn sync(&mut self, expunge: bool) -> Result<(), Fail> {
        let Some(mut since) = self.selected.as_ref().map(|selected| selected.modseq) else {
            return Ok(());
        };
        loop {
            let changes = match self.wire.changes(since).await {
                Ok(changes) => changes,
                Err(refusal) if refusal.cause == axigen_shared::Cause::NoSuchFolder => {
                    return Err(Fail::Stop(Stop::MailboxGone));
                }
                // The client asked for something else; it hears of the changes when they can be read again.
                Err(refusal) => {
                    tracing::error!("changes of the selected mailbox cannot be read: {refusal}");
                    return Ok(());
                }
            };
            let more = changes.more && changes.highest_modseq > since;
            since = changes.highest_modseq.max(since);
            let changes = if changes.forgetful {
                self.compare(changes).await?
            } else {
                changes
            };
            self.tell(changes, since, expunge).await;
            if !more {
                break;
            }
        }
        if let Some(selected) = &mut self.selected {
            selected.forget_told();
        }
        Ok(())
    }

    /// Finds out by comparing what went, when the store no longer remembers.
    async fn compare(&self, mut changes: Changes) -> Result<Changes, Fail> {
        let Some(selected) = &self.selected else {
            return Ok(changes);
        };
        let there = self.wire.uids().await?.uids;
        let is_gone = |uid: &&u32| there.binary_search(uid).is_err();
        changes.vanished.extend(selected.uids.iter().filter(is_gone));
        Ok(changes)
    }

    async fn tell(&mut self, changes: Changes, modseq: u64, expunge: bool) {
        let (rev2, condstore, qresync) = (self.enabled.rev2, self.enabled.condstore, self.enabled.qresync);
        let wire = self.wire.clone();
        let Some(selected) = &mut self.selected else {
            return;
        };
        selected.modseq = modseq;
        selected.vanished.extend(changes.vanished);
        if expunge && !selected.vanished.is_empty() {
            let gone = selected.expunge();
            if qresync {
                let uids = gone.iter().rev().map(|(_, uid)| *uid);
                say_vanished(&wire, false, &runs(uids).collect::<Vec<_>>()).await;
            } else {
                for (number, _) in gone {
                    wire.say(format!("* {number} EXPUNGE\r\n").as_bytes());
                    wire.pace().await;
                }
            }
        }
        if let Some((first, last)) = selected.newcomers(&changes.rows) {
            if !rev2 {
                let recent = wire.newcomers(last, !selected.read_only).await;
                // When it cannot be found out, a message is recent (RFC 3501, 2.3.2).
                let recent = recent.unwrap_or(first).max(first);
                selected.recent.add(recent, last.saturating_add(1));
            }
            let mut lines = format!("* {} EXISTS\r\n", selected.count());
            if !rev2 {
                let _ = write!(lines, "* {} RECENT\r\n", selected.recent());
            }
            wire.say(lines.as_bytes());
        }
        for row in &changes.rows {
            if selected.has_heard(row) || selected.vanished.contains(&row.uid) {
                continue;
            }
            let Some(number) = selected.number(row.uid) else {
                continue;
            };
            if selected.learn_keywords(row) {
                wire.say(selected.flag_lines().as_bytes());
            }
            let recent = !rev2 && selected.is_recent(row.uid);
            let fetch = FlagsFetch {
                number,
                row,
                recent,
                uid: true,
                flags: true,
                modseq: condstore,
            };
            wire.say(fetch.line().as_bytes());
            wire.pace().await;
        }
    }
}

impl Selected {
    /// Takes the vanished messages out of the numbering; their numbers and UIDs, from the end on, so that each number is
    /// the one the client knows when it is said.
    fn expunge(&mut self) -> Vec<(u32, u32)> {
        let vanished = std::mem::take(&mut self.vanished);
        let numbered = vanished.into_iter();
        let mut numbered: Vec<(u32, u32)> = numbered
            .filter_map(|uid| Some((self.number(uid)?, uid)))
            .collect();
        let mut gone = numbered.iter().peekable();
        Arc::make_mut(&mut self.uids).retain(|uid| gone.next_if(|(_, gone)| gone == uid).is_none());
        numbered.reverse();
        numbered
    }

    /// Adds messages that are new; the first and the last of them. The client has then "heard" of their flags only by
    /// asking.
    fn newcomers(&mut self, rows: &[Row]) -> Option<(u32, u32)> {
        let last = self.uids.last().copied().unwrap_or(0);
        let mut new: Vec<&Row> = rows.iter().filter(|row| row.uid > last).collect();
        new.retain(|row| !self.vanished.contains(&row.uid));
        new.sort_unstable_by_key(|row| row.uid);
        new.dedup_by_key(|row| row.uid);
        for row in &new {
            Arc::make_mut(&mut self.uids).push(row.uid);
            self.tell(row);
        }
        self.uid_next = self
            .uid_next
            .max(self.uids.last().copied().unwrap_or(0).saturating_add(1));
        Some((new.first()?.uid, new.last()?.uid))
    }
}
