//! Reads bodies by position, page cache first.
//!
//! A body read whole is checked against its checksum; a part is not, see [`Reader::checksum`]. Open files are kept,
//! but not more than [`HANDLE_LIMIT`], and none that was removed: its space would not come back. Places are taken
//! as they are; where a body went that was moved, the ledger knows.

use std::{
    collections::{HashMap, HashSet},
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
    scan::body_checksum,
};
use crate::{
    asking::{before_waiting, read_file},
    body::{BodyRef, BodySource},
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
    /// Files before the newest that are known to be removed.
    gone: HashSet<u32>,
    newest: u32,
}

/// A body at its place as the source of a copy.
pub(crate) struct PlacedBody {
    file: Arc<dyn DiskFile>,
    place: BodyRef,
}

impl BodySource for PlacedBody {
    fn len(&self) -> u64 {
        self.place.len
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        let piece = Piece::new(self.place, offset, buf.len()).map_err(io::Error::other)?;
        read_file(&*self.file, piece.position, &mut buf[..piece.len])
    }
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

    /// Makes the open handle of the newest file known, so that it is not opened twice.
    pub(crate) fn know(&self, number: u32, file: &Arc<dyn DiskFile>) {
        let mut handles = self.handles.lock();
        handles.newest = number;
        handles.gone.remove(&number);
        handles.insert(number, Arc::clone(file));
    }

    /// This file is about to be removed: nobody opens it any more, and its handle is not kept.
    pub(crate) fn retire(&self, number: u32) {
        let mut handles = self.handles.lock();
        handles.open.remove(&number);
        handles.gone.insert(number);
    }

    /// Forgets all handles.
    pub(crate) fn forget_all(&self) {
        self.handles.lock().open.clear();
    }

    /// The handle of a file that is open.
    fn known(&self, number: u32) -> Result<Option<Arc<dyn DiskFile>>, Refusal> {
        let mut handles = self.handles.lock();
        match handles.get(number) {
            None if handles.gone.contains(&number) => Err(removed(number)),
            known => Ok(known),
        }
    }

    fn file(&self, number: u32) -> Result<Arc<dyn DiskFile>, Refusal> {
        if let Some(file) = self.known(number)? {
            return Ok(file);
        }
        before_waiting();
        let path = self.dir.join(container_name(number));
        match self.disk.open(&path) {
            Ok(file) => {
                // Not if it was removed meanwhile.
                self.handles.lock().insert(number, Arc::clone(&file));
                Ok(file)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let mut handles = self.handles.lock();
                // A damaged reference may name a file that is still to come.
                if number < handles.newest {
                    handles.gone.insert(number);
                }
                Err(removed(number))
            }
            Err(error) => Err(io_refusal(&container_name(number), &error)),
        }
    }

    /// Reads `len` bytes of a body from `offset`, less at its end. Never blocks the caller's thread on the disk.
    pub(crate) async fn read(
        self: &Arc<Self>,
        body: BodyRef,
        offset: u64,
        len: usize,
    ) -> Result<Bytes, Refusal> {
        let piece = Piece::new(body, offset, len)?;
        let Some(file) = self.known(body.file)? else {
            let this = Arc::clone(self);
            return on_storage_thread(move || read_piece(&*this.file(body.file)?, &piece)).await;
        };
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
        read_file(&*file, piece.position, &mut buf[..piece.len])
    }

    /// The checksums of a body's record: header in the upper half, bytes in the lower. Blocking.
    pub(crate) fn fingerprint(&self, body: BodyRef) -> Option<u64> {
        let file = self.file(body.file).ok()?;
        let crc_before = |end: u64| {
            let mut crc = [0; TRAILER as usize];
            let count = file.read_at(end.checked_sub(TRAILER)?, &mut crc).ok()?;
            (count == crc.len()).then_some(u64::from(u32::from_be_bytes(crc)))
        };
        let header = body.offset.checked_add(HEADER)?;
        let end = header.checked_add(body.len)?.checked_add(TRAILER)?;
        Some(crc_before(header)? << 32 | crc_before(end)?)
    }

    /// Whether `crc`, made of all bytes of a body, is the checksum behind it; `InvalidData` when not. Blocking.
    pub(crate) fn compare_checksum(&self, body: BodyRef, crc: u32) -> io::Result<()> {
        let file = self.file(body.file).map_err(io::Error::other)?;
        let mut trailer = [0; TRAILER as usize];
        let position = body.offset.saturating_add(HEADER).saturating_add(body.len);
        let count = file.read_at(position, &mut trailer)?;
        if count == trailer.len() && trailer == crc.to_be_bytes() {
            return Ok(());
        }
        let place = format!("body at {:02X}:{} is damaged", body.file, body.offset);
        Err(io::Error::new(io::ErrorKind::InvalidData, place))
    }

    /// Reads the whole body in pieces and checks it against its checksum, which it returns. Blocking.
    pub(crate) fn checksum(&self, body: BodyRef) -> Result<u32, Refusal> {
        let file = self.file(body.file)?;
        let checksum =
            body_checksum(&*file, body.offset, body.len).map_err(|error| io_refusal("body", &error))?;
        checksum.ok_or_else(|| {
            let place = format!("body at {:02X}:{} is damaged", body.file, body.offset);
            Refusal::new(Cause::StorageFailure, place)
        })
    }

    /// The body as the source of a copy.
    pub(crate) fn source(&self, body: BodyRef) -> Result<PlacedBody, Refusal> {
        let file = self.file(body.file)?;
        Ok(PlacedBody { file, place: body })
    }
}

fn removed(number: u32) -> Refusal {
    let name = container_name(number);
    Refusal::new(Cause::StorageFailure, format!("{name} was removed"))
}

fn read_piece(file: &dyn DiskFile, piece: &Piece) -> Result<Bytes, Refusal> {
    let mut buffer = piece.buffer();
    let count = read_file(file, piece.position, &mut buffer).map_err(|error| io_refusal("body", &error))?;
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
        if self.gone.contains(&number) {
            return;
        }
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
