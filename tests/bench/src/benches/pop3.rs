//! POP3 RETR, pipelined, of a maildrop with a thousand messages of 4 KiB.

use super::prepare::MAILDROP;
use super::{Scene, said};
use crate::load::{Pop3, user};
use crate::meter::Meter;
use crate::report::Figure;
use std::time::Instant;

/// One session that retrieves everything again and again.
pub(super) fn retrieve(scene: &mut Scene<'_>) -> Result<Vec<Figure>, String> {
    let server = scene.server()?;
    let mut pop3 = Pop3::login(server.pop3, &user(2)).map_err(said)?;
    if pop3.messages != MAILDROP {
        return Err(format!("the maildrop has {} messages", pop3.messages));
    }
    let meter = Meter::begin(&server.roots);
    let began = Instant::now();
    let mut n = 0;
    while began.elapsed() < scene.arguments.time() / 2 {
        pop3.retrieve_all().map_err(said)?;
        n += u64::from(MAILDROP);
    }
    let rate = n as f64 / began.elapsed().as_secs_f64();
    let spent = meter.end();
    Ok(vec![
        Figure::one("", rate, "msg/s", n).spending(spent),
        Figure::one("load-cpu", spent.load_cpu_s, "s", n),
    ])
}
