//! Value of `seen`: which UIDs of one span a reader has seen, and when that changed.

use axigen_shared::Refusal;

use super::{
    super::seen::{MARKS, SPAN},
    Fields, VERSION,
};
use crate::error::damaged;

/// Bytes of the bits.
const BITS: usize = SPAN as usize / 8;

/// One span of UIDs of one reader in one folder.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::mail) struct SeenRow {
    /// The highest MODSEQ of changes that are not among the marks.
    base: u64,
    /// Place of the UID in its span, and MODSEQ of its last change; oldest first, at most [`MARKS`].
    marks: Vec<(u16, u64)>,
    /// One bit for each UID.
    bits: [u8; BITS],
}

impl Default for SeenRow {
    fn default() -> Self {
        Self {
            base: 0,
            marks: Vec::new(),
            bits: [0; BITS],
        }
    }
}

/// Place of a UID in its span.
const fn place(uid: u32) -> u16 {
    (uid % SPAN) as u16
}

impl SeenRow {
    pub(in crate::mail) fn encode(&self) -> Vec<u8> {
        let mut out = vec![VERSION];
        out.extend_from_slice(&self.base.to_be_bytes());
        out.extend_from_slice(&self.bits);
        for (place, modseq) in &self.marks {
            out.extend_from_slice(&place.to_be_bytes());
            out.extend_from_slice(&modseq.to_be_bytes());
        }
        out
    }

    pub(in crate::mail) fn decode(bytes: &[u8]) -> Result<Self, Refusal> {
        let mut fields = Fields::new("row of a reader", bytes)?;
        let (base, bits) = (fields.u64()?, fields.array()?);
        let mut marks = Vec::new();
        while !fields.rest.is_empty() && marks.len() < MARKS {
            let place = u16::from_be_bytes(fields.array()?);
            if u32::from(place) >= SPAN {
                return Err(damaged("row of a reader"));
            }
            marks.push((place, fields.u64()?));
        }
        fields.end()?;
        Ok(Self { base, marks, bits })
    }

    /// Value of `reader`: the MODSEQ of the reader's last change in the folder.
    pub(in crate::mail) fn encode_last(modseq: u64) -> [u8; 9] {
        let mut out = [VERSION; 9];
        out[1..].copy_from_slice(&modseq.to_be_bytes());
        out
    }

    /// Reads what [`SeenRow::encode_last`] wrote.
    pub(in crate::mail) fn decode_last(bytes: &[u8]) -> Result<u64, Refusal> {
        let mut fields = Fields::new("last change of a reader", bytes)?;
        let modseq = fields.u64()?;
        fields.end()?;
        Ok(modseq)
    }

    /// Whether the reader has seen this message.
    pub(in crate::mail) fn has(&self, uid: u32) -> bool {
        let place = usize::from(place(uid));
        self.bits
            .get(place / 8)
            .is_some_and(|byte| byte >> (place % 8) & 1 == 1)
    }

    /// When that changed last, at the latest; 0 for never.
    pub(in crate::mail) fn modseq(&self, uid: u32) -> u64 {
        let place = place(uid);
        let mark = self.marks.iter().find(|(marked, _)| *marked == place);
        mark.map_or(self.base, |(_, modseq)| *modseq)
    }

    /// The last change of all.
    pub(in crate::mail) fn last(&self) -> u64 {
        self.marks.last().map_or(self.base, |(_, modseq)| *modseq)
    }

    /// Sets or removes the bit of a message; `modseq` is above all before.
    pub(in crate::mail) fn set(&mut self, uid: u32, seen: bool, modseq: u64) {
        let place = place(uid);
        if let Some(byte) = self.bits.get_mut(usize::from(place) / 8) {
            let bit = 1 << (place % 8);
            *byte = if seen { *byte | bit } else { *byte & !bit };
        }
        self.marks.retain(|(marked, _)| *marked != place);
        if self.marks.len() >= MARKS {
            self.base = self.marks.remove(0).1;
        }
        self.marks.push((place, modseq));
    }
}

#[cfg(test)]
mod tests {
    use super::{MARKS, SeenRow};

    #[test]
    fn rows_survive_encoding_and_stay_small() {
        let mut row = SeenRow::default();
        assert_eq!(SeenRow::decode(&row.encode()), Ok(row.clone()));
        for (modseq, uid) in (10..).zip(512..1024) {
            row.set(uid, uid % 3 > 0, modseq);
            assert!(row.encode().len() <= 1 + 8 + 64 + 10 * MARKS);
        }
        assert_eq!(SeenRow::decode(&row.encode()), Ok(row.clone()));
        assert!((512..1024).all(|uid| row.has(uid) == (uid % 3 > 0)));
        assert!(
            (10..)
                .zip(512..1024)
                .all(|(modseq, uid)| row.modseq(uid) >= modseq)
        );
        assert_eq!((row.modseq(1023), row.last()), (521, 521));
        row.set(1000, false, 600);
        assert_eq!(
            (row.modseq(1000), row.modseq(1023), row.has(1000)),
            (600, 521, false)
        );
        assert_eq!(SeenRow::decode_last(&SeenRow::encode_last(7)), Ok(7));
    }

    #[test]
    fn damaged_rows_are_refused() {
        let mut row = SeenRow::default();
        row.set(5, true, 9);
        let whole = row.encode();
        for end in [0, 1, 9, 72, whole.len() - 1] {
            assert!(SeenRow::decode(&whole[..end]).is_err(), "{end}");
        }
        let mut far = whole;
        far[73..75].copy_from_slice(&512_u16.to_be_bytes());
        assert!(SeenRow::decode(&far).is_err());
    }
}
