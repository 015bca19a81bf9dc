//! What the disk can do: its file system, the time of one synced append, and the rate of a plain loop of them.

use std::fs::{self, File};
use std::io::{self, Seek, Write};
use std::path::Path;
use std::time::{Duration, Instant};

/// Bytes of one append whose sync is timed.
const BLOCK: usize = 4096;
/// Size of the file that is written over and over.
const OVERWRITTEN: usize = 16 << 20;
/// Appends of one measurement.
const APPENDS: usize = 100;
/// File systems that keep nothing.
const VOLATILE: [&str; 2] = ["tmpfs", "ramfs"];

/// The type of the file system that holds a directory, from `/proc/self/mountinfo` (proc(5)).
pub(crate) fn file_system(directory: &Path) -> io::Result<String> {
    let directory = directory.canonicalize()?;
    let mounts = fs::read_to_string("/proc/self/mountinfo")?;
    let holds = mounts.lines().filter_map(|line| {
        let (before, after) = line.split_once(" - ")?;
        let point = before.split(' ').nth(4)?;
        let kind = after.split(' ').next()?;
        directory
            .starts_with(point)
            .then(|| (point.len(), kind.to_owned()))
    });
    // Of equal mount points the last is on top.
    let (_, kind) = holds
        .max_by_key(|(length, _)| *length)
        .ok_or_else(|| io::Error::other(format!("no mount holds {}", directory.display())))?;
    if VOLATILE.contains(&kind.as_str()) {
        let place = directory.display();
        return Err(io::Error::other(format!(
            "{place} is on {kind}, where a sync costs nothing: choose --dir"
        )));
    }
    Ok(kind)
}

/// Median of a 4 KiB append with fdatasync, in milliseconds.
pub(crate) fn sync_ms(directory: &Path) -> io::Result<f64> {
    let path = directory.join("sync-probe");
    let mut file = File::create(&path)?;
    let block = [b'x'; BLOCK];
    let mut times = Vec::with_capacity(APPENDS);
    for _ in 0..APPENDS {
        let began = Instant::now();
        file.write_all(&block)?;
        file.sync_data()?;
        times.push(began.elapsed().as_secs_f64() * 1000.0);
    }
    fs::remove_file(path)?;
    times.sort_by(f64::total_cmp);
    Ok(times[times.len() / 2])
}

/// How a plain loop writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Writing {
    /// To the end of a growing file: the file system commits its journal each time.
    Append,
    /// Over blocks that were written before.
    Overwrite,
}

/// Writes `bytes` at a time, each with fdatasync, for this long; writes a second.
pub(crate) fn write_rate(
    directory: &Path,
    writing: Writing,
    bytes: usize,
    time: Duration,
) -> io::Result<f64> {
    let path = directory.join("write-probe");
    let mut file = File::create(&path)?;
    let block = vec![b'x'; bytes];
    let turns = (OVERWRITTEN / bytes).max(1) as u32;
    if writing == Writing::Overwrite {
        for _ in 0..turns {
            file.write_all(&block)?;
        }
        file.sync_all()?;
    }
    let began = Instant::now();
    let mut count = 0_u32;
    while began.elapsed() < time {
        if writing == Writing::Overwrite && count.is_multiple_of(turns) {
            file.rewind()?;
        }
        file.write_all(&block)?;
        file.sync_data()?;
        count += 1;
    }
    let rate = f64::from(count) / began.elapsed().as_secs_f64();
    fs::remove_file(path)?;
    Ok(rate)
}
