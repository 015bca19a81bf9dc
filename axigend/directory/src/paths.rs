//! Where domains lie on the disk (services-core, "Defaults of ours").
//!
//! Locations are kept as text: relative ones are below the working directory, which may move as a whole. Paths of an
//! installed AXIGEN, as unmodified scripts send them, mean the working directory.

use std::path::{Component, Path, PathBuf};

use axigen_shared::value::Location;
use axigen_shared::{Cause, Refusal};

/// Working directories of AXIGEN, present and past.
const AXIGEN_DIRS: [&str; 2] = ["/var/opt/axigen/", "/var/axigen/"];
/// Longest path taken (PATH_MAX of Linux, less room for what we put below).
const PATH_MAX: usize = 3500;

/// The text to keep for a location given by an administrator.
pub(crate) fn accept(given: &str) -> Result<String, Refusal> {
    let wrong = |why: &str| {
        Err(Refusal::new(
            Cause::Invalid,
            format!("'{given}' is no location ({why})"),
        ))
    };
    let ours = AXIGEN_DIRS
        .iter()
        .find_map(|dir| given.strip_prefix(dir))
        .unwrap_or(given);
    if ours.len() > PATH_MAX || ours.contains('\0') {
        return wrong("too long or with a NUL");
    }
    let path = Path::new(ours);
    let mut kept = PathBuf::new();
    for part in path.components() {
        match part {
            Component::Normal(name) => kept.push(name),
            Component::RootDir => kept.push("/"),
            Component::CurDir => {}
            Component::ParentDir => return wrong("'..' is not taken"),
            Component::Prefix(_) => return wrong("not a path of this system"),
        }
    }
    if kept.file_name().is_none() {
        return wrong("it names no directory");
    }
    match kept.into_os_string().into_string() {
        Ok(text) => Ok(text),
        Err(_) => wrong("not UTF-8"),
    }
}

/// The location to keep for one given by an administrator, limits included.
pub(crate) fn location(given: &str) -> Result<Location, Refusal> {
    let location = Location::parse(given).map_err(|why| Refusal::new(Cause::Invalid, why))?;
    Ok(Location {
        path: accept(&location.path)?,
        ..location
    })
}

/// The path a kept text stands for.
pub(crate) fn absolute(workdir: &Path, kept: &str) -> PathBuf {
    workdir.join(kept)
}

/// Whether one of the two lies in the other: two domains must not share a directory.
pub(crate) fn overlap(one: &Path, other: &Path) -> bool {
    one.starts_with(other) || other.starts_with(one)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locations() {
        for (given, kept) in [
            ("domains/example.org", Some("domains/example.org")),
            ("./domains//example.org/", Some("domains/example.org")),
            ("/var/opt/axigen/domains/x", Some("domains/x")),
            ("/var/axigen/domains/x", Some("domains/x")),
            ("/srv/mail/x", Some("/srv/mail/x")),
            ("../x", None),
            ("domains/../../x", None),
            ("/", None),
            ("", None),
            (".", None),
            ("/var/opt/axigen/", None),
            ("a\0b", None),
        ] {
            assert_eq!(accept(given).ok().as_deref(), kept, "{given}");
        }
        assert_eq!(absolute(Path::new("/w"), "domains/x"), Path::new("/w/domains/x"));
        assert_eq!(absolute(Path::new("/w"), "/srv/x"), Path::new("/srv/x"));
        assert!(
            overlap(Path::new("/w/a"), Path::new("/w/a/b"))
                && !overlap(Path::new("/w/a"), Path::new("/w/ab"))
        );
    }
}
