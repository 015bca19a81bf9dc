//! Counting syncs with `perf stat` on the entries of the system calls.
//!
//! strace would count them too, but stops the server at each, which makes the batches of a group commit larger than they are.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// What counts as a sync.
const EVENTS: &str = "syscalls:sys_enter_fsync,syscalls:sys_enter_fdatasync,syscalls:sys_enter_sync_file_range,syscalls:sys_enter_msync";
/// Parts of the names of kernel functions in which perf waits.
const WAITS: [&str; 2] = ["poll", "nanosleep"];
/// Longest wait until perf says that it counts.
const ATTACH: Duration = Duration::from_secs(10);

/// A running `perf stat`.
pub(crate) struct Counter {
    perf: Child,
}

impl Counter {
    /// Counts the syncs of these processes and of those they start; `None` where perf is missing or may not.
    pub(crate) fn attach(pids: &[u32]) -> Option<Self> {
        let pids: Vec<String> = pids.iter().map(u32::to_string).collect();
        let mut command = Command::new("perf");
        command.args(["stat", "-x", ",", "-e", EVENTS, "-p", &pids.join(",")]);
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        let mut perf = command.spawn().ok()?;
        // Once its counters run, perf only waits for its end.
        let began = Instant::now();
        let wchan = format!("/proc/{}/wchan", perf.id());
        while began.elapsed() < ATTACH {
            if perf.try_wait().ok()?.is_some() {
                return None;
            }
            let place = std::fs::read_to_string(&wchan).unwrap_or_default();
            if WAITS.iter().any(|word| place.contains(word)) {
                return Some(Self { perf });
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let _ = perf.kill();
        let _ = perf.wait();
        None
    }

    /// Ends counting; the sum of all kinds.
    pub(crate) fn finish(self) -> Option<u64> {
        let pid = rustix::process::Pid::from_raw(i32::try_from(self.perf.id()).ok()?)?;
        rustix::process::kill_process(pid, rustix::process::Signal::INT).ok()?;
        let output = self.perf.wait_with_output().ok()?;
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        let counts = text.lines().filter(|line| line.contains("sys_enter_"));
        counts
            .map(|line| match line.split(',').next()? {
                // None of the processes ran while it was counted.
                "<not counted>" => Some(0),
                count => count.parse::<u64>().ok(),
            })
            .sum()
    }
}
