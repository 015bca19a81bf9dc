//! IMAP APPEND, one message at a time on each of 20 connections.

use super::prepare::ACCOUNTS;
use super::{Scene, said};
use crate::load::{Imap, Messages, user};
use crate::meter::Meter;
use crate::report::Figure;
use std::net::SocketAddr;
use std::time::Instant;

const SIZE: usize = 4096;
const CLIENTS: usize = 20;

/// 4 KiB, 20 clients, each into the INBOX of its own account.
pub(super) fn small_20(scene: &mut Scene<'_>) -> Result<Vec<Figure>, String> {
    let server = scene.server()?;
    let messages = Messages::new(SIZE);
    let open: std::io::Result<Vec<Imap>> = (0..CLIENTS)
        .map(|client| Imap::login(server.imap, &user(client % ACCOUNTS + 1)))
        .collect();
    let clients = open.map_err(said)?;
    let meter = Meter::begin(&server.roots);
    let began = Instant::now();
    let end = began + scene.arguments.time();
    let times: Vec<std::io::Result<Vec<f64>>> = std::thread::scope(|threads| {
        let running: Vec<_> = clients
            .into_iter()
            .map(|client| threads.spawn(|| append_until(client, &messages, end)))
            .collect();
        running
            .into_iter()
            .map(|thread| thread.join().expect("a client does not panic"))
            .collect()
    });
    let seconds = began.elapsed().as_secs_f64();
    let spent = meter.end();
    let mut latencies_ms = Vec::new();
    for client in times {
        latencies_ms.extend(client.map_err(said)?);
    }
    let n = latencies_ms.len() as u64;
    let mut figures = vec![
        Figure::one("", n as f64 / seconds, "msg/s", n).spending(spent),
        Figure::many("latency", latencies_ms, "ms"),
        Figure::one("cpu", spent.cpu_s * 1000.0 / n as f64, "ms/msg", n),
        Figure::one("load-cpu", spent.load_cpu_s, "s", n),
    ];
    let syncs = spent.syncs.map(|syncs| syncs as f64 / n as f64);
    figures.extend(syncs.map(|syncs| Figure::one("syncs", syncs, "syncs/msg", n)));
    Ok(figures)
}

fn append_until(mut client: Imap, messages: &Messages, end: Instant) -> std::io::Result<Vec<f64>> {
    let mut message = Vec::new();
    let mut times = Vec::new();
    while Instant::now() < end {
        messages.next(&mut message);
        let began = Instant::now();
        client.begin_append("INBOX", &message)?;
        client.end()?;
        times.push(began.elapsed().as_secs_f64() * 1000.0);
    }
    Ok(times)
}

/// Whoever fills mailboxes before a bench appends over several connections at once.
pub(super) fn fill(
    address: SocketAddr,
    name: &str,
    folder: &str,
    messages: &Messages,
    count: u32,
) -> std::io::Result<()> {
    /// Connections of one filling.
    const CONNECTIONS: u32 = 8;
    std::thread::scope(|threads| {
        let part = |number: u32| count / CONNECTIONS + u32::from(number < count % CONNECTIONS);
        let running: Vec<_> = (0..CONNECTIONS)
            .map(|number| {
                threads.spawn(move || Imap::login(address, name)?.append_many(folder, messages, part(number)))
            })
            .collect();
        running
            .into_iter()
            .try_for_each(|thread| thread.join().expect("a filler does not panic"))
    })
}
