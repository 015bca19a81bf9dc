//! The selected mailbox as this client knows it: which message has which number, and what it was told.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use axigen_shared::Refusal;

use super::{
    backend::Row,
    bounds::{KEYWORD_LIMIT, KEYWORDS_MAX, TOLD_MAX},
    cursor::{Bad, Parsed},
    flags::Flag,
    folder::Opened,
    recent::Recent,
    set::Set,
    wire::Wire,
};

/// The state of a selected mailbox. Message numbers are places in `uids`, plus one; the vector changes only where the
/// client is told (`sync`).
#[derive(Debug, Default)]
pub(crate) struct Selected {
    pub(crate) name: String,
    /// EXAMINE.
    pub(crate) read_only: bool,
    /// MAILBOXID.
    pub(crate) mailbox_id: String,
    /// Ascending. Shared with whoever else has the folder open, until something changes.
    pub(crate) uids: Arc<Vec<u32>>,
    pub(crate) uid_validity: u32,
    pub(crate) uid_next: u32,
    /// Everything up to this MODSEQ has been seen.
    pub(crate) modseq: u64,
    /// The first message without \Seen when the mailbox was opened.
    pub(crate) first_unseen: Option<u32>,
    /// Which messages are \Recent here.
    pub(crate) recent: Recent,
    /// Keywords that the client was told of.
    pub(crate) keywords: BTreeSet<String>,
    /// The search result saved as `$` (RFC 5182).
    pub(crate) saved: Vec<u32>,
    /// Messages that went while the client could not be told.
    pub(crate) vanished: BTreeSet<u32>,
    /// MODSEQ of what this command's answers have shown already.
    told: HashMap<u32, u64>,
}

impl Selected {
    /// Reads the numbers of a mailbox just opened.
    pub(crate) async fn load(wire: &Wire, opened: Opened, read_only: bool) -> Result<Self, Refusal> {
        let folder = opened.folder;
        let mut selected = Self {
            name: folder.name,
            read_only,
            mailbox_id: folder.mailbox_id,
            uid_validity: folder.uid_validity,
            uid_next: folder.uid_next,
            modseq: folder.highest_modseq,
            keywords: folder.keywords.into_iter().take(KEYWORDS_MAX).collect(),
            ..Self::default()
        };
        let numbers = wire.uids().await?;
        let end = folder.uid_next;
        selected.uids = numbers.uids;
        selected.first_unseen = numbers.first_unseen;
        // What has come since the mailbox was opened comes as news.
        let known = selected.uids.partition_point(|uid| *uid < end);
        if known < selected.uids.len() {
            Arc::make_mut(&mut selected.uids).truncate(known);
        }
        selected.recent.add(opened.first_recent, end);
        Ok(selected)
    }

    pub(crate) fn count(&self) -> u32 {
        u32::try_from(self.uids.len()).unwrap_or(u32::MAX)
    }

    /// Number of a message.
    pub(crate) fn number(&self, uid: u32) -> Option<u32> {
        self.uids
            .binary_search(&uid)
            .ok()
            .and_then(|place| u32::try_from(place + 1).ok())
    }

    pub(crate) fn is_recent(&self, uid: u32) -> bool {
        self.recent.has(uid)
    }

    /// How many messages are \Recent here.
    pub(crate) fn recent(&self) -> usize {
        self.recent.count(&self.uids)
    }

    /// The UIDs that a set means, ascending.
    pub(crate) fn resolve(&self, set: &Set, by_uid: bool) -> Parsed<Vec<u32>> {
        if by_uid {
            Ok(self.resolve_uids(set))
        } else {
            self.resolve_numbers(set)
        }
    }

    /// UIDs that are not there are ignored (RFC 9051, 6.4.9).
    fn resolve_uids(&self, set: &Set) -> Vec<u32> {
        let Some(ranges) = set.ranges(self.uids.last().copied().unwrap_or(1)) else {
            return self.saved();
        };
        let mut uids = Vec::new();
        for range in ranges {
            let start = self.uids.partition_point(|uid| uid < range.start());
            let end = self.uids.partition_point(|uid| uid <= range.end());
            uids.extend_from_slice(self.uids.get(start..end).unwrap_or_default());
        }
        uids
    }

    /// Numbers that are not there are an error, unless `*` bounds them (RFC 9051, 9 "seq-number", "seq-range").
    fn resolve_numbers(&self, set: &Set) -> Parsed<Vec<u32>> {
        let count = self.count();
        let Some(ranges) = set.numbers(count) else {
            return Ok(self.saved());
        };
        let ranges =
            ranges.map_err(|number| Bad::new(format!("no message {number}: the mailbox has {count}")))?;
        let mut uids = Vec::new();
        for range in ranges {
            let (start, end) = (range.start().saturating_sub(1) as usize, *range.end() as usize);
            uids.extend_from_slice(self.uids.get(start..end).unwrap_or_default());
        }
        Ok(uids)
    }

    /// The saved result without messages that have gone since.
    fn saved(&self) -> Vec<u32> {
        self.saved
            .iter()
            .copied()
            .filter(|uid| self.uids.binary_search(uid).is_ok())
            .collect()
    }

    /// Remembers that the client has heard of this state of the message.
    pub(crate) fn tell(&mut self, row: &Row) {
        if self.told.len() < TOLD_MAX {
            self.told.insert(row.uid, row.modseq);
        }
    }

    pub(crate) fn has_heard(&self, row: &Row) -> bool {
        self.told.get(&row.uid) == Some(&row.modseq)
    }

    pub(crate) fn forget_told(&mut self) {
        self.told.clear();
    }

    /// Remembers the row's keywords; true when one is new to the client.
    pub(crate) fn learn_keywords(&mut self, row: &Row) -> bool {
        let mut learnt = false;
        for keyword in &row.flags.keywords {
            if self.keywords.len() < KEYWORDS_MAX && !self.keywords.contains(keyword) {
                learnt |= self.keywords.insert(keyword.clone());
            }
        }
        learnt
    }

    /// `* FLAGS` and PERMANENTFLAGS (RFC 9051, 7.1 and 7.3.5).
    pub(crate) fn flag_lines(&self) -> String {
        let mut known: Vec<&str> = Flag::ALL.into_iter().map(Flag::name).collect();
        known.extend(self.keywords.iter().map(String::as_str));
        let known = known.join(" ");
        let permanent = if self.read_only {
            String::new()
        } else if self.keywords.len() >= KEYWORD_LIMIT {
            // RFC 9051, 7.1: "\*" promises that new keywords can be made.
            known.clone()
        } else {
            format!("{known} \\*")
        };
        let text = if self.read_only {
            "No permanent flags"
        } else {
            "Flags permitted"
        };
        format!("* FLAGS ({known})\r\n* OK [PERMANENTFLAGS ({permanent})] {text}\r\n")
    }
}
