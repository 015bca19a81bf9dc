//! The plainest power cut: everything written has reached the medium, except the end of the very last write.
//!
//! What a seed draws at random ([`FaultDisk::survivors`]) is here asked for exactly, so that a test can tear one write at
//! every sector.

use super::{Change, FaultDisk, FileState, State, write_slice};

impl FaultDisk {
    /// Length of the last write, if it was not synced.
    pub fn last_write(&self) -> Option<u64> {
        let state = self.state.lock();
        let file = state.last_written.map(|id| &state.files[id])?;
        match file.unsynced.get(file.last_write()?)? {
            Change::Write(_, bytes) => Some(bytes.len() as u64),
            Change::Len(_) => None,
        }
    }

    /// What is on the disk when the power went off after the first `keep` bytes of the last write; everything before
    /// it is there, synced or not, and so are all names.
    #[must_use]
    pub fn after_torn_write(&self, keep: u64) -> Self {
        Self::holding(self.state.lock().torn(keep))
    }
}

impl State {
    fn torn(&self, keep: u64) -> super::Content {
        let content = |id: usize| {
            let file = &self.files[id];
            let torn = file.last_write().filter(|_| self.last_written == Some(id));
            file.torn(torn, keep)
        };
        let files = self.names.iter().map(|(path, id)| (path.clone(), content(*id)));
        (files.collect(), self.dirs.clone(), self.clock)
    }
}

impl FileState {
    /// The last write among the changes that were not synced.
    fn last_write(&self) -> Option<usize> {
        self.unsynced
            .iter()
            .rposition(|change| matches!(change, Change::Write(..)))
    }

    fn torn(&self, torn: Option<usize>, keep: u64) -> Vec<u8> {
        let mut content = self.durable.clone();
        for (at, change) in self.unsynced.iter().enumerate() {
            match change {
                Change::Len(len) => content.resize(*len as usize, 0),
                Change::Write(offset, bytes) if torn == Some(at) => {
                    let keep = bytes.len().min(keep as usize);
                    // Nothing of it: not even the file's length.
                    if keep > 0 {
                        write_slice(&mut content, *offset, &bytes[..keep]);
                    }
                }
                Change::Write(offset, bytes) => write_slice(&mut content, *offset, bytes),
            }
        }
        content
    }
}
