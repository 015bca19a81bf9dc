//! What storages do, counted on demand, and what of their messages is cached.

use super::storages::{Storage, apart, said};
use super::{Administration, table};
use axigen_shared::Refusal;
use axigen_shared::control::{Body, Table};
use axigen_shared::grammar::Args;
use axigend_console::{Acted, Place};
use axigend_storage::Counted;
use jiff::Timestamp;
use std::time::Duration;

/// Columns of the statistics of storages.
const COLUMNS: usize = 11;
/// Columns of those of mailboxes.
const MAILBOX_COLUMNS: usize = 5;

impl Administration {
    /// `ENABLE [detailed] [mbox] StorageStatistics` and `DISABLE StorageStatistics`.
    pub(super) async fn count_storages(
        &self,
        place: &Place,
        args: &Args,
        on: bool,
    ) -> Result<Acted, Refusal> {
        let now = Timestamp::now().as_second();
        for storage in self.meant_storages(place, args).await? {
            storage.ledger.count(on, now);
            if on {
                storage
                    .ledger
                    .count_more(args.flag("detailed"), args.flag("mbox"));
            }
        }
        Ok(Acted::done())
    }

    /// `SHOW StorageStatistics [details|summary] [average] [raw] [mboxDetails] [mboxReset]`.
    pub(super) async fn show_statistics(&self, place: &Place, args: &Args) -> Result<Acted, Refusal> {
        let storages = self.meant_storages(place, args).await?;
        if args.flag("mboxDetails") || args.flag("mboxReset") {
            let mailboxes = mailboxes(&storages, args.flag("mboxReset"));
            return Ok(Acted::with(Body::Table(mailboxes)));
        }
        let shown = Shown {
            average: args.flag("average"),
            raw: args.flag("raw"),
            now: Timestamp::now().as_second(),
        };
        let summary = args
            .text("details|summary")
            .is_some_and(|word| word.eq_ignore_ascii_case("summary"));
        let rows = if summary {
            let counted: Vec<Counted> = storages.iter().filter_map(|one| one.ledger.counted()).collect();
            let names = [format!("{} storages", storages.len()), "all".to_owned()];
            vec![shown.row(names, counted.into_iter().reduce(sum))]
        } else {
            let row = |storage: &Storage| {
                let names = [storage.usid(), storage.role.to_owned()];
                shown.row(names, storage.ledger.counted())
            };
            storages.iter().map(row).collect()
        };
        let size = if shown.raw { "bytes" } else { "KB" };
        let time = if shown.raw { "us" } else { "ms" };
        let (read, written) = (format!("{size} read"), format!("{size} written"));
        let (busy, slowest) = (format!("{time} busy"), format!("slowest {time}"));
        let columns = [
            ("usid", 18),
            ("kind", 10),
            ("since", 20),
            ("reads", 0),
            (&read, 0),
            ("writes", 0),
            (&written, 0),
            ("batches", 0),
            ("syncs", 0),
            (&busy, 0),
            (&slowest, 0),
        ];
        let title = if shown.average {
            "What storages did in a second, since counting began:"
        } else {
            "What storages did since counting began:"
        };
        Ok(Acted::with(Body::Table(table(title, &columns, rows))))
    }

    /// `SHOW DisposableMetadataInformation`: the cached summaries of messages.
    pub(super) async fn metadata_information(&self, place: &Place, args: &Args) -> Result<Acted, Refusal> {
        let storages = self.meant_storages(place, args).await?;
        let rows = apart(move || {
            let mut rows = Vec::new();
            for storage in storages.iter().filter(|storage| storage.store.is_some()) {
                let usage = storage.ledger.notes_usage()?;
                let kb = usage.bytes.div_ceil(1024);
                rows.push(vec![storage.usid(), usage.notes.to_string(), kb.to_string()]);
            }
            Ok(rows)
        });
        let columns = [("usid", 18), ("summaries", 0), ("KB", 0)];
        Ok(Acted::with(Body::Table(table(
            "Cached metadata of messages:",
            &columns,
            rows.await?,
        ))))
    }

