//! Where a queued message stands, recipient by recipient (services-core 3.2.2 "states"; retry counters are per
//! recipient).

/// What has become of one recipient.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Stage {
    /// Still to be delivered; after a temporary failure `tries` is above 0.
    #[default]
    Waiting,
    /// In the mailbox.
    Delivered,
    /// Refused for good, and reported to the sender if anybody could be told.
    Failed,
    /// Not ours: waits for SMTP sending. Its retry counter stands still.
    Relay,
}

impl Stage {
    /// Whether nothing is left to do for this recipient.
    pub const fn is_finished(self) -> bool {
        match self {
            Self::Delivered | Self::Failed => true,
            Self::Waiting | Self::Relay => false,
        }
    }
}

/// One recipient's state, persisted after every attempt.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecipientState {
    /// What has become of it.
    pub stage: Stage,
    /// Failed attempts so far.
    pub tries: u32,
    /// Enhanced status code of the last attempt (RFC 3463), "" before the first.
    pub status: String,
    /// What the last attempt said, for the log, LIST and the report.
    pub text: String,
    /// Whether the sender was told of the delay; that is done once.
    pub delay_reported: bool,
}

/// The state of a whole entry as logs and LIST name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryState {
    /// On disk, not yet tried.
    Received,
    /// In the hands of processing.
    Processing,
    /// Waits for its next try.
    Scheduled,
}

impl EntryState {
    /// The word of logs and LIST, upper case.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Received => "RECEIVED",
            Self::Processing => "PROCESSING",
            Self::Scheduled => "SCHEDULED",
        }
    }
}
