//! The working directory: created with tight modes, held by a lock, and where everything in it is.
//!
//! The lock is an advisory lock on `run/axigen.lock`, which the kernel gives back however the process ends; the process id
//! inside is only for the message to whoever comes second.

use super::exit::StartError;
use std::fs::{self, DirBuilder, File, TryLockError};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// Owner and group only.
const DIRECTORY_MODE: u32 = 0o750;

/// Secrets: the owner only.
pub const SECRET_MODE: u32 = 0o600;

/// The lock file, below the working directory.
const LOCK: &str = "run/axigen.lock";

/// What is below the working directory (services-core, "Files and directories").
pub const DIRECTORIES: [&str; 7] = [
    "run",
    "log",
    "domains",
    "queue",
    "serverData",
    "filters",
    "templates",
];

/// A working directory that this process holds until the value is dropped.
#[derive(Debug)]
pub struct WorkingDirectory {
    path: PathBuf,
    _lock: File,
}

/// Creates what is missing of a working directory; the paths created, in order.
pub fn create(path: &Path) -> Result<Vec<PathBuf>, StartError> {
    let mut created = Vec::new();
    let below = DIRECTORIES.iter().map(|name| path.join(name));
    for directory in std::iter::once(path.to_path_buf()).chain(below) {
        if directory.is_dir() {
            continue;
        }
        DirBuilder::new()
            .recursive(true)
            .mode(DIRECTORY_MODE)
            .create(&directory)
            .map_err(|error| {
                StartError::Internal(format!(
                    "cannot create the directory {}: {error}",
                    directory.display()
                ))
            })?;
        created.push(directory);
    }
    Ok(created)
}

/// Holds the lock of a directory as it is, without creating anything; `None` when no daemon ever used it.
pub fn lock_existing(path: &Path) -> Result<Option<File>, StartError> {
    let lock = path.join(LOCK);
    match File::open(&lock) {
        Ok(file) => take_lock(path, &lock, &file).map(|()| Some(file)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(StartError::Internal(format!(
            "cannot open {}: {error}",
            lock.display()
        ))),
    }
}

fn take_lock(directory: &Path, lock: &Path, file: &File) -> Result<(), StartError> {
    match file.try_lock() {
        Ok(()) => Ok(()),
        Err(TryLockError::WouldBlock) => {
            let pid = fs::read_to_string(lock)
                .ok()
                .and_then(|text| text.trim().parse().ok());
            Err(StartError::InUse {
                directory: directory.to_owned(),
                pid,
            })
        }
        Err(TryLockError::Error(error)) => Err(StartError::Internal(format!(
            "cannot lock {}: {error}",
            lock.display()
        ))),
    }
}

impl WorkingDirectory {
    /// Creates what is missing and takes the lock.
    pub fn open(path: &Path) -> Result<Self, StartError> {
        create(path)?;
        let cannot = |what: &str, error: io::Error| {
            StartError::Internal(format!(
                "cannot {what} in the working directory {}: {error}",
                path.display()
            ))
        };
        // Absolute, so that messages and the socket path say where it really is.
        let path = fs::canonicalize(path).map_err(|error| cannot("work", error))?;
        let lock = path.join(LOCK);
        let mut file = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(SECRET_MODE)
            .open(&lock)
            .map_err(|error| {
                locked_out(&lock, &error).unwrap_or_else(|| cannot("open run/axigen.lock", error))
            })?;
        take_lock(&path, &lock, &file)?;
        let written = file
            .set_len(0)
            .and_then(|()| writeln!(file, "{}", std::process::id()));
        written.map_err(|error| cannot("write run/axigen.lock", error))?;
        Ok(Self { path, _lock: file })
    }

    /// The directory itself.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Administrative users and the list of domains.
    pub fn server_data(&self) -> PathBuf {
        self.path.join("serverData")
    }

    /// Log files.
    pub fn log(&self) -> PathBuf {
        self.path.join("log")
    }

    /// The control socket.
    pub fn control_socket(&self) -> PathBuf {
        self.path.join("run/control.sock")
    }

    /// The addresses bound, for whoever has to find them: port 0 is allowed in the configuration.
    pub fn listeners_file(&self) -> PathBuf {
        self.path.join("run/listeners.json")
    }
}

/// Says whose the lock is, when that is why it cannot be opened.
fn locked_out(lock: &Path, error: &io::Error) -> Option<StartError> {
    if error.kind() != io::ErrorKind::PermissionDenied {
        return None;
    }
    let place = [lock, lock.parent()?];
    let (path, owner) = place
        .into_iter()
        .find_map(|path| Some((path, fs::symlink_metadata(path).ok()?.uid())))?;
    Some(StartError::Internal(format!(
        "cannot open {}: {error}; {} belongs to uid {owner}: run the server as that user, or give the working directory \
         and all in it to the user it runs as (a start as root with -u does that)",
        lock.display(),
        path.display()
    )))
}

/// Writes a file whole or not at all, with this mode from the first moment on.
pub fn write_atomically(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(".new");
    let temporary = PathBuf::from(temporary);
    // One that was left by a crash may have another mode.
    match fs::remove_file(&temporary) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = File::options()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(&temporary)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&temporary, path)
}

#[cfg(test)]
mod tests {
    use super::{DIRECTORIES, WorkingDirectory, write_atomically};
    use crate::startup::exit::StartError;
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    fn mode(path: &std::path::Path) -> u32 {
        fs::metadata(path).expect("it exists").permissions().mode() & 0o777
    }

    #[test]
    fn everything_is_created_with_tight_modes() {
        let parent = tempfile::tempdir().expect("a directory");
        let path = parent.path().join("mail");
        let home = WorkingDirectory::open(&path).expect("created");
        assert_eq!(mode(home.path()), 0o750);
        for name in DIRECTORIES {
            assert_eq!(mode(&home.path().join(name)), 0o750, "{name}");
        }
        assert_eq!(mode(&home.path().join("run/axigen.lock")), 0o600);
        assert!(home.control_socket().starts_with(home.path()));
    }

    #[test]
    fn the_second_is_refused_and_told_who_was_first() {
        let parent = tempfile::tempdir().expect("a directory");
        let first = WorkingDirectory::open(parent.path()).expect("free");
        match WorkingDirectory::open(parent.path()) {
            Err(StartError::InUse { pid, .. }) => assert_eq!(pid, Some(std::process::id())),
            other => panic!("{other:?}"),
        }
        drop(first);
        WorkingDirectory::open(parent.path()).expect("free again");
    }

    #[test]
    fn files_are_replaced_whole() {
        let parent = tempfile::tempdir().expect("a directory");
        let path = parent.path().join("secret");
        write_atomically(&path, b"one", 0o600).expect("written");
        write_atomically(&path, b"two", 0o600).expect("written");
        assert_eq!(fs::read(&path).expect("there"), b"two");
        assert_eq!(mode(&path), 0o600);
        assert_eq!(fs::read_dir(parent.path()).expect("there").count(), 1);
    }
}
