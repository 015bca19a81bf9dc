//! Reading messages of the opened folder: header, parts, bytes, tests of content.
//!
//! Only what is asked for is read, in chunks, so memory does not grow with the message. Header and parts are remembered
//! of the message asked for last: FETCH asks several things of one message in a row.

use std::sync::Arc;

use axigen_shared::{Cause, Refusal};
use axigend_message::{Structure, Summarizer, Summary, Walker, header_len};
use axigend_protocol::imap::{CHUNK, HEADER_MAX, Header, Inspection, Test};
use axigend_storage::{BodyRef, FolderId, Mailbox};
use bytes::{Bytes, BytesMut};

use super::page::Page;

/// First bite when a header is wanted: nearly every header is shorter.
const HEADER_BITE: usize = 8 * 1024;

/// What is remembered of messages.
#[derive(Default)]
pub(super) struct Messages {
    /// The page of rows asked for last.
    pub(super) page: Page,
    header: Option<(u32, Header)>,
    structure: Option<(u32, Arc<Structure>)>,
}

impl Messages {
    /// Forgets everything: another folder.
    pub(super) fn forget(&mut self) {
        *self = Self::default();
    }

    /// Bytes as stored, at most [`CHUNK`].
    pub(super) async fn body(
        &mut self,
        mailbox: &Mailbox,
        folder: FolderId,
        uid: u32,
        offset: u64,
        len: usize,
    ) -> Result<Bytes, Refusal> {
        let body = self.page.place(mailbox, folder, uid).await?;
        read(mailbox, body, offset, len).await
    }

    /// The header, as far as it is handed over whole.
    pub(super) async fn header(
        &mut self,
        mailbox: &Mailbox,
        folder: FolderId,
        uid: u32,
    ) -> Result<Header, Refusal> {
        if let Some((known, header)) = &self.header
            && *known == uid
        {
            return Ok(header.clone());
        }
        let body = self.page.place(mailbox, folder, uid).await?;
        let header = match self.page.summary(uid) {
            Some(summary) => read_known_header(mailbox, body, summary.header_len()).await?,
            None => read_header(mailbox, body).await?,
        };
        self.header = Some((uid, header.clone()));
        Ok(header)
    }

    /// The parts.
    pub(super) async fn structure(
        &mut self,
        mailbox: &Mailbox,
        folder: FolderId,
        uid: u32,
    ) -> Result<Arc<Structure>, Refusal> {
        if let Some((known, structure)) = &self.structure
            && *known == uid
        {
            return Ok(Arc::clone(structure));
        }
        let body = self.page.place(mailbox, folder, uid).await?;
        if let Some(structure) = self.page.summary(uid).and_then(Summary::structure) {
            let structure = Arc::new(structure);
            self.structure = Some((uid, Arc::clone(&structure)));
            return Ok(structure);
        }
        let mut summarizer = Summarizer::new();
        let mut offset = 0;
        while offset < body.len {
            let chunk = read(mailbox, body, offset, CHUNK).await?;
            offset += chunk.len() as u64;
            summarizer.feed(&chunk);
            // Other connections live on this thread.
            tokio::task::yield_now().await;
        }
        let (summary, structure) = summarizer.finish_with_structure();
        self.page.learn(mailbox, uid, &summary);
        let structure = Arc::new(structure);
        self.structure = Some((uid, Arc::clone(&structure)));
        Ok(structure)
    }

    /// Which tests a message passes; one that is gone passes none.
    pub(super) async fn test(
        &mut self,
        mailbox: &Mailbox,
        folder: FolderId,
        uid: u32,
        tests: &[Test],
    ) -> Result<Vec<bool>, Refusal> {
        tokio::task::yield_now().await;
        match self.inspect(mailbox, folder, uid, tests).await {
            Err(refusal) if refusal.cause == Cause::NoSuchMessage => Ok(vec![false; tests.len()]),
            passed => passed,
        }
    }

    async fn inspect(
        &mut self,
        mailbox: &Mailbox,
        folder: FolderId,
        uid: u32,
        tests: &[Test],
    ) -> Result<Vec<bool>, Refusal> {
        let body = self.page.place(mailbox, folder, uid).await?;
        if body.len <= CHUNK as u64 {
            return Ok(inspect_whole(&read(mailbox, body, 0, CHUNK).await?, tests));
        }
        let header = self.header(mailbox, folder, uid).await?;
        let mut inspection = Inspection::new(tests);
        if header.complete {
            inspection.header(&header.bytes, true);
        } else {
            self.inspect_long_header(mailbox, folder, uid, &mut inspection)
                .await?;
        }
        if !inspection.wants_text() {
            return Ok(inspection.passed());
        }
        let structure = self.structure(mailbox, folder, uid).await?;
        for part in Inspection::parts(&structure) {
            inspection.begin(&part);
            let mut offset = part.range.start;
            while offset < part.range.end && inspection.wants_text() {
                let want = usize::try_from(part.range.end - offset)
                    .unwrap_or(CHUNK)
                    .min(CHUNK);
                let chunk = read(mailbox, body, offset, want).await?;
                offset += chunk.len() as u64;
                inspection.feed(&chunk, offset >= part.range.end);
                tokio::task::yield_now().await;
            }
            if !inspection.wants_text() {
                break;
            }
        }
        Ok(inspection.passed())
    }
}

