//! Reading large folders by IMAP: SELECT, FETCH of the overview, SEARCH in bodies. All of it warm.

use super::prepare::{BIG, BIG_COUNT, MIDDLE, MIDDLE_COUNT, first_account};
use super::{Scene, said};
use crate::load::{Imap, NEEDLE, SHORT_NEEDLE};
use crate::meter::Meter;
use crate::report::{Figure, median};
use std::time::{Duration, Instant};

/// SELECTs of one round.
const SELECTS: u32 = 200;
/// Sessions of which the best is measured, and the SELECTs of each that tell which one that is.
const CANDIDATES: u32 = 6;
const TRIES: u32 = 5;
/// FETCHes and SEARCHes of one round.
const REPEATS: u32 = 20;
/// Every hundredth message holds the needle.
const HITS: usize = MIDDLE_COUNT as usize / 100;
/// Longest wait until a search index is complete; peers need none.
const INDEXED: Duration = Duration::from_mins(2);

/// SELECT of 100,000 messages, 200 times, another folder in between.
///
/// Of several sessions the one with the fastest SELECT is measured: some of Dovecot's sessions read the whole list of UIDs at
/// every SELECT, about a hundred times as long, depending on which process serves them.
pub(super) fn select(scene: &mut Scene<'_>) -> Result<Vec<Figure>, String> {
    let mut best: Option<(f64, Imap)> = None;
    for _ in 0..CANDIDATES {
        let mut imap = first_account(scene)?;
        let tried = median(&selects(&mut imap, TRIES).map_err(said)?);
        if best.as_ref().is_none_or(|(time, _)| tried < *time) {
            best = Some((tried, imap));
        } else {
            imap.command("LOGOUT").map_err(said)?;
        }
    }
    let (_, mut imap) = best.ok_or("no session")?;
    let count = imap.count(BIG).map_err(said)?;
    if count != u64::from(BIG_COUNT) {
        return Err(format!("{BIG} holds {count} messages"));
    }
    let meter = Meter::begin(&scene.server()?.roots);
    let times = selects(&mut imap, SELECTS).map_err(said)?;
    Ok(vec![Figure::many("", times, "ms").spending(meter.end())])
}

/// The milliseconds of each SELECT of the big folder.
fn selects(imap: &mut Imap, count: u32) -> std::io::Result<Vec<f64>> {
    let mut times = Vec::new();
    for _ in 0..count {
        imap.command("SELECT INBOX")?;
        let began = Instant::now();
        imap.command(&format!("SELECT {BIG}"))?;
        times.push(began.elapsed().as_secs_f64() * 1000.0);
    }
    Ok(times)
}

/// FETCH 1:10000 (FLAGS UID ENVELOPE).
pub(super) fn fetch(scene: &mut Scene<'_>) -> Result<Vec<Figure>, String> {
    let command = format!("FETCH 1:{MIDDLE_COUNT} (FLAGS UID ENVELOPE)");
    repeated(scene, &command, |lines, _| lines == MIDDLE_COUNT as usize)
}

/// SEARCH BODY of a long word, after indexes had time to be built.
pub(super) fn search(scene: &mut Scene<'_>) -> Result<Vec<Figure>, String> {
    let command = format!("SEARCH BODY {NEEDLE}");
    settle(scene, &command)?;
    repeated(scene, &command, |_, data| data.split(' ').count() == HITS + 2)
}

/// SEARCH BODY of two letters, which no index of words or of three letters answers: a scan.
pub(super) fn search_short(scene: &mut Scene<'_>) -> Result<Vec<Figure>, String> {
    let command = format!("SEARCH BODY {SHORT_NEEDLE}");
    repeated(scene, &command, |_, data| data.split(' ').count() == HITS + 2)
}

/// Waits until a server is idle: whatever it indexes in the background is indexed then.
fn settle(scene: &Scene<'_>, command: &str) -> Result<(), String> {
    /// CPU seconds a second below which a server counts as idle.
    const IDLE: f64 = 0.05;
    let roots = &scene.server()?.roots;
    let mut imap = first_account(scene)?;
    imap.command(&format!("SELECT {MIDDLE}")).map_err(said)?;
    imap.command(command).map_err(said)?;
    let began = Instant::now();
    loop {
        let meter = Meter::begin(roots);
        std::thread::sleep(Duration::from_secs(1));
        if meter.end().cpu_s < IDLE {
            return Ok(());
        }
        if began.elapsed() > INDEXED {
            return Err("the server does not come to rest".to_owned());
        }
    }
}

/// Runs one command in the middle folder again and again; the milliseconds of each.
fn repeated(scene: &Scene<'_>, command: &str, right: fn(usize, &str) -> bool) -> Result<Vec<Figure>, String> {
    let mut imap = first_account(scene)?;
    imap.command(&format!("SELECT {MIDDLE}")).map_err(said)?;
    // Once for the caches, which are what is compared.
    imap.command(command).map_err(said)?;
    let meter = Meter::begin(&scene.server()?.roots);
    let mut times = Vec::new();
    for _ in 0..REPEATS {
        let began = Instant::now();
        let answer = imap.command(command).map_err(said)?;
        times.push(began.elapsed().as_secs_f64() * 1000.0);
        if !right(answer.lines, &answer.data) {
            return Err(format!(
                "{command}: wrong answer of {} lines: {:.80}",
                answer.lines, answer.data
            ));
        }
    }
    let spent = meter.end();
    let load = Figure::one("load-cpu", spent.load_cpu_s, "s", times.len() as u64);
    Ok(vec![Figure::many("", times, "ms").spending(spent), load])
}
