//! The foot of a segment: what it covers and where its tables are.

use axigend_storage::{BodyPlace, BodyRef};

use super::{DOCUMENTS_MAX, PLACE, lists::BUCKET_ROW};
use crate::block::{BlockReader, CONTENT, Unread};

/// First bytes of a foot.
const MAGIC: [u8; 8] = *b"AXSEARCH";
/// Version of the format of a segment, of the trigrams and of what is looked into: one that is not this is thrown away.
const VERSION: u16 = 1;
/// Length of a foot: magic, version, flags, stretch, documents, buckets, two positions, entries, witness.
const FOOT: usize = 8 + 2 + 2 + 12 + 12 + 4 + 4 + 8 + 8 + 8 + BodyRef::ENCODED + 8;
/// Flag: the stretch has a lower end.
const HAS_AFTER: u16 = 1;
/// Flag: there is a witness.
const HAS_WITNESS: u16 = 2;

/// A stretch of the containers: all that lies behind `after`, up to and with `to`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stretch {
    /// `None`: from the first byte of the first container.
    pub(crate) after: Option<BodyPlace>,
    pub(crate) to: BodyPlace,
}

/// A body of the stretch and its fingerprint: as long as these agree, the containers are those that were indexed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Witness {
    pub(crate) body: BodyRef,
    pub(crate) fingerprint: u64,
}

/// What a segment is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Foot {
    pub(crate) stretch: Stretch,
    pub(crate) documents: u32,
    pub(crate) buckets: u32,
    pub(crate) table_at: u64,
    pub(crate) documents_at: u64,
    /// Numbers in all lists together.
    pub(crate) entries: u64,
    pub(crate) witness: Option<Witness>,
    /// Bytes of the file.
    pub(crate) bytes: u64,
}

impl Foot {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(FOOT);
        let flag = |set: bool, flag: u16| if set { flag } else { 0 };
        let flags = flag(self.stretch.after.is_some(), HAS_AFTER) | flag(self.witness.is_some(), HAS_WITNESS);
        out.extend_from_slice(&MAGIC);
        out.extend_from_slice(&VERSION.to_be_bytes());
        out.extend_from_slice(&flags.to_be_bytes());
        for place in [self.stretch.after.unwrap_or_default(), self.stretch.to] {
            out.extend_from_slice(&place.file.to_be_bytes());
            out.extend_from_slice(&place.offset.to_be_bytes());
        }
        out.extend_from_slice(&self.documents.to_be_bytes());
        out.extend_from_slice(&self.buckets.to_be_bytes());
        for word in [self.table_at, self.documents_at, self.entries] {
            out.extend_from_slice(&word.to_be_bytes());
        }
        let nobody = BodyRef {
            file: 0,
            offset: 0,
            len: 0,
        };
        let (body, fingerprint) = self
            .witness
            .map_or((nobody, 0), |witness| (witness.body, witness.fingerprint));
        out.extend_from_slice(&body.encode());
        out.extend_from_slice(&fingerprint.to_be_bytes());
        out
    }

    /// Reads the foot of a file and checks that what it says fits the file.
    pub(crate) fn read(reader: &BlockReader) -> Result<Self, Unread> {
        let blocks = reader.blocks()?;
        let at = blocks.checked_sub(1).ok_or(Unread::Damaged)? * CONTENT as u64;
        let bytes = reader.read(at, FOOT)?;
        let mut foot = decode(&bytes).ok_or(Unread::Damaged)?;
        foot.bytes = blocks * crate::block::BLOCK as u64;
        let table = u64::from(foot.buckets) * BUCKET_ROW as u64;
        let documents = u64::from(foot.documents) * PLACE as u64;
        let fits = |from: u64, len: u64| from.checked_add(len).is_some_and(|end| end <= at);
        if !fits(foot.table_at, table)
            || !fits(foot.documents_at, documents)
            || foot.documents as usize > DOCUMENTS_MAX
        {
            return Err(Unread::Damaged);
        }
        Ok(foot)
    }
}

fn decode(bytes: &[u8]) -> Option<Foot> {
    let mut rest = Rest(bytes);
    if rest.take::<8>()? != MAGIC || u16::from_be_bytes(rest.take()?) != VERSION {
        return None;
    }
    let flags = u16::from_be_bytes(rest.take()?);
    let after = rest.place()?;
    let to = rest.place()?;
    let documents = u32::from_be_bytes(rest.take()?);
    let buckets = u32::from_be_bytes(rest.take()?);
    let table_at = u64::from_be_bytes(rest.take()?);
    let documents_at = u64::from_be_bytes(rest.take()?);
    let entries = u64::from_be_bytes(rest.take()?);
    let body = BodyRef::decode(&rest.take::<{ BodyRef::ENCODED }>()?).ok()?;
    let fingerprint = u64::from_be_bytes(rest.take()?);
    let witness = Witness { body, fingerprint };
    Some(Foot {
        stretch: Stretch {
            after: (flags & HAS_AFTER != 0).then_some(after),
            to,
        },
        documents,
        buckets,
        table_at,
        documents_at,
        entries,
        witness: (flags & HAS_WITNESS != 0).then_some(witness),
        bytes: 0,
    })
}

/// Bytes not yet read.
struct Rest<'a>(&'a [u8]);

impl Rest<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*taken)
    }

    fn place(&mut self) -> Option<BodyPlace> {
        let file = u32::from_be_bytes(self.take()?);
        let offset = u64::from_be_bytes(self.take()?);
        Some(BodyPlace { file, offset })
    }
}
