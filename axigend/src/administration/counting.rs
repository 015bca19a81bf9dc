//! What storages do, counted on demand, and what of their messages is cached.

use super::maintenance::not_built;
use super::storages::{Storage, apart, said};
use super::{Administration, table};
use axigen_shared::Refusal;
use axigen_shared::control::Body;
use axigen_shared::grammar::Args;
use axigend_console::{Acted, Place};
use axigend_storage::Counted;
use jiff::Timestamp;

impl Administration {
    /// `ENABLE StorageStatistics` and `DISABLE StorageStatistics`.
    pub(super) async fn count_storages(
        &self,
        place: &Place,
        args: &Args,
        on: bool,
    ) -> Result<Acted, Refusal> {
        for word in ["detailed", "mbox"] {
            if args.flag(word) {
                return Err(not_built(word));
            }
        }
        let now = Timestamp::now().as_second();
        for storage in self.meant_storages(place, args).await? {
            storage.ledger.count(on, now);
        }
        Ok(Acted::done())
    }

    /// `SHOW StorageStatistics`.
    pub(super) async fn show_statistics(&self, place: &Place, args: &Args) -> Result<Acted, Refusal> {
        for word in ["details|summary", "average", "raw", "mboxDetails", "mboxReset"] {
            if args.flag(word) {
                return Err(not_built(args.text(word).unwrap_or(word)));
            }
        }
        let storages = self.meant_storages(place, args).await?;
        let counted: Vec<Vec<String>> = storages.iter().map(statistics).collect();
        let columns = [
            ("usid", 18),
            ("kind", 10),
            ("since", 20),
            ("reads", 0),
            ("KB read", 0),
            ("writes", 0),
            ("KB written", 0),
            ("batches", 0),
            ("syncs", 0),
        ];
        Ok(Acted::with(Body::Table(table(
            "What storages did since counting began:",
            &columns,
            counted,
        ))))
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

fn statistics(storage: &Storage) -> Vec<String> {
    let mut row = vec![storage.usid(), storage.role.to_owned()];
    match storage.ledger.counted() {
        None => row.extend(
            ["not counted".to_owned()]
                .into_iter()
                .chain((0..6).map(|_| String::new())),
        ),
        Some(Counted {
            since,
            reads,
            read_bytes,
            writes,
            written_bytes,
            batches,
            syncs,
        }) => {
            let since = Timestamp::from_second(since).map_or_else(|_| String::new(), |at| at.to_string());
            let numbers = [
                reads,
                read_bytes.div_ceil(1024),
                writes,
                written_bytes.div_ceil(1024),
                batches,
                syncs,
            ];
            row.push(since);
            row.extend(numbers.map(|number| number.to_string()));
        }
    }
    row
}
