//! Asking stores without the asking thread waiting for a disk.
//!
//! Many sessions live on a connection thread, and all of them would wait with the one whose page has to come from a disk.
//! So a question is first asked on the spot, by reads that take only what is in memory: the caches of this crate and of
//! redb, and the page cache (`RWF_NOWAIT`). When something is not there, the question is broken off, and asked again from
//! its beginning on a storage thread, which may wait. What is warm costs nothing that way, and what is cold one hop,
//! however many reads a question has.
//!
//! A read that breaks off leaves by unwinding: redb takes an error of a read for the end of the whole database. It is
//! not a panic (`resume_unwind` runs no hook), and redb is left as it was: it holds no lock while it reads a page and has
//! changed nothing before. The version of redb is pinned, and `tests/asking.rs` breaks reads off while others write.
//! The one thing redb may write while it reads is pages of its buffer; there an error is harmless, and it gets one.

use std::{
    any::Any,
    cell::Cell,
    io,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
};

use axigen_shared::Refusal;

use crate::{container::on_storage_thread, disk::DiskFile};

thread_local! {
    /// Whether this thread is asking on the spot.
    static ON_THE_SPOT: Cell<bool> = const { Cell::new(false) };
}

/// What a read throws that would have to wait.
struct BrokenOff;

/// The state of the thread while it asks on the spot.
struct Asking {
    before: bool,
}

impl Asking {
    fn begin() -> Self {
        Self {
            before: ON_THE_SPOT.replace(true),
        }
    }
}

impl Drop for Asking {
    fn drop(&mut self) {
        ON_THE_SPOT.set(self.before);
    }
}

/// Answers a question that reads stores or files: on the spot if all it needs is in memory, else on a storage thread. It
/// may be asked twice, the first time up to any of its reads, so it must change nothing before it has read everything.
pub async fn ask<R: Send + 'static>(
    question: impl Fn() -> Result<R, Refusal> + Send + 'static,
) -> Result<R, Refusal> {
    match on_the_spot(&question) {
        Some(answer) => answer,
        None => on_storage_thread(question).await,
    }
}

/// The answer to a question if all it needs is in memory.
pub(crate) fn on_the_spot<R>(question: impl FnOnce() -> Result<R, Refusal>) -> Option<Result<R, Refusal>> {
    let asking = Asking::begin();
    let answer = catch_unwind(AssertUnwindSafe(question));
    drop(asking);
    match answer {
        Ok(answer) => Some(answer),
        Err(cause) if cause.is::<BrokenOff>() => None,
        Err(cause) => resume_unwind(cause),
    }
}

/// Whether whoever is at work on this thread must not wait for a disk.
pub(crate) fn must_not_wait() -> bool {
    ON_THE_SPOT.get()
}

/// Lets a break-off pass that was caught where panics are.
pub(crate) fn let_pass(cause: Box<dyn Any + Send>) {
    if cause.is::<BrokenOff>() {
        resume_unwind(cause);
    }
}

/// Something that waits for a disk comes next: a question asked on the spot is broken off here, no lock that poisons may
/// be held.
pub(crate) fn before_waiting() {
    if must_not_wait() {
        resume_unwind(Box::new(BrokenOff));
    }
}

/// Reads as [`DiskFile::read_at`] does. Within a question asked on the spot the bytes come from the page cache, or the
/// question is broken off here: no lock that poisons may be held.
pub fn read_file(file: &dyn DiskFile, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
    if must_not_wait() {
        match file.read_cached(offset, buf) {
            Ok(count) if count == buf.len() => return Ok(count),
            // What an error means, or a file that ends here, is found out where there is time.
            _ => before_waiting(),
        }
    }
    file.read_at(offset, buf)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use axigen_shared::{Cause, Refusal};

    use super::{must_not_wait, on_the_spot, read_file};
    use crate::disk::{Disk, MemoryDisk};

    #[test]
    fn what_is_in_memory_is_answered_and_the_rest_is_broken_off() {
        let disk = MemoryDisk::new();
        let file = disk.create("/file".as_ref()).expect("a file");
        file.write_at(0, b"1234").expect("bytes");
        let dropped = Cell::new(0);
        let read = |len: usize| {
            struct Count<'a>(&'a Cell<u32>);
            impl Drop for Count<'_> {
                fn drop(&mut self) {
                    self.0.set(self.0.get() + 1);
                }
            }
            let _count = Count(&dropped);
            let mut bytes = vec![0; len];
            read_file(&*file, 0, &mut bytes).expect("it reads");
            Ok(bytes)
        };
        assert_eq!(on_the_spot(|| read(4)), Some(Ok(b"1234".to_vec())));
        assert_eq!(on_the_spot(|| read(5)), None);
        assert_eq!(dropped.get(), 2);
        assert!(!must_not_wait(), "the thread is as it was");
        assert_eq!(read(5), Ok(b"1234\0".to_vec()));
        let refused = || Err::<(), _>(Refusal::new(Cause::Internal, "no"));
        assert!(on_the_spot(refused).is_some_and(|answer| answer.is_err()));
    }
}
