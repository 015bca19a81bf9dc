//! A message on its way in: decoded, measured, looked at, and handed over in pieces.
//!
//! After the first fault nothing more is kept, but reading goes on to the real end of the message, because only there
//! a reply can be said that the client takes for this message.

use axigen_shared::Cause;

use super::{
    answer::{self, Moment},
    bounds::BODY_CHUNK,
    chunk::LineCheck,
    dot::DotReader,
    header::HeaderWatch,
    policy::SmtpPolicy,
    reply::Reply,
};
use crate::session::INPUT_CHUNK;

/// How the octets arrive.
#[derive(Debug)]
pub(super) enum Carrier {
    /// DATA.
    Dots(DotReader),
    /// BDAT.
    Chunks(LineCheck),
    /// BDAT of a message with BODY=BINARYMIME.
    Binary,
}

/// Why a message is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// Larger than `maxDataSize`.
    TooLarge,
    /// A bare CR, a bare LF or a NUL.
    Content,
    /// More Received fields than `maxReceivedHeaders`.
    Hops,
    /// The server could not keep it.
    Refused(Cause),
}

impl Fault {
    pub(super) fn reply(self) -> Reply {
        match self {
            Self::TooLarge => answer::too_large(),
            Self::Content => Reply::new(550, "5.6.0", "Message contains bare CR, bare LF or NUL"),
            Self::Hops => Reply::new(554, "5.4.6", "Too many hops"),
            Self::Refused(cause) => answer::reply(cause, Moment::Data),
        }
    }
}

/// One message in progress.
#[derive(Debug)]
pub(super) struct Body {
    carrier: Carrier,
    /// Octets not yet handed over.
    buffer: Vec<u8>,
    header: HeaderWatch,
    size: u64,
    fault: Option<Fault>,
    /// Octets read after the fault.
    dropped: u64,
    /// Whether the server still holds the beginning of the message.
    open: bool,
    max_octets: Option<u64>,
    /// 0 = no limit.
    max_received: u32,
}

impl Body {
    /// A message that begins with our Received field.
    pub(super) fn new(carrier: Carrier, received: Vec<u8>, policy: &SmtpPolicy) -> Self {
        Self {
            carrier,
            buffer: received,
            header: HeaderWatch::default(),
            size: 0,
            fault: None,
            dropped: 0,
            open: true,
            max_octets: policy.max_octets(),
            max_received: policy.max_received_headers,
        }
    }

    /// Reads on in DATA: octets used, and whether the end was found.
    pub(super) fn read_dots(&mut self, input: &[u8]) -> (usize, bool) {
        let Carrier::Dots(reader) = &mut self.carrier else {
            return (0, true);
        };
        let before = self.buffer.len();
        let read = reader.read(input, &mut self.buffer);
        self.look(before);
        if !read.clean {
            self.fail(Fault::Content);
        }
        (read.used, read.ended)
    }

    /// Takes octets of BDAT.
    pub(super) fn read_octets(&mut self, octets: &[u8]) {
        let clean = match &mut self.carrier {
            Carrier::Chunks(check) if self.fault.is_none() => check.clean(octets),
            Carrier::Chunks(_) | Carrier::Binary | Carrier::Dots(_) => true,
        };
        let before = self.buffer.len();
        self.buffer.extend_from_slice(octets);
        self.look(before);
        if !clean {
            self.fail(Fault::Content);
        }
    }

    /// The message was said to end here.
    pub(super) fn end(&mut self) {
        if matches!(&self.carrier, Carrier::Chunks(check) if !check.may_end()) {
            self.fail(Fault::Content);
        }
    }

    /// Whether `more` octets on top would be too many.
    pub(super) fn would_overflow(&self, more: u64) -> bool {
        self.max_octets
            .is_some_and(|max| self.size.saturating_add(more) > max)
    }

    /// Refuses the message; the first fault counts.
    pub(super) fn fail(&mut self, fault: Fault) {
        self.fault.get_or_insert(fault);
        self.buffer = Vec::new();
    }

    pub(super) fn fault(&self) -> Option<Fault> {
        self.fault
    }

    /// The server no longer holds the message.
    pub(super) fn closed(&mut self) {
        self.open = false;
    }

    pub(super) fn is_open(&self) -> bool {
        self.open
    }

    /// A piece to hand over: when another input might pass the bound, or whatever there is.
    pub(super) fn take(&mut self, all: bool) -> Option<Vec<u8>> {
        let due = if all {
            !self.buffer.is_empty()
        } else {
            self.buffer.len() + INPUT_CHUNK >= BODY_CHUNK
        };
        due.then(|| {
            let next = if all {
                Vec::new()
            } else {
                Vec::with_capacity(BODY_CHUNK)
            };
            std::mem::replace(&mut self.buffer, next)
        })
    }

    /// Octets that were read past after the fault.
    pub(super) fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Octets so far, our Received field not counted.
    pub(super) fn size(&self) -> u64 {
        self.size
    }

    pub(super) fn into_message_id(self) -> String {
        self.header.into_message_id()
    }

    /// Bytes held, for the tests of bounds.
    #[cfg(test)]
    pub(super) fn held(&self) -> usize {
        self.buffer.capacity()
    }

    /// Measures and looks at what was appended to the buffer.
    fn look(&mut self, before: usize) {
        let fresh = self.buffer.get(before..).unwrap_or_default();
        self.size = self.size.saturating_add(fresh.len() as u64);
        if self.fault.is_some() {
            self.dropped = self.dropped.saturating_add(fresh.len() as u64);
            self.buffer.clear();
            return;
        }
        self.header.see(fresh);
        if self.would_overflow(0) {
            self.fail(Fault::TooLarge);
        } else if self.max_received > 0 && self.header.received() > self.max_received {
            self.fail(Fault::Hops);
        }
    }
}
