//! What an IMAP session asks and hears, in mailbox words and owned data.
//!
//! One session asks one thing at a time. Requests about messages mean the mailbox opened last with
//! [`Request::Select`]. Every request may be answered with [`Answer::Refused`].

use std::{net::SocketAddr, sync::Arc};

use axigen_shared::Refusal;
use axigend_message::{CONTENT_NAME, Structure, Summary};
use bytes::Bytes;

use super::{
    flags::{FlagOp, Flags},
    folder::{Folder, Opened, SpecialUse},
    search::Test,
};
use crate::sasl::Credentials;

/// A login, from LOGIN or AUTHENTICATE.
#[derive(Debug)]
pub struct LoginAttempt {
    /// Name and password as sent.
    pub credentials: Credentials,
    /// `LOGIN`, `PLAIN`: for the log.
    pub mechanism: &'static str,
    /// The client's address.
    pub remote: Option<SocketAddr>,
}

/// A question of the session.
#[derive(Debug)]
pub enum Request {
    /// Check a login and open the account → [`Answer::LoggedIn`]. Refused as `AuthenticationFailed` after the delay
    /// that slows guessing, or as `TooManyConnections`.
    Authenticate(LoginAttempt),
    /// All folders with their counters → [`Answer::Folders`].
    Folders,
    /// All subscribed names, existing or not → [`Answer::Names`].
    Subscriptions,
    /// One folder with its counters → [`Answer::Folder`].
    Folder {
        /// Its name.
        name: String,
    },
    /// Open a folder → [`Answer::Opened`].
    Select {
        /// Its name.
        name: String,
        /// Whether this session becomes the one that was told of the new messages (SELECT, not EXAMINE).
        claim_recent: bool,
    },
    /// Messages came while the folder is open: which of them has no session been told of? → [`Answer::Recent`].
    Newcomers {
        /// The newest of them.
        last: u32,
        /// Whether this session becomes the one that was told (SELECT, not EXAMINE).
        claim_recent: bool,
    },
    /// Forget the opened folder → [`Answer::Done`].
    Unselect,
    /// All UIDs of the opened folder → [`Answer::Uids`].
    Uids,
    /// Rows of these UIDs (ascending, at most [`super::ROWS_PAGE`]) → [`Answer::Rows`]; messages that are gone are left out.
    Rows {
        /// Ascending UIDs.
        uids: Vec<u32>,
    },
    /// What changed in the opened folder after this MODSEQ → [`Answer::Changes`]. Cheap when nothing did.
    Changes {
        /// Highest MODSEQ already known.
        since: u64,
    },
    /// Which messages of the opened folder changed and which went after this MODSEQ, all of them → [`Answer::Since`].
    Since {
        /// What the client knows.
        modseq: u64,
    },
    /// Create a folder and what is missing above it → [`Answer::Folder`].
    Create {
        /// Its name.
        name: String,
        /// CREATE … (USE (…)), RFC 6154.
        special_use: Option<SpecialUse>,
    },
    /// Delete a folder with its messages → [`Answer::Done`].
    Delete {
        /// Its name.
        name: String,
    },
    /// Rename a folder and those below it; of INBOX, move its messages → [`Answer::Done`].
    Rename {
        /// Old name.
        from: String,
        /// New name.
        to: String,
    },
    /// Subscribe or unsubscribe a name → [`Answer::Done`].
    Subscribe {
        /// The name, existing or not.
        name: String,
        /// Subscribe, or unsubscribe.
        on: bool,
    },
    /// A message of this size will come: check folder and quota before its bytes are sent → [`Answer::Done`].
    /// Several may come before one commit (RFC 3502).
    AppendBegin {
        /// Target folder.
        folder: String,
        /// Size in bytes.
        size: u64,
    },
    /// The next bytes of that message → [`Answer::Done`].
    BodyChunk(Vec<u8>),
    /// Store all messages begun since the last commit or abort, or none → [`Answer::Appended`].
    AppendCommit {
        /// Target folder.
        folder: String,
        /// One for each `AppendBegin`, in order.
        items: Vec<AppendItem>,
    },
    /// Drop all messages begun → [`Answer::Done`].
    AppendAbort,
    /// Change flags → [`Answer::FlagsChanged`].
    SetFlags {
        /// Ascending UIDs.
        uids: Vec<u32>,
        /// Set, add or remove.
        op: FlagOp,
        /// Which flags.
        flags: Flags,
        /// Leave messages alone whose MODSEQ is higher (RFC 7162, 3.1.3).
        unchanged_since: Option<u64>,
    },
    /// Remove messages that are \Deleted → [`Answer::Expunged`]; the others that went are heard through `Changes`.
    Expunge {
        /// Only these, or all.
        uids: Option<Vec<u32>>,
    },
    /// Copy messages, all or none → [`Answer::Copied`].
    Copy {
        /// Ascending UIDs.
        uids: Vec<u32>,
        /// Target folder.
        to: String,
    },
    /// Move messages, all or none → [`Answer::Copied`].
    Move {
        /// Ascending UIDs.
        uids: Vec<u32>,
        /// Target folder.
        to: String,
    },
    /// The header of a message, the first [`super::HEADER_MAX`] bytes → [`Answer::Header`].
    Header {
        /// The message.
        uid: u32,
    },
    /// What is remembered of these messages → [`Answer::Summaries`].
    Summaries {
        /// Ascending UIDs, at most [`super::ROWS_PAGE`].
        uids: Vec<u32>,
    },
    /// The parts of a message → [`Answer::Structure`].
    Structure {
        /// The message.
        uid: u32,
    },
    /// Bytes of a message as stored, at most [`super::CHUNK`] → [`Answer::Chunk`]; fewer only at its end.
    Body {
        /// The message.
        uid: u32,
        /// First byte.
        offset: u64,
        /// Bytes wanted.
        len: usize,
    },
    /// Which tests each of these messages may pass, as far as that is known without reading them → [`Answer::Sifted`].
    Sift {
        /// Ascending UIDs, at most [`super::SIFT_PAGE`].
        uids: Vec<u32>,
        /// The tests; one list for all pages of a search.
        tests: Arc<Vec<Test>>,
        /// No more pages of this search will come.
        last: bool,
    },
    /// Which tests each of these messages passes → [`Answer::Tested`].
    Test {
        /// Ascending UIDs, at most [`super::ROWS_PAGE`].
        uids: Vec<u32>,
        /// The tests; the same for all messages.
        tests: Arc<Vec<Test>>,
    },
    /// Use and limits of the account → [`Answer::Quota`].
    Quota,
}

