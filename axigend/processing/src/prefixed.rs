//! A body with something in front of it.

use std::io;
use std::sync::Arc;

use axigend_storage::BodySource;
use bytes::Bytes;

/// The header fields of final delivery before the message as it was received. It is the same for every recipient, so
/// one stored copy still serves them all.
pub(crate) struct Prefixed {
    prefix: Bytes,
    body: Arc<dyn BodySource>,
}

impl Prefixed {
    /// `prefix` and then `body`.
    pub(crate) fn new(prefix: impl Into<Bytes>, body: Arc<dyn BodySource>) -> Self {
        Self {
            prefix: prefix.into(),
            body,
        }
    }
}

impl BodySource for Prefixed {
    fn len(&self) -> u64 {
        self.body.len().saturating_add(self.prefix.len() as u64)
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        let front = usize::try_from(offset)
            .ok()
            .and_then(|from| self.prefix.get(from..))
            .unwrap_or_default();
        let from_front = front.len().min(buf.len());
        let (head, tail) = buf.split_at_mut(from_front);
        head.copy_from_slice(front.get(..from_front).unwrap_or_default());
        if tail.is_empty() {
            return Ok(from_front);
        }
        let in_body = (offset + from_front as u64).saturating_sub(self.prefix.len() as u64);
        Ok(from_front + self.body.read_at(in_body, tail)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn reads_like_the_joined_bytes(
            prefix in prop::collection::vec(any::<u8>(), 0..20),
            body in prop::collection::vec(any::<u8>(), 0..20),
            offset in 0usize..50,
            length in 0usize..50,
        ) {
            let joined: Vec<u8> = prefix.iter().chain(&body).copied().collect();
            let source = Prefixed::new(prefix, Arc::new(Bytes::from(body)));
            prop_assert_eq!(source.len(), joined.len() as u64);
            let mut buf = vec![0; length];
            let count = source.read_at(offset as u64, &mut buf).unwrap();
            let expected: &[u8] = joined.get(offset..).unwrap_or_default();
            prop_assert_eq!(&buf[..count], &expected[..expected.len().min(length)]);
        }
    }
}
