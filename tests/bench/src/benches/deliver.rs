//! SMTP in, mailbox out: a message counts when it is visible in every recipient's mailbox.

use super::prepare::ACCOUNTS;
use super::{Scene, said};
use crate::disk::{self, Writing};
use crate::load::{Imap, Messages, Smtp, user};
use crate::meter::{Meter, Spent};
use crate::report::Figure;
use crate::systems::Server;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

const SMALL: usize = 4096;
const LARGE: usize = 64 * 1024;
/// Beyond what a session holds by itself.
const HUGE: usize = 4 << 20;
/// Longest wait until everything accepted is delivered.
const DRAIN: Duration = Duration::from_mins(5);
/// Between two looks into a mailbox that is not complete.
const LOOK: Duration = Duration::from_millis(20);
/// How long the plain loop runs that shows what the disk can do.
const LOOP: Duration = Duration::from_secs(3);

struct Load {
    size: usize,
    sessions: usize,
    recipients: usize,
}

struct Delivered {
    messages: u64,
    /// From the first message to the last one visible.
    seconds: f64,
    /// From the first message to the last answer.
    accepting: f64,
    latencies_ms: Vec<f64>,
    spent: Spent,
}

/// 4 KiB, 20 sessions; beside it plain loops that write and sync as many bytes at a time as this server did.
pub(super) fn small_20(scene: &mut Scene<'_>) -> Result<Vec<Figure>, String> {
    let load = Load {
        size: SMALL,
        sessions: 20,
        recipients: 1,
    };
    let delivered = deliver(scene, &load)?;
    let mut figures = delivered.figures(&load);
    let batch = delivered.per_sync();
    // Whoever syncs several times for a message has no batch.
    if let Some(batch) = batch.filter(|&batch| batch >= 1.0) {
        for (part, writing) in [
            ("limit-append-fdatasync", Writing::Append),
            ("limit-overwrite-fdatasync", Writing::Overwrite),
        ] {
            let bytes = (batch * SMALL as f64) as usize;
            let rate = disk::write_rate(scene.home, writing, bytes, LOOP).map_err(said)?;
            figures.push(Figure::one(part, rate * batch, "msg/s", delivered.messages));
        }
    }
    Ok(figures)
}

/// 64 KiB, 20 sessions.
pub(super) fn large_20(scene: &mut Scene<'_>) -> Result<Vec<Figure>, String> {
    let load = Load {
        size: LARGE,
        sessions: 20,
        recipients: 1,
    };
    Ok(deliver(scene, &load)?.figures(&load))
}

/// 4 MiB, 8 sessions.
pub(super) fn huge_8(scene: &mut Scene<'_>) -> Result<Vec<Figure>, String> {
    let load = Load {
        size: HUGE,
        sessions: 8,
        recipients: 1,
    };
    Ok(deliver(scene, &load)?.figures(&load))
}

/// 64 KiB to 10 local recipients, 20 sessions: what one more copy costs.
pub(super) fn large_20_to_10(scene: &mut Scene<'_>) -> Result<Vec<Figure>, String> {
    let load = Load {
        size: LARGE,
        sessions: 20,
        recipients: 10,
    };
    Ok(deliver(scene, &load)?.figures(&load))
}

/// 4 KiB, one session, one message at a time: the time from MAIL to the answer after the data.
pub(super) fn small_1(scene: &mut Scene<'_>) -> Result<Vec<Figure>, String> {
    let load = Load {
        size: SMALL,
        sessions: 1,
        recipients: 1,
    };
    let delivered = deliver(scene, &load)?;
    let syncs = delivered.per_message(delivered.spent.syncs.map(|syncs| syncs as f64));
    let rate = delivered.messages as f64 / delivered.seconds;
    let mut figures = vec![
        Figure::many("", delivered.latencies_ms, "ms").spending(delivered.spent),
        Figure::one("rate", rate, "msg/s", delivered.messages),
    ];
    figures.extend(syncs.map(|syncs| Figure::one("syncs", syncs, "syncs/msg", delivered.messages)));
    Ok(figures)
}

impl Delivered {
    fn per_message(&self, sum: Option<f64>) -> Option<f64> {
        sum.map(|sum| sum / self.messages as f64)
    }

    /// Messages made safe by one sync, on average.
    fn per_sync(&self) -> Option<f64> {
        let syncs = self.spent.syncs.filter(|&syncs| syncs > 0)?;
        Some(self.messages as f64 / syncs as f64)
    }

