//! Writing with a time-out and closing without losing the last words.

use super::Ending;
use crate::wire::Wire;
use axigend_protocol::OUTPUT_CHUNK;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;

/// How long the peer may take for one chunk of output. With 64 KiB chunks that is 546 bytes a second: slower than any
/// line, faster than a peer that reads one byte now and then to hold our memory.
pub const WRITE_TIMEOUT: Duration = if cfg!(test) {
    Duration::from_millis(300)
} else {
    Duration::from_mins(2)
};

/// How long and how much we still listen after our close, so that the kernel does not answer unread input with a reset
/// that would destroy the goodbye on its way to the peer.
const LINGER: Duration = Duration::from_secs(1);
const LINGER_LIMIT: usize = 256 * 1024;

/// How long TLS's close_notify may take to be written.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);

/// Writes all of it, chunk by chunk, each within [`WRITE_TIMEOUT`].
pub async fn write_all<S>(wire: &mut Wire<S>, bytes: &[u8]) -> Result<(), Ending>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    for chunk in bytes.chunks(OUTPUT_CHUNK) {
        let written = async {
            wire.write_all(chunk).await?;
            wire.flush().await
        };
        match timeout(WRITE_TIMEOUT, written).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return Err(Ending::Failed(error)),
            Err(_elapsed) => return Err(Ending::NotRead),
        }
    }
    Ok(())
}

/// Says close_notify, closes our side and waits a moment for the peer's.
pub async fn close<S>(wire: &mut Wire<S>, peer_closed: bool)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    // Nobody is left to hear of an error here.
    let closed = timeout(CLOSE_TIMEOUT, wire.shutdown()).await;
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
