//! A file in checked blocks: nothing of an index is believed that was not written as it is read.
//!
//! 4,092 bytes and their checksum, which also covers the identity of the store, the number of the file and the number
//! of the block: a block that was never written, of another file or of a store that once had this directory is damage
//! like any other. Nothing is synced; a power cut may leave any block in any state.

use std::{io, sync::Arc};

use axigend_storage::DiskFile;

/// Bytes of a block on disk.
pub(crate) const BLOCK: usize = 4096;
/// Bytes of content in it.
pub(crate) const CONTENT: usize = BLOCK - 4;
/// Blocks written at once.
const AT_ONCE: usize = 64;

/// What a file is: part of every checksum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    /// The store's.
    pub(crate) store: u64,
    /// The file's number.
    pub(crate) number: u64,
}

impl Identity {
    fn checksum(self, block: u64, content: &[u8]) -> [u8; 4] {
        let mut crc = crc32fast::Hasher::new();
        for word in [self.store, self.number, block] {
            crc.update(&word.to_be_bytes());
        }
        crc.update(content);
        crc.finalize().to_be_bytes()
    }
}

/// Why bytes cannot be had.
#[derive(Debug)]
pub(crate) enum Unread {
    /// The disk failed.
    Disk(io::Error),
    /// They are not what was written.
    Damaged,
}

impl From<crate::rice::Broken> for Unread {
    fn from(_: crate::rice::Broken) -> Self {
        Self::Damaged
    }
}

/// Writes a file from its start to its end.
pub(crate) struct BlockWriter {
    file: Arc<dyn DiskFile>,
    identity: Identity,
    /// Content that is not written yet; begins with a block.
    buffer: Vec<u8>,
    block: u64,
}

impl BlockWriter {
    pub(crate) fn new(file: Arc<dyn DiskFile>, identity: Identity) -> Self {
        Self {
            file,
            identity,
            buffer: Vec::new(),
            block: 0,
        }
    }

    /// Where the next byte of content comes.
    pub(crate) fn position(&self) -> u64 {
        self.block * CONTENT as u64 + self.buffer.len() as u64
    }

    pub(crate) fn write(&mut self, content: &[u8]) -> io::Result<()> {
        self.buffer.extend_from_slice(content);
        if self.buffer.len() >= AT_ONCE * CONTENT {
            self.flush(self.buffer.len() / CONTENT)?;
        }
        Ok(())
    }

    /// Fills the last block with zeros and writes everything out.
    pub(crate) fn pad(&mut self) -> io::Result<()> {
        let blocks = self.buffer.len().div_ceil(CONTENT);
        self.buffer.resize(blocks * CONTENT, 0);
        self.flush(blocks)
    }

    fn flush(&mut self, blocks: usize) -> io::Result<()> {
        let mut out = Vec::with_capacity(blocks.min(AT_ONCE) * BLOCK);
        let whole = self.buffer.len() / CONTENT;
        for group in self
            .buffer
            .chunks_exact(CONTENT)
            .take(blocks.min(whole))
            .collect::<Vec<_>>()
            .chunks(AT_ONCE)
        {
            out.clear();
            for (content, number) in group.iter().zip(self.block..) {
                out.extend_from_slice(content);
                out.extend_from_slice(&self.identity.checksum(number, content));
            }
            self.file.write_at(self.block * BLOCK as u64, &out)?;
            self.block += group.len() as u64;
        }
        self.buffer.drain(..blocks.min(whole) * CONTENT);
        Ok(())
    }
}

/// Reads content by position.
#[derive(Clone)]
pub(crate) struct BlockReader {
    file: Arc<dyn DiskFile>,
    identity: Identity,
}

impl BlockReader {
    pub(crate) fn new(file: Arc<dyn DiskFile>, identity: Identity) -> Self {
        Self { file, identity }
    }

    /// Whole blocks of the file.
    pub(crate) fn blocks(&self) -> Result<u64, Unread> {
        Ok(self.file.len().map_err(Unread::Disk)? / BLOCK as u64)
    }

    /// `len` bytes of content from `position`. The caller bounds `len` by what the file's foot says of it.
    pub(crate) fn read(&self, position: u64, len: usize) -> Result<Vec<u8>, Unread> {
        if len == 0 {
            return Ok(Vec::new());
        }
        let first = position / CONTENT as u64;
        let skip = (position % CONTENT as u64) as usize;
        let blocks = (skip + len).div_ceil(CONTENT);
        if first + blocks as u64 > self.blocks()? {
            return Err(Unread::Damaged);
        }
        let mut bytes = vec![0; blocks * BLOCK];
        let count = self
            .file
            .read_at(first * BLOCK as u64, &mut bytes)
            .map_err(Unread::Disk)?;
        if count < bytes.len() {
            return Err(Unread::Damaged);
        }
        let mut content = Vec::with_capacity(blocks * CONTENT);
        for (block, number) in bytes.chunks_exact(BLOCK).zip(first..) {
            let (data, crc) = block.split_at(CONTENT);
            if crc != self.identity.checksum(number, data) {
                return Err(Unread::Damaged);
            }
            content.extend_from_slice(data);
        }
        content.drain(..skip);
        content.truncate(len);
        Ok(content)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axigend_storage::{Disk, MemoryDisk};
    use std::path::Path;

    const IDENTITY: Identity = Identity { store: 7, number: 9 };

    #[test]
    fn what_was_written_is_read_and_nothing_else() {
        let disk = MemoryDisk::default();
        let file = disk.create(Path::new("/file")).unwrap();
        let content: Vec<u8> = (0..700_000_u32).map(|number| (number % 251) as u8).collect();
        let mut writer = BlockWriter::new(Arc::clone(&file), IDENTITY);
        for piece in content.chunks(10_007) {
            writer.write(piece).unwrap();
        }
        assert_eq!(writer.position(), content.len() as u64);
        writer.pad().unwrap();
        let reader = BlockReader::new(Arc::clone(&file), IDENTITY);
        for (from, len) in [
            (0, 1),
            (0, content.len()),
            (4091, 2),
            (4092, 4092),
            (600_000, 100_000),
            (5, 0),
        ] {
            assert_eq!(reader.read(from as u64, len).unwrap(), &content[from..from + len]);
        }
        assert!(matches!(reader.read(700_000, 100_000), Err(Unread::Damaged)));
        let other = BlockReader::new(Arc::clone(&file), Identity { store: 8, ..IDENTITY });
        assert!(matches!(other.read(0, 1), Err(Unread::Damaged)));
        file.write_at(5000, b"x").unwrap();
        assert!(reader.read(0, 4092).is_ok());
        assert!(matches!(reader.read(0, 4093), Err(Unread::Damaged)));
    }
}
