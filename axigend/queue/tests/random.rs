//! Random work on a queue with one power cut and one torn write, drawn from a seed; and any bit of its files flipped.
//!
//! After the cut the queue holds what was answered, with the operation in flight done wholly or not at all.
//! `AXIGEN_QUEUE_SEEDS=100000` runs more seeds, `AXIGEN_QUEUE_SEED=17` repeats one.

#[path = "../../storage/tests/support/seeds.rs"]
mod seeds;

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::path::Path;
use std::sync::Arc;

use axigend_queue::{Envelope, ManualClock, Queue, QueueId, QueueOptions, Recipient, RecipientState, Stage};
use axigend_storage::{BodySource, Disk, DiskFile, FaultDisk, MemoryDisk};
use seeds::{Seeds, report};

const NOW: i64 = 1_790_000_000;
/// Where a write can be torn.
const SECTOR: u64 = 512;
/// Opened so much later, everything is due.
const LATER: i64 = 1_000_000;
/// Random workloads.
const SEEDS: Seeds = Seeds {
    name: "AXIGEN_QUEUE",
    usual: 2000,
    regressions: include_str!("random.seeds"),
    command: "-p axigend-queue --test random seed",
};
/// Places damaged, one at a time.
const FLIPS: u64 = 2000;

/// A deterministic generator (splitmix64).
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }
}

/// What a queue should hold: by the number of the message its id and how often it was put off.
type Model = BTreeMap<i64, (QueueId, u32)>;

/// What was answered when the power went.
struct Told {
    model: Model,
    /// The model with the operation in flight done too.
    in_flight: Option<Model>,
    /// Every id that was given out and answered for.
    ids: BTreeSet<QueueId>,
}

fn run<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap()
        .block_on(work)
}

fn open(disk: Arc<dyn Disk>, clock: &Arc<ManualClock>) -> Result<Arc<Queue>, axigen_shared::Refusal> {
    let options = QueueOptions {
        clock: Arc::clone(clock) as Arc<dyn axigend_queue::Clock>,
        body_memory: 0,
        ..QueueOptions::default()
    };
    Queue::open(Path::new("/queue"), disk, options)
}

fn envelope(number: i64) -> Envelope {
    Envelope {
        reverse_path: format!("sender{number}@example.org"),
        recipients: vec![Recipient::new("bob@example.org"); 1 + (number % 3) as usize],
        received_at: NOW + number,
        ..Envelope::default()
    }
}

fn body(number: i64) -> Vec<u8> {
    // Some are large enough for a spool file.
    let length = if number % 7 == 3 {
        140_000
    } else {
        300 + number * 13
    };
    (0..length).map(|at| ((at * 7 + number) % 253) as u8).collect()
}

fn states(number: i64, stage: Stage, tries: u32) -> Vec<RecipientState> {
    let one = RecipientState {
        stage,
        tries,
        ..RecipientState::default()
    };
    vec![one; envelope(number).recipients.len()]
}

/// One client of a queue on a disk that loses power.
struct Client {
    disk: FaultDisk,
    clock: Arc<ManualClock>,
    queue: Arc<Queue>,
    next: i64,
    told: Told,
    /// Due times of what was put off.
    due: BTreeMap<i64, i64>,
}

impl Client {
    /// Waits until nothing is at work any more: the committer after an answer, the threads of the spool. So a run does not
    /// depend on who is faster.
    async fn settle(&self) {
        let nobody = QueueId::new(0xFF_FFFF).unwrap();
        let _ = self.queue.finish(nobody, Vec::new(), None).await;
        let incoming = || self.disk.list(Path::new("/queue/incoming")).unwrap_or_default();
        while !incoming().is_empty() {
            tokio::task::yield_now().await;
        }
    }

    /// Takes note of an operation's outcome; false when the power is off.
    fn note(&mut self, done: bool, after: Model) -> bool {
        if done {
            self.told.model = after;
        } else {
            assert!(self.disk.is_off(), "refused with the power on");
            self.told.in_flight = Some(after);
        }
        done
    }

    async fn accept(&mut self) -> bool {
        let number = self.next;
        self.next += 1;
        let mut incoming = self.queue.incoming();
        let id = incoming.id();
        for piece in body(number).chunks(60_000) {
            if incoming.chunk(piece).await.is_err() {
                return false;
            }
        }
        let mut after = self.told.model.clone();
        after.insert(number, (id, 0));
        let done = incoming.commit(envelope(number)).await.is_ok();
        if done {
            self.told.ids.insert(id);
        }
        self.note(done, after)
    }

