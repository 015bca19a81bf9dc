//! Incoming files: the bytes of large messages before anybody answers for them.
//!
//! Owns the directory `incoming/` below the queue and the threads that write it, because a connection thread never
//! waits for a disk. A file here belongs to one message being received; what is found at start belonged to a
//! conversation that a crash ended, and is removed.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use axigen_shared::{Cause, Refusal};
use axigend_storage::{BodySource, Disk, DiskFile, read_file};
use bytes::Bytes;
use parking_lot::Mutex;
use tokio::sync::oneshot;

use crate::memory::{BodyMemory, Grant};

/// Threads that write incoming files: two keep a disk busy while one of them waits.
const SPOOL_THREADS: usize = 2;
/// Jobs waiting for a spool thread. Each conversation has at most one, so this is far above what is ever waiting;
/// beyond it a chunk is refused like on a full disk.
const SPOOL_JOBS: usize = 4096;

/// What a spool thread does next.
enum Job {
    Create {
        path: PathBuf,
        done: oneshot::Sender<io::Result<Arc<dyn DiskFile>>>,
    },
    Write {
        file: Arc<dyn DiskFile>,
        offset: u64,
        bytes: Vec<u8>,
        done: oneshot::Sender<io::Result<()>>,
    },
    Remove {
        path: PathBuf,
    },
}

/// The spool directory and its threads.
pub(crate) struct Spool {
    /// Room for bodies that need no file.
    pub(crate) memory: Arc<BodyMemory>,
    dir: PathBuf,
    jobs: Mutex<Option<SyncSender<Job>>>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl Spool {
    /// Empties the directory and starts the threads.
    pub(crate) fn open(queue: &Path, disk: &Arc<dyn Disk>, memory: u64) -> Result<Self, Refusal> {
        let dir = queue.join("incoming");
        disk.create_dir_all(&dir)
            .map_err(|error| refusal("create incoming/", &error))?;
        for name in disk
            .list(&dir)
            .map_err(|error| refusal("list incoming/", &error))?
        {
            disk.remove(&dir.join(name))
                .map_err(|error| refusal("empty incoming/", &error))?;
        }
        let (jobs, todo) = sync_channel(SPOOL_JOBS);
        let todo = Arc::new(Mutex::new(todo));
        let mut threads = Vec::new();
        for number in 1..=SPOOL_THREADS {
            let (todo, disk) = (Arc::clone(&todo), Arc::clone(disk));
            let thread = std::thread::Builder::new().name(format!("spool-{number:02}"));
            let thread = thread.spawn(move || work(&todo, disk.as_ref()));
            threads.push(thread.map_err(|error| refusal("start a spool thread", &error))?);
        }
        Ok(Self {
            memory: BodyMemory::new(memory),
            dir,
            jobs: Mutex::new(Some(jobs)),
            threads: Mutex::new(threads),
        })
    }

    /// Ends the threads after what was asked of them.
    pub(crate) fn close(&self) {
        self.jobs.lock().take();
        for thread in self.threads.lock().drain(..) {
            // A panic of the thread was reported by the panic hook when it happened.
            let _ = thread.join();
        }
    }

    /// A new empty incoming file.
    pub(crate) async fn create(&self, name: &str) -> Result<Arc<dyn DiskFile>, Refusal> {
        let (done, answer) = oneshot::channel();
        self.ask(Job::Create {
            path: self.dir.join(name),
            done,
        })?;
        answer
            .await
            .map_err(|_| closing())?
            .map_err(|error| refusal("create an incoming file", &error))
    }

    /// Writes one piece.
    pub(crate) async fn write(
        &self,
        file: &Arc<dyn DiskFile>,
        offset: u64,
        bytes: Vec<u8>,
    ) -> Result<(), Refusal> {
        let (done, answer) = oneshot::channel();
        self.ask(Job::Write {
            file: Arc::clone(file),
            offset,
            bytes,
            done,
        })?;
        answer
            .await
            .map_err(|_| closing())?
            .map_err(|error| refusal("write an incoming file", &error))
    }

    /// Removes a file nobody needs any more. When the spool is closing the next start does it.
    pub(crate) fn remove(&self, name: &str) {
        let path = self.dir.join(name);
        let _ = self.ask(Job::Remove { path });
    }

    fn ask(&self, job: Job) -> Result<(), Refusal> {
        let jobs = self.jobs.lock();
        let jobs = jobs.as_ref().ok_or_else(closing)?;
        jobs.try_send(job)
            .map_err(|_| Refusal::new(Cause::StorageFailure, "spool threads cannot keep up"))
    }
}

/// A spool thread: one job after the other until the sender is gone.
fn work(todo: &Mutex<Receiver<Job>>, disk: &dyn Disk) {
    loop {
        let job = todo.lock().recv();
        match job {
            // Whoever stopped waiting may have had the file removed before it was there.
            Ok(Job::Create { path, done }) => {
                if let Err(Ok(unwanted)) = done.send(disk.create(&path)) {
                    drop(unwanted);
                    remove(disk, &path);
                }
            }
            Ok(Job::Write {
                file,
                offset,
                bytes,
                done,
            }) => drop(done.send(file.write_at(offset, &bytes))),
            Ok(Job::Remove { path }) => remove(disk, &path),
            Err(_) => return,
        }
    }
}

fn remove(disk: &dyn Disk, path: &Path) {
    if let Err(error) = disk.remove(path)
        && error.kind() != io::ErrorKind::NotFound
    {
        tracing::warn!(module = "PROCESSING", "cannot remove {}: {error}", path.display());
    }
}

/// A finished body in memory, with the room it takes.
pub(crate) struct HeldBody {
    pub(crate) bytes: Bytes,
    /// Given back when nobody needs the body any more.
    pub(crate) _grant: Grant,
}

impl BodySource for HeldBody {
    fn len(&self) -> u64 {
        BodySource::len(&self.bytes)
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        self.bytes.read_at(offset, buf)
    }
}

/// A finished incoming file, read once more when the committer copies it into the container.
pub(crate) struct SpoolFile {
    pub(crate) file: Arc<dyn DiskFile>,
    pub(crate) len: u64,
}

impl BodySource for SpoolFile {
    fn len(&self) -> u64 {
        self.len
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        read_file(&*self.file, offset, buf)
    }
}

fn refusal(what: &str, error: &io::Error) -> Refusal {
    let cause = match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Cause::StorageFull,
        _ => Cause::StorageFailure,
    };
    Refusal::new(cause, format!("queue cannot {what}: {error}"))
}

fn closing() -> Refusal {
    Refusal::new(Cause::ShuttingDown, "the queue is closing")
}
