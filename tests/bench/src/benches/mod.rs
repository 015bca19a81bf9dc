//! What is measured: one table, one file for each kind of work.

mod append;
mod deliver;
mod idle;
mod import;
mod mailbox;
mod million;
mod pop3;
mod prepare;

pub(crate) use prepare::Store;

use crate::args::Arguments;
use crate::report::Figure;
use crate::systems::{Server, System};
use std::fmt::Display;
use std::path::Path;

/// What a bench works with.
pub(crate) struct Scene<'run> {
    pub(crate) arguments: &'run Arguments,
    pub(crate) system: &'run mut dyn System,
    /// Where the server keeps its data.
    pub(crate) home: &'run Path,
    /// The running server; a bench may stop it and put another in its place.
    pub(crate) server: Option<Server>,
}

impl Scene<'_> {
    /// The running server.
    pub(crate) fn server(&self) -> Result<&Server, String> {
        self.server
            .as_ref()
            .ok_or_else(|| "the server does not run".to_owned())
    }
}

/// A bench: its name, the store it needs, who can be measured, and the work of one round.
pub(crate) struct Bench {
    pub(crate) name: &'static str,
    pub(crate) store: Store,
    /// Peers have no such store, or it means nothing for them.
    pub(crate) ours_only: bool,
    pub(crate) run: fn(&mut Scene<'_>) -> Result<Vec<Figure>, String>,
}

/// All benches, in the order in which they run on one store.
pub(crate) const BENCHES: [Bench; 16] = [
    both("deliver-4k-20", Store::Empty, deliver::small_20),
    both("deliver-64k-20", Store::Empty, deliver::large_20),
    both("deliver-4k-1", Store::Empty, deliver::small_1),
    both("deliver-64k-20-rcpt10", Store::Empty, deliver::large_20_to_10),
    both("deliver-4m-8", Store::Empty, deliver::huge_8),
    both("append-4k-20", Store::Empty, append::small_20),
    ours("import-10g", Store::Empty, import::ten_gigabytes),
    both("select-100k", Store::Filled, mailbox::select),
    both("fetch-10k", Store::Filled, mailbox::fetch),
    both("search-body-10k", Store::Filled, mailbox::search),
    both("search-body-10k-scan", Store::Filled, mailbox::search_short),
    both("pop3-retr", Store::Filled, pop3::retrieve),
    both("idle-2000", Store::Filled, idle::fan_out),
    ours("start-after-kill-1m", Store::Million, million::start_after_kill),
    ours("rss-idle-1m", Store::Million, million::memory_idle),
    ours("uid-fetch-1m", Store::Huge, million::uid_fetch),
];

type Run = fn(&mut Scene<'_>) -> Result<Vec<Figure>, String>;

const fn both(name: &'static str, store: Store, run: Run) -> Bench {
    Bench {
        name,
        store,
        ours_only: false,
        run,
    }
}

const fn ours(name: &'static str, store: Store, run: Run) -> Bench {
    Bench {
        name,
        store,
        ours_only: true,
        run,
    }
}

/// The text of any error.
fn said(error: impl Display) -> String {
    error.to_string()
}