/// An answer, or an event while the session listens.
#[derive(Debug)]
pub enum Answer {
    /// It is done.
    Done,
    /// It is not done.
    Refused(Refusal),
    /// The account is open.
    LoggedIn {
        /// Its canonical address, for the log.
        account: String,
    },
    /// All folders.
    Folders(Vec<Folder>),
    /// Names.
    Names(Vec<String>),
    /// One folder.
    Folder(Box<Folder>),
    /// A folder was opened.
    Opened(Box<Opened>),
    /// From this UID on messages are \Recent.
    Recent(u32),
    /// A page of UIDs.
    Uids(Uids),
    /// Message rows, ascending.
    Rows(Vec<Row>),
    /// What changed.
    Changes(Changes),
    /// What changed while a client was away.
    Since(Since),
    /// The messages that this request removed, ascending.
    Expunged(Vec<u32>),
    /// Messages were stored.
    Appended {
        /// UIDVALIDITY of the folder.
        uid_validity: u32,
        /// UIDs in the order of the messages.
        uids: Vec<u32>,
    },
    /// Flags were changed.
    FlagsChanged(FlagsChanged),
    /// Messages were copied or moved.
    Copied(Copied),
    /// A header.
    Header(Header),
    /// For each UID asked, in order, what is remembered of the message; `None` when nothing is, or it is gone.
    Summaries(Vec<Option<Summary>>),
    /// A message's parts.
    Structure(Arc<Structure>),
    /// Bytes of a message.
    Chunk(Bytes),
    /// For each UID asked, in order, for each test, false when it is certain that it is not passed (a message that is gone
    /// passes none); no rows at all when nothing is known.
    Sifted(Vec<Vec<bool>>),
    /// For each UID asked, in order, for each test, whether it is passed; messages that are gone pass none.
    Tested(Vec<Vec<bool>>),
    /// Use and limits.
    Quota(Quota),
    /// Something happened while listening.
    Event(Event),
}

