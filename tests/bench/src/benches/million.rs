//! This server with very many messages: start after a crash, memory at rest, memory and time of one enormous FETCH.

use super::append::fill as append;
use super::{Scene, said};
use crate::load::{Imap, Messages, Smtp, user};
use crate::meter::{anonymous_kib, most_memory};
use crate::report::Figure;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Accounts that share the messages.
pub(super) const ACCOUNTS: usize = 1_000;
/// Recipients of each message that fills the store.
const RECIPIENTS: usize = 100;
/// Sessions that fill it, and that send when the server is killed.
const SESSIONS: usize = 8;
const SIZE: usize = 4096;
/// The folder with all messages of the other store.
const HUGE: &str = "Huge";
/// Load before a kill.
const BEFORE_KILL: Duration = Duration::from_secs(3);
/// Rest before memory is read.
const REST: Duration = Duration::from_secs(10);
/// Longest wait until everything is delivered.
const DRAIN: Duration = Duration::from_mins(10);

/// Sends messages to a hundred accounts each until every account has its share.
pub(super) fn fill(scene: &mut Scene<'_>) -> Result<(), String> {
    let server = scene.server()?;
    let sends = scene.arguments.million() as usize / RECIPIENTS;
    let next = AtomicUsize::new(0);
    let messages = Messages::new(SIZE);
    let began = Instant::now();
    std::thread::scope(|threads| {
        let session = || -> std::io::Result<()> {
            let mut smtp = Smtp::connect(server.smtp)?;
            let mut message = Vec::new();
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= sends {
                    return Ok(());
                }
                let first = number * RECIPIENTS % ACCOUNTS;
                messages.next(&mut message);
                smtp.send(first + 1..=first + RECIPIENTS, &mut message)?;
            }
        };
        let running: Vec<_> = (0..SESSIONS).map(|_| threads.spawn(session)).collect();
        running
            .into_iter()
            .try_for_each(|thread| thread.join().expect("a session does not panic"))
    })
    .map_err(|error| format!("filling: {error}"))?;
    let each = u64::from(scene.arguments.million()) / ACCOUNTS as u64;
    for account in (1..=ACCOUNTS).step_by(RECIPIENTS) {
        let mut imap = Imap::login(server.imap, &user(account)).map_err(said)?;
        while imap.count("INBOX").map_err(said)? < each {
            if began.elapsed() > DRAIN {
                return Err(format!(
                    "filling: {} does not get its {each} messages",
                    user(account)
                ));
            }
            std::thread::sleep(Duration::from_millis(200));
        }
    }
    Ok(())
}

/// kill -9 under load, then the time from the start of the process to the 250 for a message.
pub(super) fn start_after_kill(scene: &mut Scene<'_>) -> Result<Vec<Figure>, String> {
    let server = scene.server.take().ok_or("the server does not run")?;
    let address = server.smtp;
    let stop = AtomicBool::new(false);
    let sent = AtomicU64::new(0);
    let mut server = Some(server);
    std::thread::scope(|threads| {
        for session in 0..SESSIONS {
            let (stop, sent) = (&stop, &sent);
            threads.spawn(move || send_until_cut(address, session, stop, sent));
        }
        std::thread::sleep(BEFORE_KILL);
        if let Some(server) = server.take() {
            server.kill();
        }
        stop.store(true, Ordering::Relaxed);
    });
    let began = Instant::now();
    scene.server = Some(scene.system.start(scene.home)?);
    let mut message = Vec::new();
    Messages::new(SIZE).next(&mut message);
    let mut smtp = Smtp::connect(address).map_err(said)?;
    smtp.send([1].into_iter(), &mut message).map_err(said)?;
    let seconds = began.elapsed().as_secs_f64();
    let sent = sent.into_inner();
    Ok(vec![Figure::one("", seconds * 1000.0, "ms", sent)])
}

fn send_until_cut(address: SocketAddr, session: usize, stop: &AtomicBool, sent: &AtomicU64) {
    let messages = Messages::new(SIZE);
    let mut message = Vec::new();
    let Ok(mut smtp) = Smtp::connect(address) else {
        return;
    };
    let mut account = session;
    while !stop.load(Ordering::Relaxed) {
        messages.next(&mut message);
        account = (account + SESSIONS) % ACCOUNTS;
        if smtp.send([account + 1].into_iter(), &mut message).is_err() {
            return;
        }
        sent.fetch_add(1, Ordering::Relaxed);
    }
}

/// RssAnon after a rest, as the server is and after an orderly restart.
pub(super) fn memory_idle(scene: &mut Scene<'_>) -> Result<Vec<Figure>, String> {
    let used = resting(scene)?;
    drop(scene.server.take());
    scene.server = Some(scene.system.start(scene.home)?);
    let fresh = resting(scene)?;
    let n = u64::from(scene.arguments.million());
    Ok(vec![
        Figure::one("", used, "MB", n),
        Figure::one("restarted", fresh, "MB", n),
    ])
}

fn resting(scene: &Scene<'_>) -> Result<f64, String> {
    std::thread::sleep(REST);
    let pid = scene.server()?.roots[0];
    Ok(megabytes(anonymous_kib(pid).ok_or("RssAnon cannot be read")?))
}

fn megabytes(kib: u64) -> f64 {
    kib as f64 * 1024.0 / 1e6
}

/// Fills the one enormous folder, by copying.
pub(super) fn fill_huge(scene: &Scene<'_>) -> std::io::Result<()> {
    let server = scene.server().map_err(std::io::Error::other)?;
    let mut imap = Imap::login(server.imap, &user(1))?;
    imap.command(&format!("CREATE {HUGE}"))?;
    append(server.imap, &user(1), HUGE, &Messages::new(1024), 1000)?;
    imap.grow(HUGE, scene.arguments.million().into())
}

/// UID FETCH 1:* (FLAGS) of one folder with all the messages: its time, and the most memory meanwhile.
pub(super) fn uid_fetch(scene: &mut Scene<'_>) -> Result<Vec<Figure>, String> {
    let server = scene.server()?;
    let count = scene.arguments.million();
    let mut imap = Imap::login(server.imap, &user(1)).map_err(said)?;
    imap.command(&format!("SELECT {HUGE}")).map_err(said)?;
    let pid = server.roots[0];
    let (most, (seconds, lines)) = most_memory(pid, || {
        let began = Instant::now();
        let answer = imap.command("UID FETCH 1:* (FLAGS)");
        (began.elapsed().as_secs_f64(), answer.map(|answer| answer.lines))
    });
    let lines = lines.map_err(said)?;
    if lines != count as usize {
        return Err(format!("{lines} answers for {count} messages"));
    }
    Ok(vec![
        Figure::one("", seconds * 1000.0, "ms", count.into()),
        Figure::one("memory", megabytes(most), "MB", count.into()),
    ])
}
