//! This server while old mail is brought in by IMAP: how fast, and the most memory meanwhile.

use super::prepare::ACCOUNTS;
use super::{Scene, said};
use crate::load::{Imap, Messages, user};
use crate::meter::{Meter, most_memory};
use crate::report::Figure;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

const SIZE: usize = 64 * 1024;
const CLIENTS: usize = 8;
/// Where an import of one account puts its mail.
const FOLDER: &str = "Imported";

/// APPEND of 10 GB (a twentieth of it in a quick run) into fifty accounts, eight of them at a time.
pub(super) fn ten_gigabytes(scene: &mut Scene<'_>) -> Result<Vec<Figure>, String> {
    let server = scene.server()?;
    let each = scene.arguments.imported() / (ACCOUNTS * SIZE) as u64;
    let each = u32::try_from(each).map_err(said)?;
    let messages = Messages::new(SIZE);
    let meter = Meter::begin(&server.roots);
    let began = Instant::now();
    let (most, outcome) = most_memory(server.roots[0], || all(server.imap, &messages, each));
    outcome.map_err(said)?;
    let seconds = began.elapsed().as_secs_f64();
    let spent = meter.end();
    for account in 1..=ACCOUNTS {
        let mut imap = Imap::login(server.imap, &user(account)).map_err(said)?;
        let have = imap.count(FOLDER).map_err(said)?;
        if have != u64::from(each) {
            return Err(format!("{} has {have} messages, not {each}", user(account)));
        }
    }
    let n = u64::from(each) * ACCOUNTS as u64;
    let bytes = n as f64 * SIZE as f64;
    Ok(vec![
        Figure::one("", bytes / 1e6 / seconds, "MB/s", n).spending(spent),
        Figure::one("memory", most as f64 * 1024.0 / 1e6, "MB", n),
        Figure::one("bytes", spent.bytes as f64 / bytes, "bytes/byte", n),
    ])
}

/// Every account once, whoever of the clients is free takes the next.
fn all(address: SocketAddr, messages: &Messages, each: u32) -> io::Result<()> {
    let next = AtomicUsize::new(1);
    let client = || -> io::Result<()> {
        loop {
            let account = next.fetch_add(1, Ordering::Relaxed);
            if account > ACCOUNTS {
                return Ok(());
            }
            let mut imap = Imap::login(address, &user(account))?;
            imap.command(&format!("CREATE {FOLDER}"))?;
            imap.append_many(FOLDER, messages, each)?;
        }
    };
    std::thread::scope(|threads| {
        let running: Vec<_> = (0..CLIENTS).map(|_| threads.spawn(client)).collect();
        running
            .into_iter()
            .try_for_each(|thread| thread.join().expect("a client does not panic"))
    })
}
