//! Process trees as `/proc` shows them (proc(5)).

use std::collections::BTreeMap;
use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Unit of the times in `/proc/PID/stat` (USER_HZ), the same on all machines this runs on.
const TICKS_A_SECOND: f64 = 100.0;
/// Between two looks at the memory.
const LOOK: Duration = Duration::from_millis(20);

/// What processes used since they began, those they waited for included.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Use {
    pub(crate) cpu_s: f64,
    pub(crate) bytes: u64,
}

/// These processes and everything below them.
pub(crate) fn tree(roots: &[u32]) -> Vec<u32> {
    let mut children: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    for pid in entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok()) {
        if let Some(parent) = stat(pid).and_then(|fields| fields.get(1)?.parse().ok()) {
            children.entry(parent).or_default().push(pid);
        }
    }
    let mut found = roots.to_vec();
    let mut next = 0;
    while let Some(pid) = found.get(next) {
        found.extend(children.get(pid).into_iter().flatten());
        next += 1;
    }
    found
}

/// Sum over a tree. Children that ended count at whoever waited for them, which is in the tree as well.
pub(crate) fn tree_use(roots: &[u32]) -> Use {
    let mut sum = Use::default();
    for pid in tree(roots) {
        sum.cpu_s += cpu_s(pid, true);
        sum.bytes += field(&format!("/proc/{pid}/io"), "write_bytes:").unwrap_or(0);
    }
    sum
}

/// CPU seconds of this process.
pub(crate) fn own_cpu_s() -> f64 {
    cpu_s(std::process::id(), false)
}

/// KiB of anonymous memory of a process (RssAnon).
pub(crate) fn anonymous_kib(pid: u32) -> Option<u64> {
    field(&format!("/proc/{pid}/status"), "RssAnon:")
}

/// Does the work, and tells the highest RssAnon of the process meanwhile, in KiB.
pub(crate) fn most_memory<T>(pid: u32, work: impl FnOnce() -> T) -> (u64, T) {
    let done = AtomicBool::new(false);
    std::thread::scope(|threads| {
        let watcher = threads.spawn(|| {
            let mut most = 0;
            while !done.load(Ordering::Relaxed) {
                most = most.max(anonymous_kib(pid).unwrap_or(0));
                std::thread::sleep(LOOK);
            }
            most
        });
        let outcome = work();
        done.store(true, Ordering::Relaxed);
        (watcher.join().expect("the watcher does not panic"), outcome)
    })
}

/// KiB of memory of a process, what it shares counted in parts (Pss): the sum over processes is right.
pub(crate) fn proportional_kib(pid: u32) -> Option<u64> {
    field(&format!("/proc/{pid}/smaps_rollup"), "Pss:")
}

fn cpu_s(pid: u32, with_children: bool) -> f64 {
    let Some(fields) = stat(pid) else { return 0.0 };
    // utime, stime, cutime, cstime: fields 14 to 17, here counted from the state (3).
    let wanted = if with_children { 11..15 } else { 11..13 };
    let ticks: f64 = fields
        .get(wanted)
        .into_iter()
        .flatten()
        .filter_map(|field| field.parse::<f64>().ok())
        .sum();
    ticks / TICKS_A_SECOND
}

/// The fields after the name, which may hold anything.
fn stat(pid: u32) -> Option<Vec<String>> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, after) = text.rsplit_once(") ")?;
    Some(after.split(' ').map(str::to_owned).collect())
}

fn field(path: &str, name: &str) -> Option<u64> {
    let text = fs::read_to_string(path).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.trim().split(' ').next()?.parse().ok()
}
