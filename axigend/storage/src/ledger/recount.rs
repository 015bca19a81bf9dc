//! Makes the books about bodies agree with those who use them: how often each is referenced, and the sums of what lies
//! in each container.
//!
//! Both are counted as of one moment, and what was wrong then is corrected in operations of their own, by the difference:
//! whatever others add or take meanwhile they add to and take from both sides. So a busy ledger is put right as a quiet
//! one is, and done again it finds nothing.

use std::collections::HashMap;

use axigen_shared::{Cause, Refusal};

use super::{
    Ledger, bodies,
    core::{Core, Failure},
    mutation::UseChange,
    snapshot::Snapshot,
    txn::Txn,
};
use crate::body::BodyRef;

/// Bodies corrected in one operation, so that writers have their turn between.
const AT_ONCE: usize = 1000;

/// What is wrong with a body.
#[derive(Clone, Copy)]
struct Wrong {
    body: BodyRef,
    stored: Option<u32>,
    counted: u32,
}

impl Ledger {
    /// As [`crate::Store::repair_books`], for a ledger whose rows refer to no bodies.
    pub fn repair_books(&self) -> Result<Vec<String>, Refusal> {
        self.recount(|_| Ok(HashMap::new()))
    }

    /// Counts with `count` who uses which body and makes the books say that; returns what was put right, in words.
    pub(crate) fn recount(
        &self,
        count: impl FnOnce(&Snapshot<'_>) -> Result<HashMap<BodyRef, u32>, Refusal>,
    ) -> Result<Vec<String>, Refusal> {
        let mut counted = HashMap::new();
        let mut done = Vec::new();
        let (wrong, sums) = self.read(|snapshot| {
            counted = count(snapshot)?;
            let mut wrong = Vec::new();
            snapshot.each_body(|body, references| {
                let counted = counted.remove(&body).unwrap_or_default();
                let stored = Some(references);
                if counted != references {
                    wrong.push(Wrong {
                        body,
                        stored,
                        counted,
                    });
                }
                Ok(())
            })?;
            let strays = counted.drain().map(|(body, counted)| Wrong {
                body,
                stored: None,
                counted,
            });
            wrong.extend(strays);
            Ok((wrong, bodies::wrong_sums(snapshot.tables())?))
        })?;
        for some in wrong.chunks(AT_ONCE) {
            done.extend(some.iter().map(Wrong::words));
            let some = some.to_vec();
            self.write_blocking(move |txn| some.iter().try_for_each(|wrong| wrong.correct(txn)))?;
        }
        if !sums.is_empty() {
            done.push(format!("sums of {} containers counted anew", sums.len()));
            self.shared.upkeep(move |core| correct_sums(core, &sums))?;
        }
        Ok(done)
    }
}

impl Wrong {
    fn words(&self) -> String {
        let Self {
            body: BodyRef { file, offset, .. },
            counted,
            stored,
        } = self;
        let place = format!("body at {file:02X}:{offset}");
        match (stored, counted) {
            (None, _) => format!("{place}: {counted} references counted; it was not in the books"),
            (Some(stored), 0) => {
                format!("{place}: no reference counted, {stored} were noted; it is given up")
            }
            (Some(stored), _) => format!("{place}: {counted} references counted, {stored} were noted"),
        }
    }

    fn correct(&self, txn: &mut Txn<'_>) -> Result<(), Refusal> {
        match self.stored {
            Some(stored) => txn.correct_body(self.body, i64::from(self.counted) - i64::from(stored)),
            None => txn.enter_body(self.body, self.counted),
        }
    }
}

fn correct_sums(core: &mut Core, sums: &[(u32, UseChange)]) -> Result<(), Failure> {
    for (file, change) in sums {
        core.uses.apply(*file, *change);
    }
    core.save_state().map_err(Failure::IndexLost)?;
    core.checkpoint().map_err(Failure::IndexLost)?;
    if core.is_dirty() {
        let detail = "the disk is too full for a checkpoint of the index";
        return Err(Failure::Refused(Refusal::new(Cause::StorageFull, detail)));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use bytes::Bytes;

    use super::*;
    use crate::{disk::FaultDisk, ledger::LedgerOptions};

    #[test]
    fn sums_are_counted_again_and_stay_so() {
        let disk = FaultDisk::new();
        let options = LedgerOptions::new("test", &["one"], 1);
        let open = || Ledger::open(Path::new("/store"), disk.shared(), options.clone()).unwrap();
        let ledger = open();
        let body = ledger
            .write_blocking(|txn| txn.append_body(&Bytes::from_static(b"twelve bytes")))
            .unwrap();
        let uses = || Ok(HashMap::from([(body, 1)]));
        assert_eq!(ledger.recount(|_| uses()).unwrap(), Vec::<String>::new());
        let wrong = UseChange { bodies: 5, bytes: -7 };
        ledger
            .shared
            .upkeep(move |core| correct_sums(core, &[(0, wrong), (9, wrong)]))
            .unwrap();
        assert!(!ledger.check_books(&uses().unwrap()).unwrap().is_empty());
        let done = ledger.recount(|_| uses()).unwrap();
        assert_eq!(done, ["sums of 2 containers counted anew"]);
        assert_eq!(ledger.recount(|_| uses()).unwrap(), Vec::<String>::new());
        assert_eq!((ledger.usage().bodies, ledger.usage().live_bytes), (1, 12));
        ledger.close().unwrap();
        assert!(open().check_books(&uses().unwrap()).unwrap().is_empty());
    }
}
