//! Who waits for the disk and must not: the threads on which connections live.
//!
//! Such a thread says so once ([`mark_connection_thread`]). A call of the machine's disk that may wait is then counted when
//! it is made there, and logged as the defect of the server that it is, ever more seldom. For every other thread the check
//! is one look at a thread-local flag.

use std::{
    cell::Cell,
    sync::atomic::{AtomicU64, Ordering},
    thread,
};

thread_local! {
    static OF_CONNECTIONS: Cell<bool> = const { Cell::new(false) };
}

/// Calls that should have been made elsewhere.
static MADE: AtomicU64 = AtomicU64::new(0);

/// Connections live on this thread: nothing on it may wait for a disk.
pub fn mark_connection_thread() {
    OF_CONNECTIONS.set(true);
}

/// Calls of this process that may have made a connection thread wait for a disk.
pub fn connection_waits() -> u64 {
    MADE.load(Ordering::Relaxed)
}

/// This thread is about to make a call that may wait.
pub(super) fn about_to(what: &'static str) {
    if OF_CONNECTIONS.get() {
        made(what);
    }
}

#[cold]
fn made(what: &'static str) {
    let count = MADE.fetch_add(1, Ordering::Relaxed).wrapping_add(1);
    if !count.is_power_of_two() {
        return;
    }
    let thread = thread::current();
    let name = thread.name().unwrap_or_default();
    tracing::warn!(
        module = "STORAGE",
        "a connection thread waits for the disk: {name}, {what} (number {count})"
    );
}

#[cfg(test)]
mod tests {
    use super::{connection_waits, mark_connection_thread};
    use crate::disk::{Disk, RealDisk};

    #[test]
    fn calls_of_connection_threads_are_counted_and_no_others() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("file");
        let file = RealDisk.create(&path).expect("a file");
        file.write_at(0, b"1234").expect("bytes");
        assert_eq!(connection_waits(), 0);
        let marked = std::thread::spawn(move || {
            mark_connection_thread();
            let mut bytes = [0; 4];
            // Just written, so in the page cache where the file system can tell.
            let _ = file.read_cached(0, &mut bytes);
            assert_eq!(connection_waits(), 0);
            file.read_at(0, &mut bytes).expect("bytes");
            RealDisk.open(&path).expect("the file");
            RealDisk.remove(&path).expect("the file");
            connection_waits()
        });
        assert_eq!(marked.join().expect("no panic"), 3);
    }
}
