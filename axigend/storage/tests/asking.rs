//! Questions asked on a thread that must not wait: what is cold is read elsewhere, and breaking off does no harm.

mod support;

use std::{
    collections::BTreeSet,
    io,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    thread,
};

use axigend_storage::{
    Disk, DiskFile, FlagOp, Flags, Mailbox, MemoryDisk, NewMessage, Store, StoreOptions, Stores, SystemFlags,
    ask,
};
use bytes::Bytes;
use parking_lot::Mutex;

use support::NO_LIMITS;

const MESSAGES: usize = 400;
/// A cache of the index smaller than the index.
const SMALL_CACHE: usize = 64 * 1024;

/// How much of what is asked for is in the page cache.
#[derive(Default)]
struct Weather {
    /// Every so many-th read finds nothing there; 0: all find what they want.
    cold_every: AtomicU32,
    asked: AtomicU32,
    /// Threads that made reads or opened files that may wait.
    waited: Mutex<BTreeSet<String>>,
}

impl Weather {
    fn is_cold(&self) -> bool {
        let asked = self.asked.fetch_add(1, Ordering::Relaxed);
        let every = self.cold_every.load(Ordering::Relaxed);
        every > 0 && asked.is_multiple_of(every)
    }

    fn waits(&self) {
        let name = thread::current().name().unwrap_or_default().to_owned();
        self.waited.lock().insert(name);
    }

    /// From now on so cold; who waited so far is forgotten.
    fn set(&self, cold_every: u32) {
        self.cold_every.store(cold_every, Ordering::Relaxed);
        self.waited.lock().clear();
    }
}

/// A disk in memory with a page cache that may be cold.
struct ColdDisk {
    disk: Arc<MemoryDisk>,
    weather: Arc<Weather>,
}

struct ColdFile {
    file: Arc<dyn DiskFile>,
    weather: Arc<Weather>,
}

impl ColdDisk {
    fn new() -> (Arc<Self>, Arc<Weather>) {
        let (disk, weather) = (MemoryDisk::new(), Arc::new(Weather::default()));
        let cold = Arc::new(Self {
            disk,
            weather: Arc::clone(&weather),
        });
        (cold, weather)
    }

    fn file(&self, file: Arc<dyn DiskFile>) -> Arc<dyn DiskFile> {
        let weather = Arc::clone(&self.weather);
        Arc::new(ColdFile { file, weather })
    }
}

impl Disk for ColdDisk {
    fn open(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        self.weather.waits();
        Ok(self.file(self.disk.open(path)?))
    }

    fn create(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        Ok(self.file(self.disk.create(path)?))
    }

    fn create_dir_all(&self, path: &Path) -> io::Result<()> {
        self.disk.create_dir_all(path)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.disk.rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.disk.remove(path)
    }

    fn remove_dir_all(&self, path: &Path) -> io::Result<()> {
        self.disk.remove_dir_all(path)
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<String>> {
        self.disk.list(dir)
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        self.disk.sync_dir(dir)
    }

    fn unix_time(&self) -> i64 {
        self.disk.unix_time()
    }
}

impl DiskFile for ColdFile {
    fn len(&self) -> io::Result<u64> {
        self.file.len()
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        self.weather.waits();
        self.file.read_at(offset, buf)
    }

