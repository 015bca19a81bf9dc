//! Writing with a time-out and closing without losing the last words.
//!
//! While the service stops, a peer that takes nothing is not waited for: see [`STOP_PATIENCE`].

use super::Ending;
use crate::phase::{Phase, PhaseWatch};
use crate::wire::Wire;
use axigend_protocol::OUTPUT_CHUNK;
use std::future::Future;
use std::io;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::time::{sleep, timeout};

/// How long the peer may take for one chunk of output. With 64 KiB chunks that is 546 bytes a second: slower than any
/// line, faster than a peer that reads one byte now and then to hold our memory.
pub const WRITE_TIMEOUT: Duration = if cfg!(test) {
    Duration::from_millis(300)
} else {
    Duration::from_mins(2)
};

/// How long a peer may do nothing while the service stops: take none of what is written, or send none of what its
/// session still wants to hear. A round trip over a bad line, and little of the grace time.
pub const STOP_PATIENCE: Duration = if cfg!(test) {
    Duration::from_millis(100)
} else {
    Duration::from_secs(1)
};

/// How long and how much we still listen after our close, so that the kernel does not answer unread input with a reset
/// that would destroy the goodbye on its way to the peer.
const LINGER: Duration = Duration::from_secs(1);
const LINGER_LIMIT: usize = 256 * 1024;

/// How long TLS's close_notify may take to be written.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);

/// Resolves [`STOP_PATIENCE`] after the service began to stop.
pub async fn stop_patience(phase: &mut PhaseWatch) {
    phase.until(Phase::Draining).await;
    sleep(STOP_PATIENCE).await;
}

/// Writes all of it, chunk by chunk, each within [`WRITE_TIMEOUT`].
pub async fn write_all<S>(wire: &mut Wire<S>, phase: &mut PhaseWatch, bytes: &[u8]) -> Result<(), Ending>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    for chunk in bytes.chunks(OUTPUT_CHUNK) {
        match timeout(WRITE_TIMEOUT, write_chunk(wire, phase, chunk)).await {
            Ok(written) => written?,
            Err(_elapsed) => return Err(Ending::NotRead),
        }
    }
    Ok(())
}

async fn write_chunk<S>(wire: &mut Wire<S>, phase: &mut PhaseWatch, chunk: &[u8]) -> Result<(), Ending>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut rest = chunk;
    while !rest.is_empty() {
        let count = unless_stopped(phase, wire.write(rest)).await?;
        if count == 0 {
            return Err(Ending::Failed(io::ErrorKind::WriteZero.into()));
        }
        rest = rest.get(count..).unwrap_or_default();
    }
    unless_stopped(phase, wire.flush()).await
}

/// One step of writing; given up when it takes too long while the service stops.
async fn unless_stopped<T>(
    phase: &mut PhaseWatch,
    step: impl Future<Output = io::Result<T>>,
) -> Result<T, Ending> {
    tokio::select! {
        biased;
        done = step => done.map_err(Ending::Failed),
        () = stop_patience(phase) => Err(Ending::Cut),
    }
}

/// Says close_notify, closes our side and waits a moment for the peer's.
pub async fn close<S>(wire: &mut Wire<S>, phase: &mut PhaseWatch, peer_closed: bool)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    // Nobody is left to hear of an error here.
    let closed = timeout(CLOSE_TIMEOUT, unless_stopped(phase, wire.shutdown())).await;
    if peer_closed || !matches!(closed, Ok(Ok(()))) {
        return;
    }
    let rest = async {
        let mut left = LINGER_LIMIT;
        while left > 0 {
            match wire.read(<[u8]>::len).await {
                Ok(0) | Err(_) => break,
                Ok(count) => left = left.saturating_sub(count),
            }
        }
    };
    let _ = timeout(LINGER, rest).await;
}
