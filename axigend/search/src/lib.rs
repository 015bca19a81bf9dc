//! The search index: which messages a search for text need not read.
//!
//! IMAP SEARCH looks for substrings of decoded, folded text. The index keeps, for each message body of a store, the
//! trigrams of that text; a message that lacks one of the needle's trigrams cannot hold the needle. All others are read
//! and decided by the matcher, so results are those of a scan. Bodies are indexed once, however many mailboxes refer to
//! them, and messages are told apart by where their bodies lie.
//!
//! The index lives in `search/` below the store. It is disposable: nothing is synced, everything read is checked, and
//! what is missing, damaged or not indexed yet is scanned and then indexed. Why an own format of segments and not a
//! search engine: a document has nothing but a set of trigrams, no words, positions or scores, and lists of rising
//! numbers, merged now and then, are all there is to it (format: axigen-internals(7)).
//!
//! Enter with [`Searches`], which observes [`axigend_storage::Stores`] and owns the threads; ask with [`Sieve`].

mod batch;
mod block;
mod index;
mod load;
mod merge;
mod rice;
mod segment;
mod settings;
mod sieve;
mod text;
mod tidy;
mod trigram;
mod workers;

pub use index::{IndexStatus, Progress, SearchIndex};
pub use settings::IndexSettings;
pub use sieve::{Question, Sieve};
pub use workers::{IndexJob, JobState, Searches, SettingsSource};
