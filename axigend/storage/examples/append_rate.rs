//! How fast a store takes mail on this machine's disk.
//!
//! `cargo run --release -p axigend-storage --example append_rate -- [DIRECTORY] [SECONDS] [NOTE]`. Delivers 4 KiB and 64 KiB
//! messages to 50 mailboxes from 1 and 20 threads, each waiting for its answer, with a note of NOTE bytes (700) on each; then looks at a folder with 100,000
//! messages. Prints JSON lines with messages per second, syncs per message and bytes written per message byte, beside
//! a plain append + fdatasync loop with the same bytes and batch size.

use std::{
    io,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    thread,
    time::{Duration, Instant},
};

use axigend_storage::{
    DeliverTo, Disk, DiskFile, Flags, LocalDelivery, MailboxLimits, NewMessage, Noted, RealDisk, Store,
    StoreOptions,
};
use bytes::Bytes;

const USERS: u64 = 50;

#[derive(Default)]
struct Counts {
    syncs: AtomicU64,
    written: AtomicU64,
}

/// The machine's disk, counted.
struct CountingDisk(RealDisk, Arc<Counts>);
struct CountingFile(Arc<dyn DiskFile>, Arc<Counts>);

impl CountingDisk {
    fn file(&self, file: io::Result<Arc<dyn DiskFile>>) -> io::Result<Arc<dyn DiskFile>> {
        Ok(Arc::new(CountingFile(file?, Arc::clone(&self.1))))
    }
}

impl Disk for CountingDisk {
    fn open(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        self.file(self.0.open(path))
    }
    fn create(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        self.file(self.0.create(path))
    }
    fn create_dir_all(&self, path: &Path) -> io::Result<()> {
        self.0.create_dir_all(path)
    }
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.0.rename(from, to)
    }
    fn remove(&self, path: &Path) -> io::Result<()> {
        self.0.remove(path)
    }
    fn remove_dir_all(&self, path: &Path) -> io::Result<()> {
        self.0.remove_dir_all(path)
    }
    fn list(&self, dir: &Path) -> io::Result<Vec<String>> {
        self.0.list(dir)
    }
    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        self.1.syncs.fetch_add(1, Relaxed);
        self.0.sync_dir(dir)
    }
    fn unix_time(&self) -> i64 {
        self.0.unix_time()
    }
}

impl DiskFile for CountingFile {
    fn len(&self) -> io::Result<u64> {
        self.0.len()
    }
    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        self.0.read_at(offset, buf)
    }
    fn read_cached(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        self.0.read_cached(offset, buf)
    }
    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.1.written.fetch_add(bytes.len() as u64, Relaxed);
        self.0.write_at(offset, bytes)
    }
    fn set_len(&self, len: u64) -> io::Result<()> {
        self.0.set_len(len)
    }
    fn allocate(&self, len: u64) -> io::Result<()> {
        self.0.allocate(len)
    }
    fn sync_data(&self) -> io::Result<()> {
        self.1.syncs.fetch_add(1, Relaxed);
        self.0.sync_data()
    }
    fn lock(&self) -> io::Result<()> {
        self.0.lock()
    }
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    match tokio::runtime::Builder::new_current_thread().build() {
        Ok(runtime) => runtime.block_on(future),
        Err(error) => panic!("no runtime: {error}"),
    }
}

/// One writer: delivers until the time is up; returns its latencies in microseconds.
fn writer(store: &Store, number: u64, (size, note): (usize, usize), until: Instant) -> Vec<u64> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime");
    let body = Bytes::from(vec![b'm'; size]);
    let note = Bytes::from(vec![b'n'; note]);
    let mut latencies = Vec::new();
    while Instant::now() < until {
        let count = latencies.len() as u64;
        let account = 1 + (number.wrapping_mul(7) + count) % USERS;
        let recipient = DeliverTo {
            account,
            folder: "INBOX".into(),
            limits: MailboxLimits::default(),
        };
        let delivery = LocalDelivery {
            key: Some((size as u64) << 48 | number << 32 | count),
            body: if note.is_empty() {
                Arc::new(body.clone())
            } else {
                Arc::new(Noted {
                    body: Arc::new(body.clone()),
                    note: note.clone(),
                })
            },
            internal_date: 1_790_000_000,
            recipients: vec![recipient],
        };
        let start = Instant::now();
        runtime.block_on(store.deliver(delivery)).expect("delivered");
        latencies.push(start.elapsed().as_micros() as u64);
    }
    latencies
}

/// Processor time of this process so far.
fn processor_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("proc(5)");
    let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields);
    // User and system time in hundredths of a second.
    let ticks = fields.split_ascii_whitespace().skip(11).take(2);
    let ticks = ticks.filter_map(|ticks| ticks.parse::<u64>().ok());
    Duration::from_millis(ticks.sum::<u64>() * 10)
}

