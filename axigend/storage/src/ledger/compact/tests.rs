//! What is logged again is the index, whatever happens in between: compared row by row with an index built from the
//! containers alone.

use std::{collections::BTreeMap, ops::ControlFlow, path::Path, sync::Arc};

use bytes::Bytes;

use super::{restate::Cursor, *};
use crate::{
    body::BodyRef,
    disk::{Disk, FaultDisk},
    ledger::{LedgerOptions, tables::View},
};

const DIR: &str = "/store";

fn options() -> LedgerOptions {
    LedgerOptions {
        cache_bytes: 256 << 10,
        max_file_size: 20_000,
        checkpoint_batches: 9,
        ..LedgerOptions::new("test", &["one", "two"], 1)
    }
}

fn open(disk: &FaultDisk) -> Arc<Ledger> {
    Ledger::open(Path::new(DIR), disk.shared(), options()).unwrap()
}

/// A deterministic generator (splitmix64).
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }
}

type Rows = Vec<(usize, Vec<u8>, Vec<u8>)>;

/// All rows, with the sums per container but without the position.
fn dump(ledger: &Ledger) -> Rows {
    ledger
        .read(|snapshot| {
            let tables = snapshot.tables();
            let mut rows = Rows::new();
            for table in 0..=tables.meta() {
                tables.scan(table, &[], &[0xff; 40], &mut |key, value| {
                    if key != b"state" {
                        rows.push((table, key.to_vec(), value.to_vec()));
                    }
                    Ok(ControlFlow::Continue(()))
                })?;
            }
            Ok(rows)
        })
        .unwrap()
}

/// A ledger under random changes, and what its bodies hold.
struct Play {
    ledger: Arc<Ledger>,
    bodies: BTreeMap<(u32, u64), (BodyRef, Bytes)>,
    dice: Dice,
}

impl Play {
    fn change(&mut self) {
        let number = self.dice.below(60) as u8;
        match self.dice.below(10) {
            0..=2 => {
                let value = [number].repeat(self.dice.below(300) as usize);
                let table = ["one", "two"][usize::from(number % 2)];
                self.ledger
                    .write_blocking(move |txn| txn.put(table, &[number], &value))
                    .unwrap();
            }
            3..=4 => {
                let table = ["one", "two"][usize::from(number % 2)];
                self.ledger
                    .write_blocking(move |txn| txn.delete(table, &[number]))
                    .unwrap();
            }
            5..=6 => {
                let body = Bytes::from([number].repeat(self.dice.below(3000) as usize));
                let copy = body.clone();
                let name = self
                    .ledger
                    .write_blocking(move |txn| txn.append_body(&copy))
                    .unwrap();
                self.bodies.insert((name.file, name.offset), (name, body));
            }
            7 => {
                if let Some(name) = self.any() {
                    self.ledger
                        .write_blocking(move |txn| {
                            txn.retain_body(name, 2)?;
                            txn.release_body(name)?;
                            txn.release_body(name)
                        })
                        .unwrap();
                }
            }
            _ => {
                if let Some(name) = self.any() {
                    self.bodies.remove(&(name.file, name.offset));
                    self.ledger
                        .write_blocking(move |txn| txn.release_body(name))
                        .unwrap();
                }
            }
        }
    }

    fn any(&mut self) -> Option<BodyRef> {
        let at = self.dice.below(self.bodies.len().max(1) as u64) as usize;
        self.bodies.values().nth(at).map(|(name, _)| *name)
    }

    fn changes(&mut self) {
        for _ in 0..self.dice.below(4) {
            self.change();
        }
    }

    /// A compaction of everything in pieces, with changes between them.
    fn compact(&mut self) {
        let ledger = Arc::clone(&self.ledger);
        let progress = Progress::new();
        let mut run = Run {
            ledger: &ledger,
            chunk_bytes: 1 + self.dice.below(3000),
            progress: &progress,
            done: Compacted::default(),
            written: 0,
        };
        let newest = ledger
            .shared
            .upkeep(|core| {
                let newest = core.writer.number();
                core.roll(core.writer.head().log_start)?;
                Ok(newest)
            })
            .unwrap();
        self.changes();
        let containers: BTreeSet<u32> = (0..=newest).filter(|_| self.dice.below(4) > 0).collect();
        assert!(run.relocate(&containers).unwrap().is_ok());
        self.changes();
        let start = ledger.shared.upkeep(|core| Ok(core.writer.here())).unwrap();
        let mut cursor = Some(Cursor::default());
        while let Some(from) = cursor {
            self.changes();
            let limit = 1 + self.dice.below(1500);
            cursor = ledger
                .write_blocking(move |txn| restate::restate_some(txn, from, limit))
                .unwrap()
                .0;
        }
        self.changes();
        ledger
            .shared
            .upkeep(move |core| restate::finish(core, start))
            .unwrap();
    }

    fn compare(&self, disk: &FaultDisk, what: &str) {
        let wanted = dump(&self.ledger);
        for (rebuilt, how) in [(false, "replayed"), (true, "rebuilt")] {
            let copy = disk.after_power_cut(1);
            if rebuilt {
                copy.remove(&Path::new(DIR).join("index.redb")).unwrap();
            }
            let ledger = open(&copy);
            assert_eq!(dump(&ledger), wanted, "{what}, {how}");
            for (name, body) in self.bodies.values() {
                let read = ledger.read_body_blocking(*name, 0, usize::MAX);
                assert_eq!(read.unwrap(), body, "{what}, {how}");
            }
            ledger
                .read(|snapshot| {
                    let mut problems = Vec::new();
                    ledger.check(snapshot, true, &mut problems)?;
                    assert_eq!(problems, Vec::<String>::new(), "{what}, {how}");
                    Ok(())
                })
                .unwrap();
        }
        for (name, body) in self.bodies.values() {
            let read = self.ledger.read_body_blocking(*name, 0, usize::MAX).unwrap();
            assert_eq!(read, body, "{what}, live");
        }
    }
}

#[test]
fn an_index_built_from_the_containers_is_the_index() {
    for seed in 0..60 {
        let disk = FaultDisk::new();
        let mut play = Play {
            ledger: open(&disk),
            bodies: BTreeMap::new(),
            dice: Dice(seed),
        };
        for round in 0..4 {
            for _ in 0..40 {
                play.change();
            }
            play.compact();
            play.compare(&disk, &format!("seed {seed}, round {round}"));
            play.changes();
            play.compare(&disk, &format!("seed {seed}, after round {round}"));
        }
        let files = disk.list(Path::new(DIR)).unwrap();
        assert!(!files.contains(&"00.hsf".to_owned()), "{files:?}");
    }
}