    fn read_cached(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        if self.weather.is_cold() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        self.file.read_at(offset, buf)
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.file.write_at(offset, bytes)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.file.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.file.sync_data()
    }
}

fn run<T>(future: impl Future<Output = T>) -> T {
    support::runtime().block_on(future)
}

fn message(number: usize) -> NewMessage {
    NewMessage {
        body: Arc::new(Bytes::from(format!(
            "Subject: {number}\r\n\r\n{}",
            "x".repeat(number % 300)
        ))),
        flags: Flags::default(),
        internal_date: 17,
    }
}

fn open(disk: &Arc<ColdDisk>, cache_bytes: usize) -> Arc<Store> {
    let options = StoreOptions {
        cache_bytes,
        ..StoreOptions::default()
    };
    Store::open(Path::new("/domain"), Arc::clone(disk) as _, &options).expect("a store")
}

async fn fill(mailbox: &Mailbox, count: usize) {
    let messages = (0..count).map(message).collect();
    mailbox
        .append("INBOX", messages, NO_LIMITS)
        .await
        .expect("messages");
}

#[test]
fn what_is_cold_is_read_on_storage_threads_and_nowhere_else() {
    let (disk, weather) = ColdDisk::new();
    let store = open(&disk, 1 << 20);
    run(store.mailbox(1).create_default_folders()).expect("folders");
    run(fill(&store.mailbox(1), MESSAGES));
    store.close().expect("closed");
    let store = open(&disk, SMALL_CACHE);
    let mailbox = store.mailbox(1);
    weather.set(1);
    run(async {
        let changes = mailbox.ask(|mailbox| Ok(mailbox.watch())).await.expect("a watch");
        let inbox = mailbox
            .ask(|mailbox| mailbox.folder("INBOX"))
            .await
            .expect("INBOX");
        assert_eq!(inbox.messages as usize, MESSAGES);
        let id = inbox.id;
        assert_eq!(mailbox.numbers(id).await.expect("numbers").uids.len(), MESSAGES);
        assert_eq!(mailbox.claim_recent(id).await.expect("a claim"), 1);
        let rows = mailbox
            .ask(move |mailbox| mailbox.messages(id, 1, MESSAGES))
            .await;
        let rows = rows.expect("rows");
        for row in &rows {
            let body = mailbox.read(row.body, 0, usize::MAX).await.expect("a body");
            assert!(body.starts_with(b"Subject: "));
        }
        let none = mailbox.ask(|mailbox| mailbox.folder("Nowhere")).await;
        assert!(none.is_err());
        mailbox.expunge(id, None, true).await.expect("nothing to expunge");
        drop(changes);
    });
    let waited = weather.waited.lock().clone();
    let writes_or_waits = |name: &String| name.starts_with("storage-") || name == "store-commit";
    assert!(
        waited.iter().any(|name| name.starts_with("storage-")),
        "{waited:?}"
    );
    assert!(waited.iter().all(writes_or_waits), "{waited:?}");
    // What is in the page cache is answered where it is asked.
    weather.set(0);
    let usage = run(mailbox.ask(Mailbox::usage)).expect("usage");
    assert_eq!(usage.messages as usize, MESSAGES);
    assert_eq!(*weather.waited.lock(), BTreeSet::new());
}

#[test]
fn reads_broken_off_while_others_write_do_no_harm() {
    let (disk, weather) = ColdDisk::new();
    let store = open(&disk, SMALL_CACHE);
    let mailbox = store.mailbox(1);
    run(mailbox.create_default_folders()).expect("folders");
    run(fill(&mailbox, MESSAGES));
    let id = mailbox.folder("INBOX").expect("INBOX").id;
    weather.set(3);
    let written = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            for round in 0..60 {
                run(fill(&mailbox, 20));
                let uids = (1..=MESSAGES as u32).filter(|uid| uid % 60 == round).collect();
                let seen = Flags::system(SystemFlags::SEEN);
                run(mailbox.set_flags(id, uids, FlagOp::Add, seen, None)).expect("flags");
            }
            written.store(true, Ordering::Relaxed);
        });
        for reader in 1..=2 {
            let (mailbox, written) = (&mailbox, &written);
            scope.spawn(move || {
                let mut asked = 0_u32;
                while !written.load(Ordering::Relaxed) || asked < 100 {
                    let from = asked * 7 * reader % (MESSAGES as u32 - 50) + 1;
                    let page = run(mailbox.ask(move |mailbox| {
                        let rows = mailbox.messages(id, from, 50)?;
                        let bodies: Vec<_> = rows.iter().map(|row| row.body).collect();
                        mailbox.notes(&bodies)?;
                        mailbox.changes_since(id, u64::from(from), 30)?;
                        Ok(rows)
                    }));
                    let page = page.expect("a page");
                    assert_eq!(page.len(), 50);
                    assert!(page.is_sorted_by_key(|row| row.uid) && page[0].uid >= from);
                    asked += 1;
                }
            });
        }
    });
    let all = run(mailbox.ask(move |mailbox| mailbox.messages(id, 1, usize::MAX))).expect("all");
    assert_eq!(all.len(), MESSAGES + 60 * 20);
    assert_eq!(store.check(true).expect("a check"), Vec::<String>::new());
    store.close().expect("closed");
    let store = open(&disk, SMALL_CACHE);
    assert_eq!(store.check(true).expect("a check"), Vec::<String>::new());
}

#[test]
fn a_panic_in_a_question_is_a_panic() {
    let (disk, _) = ColdDisk::new();
    let store = open(&disk, SMALL_CACHE);
    let asked = thread::spawn(|| run(ask(|| -> Result<(), _> { panic!("meant") })));
    assert!(asked.join().is_err());
    run(store.mailbox(1).create_default_folders()).expect("the store goes on");
}

#[test]
fn many_who_want_a_store_wait_for_one_opening() {
    let (disk, weather) = ColdDisk::new();
    let stores = Arc::new(Stores::new(disk, StoreOptions::default()));
    let dir = Path::new("/store");
    weather.set(0);
    let (first, second) = run(async { tokio::join!(stores.open(dir), stores.open(dir)) });
    assert!(Arc::ptr_eq(&first.expect("a store"), &second.expect("a store")));
    let waited = weather.waited.lock().clone();
    assert!(
        waited.iter().any(|name| name.starts_with("opening-")),
        "{waited:?}"
    );
    let test = thread::current().name().unwrap_or_default().to_owned();
    assert!(!waited.contains(&test), "{waited:?}");
    // Who asks right after another opening has ended is not taken for one of its own.
    for round in 0..500 {
        let dir = dir.join(round.to_string());
        let asks = || async { stores.open(&dir).await.map(drop) };
        run(async {
            asks().await.expect("opened");
            stores.close(&dir);
            asks().await.expect("opened again");
            stores.close(&dir);
        });
    }
    stores.close_all();
    let refused = run(stores.open(dir)).map(drop);
    assert_eq!(refused.unwrap_err().cause, axigen_shared::Cause::ShuttingDown);
}