    /// `PURGE disposableMetadata`: what is dropped is made again when it is wanted.
    pub(super) async fn purge_metadata(&self, place: &Place, args: &Args) -> Result<Acted, Refusal> {
        let storages = self.meant_storages(place, args).await?;
        let dropped = apart(move || {
            let mut dropped = 0;
            for storage in storages.iter().filter(|storage| storage.store.is_some()) {
                dropped += storage.ledger.forget_notes()?;
            }
            Ok(dropped)
        });
        Ok(said(format!("{} cached summaries dropped", dropped.await?)))
    }
}

/// How numbers are shown.
struct Shown {
    /// For each second.
    average: bool,
    /// In bytes and microseconds.
    raw: bool,
    /// Unix seconds.
    now: i64,
}

impl Shown {
    fn row(&self, names: [String; 2], counted: Option<Counted>) -> Vec<String> {
        let mut row = Vec::from(names);
        let Some(counted) = counted else {
            row.push("not counted".to_owned());
            row.resize(COLUMNS, String::new());
            return row;
        };
        let seconds = self.now.saturating_sub(counted.since).max(1);
        let since = Timestamp::from_second(counted.since);
        row.push(since.map_or_else(|_| String::new(), |at| at.to_string()));
        let size = |bytes: u64| if self.raw { bytes } else { bytes.div_ceil(1024) };
        let numbers = [
            counted.reads,
            size(counted.read_bytes),
            counted.writes,
            size(counted.written_bytes),
            counted.batches,
            counted.syncs,
        ];
        row.extend(numbers.map(|number| self.number(number, seconds)));
        let time = |time: Duration| {
            let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
            if self.raw { micros } else { micros.div_ceil(1000) }
        };
        if let Some((busy, slowest)) = counted.times {
            row.push(self.number(time(busy), seconds));
            row.push(time(slowest).to_string());
        }
        row.resize(COLUMNS, String::new());
        row
    }

    fn number(&self, number: u64, seconds: i64) -> String {
        if !self.average {
            return number.to_string();
        }
        let tenths = u128::from(number) * 10 / u128::from(seconds.unsigned_abs().max(1));
        format!("{}.{}", tenths / 10, tenths % 10)
    }
}

/// What several storages did, since the first of them was counted.
fn sum(one: Counted, other: Counted) -> Counted {
    let times = match (one.times, other.times) {
        (Some((busy, slowest)), Some((more, other))) => Some((busy + more, slowest.max(other))),
        (times, None) | (None, times) => times,
    };
    Counted {
        since: one.since.min(other.since),
        reads: one.reads.saturating_add(other.reads),
        read_bytes: one.read_bytes.saturating_add(other.read_bytes),
        writes: one.writes.saturating_add(other.writes),
        written_bytes: one.written_bytes.saturating_add(other.written_bytes),
        batches: one.batches.saturating_add(other.batches),
        syncs: one.syncs.saturating_add(other.syncs),
        times,
    }
}

/// What was done for each mailbox.
fn mailboxes(storages: &[Storage], reset: bool) -> Table {
    let mut rows = Vec::new();
    for storage in storages.iter().filter(|storage| storage.store.is_some()) {
        match storage.ledger.owners_counted(reset) {
            None => rows.push(vec![storage.usid(), "not counted".to_owned()]),
            Some(owners) => rows.extend(owners.into_iter().map(|(owner, counted)| {
                let numbers = [counted.reads, counted.read_bytes.div_ceil(1024), counted.writes];
                let names = [storage.usid(), owner.to_string()].into_iter();
                names.chain(numbers.map(|number| number.to_string())).collect()
            })),
        }
    }
    for row in &mut rows {
        row.resize(MAILBOX_COLUMNS, String::new());
    }
    let columns = [
        ("usid", 18),
        ("mailbox", 12),
        ("reads", 0),
        ("KB read", 0),
        ("writes", 0),
    ];
    table("What was done for mailboxes:", &columns, rows)
}
