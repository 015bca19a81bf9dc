//! The queue's tables and keys.
//!
//! `entry`: id (4 bytes) → [`Record`]. `due`: due time and id (12 bytes, in order of time) → nothing. `aside`: id →
//! a record that could not be read, for the administrator. `meta`: `"next"` → the id mark (4 bytes).

use axigen_shared::Refusal;
use axigend_storage::{BodySource, Txn};

use crate::codec::{Reader, unreadable};
use crate::entry::Record;
use crate::envelope::Envelope;
use crate::id::QueueId;

pub(crate) const ENTRY: &str = "entry";
pub(crate) const DUE: &str = "due";
pub(crate) const ASIDE: &str = "aside";
pub(crate) const META: &str = "meta";
/// All tables.
pub(crate) const TABLES: &[&str] = &[ENTRY, DUE, ASIDE, META];
/// Format of the values; a queue written with a higher one is refused.
pub(crate) const FORMAT: u32 = 1;

/// Key of the id mark in `meta`.
const NEXT: &[u8] = b"next";
/// Above every key of `entry` and `aside`.
pub(crate) const ENTRY_END: [u8; 4] = [0xFF; 4];
/// Above every key of `due`.
pub(crate) const DUE_END: [u8; 12] = [0xFF; 12];

/// Key in `entry` and `aside`.
pub(crate) fn entry_key(id: QueueId) -> [u8; 4] {
    id.number().to_be_bytes()
}

/// Reads a key of `entry`.
pub(crate) fn entry_id(key: &[u8]) -> Result<QueueId, Refusal> {
    let number = Reader::new(key).u32()?;
    QueueId::new(number).ok_or_else(unreadable)
}

/// Key in `due`: times sort as numbers, negative ones first.
pub(crate) fn due_key(due: i64, id: QueueId) -> [u8; 12] {
    let time = due.cast_unsigned() ^ (1 << 63);
    let mut key = [0; 12];
    key[..8].copy_from_slice(&time.to_be_bytes());
    key[8..].copy_from_slice(&entry_key(id));
    key
}

/// Reads a key of `due`.
pub(crate) fn due_and_id(key: &[u8]) -> Result<(i64, QueueId), Refusal> {
    let (time, id) = key.split_first_chunk::<8>().ok_or_else(unreadable)?;
    let time = u64::from_be_bytes(*time) ^ (1 << 63);
    Ok((time.cast_signed(), entry_id(id)?))
}

/// The smallest key of `due` above this one.
pub(crate) fn after(key: &[u8]) -> Vec<u8> {
    let mut next = key.to_vec();
    next.push(0);
    next
}

/// Puts a fresh entry with its body.
pub(crate) fn insert(
    txn: &mut Txn<'_>,
    id: QueueId,
    envelope: Envelope,
    body: &dyn BodySource,
) -> Result<Record, Refusal> {
    let body = txn.append_body(body)?;
    let record = Record::fresh(envelope, body);
    txn.put(ENTRY, &entry_key(id), &record.encode())?;
    txn.put(DUE, &due_key(record.due, id), &[])?;
    Ok(record)
}

/// Reads the id mark from what `meta` has; 0 in a new queue.
pub(crate) fn mark_of(value: Option<&[u8]>) -> Result<u32, Refusal> {
    value.map_or(Ok(0), |bytes| Reader::new(bytes).u32())
}

/// Where the id mark stands: table and key.
pub(crate) const MARK: (&str, &[u8]) = (META, NEXT);

/// Persists the id mark.
pub(crate) fn put_mark(txn: &mut Txn<'_>, mark: u32) -> Result<(), Refusal> {
    txn.put(META, NEXT, &mark.to_be_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn due_keys_sort_by_time_then_id() {
        let id = |number| QueueId::new(number).unwrap();
        let keys = [
            due_key(i64::MIN, id(9)),
            due_key(-1, id(3)),
            due_key(0, id(2)),
            due_key(0, id(5)),
            due_key(7, id(0)),
        ];
        assert!(keys.is_sorted());
        assert_eq!(due_and_id(&keys[1]), Ok((-1, id(3))));
        assert!(keys[4] < DUE_END);
        assert!(due_and_id(&keys[4][..11]).is_err());
    }
}
