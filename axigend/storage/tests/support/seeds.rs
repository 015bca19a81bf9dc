//! One experiment with many seeds: those that once failed first, then as many as are asked for, on all cores.
//!
//! `<NAME>_SEEDS=100000` asks for another number, `<NAME>_SEED=17` repeats one. Every failing seed is printed with the
//! command that repeats it; one that found a defect belongs into the list of regressions.

use std::{
    io::Write,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

/// More failing seeds than this only repeat themselves.
const FAILURES: usize = 10;

/// What to run and how to repeat it.
pub struct Seeds {
    /// First part of the environment variables.
    pub name: &'static str,
    /// Seeds when nothing is asked for.
    pub usual: u64,
    /// Seeds that found a defect once: a number at the start of a line, then what it was.
    pub regressions: &'static str,
    /// Arguments of `cargo test` that run this test alone.
    pub command: &'static str,
}

impl Seeds {
    fn number(&self, what: &str) -> Option<u64> {
        let name = format!("{}_{what}", self.name);
        let text = std::env::var(&name).ok()?;
        Some(
            text.parse()
                .unwrap_or_else(|_| panic!("{name}={text} is not a number")),
        )
    }

    /// The seeds in the order they are run.
    fn list(&self) -> Vec<u64> {
        if let Some(seed) = self.number("SEED") {
            return vec![seed];
        }
        let lines = self
            .regressions
            .lines()
            .filter(|line| !line.starts_with('#') && !line.is_empty());
        let known = lines.map(|line| {
            let word = line.split_whitespace().next().unwrap_or_default();
            word.parse()
                .unwrap_or_else(|_| panic!("{line:?} is no regression"))
        });
        known
            .chain(0..self.number("SEEDS").unwrap_or(self.usual))
            .collect()
    }

    /// Runs the experiment with each seed; fails when any of them fails.
    pub fn run(&self, experiment: impl Fn(u64) + Sync) {
        let (seeds, next, failed) = (self.list(), AtomicU64::new(0), Mutex::new(Vec::new()));
        let began = Instant::now();
        let work = || {
            while failed.lock().unwrap().len() < FAILURES {
                let Some(&seed) = seeds.get(next.fetch_add(1, Ordering::Relaxed) as usize) else {
                    break;
                };
                if catch_unwind(AssertUnwindSafe(|| experiment(seed))).is_err() {
                    report(&format!("failing seed {seed}: {}", self.repeat(seed)));
                    failed.lock().unwrap().push(seed);
                }
            }
        };
        std::thread::scope(|scope| {
            for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
                scope.spawn(work);
            }
        });
        let failed = failed.into_inner().unwrap();
        report(&format!(
            "{}: {} seeds in {} s, {} failing",
            self.name,
            seeds.len(),
            began.elapsed().as_secs(),
            failed.len()
        ));
        assert!(
            failed.is_empty(),
            "failing seeds {failed:?}: {}",
            self.repeat(failed[0])
        );
    }

    fn repeat(&self, seed: u64) -> String {
        format!("{}_SEED={seed} cargo test --release {}", self.name, self.command)
    }
}

/// Says what a long test did, also when it passes: past the capture that holds back what tests print.
pub fn report(text: &str) {
    // Standard error may be closed; the test counts all the same.
    let _ = writeln!(std::io::stderr(), "      {text}");
}
