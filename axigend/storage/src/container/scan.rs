//! Reads a container from some position to its end, at open.
//!
//! An invalid record means one of two things. Either it is the torn end of a batch that was never synced: then no
//! later record of this file claims that this place was synced, and all from here on is to be cut off. Or it is
//! damage: a later record says that this place had been synced, so it is reported and stepped over.

use axigen_shared::Refusal;

use super::record::{HEADER, Kind, NoRecord, RECORD_VERSION, RecordHead, TRAILER};
use crate::{
    disk::DiskFile,
    error::{io_refusal, newer},
};

/// Piece size when checking bodies and searching for the next record.
const PIECE: usize = 256 * 1024;

/// What stands at a position.
#[derive(Debug)]
pub(crate) enum Found {
    /// The mutations of one operation.
    Log(Vec<u8>),
    /// A body, checked when that was asked for.
    Body,
    /// Bytes from this offset on were damaged after they had been synced; the scan went on behind them.
    Damage(u64),
    /// The valid content ends here; bytes that follow were never synced.
    End,
}

/// Goes through the records of one file.
pub(crate) struct Scanner<'a> {
    file: &'a dyn DiskFile,
    mark: u64,
    position: u64,
    len: u64,
    /// Expected sequence; after damage a later one is accepted.
    sequence: u64,
    check_bodies: bool,
}

enum Valid {
    Yes(RecordHead, Option<Vec<u8>>),
    PayloadDamaged(RecordHead),
    No,
}

impl<'a> Scanner<'a> {
    /// Starts at `position`, where the record `sequence` is expected.
    pub(crate) fn new(
        file: &'a dyn DiskFile,
        mark: u64,
        position: u64,
        sequence: u64,
        check_bodies: bool,
    ) -> Result<Self, Refusal> {
        let len = file.len().map_err(|error| io_refusal("container", &error))?;
        Ok(Self {
            file,
            mark,
            position,
            len,
            sequence,
            check_bodies,
        })
    }

    /// Where the next record is looked for.
    pub(crate) fn position(&self) -> u64 {
        self.position
    }

    /// Sequence of the next record.
    pub(crate) fn sequence(&self) -> u64 {
        self.sequence
    }

    /// The next record or what is there instead.
    pub(crate) fn step(&mut self) -> Result<Found, Refusal> {
        if self.position >= self.len {
            return Ok(Found::End);
        }
        let at = self.position;
        let next = match self.record_at(at)? {
            Valid::Yes(head, payload) if head.sequence == self.sequence => {
                self.pass(at, &head);
                return Ok(payload.map_or(Found::Body, Found::Log));
            }
            Valid::PayloadDamaged(head) if head.sequence == self.sequence => at.saturating_add(head.total()),
            _ => at + 1,
        };
        let Some((resume, head)) = self.later_record(next)? else {
            return Ok(Found::End);
        };
        // The first whole record behind may itself lie in the unsynced end; only a record that was written after a
        // sync of this place proves damage.
        if !self.was_synced(at, resume, head)? {
            return Ok(Found::End);
        }
        self.position = resume;
        self.sequence = head.sequence;
        Ok(Found::Damage(at))
    }

    fn pass(&mut self, at: u64, head: &RecordHead) {
        self.position = at + head.total();
        self.sequence = head.sequence.saturating_add(1);
    }

    fn read(&self, offset: u64, buf: &mut [u8]) -> Result<usize, Refusal> {
        self.file
            .read_at(offset, buf)
            .map_err(|error| io_refusal("container", &error))
    }

    fn head_at(&self, at: u64) -> Result<Option<RecordHead>, Refusal> {
        let mut bytes = [0; HEADER as usize];
        if self.read(at, &mut bytes)? < bytes.len() {
            return Ok(None);
        }
        match RecordHead::decode(&bytes, self.mark) {
            Ok(head) if head.total() <= self.len - at => Ok(Some(head)),
            Ok(_) | Err(NoRecord::Invalid) => Ok(None),
            Err(NoRecord::Newer(version)) => {
                Err(newer("container record", version.into(), RECORD_VERSION.into()))
            }
        }
    }

    fn record_at(&self, at: u64) -> Result<Valid, Refusal> {
        let Some(head) = self.head_at(at)? else {
            return Ok(Valid::No);
        };
        match head.kind {
            Kind::Body if !self.check_bodies => Ok(Valid::Yes(head, None)),
            Kind::Body if self.body_is_whole(at, &head)? => Ok(Valid::Yes(head, None)),
            Kind::Body => Ok(Valid::PayloadDamaged(head)),
            Kind::Log => {
                // Bounded by the file, which was checked in `head_at`.
                let mut payload = vec![0; (head.len + TRAILER) as usize];
                let count = self.read(at + HEADER, &mut payload)?;
                let whole = count == payload.len();
                let crc = payload.split_off(head.len as usize);
                if whole && crc == crc32fast::hash(&payload).to_be_bytes() {
                    return Ok(Valid::Yes(head, Some(payload)));
                }
                Ok(Valid::PayloadDamaged(head))
            }
        }
    }

    fn body_is_whole(&self, at: u64, head: &RecordHead) -> Result<bool, Refusal> {
        let checksum = body_checksum(self.file, at, head.len);
        Ok(checksum
            .map_err(|error| io_refusal("container", &error))?
            .is_some())
    }

    /// The first position from `from` on with a valid header of a later record.
    fn later_record(&self, from: u64) -> Result<Option<(u64, RecordHead)>, Refusal> {
        let mut window = vec![0; PIECE];
        let mut start = from;
        while start < self.len {
            let count = self.read(start, &mut window)?;
            let mut offset = 0;
            while let Some(found) = RecordHead::find_magic(&window[offset..count]) {
                let at = start + (offset + found) as u64;
                if let Some(head) = self.head_at(at)?
                    && head.sequence > self.sequence
                {
                    return Ok(Some((at, head)));
                }
                offset += found + 1;
            }
            if count < window.len() {
                break;
            }
            // A magic may lie across the edge of two windows.
            start += (count - 3) as u64;
        }
        Ok(None)
    }

    /// Whether some record from `resume` on was written after the bytes at `at` had been synced.
    fn was_synced(&self, at: u64, resume: u64, head: RecordHead) -> Result<bool, Refusal> {
        let mut next = Some((resume, head));
        let mut last = self.sequence;
        while let Some((position, head)) = next {
            if head.sequence > last && head.synced > at {
                return Ok(true);
            }
            last = last.max(head.sequence);
            let behind = position.saturating_add(head.total());
            next = match self.head_at(behind)? {
                Some(head) => Some((behind, head)),
                None => self.later_record(behind)?,
            };
        }
        Ok(false)
    }
}

/// The checksum of the body whose record is at `offset` of `file`; `None` when it is not the one it was written with.
pub(super) fn body_checksum(file: &dyn DiskFile, offset: u64, len: u64) -> std::io::Result<Option<u32>> {
    let start = offset.saturating_add(HEADER);
    let mut crc = crc32fast::Hasher::new();
    let mut buf = vec![0; PIECE];
    let mut done = 0;
    while done < len {
        let want = usize::try_from(len - done).unwrap_or(PIECE).min(PIECE);
        let count = file.read_at(start.saturating_add(done), &mut buf[..want])?;
        if count < want {
            return Ok(None);
        }
        crc.update(&buf[..want]);
        done += want as u64;
    }
    let mut trailer = [0; TRAILER as usize];
    let count = file.read_at(start.saturating_add(len), &mut trailer)?;
    let crc = crc.finalize();
    Ok((count == trailer.len() && trailer == crc.to_be_bytes()).then_some(crc))
}
