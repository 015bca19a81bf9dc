//! A summary for each message that goes to a store, made here so that no reader has to parse the message later and the
//! store's committer does not wait for it.

use std::sync::Arc;

use axigen_shared::{Cause, Refusal};
use axigend_message::Summarizer;
use axigend_storage::{BodySource, Noted, ask};

/// Bytes read at a time; other messages of this thread get their turn between two.
const PIECE: u64 = 64 * 1024;

/// The body with its summary as a note. One that cannot be read goes on as it is: the store will say why.
pub(crate) async fn summarized(body: Arc<dyn BodySource>) -> Arc<dyn BodySource> {
    let mut summarizer = Summarizer::new();
    let mut offset = 0;
    while offset < body.len() {
        if offset > 0 {
            tokio::task::yield_now().await;
        }
        let read = Arc::clone(&body);
        match ask(move || piece(&*read, offset)).await {
            Ok(bytes) if !bytes.is_empty() => {
                offset += bytes.len() as u64;
                summarizer.feed(&bytes);
            }
            _ => return body,
        }
    }
    let note = summarizer.finish().encoded().clone();
    Arc::new(Noted { body, note })
}

/// The next bytes of a body; what came over the network may lie in a file.
fn piece(body: &dyn BodySource, offset: u64) -> Result<Vec<u8>, Refusal> {
    let left = body.len().saturating_sub(offset);
    let mut bytes = vec![0; usize::try_from(left.min(PIECE)).unwrap_or_default()];
    let count = body
        .read_at(offset, &mut bytes)
        .map_err(|error| Refusal::new(Cause::StorageFailure, format!("body: {error}")))?;
    bytes.truncate(count);
    Ok(bytes)
}