    async fn work(&mut self, what: u64) -> bool {
        let now = NOW + LATER / 2;
        let ready = |number: &i64| self.due.get(number).is_none_or(|due| *due <= now);
        if !self.told.model.keys().any(ready) {
            return true;
        }
        let entry = self.queue.take().await.unwrap();
        let number = entry.envelope.received_at - NOW;
        let (id, tries) = self.told.model[&number];
        assert_eq!(entry.id, id);
        let mut after = self.told.model.clone();
        let done = match what {
            0..=2 => {
                after.remove(&number);
                let done = self
                    .queue
                    .finish(id, states(number, Stage::Delivered, tries), None);
                done.await.is_ok()
            }
            3..=5 => {
                let due = now + 60 * i64::from(what == 5);
                after.insert(number, (id, tries + 1));
                self.due.insert(number, due);
                let next = self
                    .queue
                    .finish(id, states(number, Stage::Waiting, tries + 1), Some(due));
                next.await.is_ok()
            }
            _ => {
                // It failed: gone, and a report in its place, both or none.
                let report = self.next;
                self.next += 1;
                let mut incoming = self.queue.incoming();
                for piece in body(report).chunks(60_000) {
                    if incoming.chunk(piece).await.is_err() {
                        return false;
                    }
                }
                after.remove(&number);
                after.insert(report, (incoming.id(), 0));
                let reports = vec![(incoming, envelope(report))];
                let failed = states(number, Stage::Failed, tries);
                let done = self.queue.finish_and_submit(id, failed, None, reports).await;
                done.is_ok()
            }
        };
        self.note(done, after)
    }
}

async fn workload(disk: &FaultDisk, mut dice: Dice) -> Told {
    let clock = Arc::new(ManualClock::new(NOW + LATER / 2));
    let told = Told {
        model: Model::new(),
        in_flight: None,
        ids: BTreeSet::new(),
    };
    let Ok(queue) = open(disk.shared(), &clock) else {
        return told;
    };
    let mut client = Client {
        disk: disk.clone(),
        clock,
        queue,
        next: 0,
        told,
        due: BTreeMap::new(),
    };
    for _ in 0..5 + dice.below(25) {
        let alive = match dice.below(16) {
            0..=7 => client.accept().await,
            8 => {
                // A conversation that ends in the middle.
                let mut incoming = client.queue.incoming();
                let _ = incoming.chunk(&body(3)).await;
                true
            }
            9 => {
                client.queue.close();
                match open(disk.shared(), &client.clock) {
                    Ok(queue) => client.queue = queue,
                    Err(_) => break,
                }
                true
            }
            _ => client.work(dice.below(8)).await,
        };
        client.settle().await;
        if !alive || disk.is_off() {
            break;
        }
    }
    client.queue.close();
    disk.power_off();
    client.told
}

/// What a queue holds, read through its public interface.
async fn observe(disk: Arc<dyn Disk>, told: &Told) -> Model {
    let clock = Arc::new(ManualClock::new(NOW + LATER));
    let queue = open(disk, &clock).unwrap_or_else(|refusal| panic!("{refusal}"));
    let mut seen = Model::new();
    let mut hands = Vec::new();
    for _ in 0..queue.counts().total {
        let entry = queue.take().await.unwrap();
        let number = entry.envelope.received_at - NOW;
        assert_eq!(entry.envelope, envelope(number));
        assert!(
            bytes_of(&*entry.body).is_some_and(|bytes| bytes == body(number)),
            "body of {number}"
        );
        assert!(
            seen.insert(number, (entry.id, entry.tries)).is_none(),
            "{number} twice"
        );
        hands.push(entry);
    }
    let next = queue.incoming().id();
    assert!(!told.ids.contains(&next), "{next} is given out again");
    drop(hands);
    queue.close();
    seen
}

/// The whole body; `None` when it cannot be read or is damaged.
fn bytes_of(source: &dyn BodySource) -> Option<Vec<u8>> {
    let mut bytes = vec![0; usize::try_from(source.len()).ok().filter(|len| *len < 1 << 20)?];
    let count = source.read_at(0, &mut bytes).ok()?;
    (count == bytes.len()).then_some(bytes)
}

/// The workload of a seed, cut at one of its syncs, and what is left after it.
async fn drawn(seed: u64) -> (FaultDisk, Told, Dice) {
    let mut dice = Dice(seed);
    let work = dice.next();
    let whole = FaultDisk::new();
    workload(&whole, Dice(work)).await;
    let disk = FaultDisk::new();
    disk.power_off_at_sync(1 + dice.below(whole.syncs()));
    let told = workload(&disk, Dice(work)).await;
    let left = match disk.last_write() {
        Some(len) if dice.below(2) == 0 => disk.after_torn_write(dice.below(len / SECTOR + 1) * SECTOR),
        _ => disk.after_power_cut(dice.next()),
    };
    (left, told, dice)
}

