//! What a server spends while a bench runs: CPU, bytes written, syncs; and what the load generator spends itself.
//!
//! Everything is read from outside: `/proc` of the whole process tree (`process`), syncs by perf on the system
//! calls, so that counting does not slow the server down (`syncs`).

mod process;
mod syncs;

use process::{Use, own_cpu_s, tree, tree_use};
pub(crate) use process::{anonymous_kib, most_memory, proportional_kib, tree as processes};
use syncs::Counter;

/// Whether syncs can be counted here.
pub(crate) fn counts_syncs() -> bool {
    Counter::attach(&[std::process::id()])
        .and_then(Counter::finish)
        .is_some()
}

/// What a server and its load spent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spent {
    /// CPU seconds of the server.
    pub(crate) cpu_s: f64,
    /// Bytes the server caused to be written (`write_bytes` of proc(5)).
    pub(crate) bytes: u64,
    /// fsync, fdatasync and sync_file_range of the server; `None` where they cannot be counted.
    pub(crate) syncs: Option<u64>,
    /// CPU seconds of the load generator.
    pub(crate) load_cpu_s: f64,
}

/// A measurement under way.
pub(crate) struct Meter {
    roots: Vec<u32>,
    before: Use,
    own_before: f64,
    counter: Option<Counter>,
}

impl Meter {
    /// Begins to measure the processes below these.
    pub(crate) fn begin(roots: &[u32]) -> Self {
        let counter = Counter::attach(&tree(roots));
        Self {
            before: tree_use(roots),
            own_before: own_cpu_s(),
            roots: roots.to_vec(),
            counter,
        }
    }

    /// Ends it.
    pub(crate) fn end(self) -> Spent {
        let after = tree_use(&self.roots);
        Spent {
            cpu_s: after.cpu_s - self.before.cpu_s,
            bytes: after.bytes.saturating_sub(self.before.bytes),
            load_cpu_s: own_cpu_s() - self.own_before,
            syncs: self.counter.and_then(Counter::finish),
        }
    }
}