    fn figures(&self, load: &Load) -> Vec<Figure> {
        let n = self.messages;
        let copies = n as f64 * load.recipients as f64;
        let of_bytes = self.spent.bytes as f64 / (copies * load.size as f64);
        let per = if load.recipients == 1 {
            "bytes/byte"
        } else {
            "bytes/byte of a copy"
        };
        let mut figures = vec![
            Figure::one("", n as f64 / self.seconds, "msg/s", n).spending(self.spent),
            Figure::one("accepted", n as f64 / self.accepting, "msg/s", n),
            Figure::many("latency", self.latencies_ms.clone(), "ms"),
            Figure::one("cpu", self.spent.cpu_s * 1000.0 / n as f64, "ms/msg", n),
            Figure::one("bytes", of_bytes, per, n),
            Figure::one("load-cpu", self.spent.load_cpu_s, "s", n),
        ];
        let syncs = self.per_message(self.spent.syncs.map(|syncs| syncs as f64));
        figures.extend(syncs.map(|syncs| Figure::one("syncs", syncs, "syncs/msg", n)));
        figures
    }
}

fn deliver(scene: &Scene<'_>, load: &Load) -> Result<Delivered, String> {
    let server = scene.server()?;
    let mut mailboxes = Mailboxes::open(server)?;
    let messages = Messages::new(load.size);
    let turn = AtomicUsize::new(0);
    let meter = Meter::begin(&server.roots);
    let began = Instant::now();
    let end = began + scene.arguments.time();
    let sessions: Vec<Result<Vec<f64>, String>> = std::thread::scope(|threads| {
        let session = || send_until(server, &messages, load.recipients, &turn, end);
        let running: Vec<_> = (0..load.sessions).map(|_| threads.spawn(session)).collect();
        running
            .into_iter()
            .map(|thread| thread.join().expect("a session does not panic"))
            .collect()
    });
    let accepting = began.elapsed().as_secs_f64();
    let mut latencies_ms = Vec::new();
    for session in sessions {
        latencies_ms.extend(session?);
    }
    mailboxes.wait_for(turn.into_inner())?;
    Ok(Delivered {
        messages: latencies_ms.len() as u64,
        seconds: began.elapsed().as_secs_f64(),
        accepting,
        latencies_ms,
        spent: meter.end(),
    })
}

/// One session; the milliseconds of each message.
fn send_until(
    server: &Server,
    messages: &Messages,
    recipients: usize,
    turn: &AtomicUsize,
    end: Instant,
) -> Result<Vec<f64>, String> {
    let mut smtp = Smtp::connect(server.smtp).map_err(said)?;
    let mut message = Vec::new();
    let mut times = Vec::new();
    while Instant::now() < end {
        messages.next(&mut message);
        let first = turn.fetch_add(recipients, Ordering::Relaxed);
        let began = Instant::now();
        let users = (first..first + recipients).map(|number| number % ACCOUNTS + 1);
        smtp.send(users, &mut message).map_err(said)?;
        times.push(began.elapsed().as_secs_f64() * 1000.0);
    }
    Ok(times)
}

/// A connection to every mailbox and what was in it before.
struct Mailboxes {
    open: Vec<(Imap, u64)>,
}

impl Mailboxes {
    fn open(server: &Server) -> Result<Self, String> {
        let look = |number| {
            let mut imap = Imap::login(server.imap, &user(number))?;
            let count = imap.count("INBOX")?;
            Ok((imap, count))
        };
        let open: std::io::Result<_> = (1..=ACCOUNTS).map(look).collect();
        Ok(Self {
            open: open.map_err(said)?,
        })
    }

    /// Waits until so many copies, dealt out in turn, have arrived. One mailbox after the other is looked at.
    fn wait_for(&mut self, copies: usize) -> Result<(), String> {
        let began = Instant::now();
        let (each, more) = ((copies / ACCOUNTS) as u64, copies % ACCOUNTS);
        for (index, (imap, before)) in self.open.iter_mut().enumerate() {
            let wanted = *before + each + u64::from(index < more);
            loop {
                let count = imap.count("INBOX").map_err(said)?;
                if count == wanted {
                    break;
                }
                if began.elapsed() > DRAIN || count > wanted {
                    let name = user(index + 1);
                    return Err(format!(
                        "{name} has {count} messages, expected {wanted} (of {copies} copies in all)"
                    ));
                }
                std::thread::sleep(LOOK);
            }
        }
        Ok(())
    }
}