#[test]
fn each_seed_has_one_cut_and_one_tear() {
    SEEDS.run(|seed| {
        run(async {
            let (left, told, _) = drawn(seed).await;
            let seen = observe(left.shared(), &told).await;
            assert!(
                seen == told.model || told.in_flight.as_ref() == Some(&seen),
                "seed {seed}: found {seen:?}\nacknowledged {:?}\nor {:?}",
                told.model,
                told.in_flight
            );
            // And once more: what was opened after a cut is there the second time too.
            assert_eq!(observe(left.shared(), &told).await, seen, "seed {seed}");
            let report = axigend_queue::check(Path::new("/queue"), left.shared()).unwrap();
            assert_eq!(report.problems, Vec::<String>::new(), "seed {seed}");
        });
    });
}

#[test]
fn the_same_seed_is_the_same_run() {
    run(async {
        for seed in 0..30 {
            let (left, told, mut dice) = drawn(seed).await;
            let (again, told_again, mut dice_again) = drawn(seed).await;
            assert_eq!(told.model, told_again.model, "seed {seed}");
            assert_eq!(told.in_flight, told_again.in_flight, "seed {seed}");
            assert_eq!(
                (left.used(), dice.next()),
                (again.used(), dice_again.next()),
                "seed {seed}"
            );
            assert_eq!(
                observe(left.shared(), &told).await,
                observe(again.shared(), &told).await,
                "seed {seed}"
            );
        }
    });
}

/// Copies a closed queue's files, with one damaged as the dice say; whether it was a bit of a container.
fn damaged(from: &FaultDisk, dice: &mut Dice) -> (Arc<MemoryDisk>, bool) {
    let disk = MemoryDisk::new();
    let dir = Path::new("/queue");
    disk.create_dir_all(&dir.join("incoming")).unwrap();
    let names: Vec<String> = from.list(dir).unwrap();
    let files: Vec<&String> = names.iter().filter(|name| name.contains('.')).collect();
    let victim = dice.below(files.len() as u64) as usize;
    let mut is_bit = files[victim].contains(".hsf");
    for (at, name) in files.iter().enumerate() {
        let file = from.open(&dir.join(name)).unwrap();
        let mut bytes = vec![0; file.len().unwrap() as usize];
        file.read_at(0, &mut bytes).unwrap();
        if at == victim && !bytes.is_empty() {
            let place = dice.below(bytes.len() as u64) as usize;
            if dice.below(8) == 0 {
                bytes.truncate(place);
                is_bit = false;
            } else {
                bytes[place] ^= 1 << dice.below(8);
            }
        }
        let copy: Arc<dyn DiskFile> = disk.create(&dir.join(name)).unwrap();
        copy.write_at(0, &bytes).unwrap();
    }
    (disk, is_bit)
}

/// The index engine panics over damaged pages, and the queue lives on; such panics are expected and not printed.
fn quiet_about_damage() {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if !panic
            .location()
            .is_some_and(|place| place.file().contains("redb"))
        {
            before(panic);
        }
    }));
}

#[test]
fn a_damaged_place_costs_at_most_one_entry_and_never_the_queue() {
    quiet_about_damage();
    run(async {
        let (disk, clock) = (FaultDisk::new(), Arc::new(ManualClock::new(NOW + LATER)));
        let queue = open(disk.shared(), &clock).unwrap();
        for number in 0..12 {
            let mut incoming = queue.incoming();
            incoming.chunk(&body(number)).await.unwrap();
            incoming.commit(envelope(number)).await.unwrap();
        }
        queue.close();
        let mut unreadable = 0;
        for seed in 0..FLIPS {
            let mut dice = Dice(seed);
            let (disk, is_bit) = damaged(&disk, &mut dice);
            let queue = open(disk, &clock).unwrap_or_else(|refusal| panic!("seed {seed}: {refusal}"));
            let mut whole = BTreeSet::new();
            for _ in 0..queue.counts().total {
                // One that is set aside is not handed out: then nothing is left to take.
                let taken = tokio::time::timeout(std::time::Duration::from_secs(1), queue.take()).await;
                let Ok(Some(entry)) = taken else { break };
                let number = entry.envelope.received_at - NOW;
                match bytes_of(&*entry.body) {
                    Some(bytes) if (0..12).contains(&number) && entry.envelope == envelope(number) => {
                        assert!(
                            bytes == body(number),
                            "seed {seed}: a damaged body of {number} is handed out"
                        );
                        whole.insert(number);
                    }
                    _ => {}
                }
                let finished = states(number, Stage::Delivered, 0);
                let _ = queue.finish(entry.id, finished, None).await;
            }
            assert!(
                whole.len() >= 11 || !is_bit,
                "seed {seed}: a bit cost {} entries",
                12 - whole.len()
            );
            unreadable += 12 - whole.len();
            queue.close();
        }
        report(&format!(
            "{FLIPS} damaged queues opened; {unreadable} of {} entries unreadable",
            FLIPS * 12
        ));
    });
}
