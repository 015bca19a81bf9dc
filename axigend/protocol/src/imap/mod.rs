//! IMAP as a session without I/O: RFC 9051 (IMAP4rev2) and RFC 3501 (IMAP4rev1) with their common extensions.
//!
//! [`Session`] hears bytes and says bytes; what only the server can know it asks with a [`Request`] in mailbox words.
//! Inside, one conversation is one `async` function ([`dialogue`]) that the session polls itself: a command that asks
//! ten things reads top to bottom instead of as a machine of ten states, and still there is no executor, clock, lock
//! or thread. `wire` is the only place that knows this.
//!
//! From the outside in: `session` and `wire` (bytes and waiting), `frame` (commands and literals), `cursor` and `set`
//! (syntax), `dialogue` (states, dispatch), `commands` (one file each), `selected`, `sync` and `resync` (the open mailbox),
//! `fetch`, `search`, `sort`, `thread`, `list` (the large answers).

mod answer;
mod asking;
mod backend;
mod bounds;
mod call;
mod capability;
mod commands;
mod cursor;
mod date;
mod dialogue;
mod fetch;
mod flags;
mod folder;
mod frame;
mod list;
mod lookup;
mod name;
mod recent;
mod resync;
mod search;
mod selected;
mod session;
mod set;
mod sort;
mod sync;
mod thread;
mod window;
mod wire;
mod write;

pub use backend::{
    Answer, AppendItem, Changes, Copied, Event, FlagsChanged, Header, LoginAttempt, Quota, Request, Row,
    Since, Uids,
};
pub use bounds::{CHUNK, HEADER_MAX, PRE_LOGIN_MEMORY, ROWS_PAGE, SIFT_PAGE};
pub use flags::{Flag, FlagOp, Flags};
pub use folder::{Folder, Opened, SpecialUse};
pub use search::{DateTest, Inspection, Test};
pub use session::{LoginRules, Session, Settings};

#[cfg(test)]
mod tests;
