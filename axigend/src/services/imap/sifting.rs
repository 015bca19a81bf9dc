//! Asking the search index, for one search at a time.

use std::sync::Arc;

use axigen_shared::{Cause, Refusal};
use axigend_protocol::imap::Test;
use axigend_search::{Question, SearchIndex, Sieve};
use axigend_storage::{BodyRef, FolderId, Mailbox};

/// The sieve of the search that is going on.
#[derive(Default)]
pub(super) struct Sifting {
    current: Option<(Arc<Vec<Test>>, Sieve)>,
}

impl Sifting {
    /// For each message, for each test, false when it cannot be passed; nothing when the index does not help.
    pub(super) async fn sift(
        &mut self,
        mailbox: &Mailbox,
        folder: FolderId,
        index: Option<Arc<SearchIndex>>,
        uids: &[u32],
        tests: &Arc<Vec<Test>>,
        last: bool,
    ) -> Result<Vec<Vec<bool>>, Refusal> {
        tokio::task::yield_now().await;
        let known = self.current.take().filter(|(known, _)| Arc::ptr_eq(known, tests));
        let sieve = match known {
            Some((_, sieve)) => Some(sieve),
            None => index.and_then(|index| Sieve::new(&index, tests.iter().map(question))),
        };
        let Some(mut sieve) = sieve else {
            return Ok(Vec::new());
        };
        let wanted = uids.to_vec();
        let there = mailbox
            .ask(move |mailbox| mailbox.bodies(folder, &wanted))
            .await?;
        let (bodies, places): (Vec<BodyRef>, Vec<u32>) =
            there.into_iter().map(|(uid, body)| (body, uid)).unzip();
        // The index is read from disk, and other sessions live on this thread.
        let sifted = tokio::task::spawn_blocking(move || (sieve.sift(bodies), sieve));
        let (possible, sieve) = sifted
            .await
            .map_err(|error| Refusal::new(Cause::Internal, format!("asking the search index: {error}")))?;
        if !last {
            self.current = Some((Arc::clone(tests), sieve));
        }
        let mut possible = places.into_iter().zip(possible).peekable();
        let gone = vec![false; tests.len()];
        let row = |uid: &u32| {
            possible
                .next_if(|(there, _)| there == uid)
                .map_or(gone.clone(), |(_, row)| row)
        };
        Ok(uids.iter().map(row).collect())
    }
}

/// What of a test the index may know.
fn question(test: &Test) -> Question<'_> {
    match test {
        Test::Field { name, needle } => Question::Field { name, needle },
        Test::Body { needle } => Question::Body(needle),
        Test::Text { needle } => Question::Text(needle),
        Test::Sent { .. } => Question::Other,
    }
}
