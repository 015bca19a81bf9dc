//! What SORT and THREAD want to know of messages, page by page: what is remembered of them, else what their headers say.

use axigen_shared::Cause;
use axigend_message::{Envelope, SortKeys, Summary, ThreadIds};

use super::{
    backend::{Header, Row},
    bounds::ROWS_PAGE,
    dialogue::{Dialogue, Fail},
};

/// A message, as far as it is known.
pub(super) enum Message {
    Remembered(Summary),
    Read(Header),
}

impl Message {
    /// What SORT compares.
    pub(super) fn sort_keys(&self) -> SortKeys {
        match self {
            Self::Remembered(summary) => summary.sort_keys().unwrap_or_default(),
            Self::Read(header) => SortKeys::parse(&Envelope::parse(&header.bytes)),
        }
    }

    /// What THREAD links.
    pub(super) fn thread_ids(&self) -> ThreadIds {
        match self {
            Self::Remembered(summary) => summary.thread_ids().unwrap_or_default(),
            Self::Read(header) => ThreadIds::parse(&header.bytes, &Envelope::parse(&header.bytes)),
        }
    }
}

/// Calls `take` for each of these messages that is there, in order; with its row alone when that is all that is wanted.
pub(super) async fn each(
    dialogue: &Dialogue,
    uids: &[u32],
    rows_only: bool,
    mut take: impl FnMut(&Row, Option<&Message>),
) -> Result<(), Fail> {
    for page in uids.chunks(ROWS_PAGE) {
        let rows = dialogue.wire.rows(page.to_vec()).await?;
        if rows_only {
            for row in &rows {
                take(row, None);
            }
            continue;
        }
        let uids = rows.iter().map(|row| row.uid).collect();
        let summaries = dialogue.wire.summaries(uids).await?;
        for (row, summary) in rows.iter().zip(summaries) {
            // One that leaves anything out is looked at.
            let whole = summary.filter(|summary| summary.has_envelope() && summary.has_references());
            let message = match whole {
                Some(summary) => Message::Remembered(summary),
                None => match dialogue.wire.header(row.uid).await {
                    Ok(header) => Message::Read(header),
                    Err(refusal) if refusal.cause == Cause::NoSuchMessage => continue,
                    Err(refusal) => return Err(refusal.into()),
                },
            };
            take(row, Some(&message));
        }
    }
    Ok(())
}
