//! The files of a disk in one small file: what fixture stores are kept in.
//!
//! For each file its path, its length, and runs of zeros with the bytes that follow each, because an index is mostly empty.
#![allow(dead_code, reason = "each test uses its part")]

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use axigend_storage::{Disk, DiskFile, MemoryDisk};

/// First bytes of a pack.
const MAGIC: &[u8] = b"AXIGEN fixture 1\n";
/// Zeros that are worth a new run.
const RUN: usize = 24;

/// All files below `dir` with their bytes.
pub fn files(disk: &dyn Disk, dir: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for name in disk.list(dir).unwrap() {
        let path = dir.join(name);
        match disk.open(&path) {
            Ok(file) => found.push((path, bytes(&*file))),
            Err(_) => found.extend(files(disk, &path)),
        }
    }
    found
}

fn bytes(file: &dyn DiskFile) -> Vec<u8> {
    let mut bytes = vec![0; file.len().unwrap() as usize];
    file.read_at(0, &mut bytes).unwrap();
    bytes
}

/// Everything below `dir`.
pub fn pack(disk: &dyn Disk, dir: &Path) -> Vec<u8> {
    let mut out = MAGIC.to_vec();
    for (path, bytes) in files(disk, dir) {
        let path = path.to_str().unwrap().as_bytes();
        out.extend((path.len() as u32).to_be_bytes());
        out.extend(path);
        out.extend((bytes.len() as u32).to_be_bytes());
        let mut rest = &bytes[..];
        while !rest.is_empty() {
            let zeros = rest.iter().take_while(|byte| **byte == 0).count();
            let behind = &rest[zeros..];
            let next = behind
                .windows(RUN)
                .position(|run| run.iter().all(|byte| *byte == 0));
            let (literal, left) = behind.split_at(next.unwrap_or(behind.len()));
            out.extend((zeros as u32).to_be_bytes());
            out.extend((literal.len() as u32).to_be_bytes());
            out.extend(literal);
            rest = left;
        }
    }
    out
}

/// A disk with what was packed.
pub fn unpack(pack: &[u8]) -> Arc<MemoryDisk> {
    let disk = MemoryDisk::new();
    let mut rest = pack.strip_prefix(MAGIC).expect("a fixture");
    let mut take = |count: usize| {
        let (head, tail) = rest.split_at(count);
        rest = tail;
        head
    };
    let number = |bytes: &[u8]| u32::from_be_bytes(bytes.try_into().unwrap()) as usize;
    let end = pack.len() - MAGIC.len();
    let mut done = 0;
    while done < end {
        let length = number(take(4));
        let path = PathBuf::from(std::str::from_utf8(take(length)).unwrap());
        let size = number(take(4));
        done += 8 + length;
        let mut content = Vec::with_capacity(size);
        while content.len() < size {
            let (zeros, literal) = (number(take(4)), number(take(4)));
            content.resize(content.len() + zeros, 0);
            content.extend(take(literal));
            done += 8 + literal;
        }
        put(&*disk, &path, &content);
    }
    disk
}

/// Writes a file with its directory.
pub fn put(disk: &dyn Disk, path: &Path, content: &[u8]) {
    disk.create_dir_all(path.parent().unwrap()).unwrap();
    let _ = disk.remove(path);
    disk.create(path).unwrap().write_at(0, content).unwrap();
}

/// Compares a listing with the one kept beside the fixture; with `UPDATE_FIXTURES` in the environment, `make` makes both
/// anew. `directory` is that of the fixtures, `name` their name with the number of the format.
pub fn fixture(directory: &str, name: &str, make: impl FnOnce() -> (Vec<u8>, String)) -> (Vec<u8>, String) {
    let path = |ending: &str| Path::new(directory).join(format!("{name}.{ending}"));
    if std::env::var_os("UPDATE_FIXTURES").is_some() {
        let (pack, listing) = make();
        std::fs::create_dir_all(directory).unwrap();
        // Whole at once: the other tests of this program read them at the same time.
        for (ending, bytes) in [("pack", pack), ("txt", listing.into_bytes())] {
            let new = path(&format!("{ending}.{:?}", std::thread::current().id()));
            std::fs::write(&new, bytes).unwrap();
            std::fs::rename(&new, path(ending)).unwrap();
        }
    }
    let missing = "a fixture (UPDATE_FIXTURES=1 makes those of the present format)";
    (
        std::fs::read(path("pack")).expect(missing),
        std::fs::read_to_string(path("txt")).expect(missing),
    )
}
