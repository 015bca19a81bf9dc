//! A queued message as processing sees it, and its record on disk.
//!
//! Record, version 1 (big-endian; text = u32 length + UTF-8): version u8, received_at i64, due i64, body type u8,
//! smtp_utf8 u8, reverse_path text, authenticated u8 + text if 1, peer text, body reference (u32 length + bytes of
//! storage), recipient count u32, then per recipient: address text, stage u8, tries u32, status text, text text,
//! delay_reported u8.

use std::fmt;
use std::sync::Arc;

use axigen_shared::Refusal;
use axigend_storage::{BodyRef, BodySource};

use crate::codec::{Reader, Writer, unreadable};
use crate::desk::Held;
use crate::envelope::{BodyType, Envelope, Recipient};
use crate::id::QueueId;
use crate::state::{RecipientState, Stage};

/// Version byte of entry records.
const VERSION: u8 = 1;
/// Longest diagnostic text kept per recipient, in bytes: enough for any SMTP reply line, and 1000 recipients stay
/// below a megabyte.
const TEXT_MAX: usize = 512;
/// Fewest bytes a recipient takes in a record; bounds the allocation for a count read from disk.
const RECIPIENT_MIN: usize = 18;

/// An entry in the hands of a worker. Dropping it without [`crate::Queue::finish`] gives it back to the queue.
pub struct Entry {
    /// Its id.
    pub id: QueueId,
    /// The envelope as accepted.
    pub envelope: Envelope,
    /// One state per recipient, same order.
    pub states: Vec<RecipientState>,
    /// Failed attempts so far: the largest count of its recipients.
    pub tries: u32,
    /// The message as received.
    pub body: Arc<dyn BodySource>,
    /// Gives the entry back when it is dropped unfinished; `None` while it waits in memory.
    pub(crate) held: Option<Held>,
}

impl fmt::Debug for Entry {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Entry")
            .field("id", &self.id)
            .field("envelope", &self.envelope)
            .field("states", &self.states)
            .finish_non_exhaustive()
    }
}

/// What the record of an entry holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) envelope: Envelope,
    pub(crate) states: Vec<RecipientState>,
    pub(crate) body: BodyRef,
    /// Time part of its key in the due table, unix seconds.
    pub(crate) due: i64,
}

impl Record {
    /// A fresh entry, due at once.
    pub(crate) fn fresh(envelope: Envelope, body: BodyRef) -> Self {
        let states = vec![RecipientState::default(); envelope.recipients.len()];
        let due = envelope.received_at;
        Self {
            envelope,
            states,
            body,
            due,
        }
    }

