//! Counting syncs with perf: every entry of such a system call on the machine is recorded with its process, and those of the
//! server's process tree are counted afterwards.
//!
//! strace would stop the server at each, which makes the batches of a group commit larger than they are; `perf stat -p` misses
//! processes that a server starts while it is measured (seen with Postfix: a third was left).

use rustix::process::{Pid, Signal, kill_process};
use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// What counts as a sync.
const CALLS: [&str; 4] = ["fsync", "fdatasync", "sync_file_range", "msync"];
/// Parts of the names of kernel functions in which perf waits once it records.
const WAITS: [&str; 2] = ["poll", "nanosleep"];
/// Longest wait until perf records.
const ATTACH: Duration = Duration::from_secs(10);
/// Between two looks.
const LOOK: Duration = Duration::from_millis(20);

/// A running `perf record`.
pub(crate) struct Counter {
    perf: Child,
    data: PathBuf,
    processes: BTreeSet<u32>,
}

impl Counter {
    /// Counts the syncs of these processes and of those they start; `None` where perf is missing or may not.
    pub(crate) fn attach(processes: &[u32]) -> Option<Self> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("axigen-bench-{}-{number}.perf", std::process::id());
        let data = std::env::temp_dir().join(name);
        let mut command = Command::new("perf");
        command.args(["record", "-q", "-a", "-o"]).arg(&data);
        for call in CALLS {
            command.arg("-e").arg(format!("syscalls:sys_enter_{call}"));
        }
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let mut counter = Self {
            perf: command.spawn().ok()?,
            data,
            processes: processes.iter().copied().collect(),
        };
        counter.records().then_some(counter)
    }

    /// Waits until perf records; `false` when it ended or never does.
    fn records(&mut self) -> bool {
        let began = Instant::now();
        let place = format!("/proc/{}/wchan", self.perf.id());
        while began.elapsed() < ATTACH && matches!(self.perf.try_wait(), Ok(None)) {
            let function = fs::read_to_string(&place).unwrap_or_default();
            if WAITS.iter().any(|word| function.contains(word)) {
                return true;
            }
            std::thread::sleep(LOOK);
        }
        false
    }

    /// Ends counting; the sum of all kinds.
    pub(crate) fn finish(mut self) -> Option<u64> {
        let pid = Pid::from_raw(i32::try_from(self.perf.id()).ok()?)?;
        kill_process(pid, Signal::INT).ok()?;
        self.perf.wait().ok()?;
        let mut command = Command::new("perf");
        command.args(["script", "--show-task-events", "-F", "pid,tid,event", "-i"]);
        let output = command.arg(&self.data).stdin(Stdio::null()).output().ok()?;
        if !output.status.success() {
            return None;
        }
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        Some(count(&mut self.processes, &text))
    }
}

impl Drop for Counter {
    fn drop(&mut self) {
        let _ = self.perf.kill();
        let _ = self.perf.wait();
        let _ = fs::remove_file(&self.data);
    }
}

/// Goes through the record: `P/T PERF_RECORD_FORK(child:thread):(parent:thread)` lets the tree grow, `P/T syscalls:...:` is a call.
fn count(processes: &mut BTreeSet<u32>, record: &str) -> u64 {
    let mut syncs = 0;
    for line in record.lines() {
        let mut words = line.split_ascii_whitespace();
        let (Some(who), Some(what)) = (words.next(), words.next()) else {
            continue;
        };
        if let Some(fork) = what.strip_prefix("PERF_RECORD_FORK(") {
            let ids = fork
                .split(['(', ')', ':'])
                .filter_map(|id| id.parse::<u32>().ok());
            if let [child, _, parent, _] = ids.collect::<Vec<_>>()[..]
                && processes.contains(&parent)
            {
                processes.insert(child);
            }
        } else if what.starts_with("syscalls:") {
            let process = who.split('/').next().and_then(|id| id.parse().ok());
            syncs += u64::from(process.is_some_and(|id| processes.contains(&id)));
        }
    }
    syncs
}

#[cfg(test)]
mod tests {
    use super::count;
    use std::collections::BTreeSet;

    #[test]
    fn calls_of_processes_started_meanwhile_are_counted() {
        let record = "\
    0/0     PERF_RECORD_FORK(7:7):(1:1)
   10/12    syscalls:sys_enter_fsync:
   10/10    PERF_RECORD_FORK(20:20):(10:10)
   20/20    syscalls:sys_enter_fdatasync:
    7/7     syscalls:sys_enter_fsync:
";
        assert_eq!(count(&mut BTreeSet::from([10]), record), 2);
    }
}