/// Appends `size` bytes per message in batches of `batch`, with one sync each; messages per second.
fn plain_loop(dir: &Path, size: usize, batch: usize, seconds: u64) -> f64 {
    let file = RealDisk
        .create(&dir.join(format!("plain-{size}-{batch}")))
        .expect("a file");
    let bytes = vec![b'm'; size * batch];
    let (start, mut offset, mut count) = (Instant::now(), 0, 0);
    while start.elapsed() < Duration::from_secs(seconds) {
        file.write_at(offset, &bytes).expect("written");
        file.sync_data().expect("synced");
        offset += bytes.len() as u64;
        count += batch;
    }
    count as f64 / start.elapsed().as_secs_f64()
}

fn deliveries(dir: &Path, (size, note): (usize, usize), writers: u64, seconds: u64) {
    let counts = Arc::new(Counts::default());
    let disk = Arc::new(CountingDisk(RealDisk, Arc::clone(&counts)));
    let store = Store::open(
        &dir.join(format!("{size}-{writers}")),
        disk,
        &StoreOptions::default(),
    )
    .expect("a store");
    for account in 1..=USERS {
        block_on(store.mailbox(account).create_default_folders()).expect("folders");
    }
    let (syncs, written) = (counts.syncs.load(Relaxed), counts.written.load(Relaxed));
    let start = Instant::now();
    let cpu = processor_time();
    let until = start + Duration::from_secs(seconds);
    let mut latencies: Vec<u64> = thread::scope(|scope| {
        let threads: Vec<_> = (0..writers)
            .map(|number| {
                let store = &store;
                scope.spawn(move || writer(store, number, (size, note), until))
            })
            .collect();
        threads
            .into_iter()
            .flat_map(|thread| thread.join().expect("a writer"))
            .collect()
    });
    let elapsed = start.elapsed().as_secs_f64();
    latencies.sort_unstable();
    let messages = latencies.len() as f64;
    let per_message = (counts.syncs.load(Relaxed) - syncs) as f64 / messages;
    let per_byte = (counts.written.load(Relaxed) - written) as f64 / (messages * size as f64);
    store.close().expect("closed");
    let cpu = processor_time().saturating_sub(cpu).as_secs_f64() * 1e6 / messages;
    let batch = (1.0 / per_message).round().max(1.0) as usize;
    println!(
        "{{\"bench\":\"deliver\",\"size\":{size},\"note\":{note},\"writers\":{writers},\"messages_per_s\":{:.0},\"syncs_per_message\":{per_message:.3},\"bytes_per_byte\":{per_byte:.2},\"cpu_us\":{cpu:.0},\"median_us\":{},\"p99_us\":{},\"plain_batch\":{batch},\"plain_messages_per_s\":{:.0}}}",
        messages / elapsed,
        latencies[latencies.len() / 2],
        latencies[latencies.len() * 99 / 100],
        plain_loop(dir, size, batch, seconds.min(3)),
    );
}

fn large_folder(dir: &Path) {
    let store =
        Store::open(&dir.join("large"), RealDisk::shared(), &StoreOptions::default()).expect("a store");
    let mailbox = store.mailbox(1);
    block_on(mailbox.create_default_folders()).expect("folders");
    let body = Bytes::from_static(b"Subject: small\r\n\r\nsmall\r\n");
    let start = Instant::now();
    for _ in 0..100 {
        let new = || NewMessage {
            body: Arc::new(body.clone()),
            flags: Flags::default(),
            internal_date: 1_790_000_000,
        };
        block_on(mailbox.append(
            "INBOX",
            (0..1000).map(|_| new()).collect(),
            MailboxLimits::default(),
        ))
        .expect("appended");
    }
    let appended = start.elapsed();
    let inbox = mailbox.folder("INBOX").expect("inbox");
    let mut scan = Duration::MAX;
    let mut look = Duration::MAX;
    for _ in 0..5 {
        let start = Instant::now();
        assert_eq!(
            mailbox.messages(inbox.id, 1, usize::MAX).expect("rows").len(),
            100_000
        );
        scan = scan.min(start.elapsed());
        let start = Instant::now();
        mailbox.folder("INBOX").expect("inbox");
        look = look.min(start.elapsed());
    }
    let start = Instant::now();
    let deleted = Flags::system(axigend_storage::SystemFlags::DELETED);
    let all = (1..=100_000).collect();
    block_on(mailbox.set_flags(inbox.id, all, axigend_storage::FlagOp::Add, deleted, None)).expect("flags");
    let flagged = start.elapsed();
    println!(
        "{{\"bench\":\"folder_100000\",\"append_batches_ms\":{},\"scan_ms\":{:.1},\"info_us\":{},\"flag_all_ms\":{}}}",
        appended.as_millis(),
        scan.as_secs_f64() * 1e3,
        look.as_micros(),
        flagged.as_millis()
    );
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let dir = arguments.next().unwrap_or_else(|| "append-rate.tmp".to_owned());
    let seconds = arguments
        .next()
        .and_then(|seconds| seconds.parse().ok())
        .unwrap_or(5);
    let note = arguments.next().and_then(|note| note.parse().ok()).unwrap_or(700);
    let dir = Path::new(&dir);
    RealDisk.create_dir_all(dir).expect("a directory");
    for (size, writers) in [(4096, 20), (4096, 1), (65_536, 20)] {
        deliveries(dir, (size, note), writers, seconds);
    }
    large_folder(dir);
    RealDisk.remove_dir_all(dir).expect("cleaned up");
}
