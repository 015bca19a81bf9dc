//! PURGE account folders: old mail of named folders goes, of one account, of a domain, of all.
//!
//! `PURGE account folders Trash, Spam older than 30`: names with commas between, then the condition, if any. Age counts
//! from when a message came into its folder.

use super::Administration;
use super::maintenance::not_built;
use super::storages::said;
use axigen_shared::grammar::Args;
use axigen_shared::value::Word;
use axigen_shared::{Cause, Refusal};
use axigend_console::{Acted, Place};
use axigend_storage::{Mailbox, MessageRow, SystemFlags};
use jiff::Timestamp;

/// Messages looked at in one piece.
const PAGE: usize = 4096;
/// Seconds of a day.
const DAY: i64 = 86_400;

/// Which messages go.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Condition {
    /// Only what came into the folder before so many days.
    older_than: Option<u32>,
    /// Only what was read, or was not.
    seen: Option<bool>,
    /// Only what is larger, in KB.
    larger_than: Option<u64>,
}

/// What a line asks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    folders: Vec<String>,
    condition: Condition,
}

impl Wanted {
    /// What came into these folders before so many days.
    pub(super) fn older_than(days: u32, folders: Vec<String>) -> Self {
        let condition = Condition {
            older_than: Some(days),
            ..Condition::default()
        };
        Self { folders, condition }
    }

    /// From the words behind `folders`: a comma, at the end of a word or alone, says that another name follows.
    fn parse(words: &[String]) -> Result<Self, Refusal> {
        let mut words = words.iter().map(String::as_str).peekable();
        let mut folders = Vec::new();
        loop {
            let word = words.next().ok_or_else(|| invalid("a folder is missing"))?;
            let (name, more) = word.strip_suffix(',').map_or((word, false), |name| (name, true));
            let name = name.trim_start_matches(',');
            folders.extend(name.split(',').filter(|name| !name.is_empty()).map(str::to_owned));
            let comma_next = words.peek().is_some_and(|next| next.starts_with(','));
            if words.next_if(|next| *next == ",").is_none() && !more && !comma_next {
                break;
            }
        }
        let condition = Condition::parse(&mut words)?;
        if folders.is_empty() {
            return Err(invalid("a folder is missing"));
        }
        Ok(Self { folders, condition })
    }
}

impl Condition {
    fn parse<'a>(words: &mut impl Iterator<Item = &'a str>) -> Result<Self, Refusal> {
        let mut condition = Self::default();
        while let Some(word) = words.next() {
            match word.to_ascii_lowercase().as_str() {
                "older" => condition.older_than = Some(than(words)?),
                "larger" => condition.larger_than = Some(than(words)?),
                "seen" => condition.seen = Some(true),
                "unseen" => condition.seen = Some(false),
                _ => return Err(invalid(&format!("{word} is no condition"))),
            }
        }
        Ok(condition)
    }

    fn holds(&self, row: &MessageRow, now: i64) -> bool {
        let age = now.saturating_sub(row.saved);
        let old = self
            .older_than
            .is_none_or(|days| age > i64::from(days).saturating_mul(DAY));
        let seen = self
            .seen
            .is_none_or(|seen| row.flags.system.contains(SystemFlags::SEEN) == seen);
        let large = self
            .larger_than
            .is_none_or(|kb| row.size > kb.saturating_mul(1024));
        old && seen && large
    }
}

/// `than <number>`.
fn than<'a, N: std::str::FromStr>(words: &mut impl Iterator<Item = &'a str>) -> Result<N, Refusal> {
    let than = words.next().filter(|word| word.eq_ignore_ascii_case("than"));
    let number = than.and_then(|_| words.next()?.parse().ok());
    number.ok_or_else(|| invalid("older and larger are followed by than and a number"))
}

fn invalid(why: &str) -> Refusal {
    let detail =
        format!("{why}: [older than <days>] [larger than <KB>] [seen|unseen] may follow the folders");
    Refusal::new(Cause::Invalid, detail)
}

impl Administration {
    /// `PURGE account folders <name>[, <name>]* [<condition>]`, for everybody below the place.
    pub(super) async fn purge_folders(&self, place: &Place, args: &Args) -> Result<Acted, Refusal> {
        if args
            .text("public|account")
            .is_some_and(|which| which.eq_ignore_ascii_case("public"))
        {
            return Err(not_built("PURGE public folders"));
        }
        let words: Vec<String> = args
            .iter()
            .filter(|(name, _)| !["public|account", "account"].contains(name))
            .flat_map(|(_, words)| words)
            .filter_map(Word::one)
            .map(str::to_owned)
            .collect();
        let wanted = Wanted::parse(&words)?;
        let now = Timestamp::now().as_second();
        let (mut removed, mut accounts) = (0, 0);
        for (domain, name) in self.accounts_at(place)? {
            let mailbox = self.mailbox_of(self.account(&domain, &name)?.as_ref())?;
            let gone = purge(&mailbox, &wanted, now).await?;
            accounts += usize::from(gone > 0);
            removed += gone;
        }
        tracing::info!(
            module = "STORAGE",
            "{} purged {removed} messages of {accounts} accounts",
            place.who
        );
        Ok(said(format!("{removed} messages of {accounts} accounts removed")))
    }
}

/// Removes from one mailbox; returns how many went.
pub(super) async fn purge(mailbox: &Mailbox, wanted: &Wanted, now: i64) -> Result<usize, Refusal> {
    let mut gone = 0;
    for name in &wanted.folders {
        let folder = match mailbox.folder(name) {
            Err(refusal) if refusal.cause == Cause::NoSuchFolder => continue,
            other => other?,
        };
        let mut from = 0;
        loop {
            let page = mailbox.messages(folder.id, from, PAGE)?;
            let Some(last) = page.last() else { break };
            from = last.uid.saturating_add(1);
            let fitting = page.iter().filter(|row| wanted.condition.holds(row, now));
            let uids: Vec<u32> = fitting.map(|row| row.uid).collect();
            if !uids.is_empty() {
                gone += mailbox.expunge(folder.id, Some(uids), false).await?.len();
            }
        }
    }
    Ok(gone)
}

#[cfg(test)]
mod tests {
    use super::{Condition, Wanted};

    fn parsed(line: &str) -> Option<Wanted> {
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        Wanted::parse(&words).ok()
    }

    #[test]
    fn names_end_where_no_comma_follows() {
        for line in [
            "Trash, Spam seen",
            "Trash , Spam seen",
            "Trash ,Spam seen",
            "Trash,Spam seen",
        ] {
            let wanted = parsed(line).unwrap();
            assert_eq!(wanted.folders, ["Trash", "Spam"], "{line}");
            assert_eq!(wanted.condition.seen, Some(true), "{line}");
        }
        let wanted = parsed("Trash older than 30 larger than 5 unseen").unwrap();
        let condition = Condition {
            older_than: Some(30),
            seen: Some(false),
            larger_than: Some(5),
        };
        assert_eq!(wanted.condition, condition);
        for line in [
            "Trash Spam",
            "Trash,",
            ",",
            "Trash older 30",
            "Trash older than x",
        ] {
            assert!(parsed(line).is_none(), "{line}");
        }
    }
}
