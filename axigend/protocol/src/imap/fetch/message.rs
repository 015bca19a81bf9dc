//! One message while it is fetched: what has been asked about it, and what each section of it is.

use std::{borrow::Cow, collections::VecDeque, ops::Range, sync::Arc};

use axigen_shared::{Cause, Refusal};
use axigend_message::{
    Envelope, Part as MessagePart, Structure, Summary, ThreadIds, preview_parts, preview_range, preview_text,
    thread_id,
};
use bytes::Bytes;

use super::{
    super::{
        backend::{Header, Row},
        bounds::{CHUNK, HEADER_MAX},
        wire::Wire,
    },
    choice::{Choice, Chooser},
    section::{Section, What},
};

/// A message and what is known of it so far; asked at most once.
pub(super) struct Message<'a> {
    wire: &'a Wire,
    pub(super) row: &'a Row,
    /// What the service remembers of it.
    summary: Option<&'a Summary>,
    header: Option<Header>,
    structure: Option<Arc<Structure>>,
    preview: Option<String>,
    /// Where the sections are that will be sent, in the order asked.
    pub(super) found: VecDeque<Source>,
    /// Bytes read before they were announced, and where they begin.
    ahead: Option<(u64, Bytes)>,
}

/// Where the bytes of a section are.
#[derive(Debug)]
pub(super) enum Source {
    /// In the stored message.
    Stored(Range<u64>),
    /// Here: chosen header fields.
    Here(Vec<u8>),
    /// Fields of a header that is too long to be held.
    Chosen(Choice),
    /// There is no such part.
    Nothing,
}

impl<'a> Message<'a> {
    pub(super) const fn new(wire: &'a Wire, row: &'a Row, summary: Option<&'a Summary>) -> Self {
        Self {
            wire,
            row,
            summary,
            header: None,
            structure: None,
            preview: None,
            found: VecDeque::new(),
            ahead: None,
        }
    }

    pub(super) async fn header(&mut self) -> Result<&Header, Refusal> {
        if self.header.is_none() {
            self.header = Some(self.wire.header(self.row.uid).await?);
        }
        self.header
            .as_ref()
            .ok_or_else(|| Refusal::new(Cause::Internal, "no header"))
    }

    pub(super) async fn structure(&mut self) -> Result<Arc<Structure>, Refusal> {
        if let Some(structure) = &self.structure {
            return Ok(Arc::clone(structure));
        }
        let structure = match self.summary.and_then(Summary::structure) {
            Some(structure) => Arc::new(structure),
            None => self.wire.structure(self.row.uid).await?,
        };
        self.structure = Some(Arc::clone(&structure));
        Ok(structure)
    }

    /// Finds a section. The whole message needs nothing; its header and text need its header; parts need the structure.
    pub(super) async fn section(&mut self, section: &Section) -> Result<Source, Refusal> {
        let size = self.row.size;
        if !section.part.0.is_empty() {
            return self.part_section(section).await;
        }
        if section.text == What::All {
            return Ok(Source::Stored(0..size));
        }
        if let (Some(summary), What::Text | What::Header | What::Mime) = (self.summary, &section.text) {
            let end = summary.header_len().min(size);
            return Ok(Source::Stored(if section.text == What::Text {
                end..size
            } else {
                0..end
            }));
        }
        let header = self.header().await?.clone();
        // Where a longer header ends is known once the message was walked through.
        let end = if header.complete {
            header.bytes.len() as u64
        } else {
            self.structure().await?.root.header.end
        };
        Ok(match &section.text {
            What::Fields { names, not } if header.complete => {
                let mut bytes = Vec::new();
                Chooser::new(names, *not).feed(&header.bytes, true, &mut bytes);
                Source::Here(bytes)
            }
            What::Fields { names, not } => self.choose(0..end, names, *not).await?,
            What::Text => Source::Stored(end..size),
            What::All | What::Header | What::Mime => Source::Stored(0..end),
        })
    }

    async fn part_section(&mut self, section: &Section) -> Result<Source, Refusal> {
        let structure = self.structure().await?;
        let numbers = &section.part.0;
        let range = match &section.text {
            What::All => structure.find(numbers).map(|part| part.body.clone()),
            What::Mime => structure.find(numbers).map(|part| part.header.clone()),
            What::Header | What::Fields { .. } => structure
                .find_message(numbers)
                .map(|inner| inner.root.header.clone()),
            What::Text => structure
                .find_message(numbers)
                .map(|inner| inner.root.body.clone()),
        };
        let Some(range) = range else {
            return Ok(Source::Nothing);
        };
        let What::Fields { names, not } = &section.text else {
            return Ok(Source::Stored(range));
        };
        self.choose(range, names, *not).await
    }

    /// Fields of the header in this range: here when it is short, otherwise only counted.
    async fn choose(&self, header: Range<u64>, names: &[String], not: bool) -> Result<Source, Refusal> {
        let is_long = header.end - header.start > HEADER_MAX as u64;
        let (mut bytes, mut size) = (Vec::new(), 0);
        let mut chooser = Chooser::new(names, not);
        let mut offset = header.start;
        loop {
            let last = offset >= header.end;
            if last {
                chooser.feed(&[], true, &mut bytes);
            } else {
                let chunk = self.chunk(offset, header.end).await?;
                offset += chunk.len() as u64;
                chooser.feed(&chunk, false, &mut bytes);
            }
            if is_long {
                size += bytes.len() as u64;
                bytes.clear();
            }
            if last {
                break;
            }
        }
        if !is_long {
            return Ok(Source::Here(bytes));
        }
        Ok(Source::Chosen(Choice {
            header,
            names: names.to_vec(),
            not,
            size,
        }))
    }