    pub(crate) fn tries(&self) -> u32 {
        self.states.iter().map(|state| state.tries).max().unwrap_or(0)
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = Writer::default();
        let envelope = &self.envelope;
        out.u8(VERSION);
        out.i64(envelope.received_at);
        out.i64(self.due);
        out.u8(body_type_code(envelope.body_type));
        out.u8(u8::from(envelope.smtp_utf8));
        out.text(&envelope.reverse_path);
        out.u8(u8::from(envelope.authenticated.is_some()));
        if let Some(account) = &envelope.authenticated {
            out.text(account);
        }
        out.text(&envelope.peer);
        out.raw(&self.body.encode());
        out.u32(u32::try_from(envelope.recipients.len()).unwrap_or(u32::MAX));
        for (recipient, state) in envelope.recipients.iter().zip(&self.states) {
            out.text(&recipient.address);
            out.u8(stage_code(state.stage));
            out.u32(state.tries);
            out.text(&state.status);
            out.text(cut(&state.text, TEXT_MAX));
            out.u8(u8::from(state.delay_reported));
        }
        out.finish()
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, Refusal> {
        let mut from = Reader::new(bytes);
        if from.u8()? != VERSION {
            return Err(unreadable());
        }
        let received_at = from.i64()?;
        let due = from.i64()?;
        let body_type = body_type(from.u8()?)?;
        let smtp_utf8 = flag(from.u8()?)?;
        let reverse_path = from.text()?;
        let authenticated = if flag(from.u8()?)? {
            Some(from.text()?)
        } else {
            None
        };
        let peer = from.text()?;
        let body = BodyRef::decode(from.raw()?)?;
        let count = from.u32()? as usize;
        if count > from.left() / RECIPIENT_MIN {
            return Err(unreadable());
        }
        let mut recipients = Vec::with_capacity(count);
        let mut states = Vec::with_capacity(count);
        for _ in 0..count {
            recipients.push(Recipient {
                address: from.text()?,
            });
            states.push(RecipientState {
                stage: stage(from.u8()?)?,
                tries: from.u32()?,
                status: from.text()?,
                text: from.text()?,
                delay_reported: flag(from.u8()?)?,
            });
        }
        from.end()?;
        let envelope = Envelope {
            reverse_path,
            recipients,
            received_at,
            body_type,
            smtp_utf8,
            authenticated,
            peer,
        };
        Ok(Self {
            envelope,
            states,
            body,
            due,
        })
    }
}

/// The longest prefix of at most `most` bytes that is whole characters.
fn cut(text: &str, most: usize) -> &str {
    text.get(..text.floor_char_boundary(most)).unwrap_or(text)
}

fn flag(byte: u8) -> Result<bool, Refusal> {
    match byte {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(unreadable()),
    }
}

const fn body_type_code(body_type: BodyType) -> u8 {
    match body_type {
        BodyType::SevenBit => 0,
        BodyType::EightBitMime => 1,
        BodyType::BinaryMime => 2,
    }
}

fn body_type(code: u8) -> Result<BodyType, Refusal> {
    match code {
        0 => Ok(BodyType::SevenBit),
        1 => Ok(BodyType::EightBitMime),
        2 => Ok(BodyType::BinaryMime),
        _ => Err(unreadable()),
    }
}

const fn stage_code(stage: Stage) -> u8 {
    match stage {
        Stage::Waiting => 0,
        Stage::Delivered => 1,
        Stage::Failed => 2,
        Stage::Relay => 3,
    }
}

fn stage(code: u8) -> Result<Stage, Refusal> {
    match code {
        0 => Ok(Stage::Waiting),
        1 => Ok(Stage::Delivered),
        2 => Ok(Stage::Failed),
        3 => Ok(Stage::Relay),
        _ => Err(unreadable()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn some_state() -> impl Strategy<Value = RecipientState> {
        let stages = prop_oneof![
            Just(Stage::Waiting),
            Just(Stage::Delivered),
            Just(Stage::Failed),
            Just(Stage::Relay)
        ];
        (stages, any::<u32>(), ".{0,9}", ".{0,40}", any::<bool>()).prop_map(
            |(stage, tries, status, text, delay_reported)| RecipientState {
                stage,
                tries,
                status,
                text,
                delay_reported,
            },
        )
    }

    fn some_record() -> impl Strategy<Value = Record> {
        let recipients = prop::collection::vec((".{0,30}", some_state()), 0..5);
        let paths = (".{0,40}", prop::option::of(".{0,20}"), ".{0,20}");
        (paths, any::<(i64, i64, bool)>(), 0u8..3, recipients).prop_map(
            |((reverse_path, authenticated, peer), (received_at, due, smtp_utf8), code, recipients)| {
                let (recipients, states) = recipients
                    .into_iter()
                    .map(|(address, state)| (Recipient { address }, state))
                    .unzip();
                let body_type = body_type(code).unwrap();
                let envelope = Envelope {
                    reverse_path,
                    recipients,
                    received_at,
                    body_type,
                    smtp_utf8,
                    authenticated,
                    peer,
                };
                Record {
                    envelope,
                    states,
                    body: BodyRef {
                        file: 3,
                        offset: 70_000,
                        len: 9,
                    },
                    due,
                }
            },
        )
    }

    proptest! {
        #[test]
        fn a_record_reads_back(record in some_record()) {
            prop_assert_eq!(Record::decode(&record.encode()).unwrap(), record);
        }

        #[test]
        fn any_bytes_are_read_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = Record::decode(&bytes);
        }

        #[test]
        fn a_cut_or_longer_record_is_unreadable(record in some_record(), at in 0usize..200) {
            let mut bytes = record.encode();
            bytes.push(0);
            prop_assert!(Record::decode(&bytes).is_err());
            bytes.truncate(at.min(bytes.len() - 2));
            prop_assert!(Record::decode(&bytes).is_err());
        }
    }

    #[test]
    fn long_texts_are_cut_at_a_character() {
        assert_eq!(cut("aä", 2), "a");
        assert_eq!(cut("aä", 3), "aä");
    }
}
