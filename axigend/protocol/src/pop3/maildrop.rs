//! The snapshot of a mailbox that one session shows (RFC 1939, 3 and 5; services-core 3.2.4).

/// The messages of INBOX as they were at login.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Maildrop {
    uid_validity: u32,
    messages: Vec<Message>,
}

/// One message of the snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message {
    /// UID in INBOX.
    pub uid: u32,
    /// Size as stored; 0 for one that somebody else removed.
    pub octets: u64,
    /// Marked by DELE.
    deleted: bool,
    /// Removed by somebody else.
    gone: bool,
}

impl Message {
    /// A message with its UID and size in octets.
    pub fn new(uid: u32, octets: u64) -> Self {
        Self {
            uid,
            octets,
            deleted: false,
            gone: false,
        }
    }

    /// Removed by somebody else since login.
    pub(super) fn is_gone(&self) -> bool {
        self.gone
    }
}

/// Why a number does not name a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoMessage {
    /// There never was one.
    Unknown,
    /// It was marked by DELE.
    Deleted,
}

impl Maildrop {
    /// A snapshot; messages ascend by UID.
    pub fn new(uid_validity: u32, messages: Vec<Message>) -> Self {
        Self {
            uid_validity,
            messages,
        }
    }

    /// Number and size of the messages not marked by DELE.
    pub(super) fn total(&self) -> (usize, u64) {
        let left = self.messages.iter().filter(|message| !message.deleted);
        left.fold((0, 0), |(count, octets), message| {
            (count + 1, octets.saturating_add(message.octets))
        })
    }

    /// The message of this number, counted from 1.
    pub(super) fn message(&self, number: usize) -> Result<&Message, NoMessage> {
        match number.checked_sub(1).and_then(|at| self.messages.get(at)) {
            None => Err(NoMessage::Unknown),
            Some(message) if message.deleted => Err(NoMessage::Deleted),
            Some(message) => Ok(message),
        }
    }

    /// Messages not marked by DELE from this number on, with their numbers.
    pub(super) fn from(&self, number: usize) -> impl Iterator<Item = (usize, &Message)> {
        (number..)
            .zip(self.messages.iter().skip(number.saturating_sub(1)))
            .filter(|(_, message)| !message.deleted)
    }

    /// The unique id (RFC 1939, 7): UID validity and UID of IMAP, so that it is as stable as those.
    pub(super) fn unique_id(&self, message: &Message) -> String {
        format!("{}.{}", self.uid_validity, message.uid)
    }

    /// DELE.
    pub(super) fn delete(&mut self, number: usize) -> Result<(), NoMessage> {
        self.message(number)?;
        if let Some(message) = number.checked_sub(1).and_then(|at| self.messages.get_mut(at)) {
            message.deleted = true;
        }
        Ok(())
    }

    /// RSET.
    pub(super) fn undelete(&mut self) {
        self.messages
            .iter_mut()
            .for_each(|message| message.deleted = false);
    }

    /// Somebody else removed these.
    pub(super) fn gone(&mut self, uids: &[u32]) {
        for uid in uids {
            let at = self.messages.binary_search_by_key(uid, |message| message.uid);
            if let Some(message) = at.ok().and_then(|at| self.messages.get_mut(at)) {
                message.gone = true;
                message.octets = 0;
            }
        }
    }

    /// UIDs to remove at QUIT.
    pub(super) fn deleted(&self) -> Vec<u32> {
        self.messages
            .iter()
            .filter(|message| message.deleted && !message.gone)
            .map(|message| message.uid)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::{Maildrop, Message, NoMessage};

    #[test]
    fn numbers_never_shift() {
        let mut drop = Maildrop::new(
            7,
            vec![Message::new(3, 100), Message::new(5, 200), Message::new(9, 300)],
        );
        assert_eq!(drop.total(), (3, 600));
        assert_eq!(drop.delete(2), Ok(()));
        assert_eq!(drop.delete(2), Err(NoMessage::Deleted));
        assert_eq!(drop.message(0), Err(NoMessage::Unknown));
        assert_eq!(drop.message(4), Err(NoMessage::Unknown));
        assert_eq!(
            drop.message(3).map(|message| drop.unique_id(message)),
            Ok("7.9".to_owned())
        );
        assert_eq!(drop.from(2).map(|(number, _)| number).collect::<Vec<_>>(), [3]);
        drop.gone(&[3, 4, 77]);
        assert_eq!(drop.total(), (2, 300));
        assert!(
            drop.message(1)
                .is_ok_and(|message| message.is_gone() && message.octets == 0)
        );
        assert_eq!(drop.deleted(), [5]);
        assert_eq!(drop.delete(1), Ok(()));
        assert_eq!(drop.deleted(), [5], "what is gone need not be removed");
        drop.undelete();
        assert_eq!((drop.deleted(), drop.total()), (vec![], (3, 500)));
    }
}