/// Why a listening session was woken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// The mailbox changed: ask what.
    Changed,
    /// Nothing happened for a while: say something, so that address translators keep the connection open.
    Quiet,
}

/// The messages of a folder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Uids {
    /// Ascending. Shared, because a folder may have millions.
    pub uids: Arc<Vec<u32>>,
    /// The first of them without \Seen.
    pub first_unseen: Option<u32>,
}

/// One message without its body.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Row {
    /// UID.
    pub uid: u32,
    /// MODSEQ (RFC 7162).
    pub modseq: u64,
    /// INTERNALDATE, seconds since 1970 in UTC.
    pub internal_date: i64,
    /// When it was put into this folder (SAVEDATE, RFC 8514).
    pub saved: i64,
    /// RFC822.SIZE.
    pub size: u64,
    /// Flags.
    pub flags: Flags,
    /// Name of the content, which copies share: what EMAILID is made from (RFC 8474).
    pub content: [u8; CONTENT_NAME],
}

/// Which messages changed while a client was away.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Since {
    /// Messages that came or changed, ascending; some may have gone since.
    pub changed: Vec<u32>,
    /// Messages that went, ascending.
    pub vanished: Vec<u32>,
    /// The MODSEQ up to which this tells everything.
    pub highest_modseq: u64,
    /// As [`Changes::forgetful`].
    pub forgetful: bool,
}

/// What happened in a folder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// New and changed messages, each once, in any order.
    pub rows: Vec<Row>,
    /// Messages that went.
    pub vanished: Vec<u32>,
    /// The MODSEQ up to which this tells everything.
    pub highest_modseq: u64,
    /// Whether there is more: ask again from `highest_modseq`.
    pub more: bool,
    /// Whether `vanished` may lack messages, because what is known of the past does not reach that far back.
    pub forgetful: bool,
}

/// A message to be appended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AppendItem {
    /// Its flags.
    pub flags: Flags,
    /// Its internal date; now when `None`.
    pub internal_date: Option<i64>,
}

/// Result of `SetFlags`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FlagsChanged {
    /// The messages as they are now, changed or not, ascending.
    pub rows: Vec<Row>,
    /// Messages left alone because of UNCHANGEDSINCE.
    pub modified: Vec<u32>,
}

/// Result of `Copy` and `Move`: UIDs in pairs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Copied {
    /// UIDVALIDITY of the target.
    pub uid_validity: u32,
    /// UIDs here.
    pub source: Vec<u32>,
    /// UIDs there.
    pub target: Vec<u32>,
}

/// A message's header.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Header {
    /// The bytes, blank line included when `complete`.
    pub bytes: Bytes,
    /// Whether this is all of it.
    pub complete: bool,
}

/// Use and limits of an account (RFC 9208); a limit of 0 means none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Quota {
    /// KiB used, rounded up.
    pub storage_used: u64,
    /// KiB allowed.
    pub storage_limit: u64,
    /// Messages stored.
    pub messages_used: u64,
    /// Messages allowed.
    pub messages_limit: u64,
    /// Folders there.
    pub folders_used: u64,
    /// Folders allowed.
    pub folders_limit: u64,
}
