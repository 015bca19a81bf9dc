//! Every dialogue below `tests/transcripts/`, each against a server of its own (format: `tests/transcripts/README.md`).
//!
//! One test a folder; within it the scripts run side by side on a few threads, and all failures are told, not only the first.

use axigen_tests::{Home, Script, run_script, top};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::thread;

/// Servers at a time. Starting one costs two password hashes, which is what the time goes into.
const SIDE_BY_SIDE: usize = 3;

fn scripts(folder: &str) -> Vec<PathBuf> {
    let directory = top().join("tests/transcripts").join(folder);
    let entries = std::fs::read_dir(&directory).map(|entries| entries.flatten().collect::<Vec<_>>());
    let mut paths: Vec<_> = entries
        .unwrap_or_default()
        .into_iter()
        .map(|entry| entry.path())
        .collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "txt"));
    paths.sort();
    paths
}

fn check(path: &Path) -> Result<(), String> {
    let script = Script::read(path)?;
    let run = catch_unwind(AssertUnwindSafe(|| {
        let home = Home::new();
        let daemon = home.start_with_accounts();
        run_script(&script, &daemon).map_err(|fault| format!("{fault}\n{}", home.log_tail()))
    }));
    run.unwrap_or_else(|_| Err(format!("{}: the run panicked, see above", path.display())))
}

fn check_all(folder: &str) {
    let waiting = Mutex::new(scripts(folder));
    assert!(
        !waiting.lock().expect("no panic").is_empty(),
        "no transcripts in {folder}"
    );
    let faults = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..SIDE_BY_SIDE {
            scope.spawn(|| {
                loop {
                    let Some(path) = waiting.lock().expect("no panic").pop() else {
                        break;
                    };
                    if let Err(fault) = check(&path) {
                        faults.lock().expect("no panic").push(fault);
                    }
                }
            });
        }
    });
    let faults = faults.into_inner().expect("no panic");
    assert!(
        faults.is_empty(),
        "{} transcripts failed:\n{}",
        faults.len(),
        faults.join("\n")
    );
}

#[test]
fn smtp_dialogues() {
    check_all("smtp");
}

#[test]
fn imap_dialogues() {
    check_all("imap");
}

#[test]
fn pop3_dialogues() {
    check_all("pop3");
}

#[test]
fn cli_dialogues() {
    check_all("cli");
}
