//! A summary for each message that goes to a store, made here so that no reader has to parse the message later and the
//! store's committer does not wait for it.

use std::sync::Arc;

use axigend_message::Summarizer;
use axigend_storage::{BodySource, Noted};

/// Bytes read at a time; other messages of this thread get their turn between two.
const PIECE: u64 = 64 * 1024;

/// The body with its summary as a note. One that cannot be read goes on as it is: the store will say why.
pub(crate) async fn summarized(body: Arc<dyn BodySource>) -> Arc<dyn BodySource> {
    let mut summarizer = Summarizer::new();
    let mut piece = vec![0; usize::try_from(body.len().min(PIECE)).unwrap_or_default()];
    let mut offset = 0;
    while offset < body.len() {
        if offset > 0 {
            tokio::task::yield_now().await;
        }
        match body.read_at(offset, &mut piece) {
            Ok(count) if count > 0 => {
                offset += count as u64;
                summarizer.feed(piece.get(..count).unwrap_or_default());
            }
            _ => return body,
        }
    }
    let note = summarizer.finish().encoded().clone();
    Arc::new(Noted { body, note })
}