    /// Asks what [`Message::root`] needs.
    pub(super) async fn know_root(&mut self) -> Result<(), Refusal> {
        if self.summary.is_none_or(|summary| !summary.has_parts()) {
            self.structure().await?;
        }
        Ok(())
    }

    /// The message as a part, for BODYSTRUCTURE.
    pub(super) async fn root(&mut self) -> Result<Cow<'_, MessagePart>, Refusal> {
        if self.structure.is_none()
            && let Some(root) = self.summary.and_then(Summary::root)
        {
            return Ok(Cow::Owned(root));
        }
        self.structure().await?;
        let structure = self.structure.as_ref();
        structure
            .map(|structure| Cow::Borrowed(&structure.root))
            .ok_or_else(|| Refusal::new(Cause::Internal, "no structure"))
    }

    /// Asks what [`Message::envelope`] needs.
    pub(super) async fn know_envelope(&mut self) -> Result<(), Refusal> {
        if self.summary.is_none_or(|summary| !summary.has_envelope()) {
            self.envelope().await?;
        }
        Ok(())
    }

    /// The envelope. That of a long header is read with the structure, which finds its fields wherever they stand.
    pub(super) async fn envelope(&mut self) -> Result<Envelope<'_>, Refusal> {
        if let Some(envelope) = self.summary.and_then(Summary::envelope) {
            return Ok(envelope);
        }
        let header = self.header().await?;
        if header.complete {
            return Ok(Envelope::parse(&header.bytes));
        }
        Ok(self.structure().await?.envelope.clone())
    }

    /// Asks what [`Message::thread`] needs.
    pub(super) async fn know_thread(&mut self) -> Result<(), Refusal> {
        let known = |summary: &Summary| summary.has_envelope() && summary.has_references();
        if !self.summary.is_some_and(known) {
            self.header().await?;
        }
        Ok(())
    }

    /// The THREADID.
    pub(super) async fn thread(&mut self) -> Result<String, Refusal> {
        let ids = if let Some(ids) = self.summary.and_then(Summary::thread_ids) {
            ids
        } else {
            let header = &self.header().await?.bytes;
            ThreadIds::parse(header, &Envelope::parse(header))
        };
        Ok(thread_id(&ids, &self.row.content))
    }

    /// The preview (RFC 8970): what is remembered, else what a look into the message gives unless that is too much.
    pub(super) async fn preview(&mut self, lazy: bool) -> Result<Option<&str>, Refusal> {
        if let Some(known) = self.summary.and_then(Summary::preview) {
            return Ok(Some(known));
        }
        if self.preview.is_none() && !lazy {
            let structure = self.structure().await?;
            let mut text = String::new();
            for part in preview_parts(&structure.root) {
                text = preview_text(part, &self.read(preview_range(part)).await?);
                if !text.is_empty() {
                    break;
                }
            }
            self.preview = Some(text);
        }
        Ok(self.preview.as_deref())
    }

    /// Bytes of the stored message in memory; only for what is bounded.
    async fn read(&self, range: Range<u64>) -> Result<Vec<u8>, Refusal> {
        let mut bytes = Vec::new();
        let mut offset = range.start;
        while offset < range.end {
            let chunk = self.chunk(offset, range.end).await?;
            offset += chunk.len() as u64;
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes)
    }

    /// A part to be decoded (RFC 3516).
    pub(super) async fn part(&mut self, numbers: &[u32]) -> Result<Option<MessagePart>, Refusal> {
        let structure = self.structure().await?;
        Ok(structure.find(numbers).cloned())
    }

    /// Reads the first bytes of a range before anything of it is announced, while a failure can still be told.
    pub(super) async fn look_ahead(&mut self, offset: u64, end: u64) -> Result<(), Refusal> {
        if offset < end {
            self.ahead = Some((offset, self.chunk(offset, end).await?));
        }
        Ok(())
    }

    /// The next bytes from `offset` on, not beyond `end`; at least one.
    pub(super) async fn chunk(&self, offset: u64, end: u64) -> Result<Bytes, Refusal> {
        if let Some((start, bytes)) = &self.ahead
            && *start == offset
            && !bytes.is_empty()
        {
            let len = usize::try_from(end - offset)
                .unwrap_or(usize::MAX)
                .min(bytes.len());
            return Ok(bytes.slice(..len));
        }
        let want = usize::try_from(end - offset).unwrap_or(usize::MAX).min(CHUNK);
        let mut chunk = self.wire.body(self.row.uid, offset, want).await?;
        chunk.truncate(want);
        if chunk.is_empty() {
            let detail = format!("message {} ends at {offset}, before {end}", self.row.uid);
            return Err(Refusal::new(Cause::StorageFailure, detail));
        }
        Ok(chunk)
    }
}