impl Messages {
    /// Brings a header that is too long to be held.
    async fn inspect_long_header(
        &mut self,
        mailbox: &Mailbox,
        folder: FolderId,
        uid: u32,
        inspection: &mut Inspection<'_>,
    ) -> Result<(), Refusal> {
        let end = self.structure(mailbox, folder, uid).await?.root.header.end;
        let body = self.page.place(mailbox, folder, uid).await?;
        let mut offset = 0;
        while offset < end {
            let want = usize::try_from(end - offset).unwrap_or(CHUNK).min(CHUNK);
            let chunk = read(mailbox, body, offset, want).await?;
            offset += chunk.len() as u64;
            inspection.header(&chunk, offset >= end);
            tokio::task::yield_now().await;
        }
        Ok(())
    }
}

/// Tests a message that was read whole.
fn inspect_whole(message: &[u8], tests: &[Test]) -> Vec<bool> {
    let mut inspection = Inspection::new(tests);
    let mut walker = Walker::new();
    walker.feed(message);
    let structure = walker.finish();
    let header_end = usize::try_from(structure.root.header.end).unwrap_or(usize::MAX);
    inspection.header(message.get(..header_end).unwrap_or(message), true);
    if !inspection.wants_text() {
        return inspection.passed();
    }
    for part in Inspection::parts(&structure) {
        let [start, end] =
            [part.range.start, part.range.end].map(|at| usize::try_from(at).unwrap_or(usize::MAX));
        let bytes = message.get(start..end).unwrap_or_default();
        inspection.begin(&part);
        if !bytes.is_empty() {
            inspection.feed(bytes, true);
        }
        if !inspection.wants_text() {
            break;
        }
    }
    inspection.passed()
}

/// Bytes of a body; nothing only at its end.
pub(super) async fn read(
    mailbox: &Mailbox,
    body: BodyRef,
    offset: u64,
    len: usize,
) -> Result<Bytes, Refusal> {
    let left = usize::try_from(body.len.saturating_sub(offset)).unwrap_or(usize::MAX);
    let want = len.min(CHUNK).min(left);
    if want == 0 {
        return Ok(Bytes::new());
    }
    let bytes = mailbox.read(body, offset, want).await?;
    if bytes.is_empty() {
        return Err(Refusal::new(
            Cause::StorageFailure,
            format!("a body ends at {offset} of {}", body.len),
        ));
    }
    Ok(bytes)
}

/// Reads a header of which the length is known, as far as it is handed over.
async fn read_known_header(mailbox: &Mailbox, body: BodyRef, len: u64) -> Result<Header, Refusal> {
    let wanted = usize::try_from(len.min(body.len))
        .unwrap_or(HEADER_MAX)
        .min(HEADER_MAX);
    let mut bytes = read(mailbox, body, 0, wanted).await?;
    if bytes.len() < wanted {
        let mut longer = BytesMut::from(bytes.as_ref());
        while longer.len() < wanted {
            let chunk = read(mailbox, body, longer.len() as u64, wanted - longer.len()).await?;
            longer.extend_from_slice(&chunk);
        }
        bytes = longer.freeze();
    }
    let complete = bytes.len() as u64 == len;
    Ok(Header { bytes, complete })
}

async fn read_header(mailbox: &Mailbox, body: BodyRef) -> Result<Header, Refusal> {
    let first = read(mailbox, body, 0, HEADER_BITE).await?;
    if let Some(len) = header_len(&first) {
        return Ok(Header {
            bytes: first.slice(..len),
            complete: true,
        });
    }
    let mut bytes = BytesMut::from(first.as_ref());
    while (bytes.len() as u64) < body.len && bytes.len() < HEADER_MAX {
        let chunk = read(mailbox, body, bytes.len() as u64, CHUNK).await?;
        // The end of the header may lie across two chunks.
        let searched = bytes.len().saturating_sub(3);
        bytes.extend_from_slice(&chunk);
        let tail = bytes.get(searched..).unwrap_or_default();
        if tail_ends_header(tail) {
            break;
        }
    }
    let bytes = bytes.freeze();
    let found = header_len(&bytes);
    // A message without a blank line is all header.
    let len = found.unwrap_or(bytes.len()).min(HEADER_MAX);
    let complete = found.is_some_and(|found| found <= HEADER_MAX) || len as u64 == body.len;
    Ok(Header {
        bytes: bytes.slice(..len),
        complete,
    })
}

/// Whether a blank line lies in `tail`.
fn tail_ends_header(tail: &[u8]) -> bool {
    tail.windows(2).any(|pair| pair == b"\n\n") || tail.windows(3).any(|three| three == b"\n\r\n")
}
