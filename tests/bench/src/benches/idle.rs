//! IDLE: two thousand connections, forty of them on the mailbox that gets a message; when is the last one told?

use super::prepare::ACCOUNTS;
use super::{Scene, said};
use crate::load::{Imap, Messages, user};
use crate::meter::{Meter, proportional_kib};
use crate::report::Figure;
use std::io;
use std::net::SocketAddr;
use std::sync::mpsc;
use std::time::{Duration, Instant};

const CONNECTIONS: usize = 2_000;
/// Messages that arrive in one round.
const MESSAGES: u32 = 10;
/// Between two of them: servers that look at times have looked by then.
const PAUSE: Duration = Duration::from_secs(1);
/// Longest wait until the last is told.
const TOLD: Duration = Duration::from_secs(40);
/// Connections opened at the same time.
const OPENERS: usize = 8;

/// The time from sending APPEND to the last of those told, and the memory of a connection.
pub(super) fn fan_out(scene: &mut Scene<'_>) -> Result<Vec<Figure>, String> {
    let server = scene.server()?;
    let memory = || -> u64 {
        let pids = crate::meter::processes(&server.roots);
        pids.into_iter().filter_map(proportional_kib).sum()
    };
    let before = memory();
    let began = Instant::now();
    let mut idle = open(server.imap).map_err(said)?;
    let opened = began.elapsed().as_secs_f64();
    let per_connection = memory().saturating_sub(before) as f64 / CONNECTIONS as f64;
    let mine: Vec<Imap> = idle.drain(..CONNECTIONS / ACCOUNTS).collect();
    let meter = Meter::begin(&server.roots);
    let times = deliver(server.imap, mine).map_err(said)?;
    let spent = meter.end();
    drop(idle);
    Ok(vec![
        Figure::many("", times, "ms").spending(spent),
        Figure::one(
            "open",
            CONNECTIONS as f64 / opened,
            "connections/s",
            CONNECTIONS as u64,
        ),
        Figure::one("memory", per_connection, "KiB/connection", CONNECTIONS as u64),
    ])
}

/// All connections, those of the first account first.
fn open(address: SocketAddr) -> io::Result<Vec<Imap>> {
    let each = CONNECTIONS / ACCOUNTS;
    let one = move |number: usize| {
        let mut imap = Imap::login(address, &user(number / each + 1))?;
        imap.command("SELECT INBOX")?;
        imap.begin("IDLE")?;
        while !imap.wire.line()?.starts_with(b"+") {}
        Ok(imap)
    };
    let share = CONNECTIONS / OPENERS;
    std::thread::scope(|threads| {
        let running: Vec<_> = (0..OPENERS)
            .map(|part| {
                threads.spawn(move || {
                    (part * share..(part + 1) * share)
                        .map(one)
                        .collect::<io::Result<Vec<_>>>()
                })
            })
            .collect();
        let mut all = Vec::with_capacity(CONNECTIONS);
        for thread in running {
            all.extend(thread.join().expect("an opener does not panic")?);
        }
        Ok(all)
    })
}

/// Appends messages; for each the milliseconds until the last connection was told.
fn deliver(address: SocketAddr, idle: Vec<Imap>) -> io::Result<Vec<f64>> {
    let (told, hears) = mpsc::channel();
    let listeners = idle.len();
    for connection in idle {
        let told = told.clone();
        // Ends when the server closes the connection or nobody listens any more.
        std::thread::spawn(move || listen(connection, &told));
    }
    drop(told);
    let messages = Messages::new(2048);
    let mut message = Vec::new();
    let mut writer = Imap::login(address, &user(1))?;
    let mut times = Vec::new();
    for _ in 0..MESSAGES {
        std::thread::sleep(PAUSE);
        messages.next(&mut message);
        let began = Instant::now();
        writer.begin_append("INBOX", &message)?;
        writer.end()?;
        let mut last = began;
        for heard in 0..listeners {
            let at = hears
                .recv_timeout(TOLD)
                .map_err(|_| io::Error::other(format!("only {heard} of {listeners} were told")))?;
            last = last.max(at);
        }
        times.push(last.duration_since(began).as_secs_f64() * 1000.0);
    }
    Ok(times)
}

fn listen(mut connection: Imap, told: &mpsc::Sender<Instant>) {
    while let Ok(line) = connection.wire.line() {
        if line.ends_with(b" EXISTS\r\n") && told.send(Instant::now()).is_err() {
            return;
        }
    }
}
