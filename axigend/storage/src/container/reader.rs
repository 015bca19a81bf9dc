//! Reads bodies by position, page cache first.
//!
//! A body read whole is checked against its checksum; a part is not, see [`Reader::verify`]. Open files are kept,
//! but not more than [`HANDLE_LIMIT`].

use std::{
    collections::HashMap,
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use axigen_shared::{Cause, Refusal};
use bytes::Bytes;
use parking_lot::Mutex;

use super::{
    file::container_name,
    pool::on_storage_thread,
    record::{HEADER, TRAILER},
    scan::body_matches,
};
use crate::{
    body::BodyRef,
    disk::{Disk, DiskFile},
    error::io_refusal,
};

/// Container files kept open for reading in one ledger; 64 files of 1 GiB are a large domain.
const HANDLE_LIMIT: usize = 64;

/// Reader of all containers of one directory.
pub(crate) struct Reader {
    disk: Arc<dyn Disk>,
    dir: PathBuf,
    handles: Mutex<Handles>,
}

#[derive(Default)]
struct Handles {
    open: HashMap<u32, (Arc<dyn DiskFile>, u64)>,
    clock: u64,
}

/// What to read: whole bodies are read with their checksum behind them.
struct Piece {
    body: BodyRef,
    position: u64,
    len: usize,
    whole: bool,
}

impl Piece {
    fn new(body: BodyRef, offset: u64, len: usize) -> Result<Self, Refusal> {
        let rest = body.len.saturating_sub(offset);
        let len = usize::try_from(rest).unwrap_or(usize::MAX).min(len);
        let whole = offset == 0 && len as u64 == body.len;
        let position = body
            .offset
            .checked_add(HEADER)
            .and_then(|start| start.checked_add(offset))
            .ok_or_else(|| Refusal::new(Cause::StorageFailure, "a body reference points beyond any file"))?;
        Ok(Self {
            body,
            position,
            len,
            whole,
        })
    }

    fn buffer(&self) -> Vec<u8> {
        vec![
            0;
            if self.whole {
                self.len + TRAILER as usize
            } else {
                self.len
            }
        ]
    }

    /// Checks what was read and cuts off the checksum.
    fn finish(&self, mut buffer: Vec<u8>, count: usize) -> Result<Bytes, Refusal> {
        let place = || format!("body at {:02X}:{}", self.body.file, self.body.offset);
        if count < buffer.len() {
            return Err(Refusal::new(
                Cause::StorageFailure,
                format!("{} ends early", place()),
            ));
        }
        if self.whole {
            let crc = buffer.split_off(self.len);
            if crc != crc32fast::hash(&buffer).to_be_bytes() {
                return Err(Refusal::new(
                    Cause::StorageFailure,
                    format!("{} is damaged", place()),
                ));
            }
        }
        Ok(buffer.into())
    }
}

impl Reader {
    /// Reader of the containers in `dir`.
    pub(crate) fn new(disk: Arc<dyn Disk>, dir: &Path) -> Arc<Self> {
        Arc::new(Self {
            disk,
            dir: dir.to_owned(),
            handles: Mutex::default(),
        })
    }

    /// Makes the open handle of a file known, so that it is not opened twice.
    pub(crate) fn know(&self, number: u32, file: &Arc<dyn DiskFile>) {
        self.handles.lock().insert(number, Arc::clone(file));
    }

    /// Forgets the handle of a file that was removed.
    pub(crate) fn forget(&self, number: u32) {
        self.handles.lock().open.remove(&number);
    }

    /// Forgets all handles.
    pub(crate) fn forget_all(&self) {
        self.handles.lock().open.clear();
    }

    fn file(&self, number: u32) -> Result<Arc<dyn DiskFile>, Refusal> {
        if let Some(file) = self.handles.lock().get(number) {
            return Ok(file);
        }
        let path = self.dir.join(container_name(number));
        let file = self
            .disk
            .open(&path)
            .map_err(|error| io_refusal(&container_name(number), &error))?;
        self.know(number, &file);
        Ok(file)
    }

    /// Reads `len` bytes of a body from `offset`, less at its end. Never blocks the caller's thread on the disk,
    /// except for opening a file.
    pub(crate) async fn read(
        self: &Arc<Self>,
        body: BodyRef,
        offset: u64,
        len: usize,
    ) -> Result<Bytes, Refusal> {
        let piece = Piece::new(body, offset, len)?;
        let file = self.file(body.file)?;
        let mut buffer = piece.buffer();
        match file.read_cached(piece.position, &mut buffer) {
            Ok(count) if count == buffer.len() => piece.finish(buffer, count),
            Ok(_) => on_storage_thread(move || read_piece(&*file, &piece)).await,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                on_storage_thread(move || read_piece(&*file, &piece)).await
            }
            Err(error) => Err(io_refusal("body", &error)),
        }
    }

    /// As [`Reader::read`], blocking.
    pub(crate) fn read_blocking(&self, body: BodyRef, offset: u64, len: usize) -> Result<Bytes, Refusal> {
        read_piece(&*self.file(body.file)?, &Piece::new(body, offset, len)?)
    }

    /// Fills `buf` from a body; unchecked. Blocking.
    pub(crate) fn read_into(&self, body: BodyRef, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        let file = self.file(body.file).map_err(io::Error::other)?;
        let piece = Piece::new(body, offset, buf.len()).map_err(io::Error::other)?;
        file.read_at(piece.position, &mut buf[..piece.len])
    }

    /// Reads the whole body and checks it, in pieces. Blocking.
    pub(crate) fn verify(&self, body: BodyRef) -> Result<(), Refusal> {
        let file = self.file(body.file)?;
        if body_matches(&*file, body.offset, body.len).map_err(|error| io_refusal("body", &error))? {
            return Ok(());
        }
        let place = format!("body at {:02X}:{} is damaged", body.file, body.offset);
        Err(Refusal::new(Cause::StorageFailure, place))
    }
}

fn read_piece(file: &dyn DiskFile, piece: &Piece) -> Result<Bytes, Refusal> {
    let mut buffer = piece.buffer();
    let count = file
        .read_at(piece.position, &mut buffer)
        .map_err(|error| io_refusal("body", &error))?;
    piece.finish(buffer, count)
}

impl Handles {
    fn get(&mut self, number: u32) -> Option<Arc<dyn DiskFile>> {
        self.clock += 1;
        let (file, used) = self.open.get_mut(&number)?;
        *used = self.clock;
        Some(Arc::clone(file))
    }

    fn insert(&mut self, number: u32, file: Arc<dyn DiskFile>) {
        self.clock += 1;
        if self.open.len() >= HANDLE_LIMIT
            && let Some(oldest) = self
                .open
                .iter()
                .min_by_key(|(_, (_, used))| *used)
                .map(|(number, _)| *number)
        {
            self.open.remove(&oldest);
        }
        self.open.insert(number, (file, self.clock));
    }
}
