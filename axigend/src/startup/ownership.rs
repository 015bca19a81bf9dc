//! Giving what root made in the working directory to the user that the daemon becomes.
//!
//! An earlier start as root (`-A` without `-u`, a trial before the user existed) leaves files that the daemon's own user
//! could not even open. They are handed over while the process is still root: only what belongs to root, only what a
//! server makes itself, and only below a working directory in which one has run.
//!
//! The daemon's user may already own parts of the tree and put anything there, so nothing is done by path: each entry is
//! opened without following links, looked at, and changed through its descriptor. Files with a second name are left
//! alone, for that name may be anywhere.

use super::exit::StartError;
use super::workdir::DIRECTORIES;
use nix::unistd::{Gid, Uid};
use rustix::fs::{CWD, Dir, FileType, Mode, OFlags, fchown, fstat, openat};
use rustix::io::Errno;
use std::ffi::CStr;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};

/// What a server keeps beside its directories.
const FILES: [&str; 2] = ["axigen_cert.pem", "axigen_dh.pem"];

/// Sign of a server that has run here.
const LOCK: &str = "run/axigen.lock";

/// Deepest tree that is walked; the deepest of ours (a domain's message storage) has five levels. Bounds recursion and
/// open descriptors.
const MAX_DEPTH: usize = 16;

/// How directories are opened: a link in the place of one is not followed.
const DIRECTORY: OFlags = OFlags::RDONLY
    .union(OFlags::DIRECTORY)
    .union(OFlags::NOFOLLOW)
    .union(OFlags::CLOEXEC);

/// How the rest is opened; a pipe without a writer must not stop us.
const FILE: OFlags = OFlags::RDONLY
    .union(OFlags::NONBLOCK)
    .union(OFlags::NOCTTY)
    .union(OFlags::NOFOLLOW)
    .union(OFlags::CLOEXEC);

/// Gives the directories just created to this user, and what an earlier start as root left.
pub fn hand_over(path: &Path, created: &[PathBuf], user: Uid, group: Gid) -> Result<(), StartError> {
    let mut hand = Hand {
        user,
        group,
        given: 0,
    };
    for made in created {
        let directory = openat(CWD, made, DIRECTORY, Mode::empty()).map_err(|why| hand.cannot(made, why))?;
        hand.give(&directory, made)?;
    }
    let home = openat(CWD, path, DIRECTORY.difference(OFlags::NOFOLLOW), Mode::empty());
    let home = home.map_err(|why| hand.cannot(path, why))?;
    if openat(&home, LOCK, FILE, Mode::empty()).is_err() {
        return Ok(());
    }
    hand.given = 0;
    hand.give(&home, path)?;
    for name in DIRECTORIES {
        hand.directory(home.as_fd(), name, &path.join(name), 0)?;
    }
    for name in FILES {
        hand.file(home.as_fd(), name, &path.join(name))?;
    }
    if hand.given > 0 {
        eprintln!(
            "axigend: {} files and directories in {} belonged to root from an earlier start and now belong to uid {user}",
            hand.given,
            path.display()
        );
    }
    Ok(())
}

/// Who gets it, and how much was given.
struct Hand {
    user: Uid,
    group: Gid,
    given: usize,
}

impl Hand {
    /// A directory with all that is in it; a link or something else in its place is left alone.
    fn directory(
        &mut self,
        parent: impl AsFd,
        name: impl rustix::path::Arg,
        path: &Path,
        depth: usize,
    ) -> Result<(), StartError> {
        let directory = match openat(parent, name, DIRECTORY, Mode::empty()) {
            Ok(directory) => directory,
            Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => return Ok(()),
            Err(why) => return Err(self.cannot(path, why)),
        };
        self.give(&directory, path)?;
        if depth == MAX_DEPTH {
            return Ok(());
        }
        let entries = Dir::read_from(&directory).map_err(|why| self.cannot(path, why))?;
        for entry in entries {
            let entry = entry.map_err(|why| self.cannot(path, why))?;
            self.entry(&directory, entry.file_name(), entry.file_type(), path, depth)?;
        }
        Ok(())
    }

    fn entry(
        &mut self,
        directory: &OwnedFd,
        name: &CStr,
        kind: FileType,
        path: &Path,
        depth: usize,
    ) -> Result<(), StartError> {
        if matches!(name.to_bytes(), b"." | b"..") {
            return Ok(());
        }
        let path = path.join(name.to_string_lossy().as_ref());
        match kind {
            FileType::Directory => self.directory(directory, name, &path, depth + 1),
            FileType::RegularFile => self.file(directory, name, &path),
            // Some file systems do not say.
            FileType::Unknown => {
                self.directory(directory, name, &path, depth + 1)?;
                self.file(directory, name, &path)
            }
            // Sockets are made anew, links and devices are not ours.
            _ => Ok(()),
        }
    }

    fn file(
        &mut self,
        parent: impl AsFd,
        name: impl rustix::path::Arg,
        path: &Path,
    ) -> Result<(), StartError> {
        match openat(parent, name, FILE, Mode::empty()) {
            Ok(file) => self.give(&file, path),
            Err(Errno::NOENT | Errno::LOOP | Errno::NXIO) => Ok(()),
            Err(why) => Err(self.cannot(path, why)),
        }
    }

    fn give(&mut self, file: &OwnedFd, path: &Path) -> Result<(), StartError> {
        let found = fstat(file).map_err(|why| self.cannot(path, why))?;
        let kind = FileType::from_raw_mode(found.st_mode);
        let alone = kind == FileType::Directory || kind == FileType::RegularFile && found.st_nlink == 1;
        if found.st_uid != 0 || !alone {
            return Ok(());
        }
        let user = rustix::fs::Uid::from_raw(self.user.as_raw());
        let group = rustix::fs::Gid::from_raw(self.group.as_raw());
        fchown(file, Some(user), Some(group)).map_err(|why| self.cannot(path, why))?;
        self.given += 1;
        Ok(())
    }

    fn cannot(&self, path: &Path, why: Errno) -> StartError {
        StartError::Internal(format!(
            "cannot give {} to uid {}: {why}; change the owner of the working directory and of all in it by hand",
            path.display(),
            self.user
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::hand_over;
    use nix::unistd::{Gid, Uid, geteuid};
    use std::fs;
    use std::os::unix::fs::{MetadataExt, symlink};

    /// Needs root, as the thing itself does.
    #[test]
    fn only_what_a_server_left_and_no_link_is_followed() {
        if !geteuid().is_root() {
            return;
        }
        let parent = tempfile::tempdir().expect("a directory");
        let home = parent.path().join("home");
        let outside = parent.path().join("outside");
        for directory in [
            home.join("run"),
            home.join("domains/a/b"),
            home.join("other"),
            outside.clone(),
        ] {
            fs::create_dir_all(directory).expect("a directory");
        }
        let (user, group) = (Uid::from_raw(54_321), Gid::from_raw(54_322));
        let write = |path: &std::path::Path| fs::write(path, b"x").expect("a file");
        let owner = |path: &std::path::Path| fs::symlink_metadata(path).expect("there").uid();
        write(&home.join("domains/a/b/file"));
        write(&home.join("other/file"));
        write(&outside.join("file"));
        write(&outside.join("linked"));
        symlink(&outside, home.join("queue")).expect("a link");
        symlink(outside.join("file"), home.join("domains/link")).expect("a link");
        fs::hard_link(outside.join("linked"), home.join("domains/second")).expect("a link");

        // No server has run here: only what was created now.
        hand_over(&home, &[home.join("run")], user, group).expect("given");
        assert_eq!(
            (owner(&home.join("run")), owner(&home.join("domains/a"))),
            (54_321, 0)
        );

        write(&home.join("run/axigen.lock"));
        hand_over(&home, &[], user, group).expect("given");
        for given in ["", "run/axigen.lock", "domains", "domains/a/b/file"] {
            assert_eq!(owner(&home.join(given)), 54_321, "{given}");
        }
        for left in ["other", "other/file", "queue", "domains/link", "domains/second"] {
            assert_eq!(owner(&home.join(left)), 0, "{left}");
        }
        for left in ["", "file", "linked"] {
            assert_eq!(owner(&outside.join(left)), 0, "{left}");
        }
    }
}
