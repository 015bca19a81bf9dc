//! Where a storage lies and how large it may become: `[file://]path[?maxFiles=<n>&maxFileSize=<KB>][&readOnly=yes|no]`
//! (services-other 3.2.9, "Location syntax").

use super::MAX_VALUE;
use std::fmt;

/// Most files of a storage; also the default.
pub const MAX_FILES: u32 = 128;
/// `maxFileSize` when nothing is said: 1 GB.
const USUAL_FILE_KB: u64 = 1 << 20;
/// Smallest `maxFileSize`: below it a file would hold little but its header.
const LEAST_FILE_KB: u64 = 64;
/// Largest `maxFileSize`: 64 GB, the theoretical limit of AXIGEN.
const MOST_FILE_KB: u64 = 64 << 20;
/// The only kind of place there is.
const SCHEME: &str = "file://";

/// A location with its limits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    /// The directory, as it was written.
    pub path: String,
    /// Most container files.
    pub max_files: u32,
    /// Size in KB at which a next file is begun.
    pub max_file_kb: u64,
    /// No new mail is put there.
    pub read_only: bool,
}

impl Location {
    /// A directory with the usual limits.
    pub fn at(path: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            max_files: MAX_FILES,
            max_file_kb: USUAL_FILE_KB,
            read_only: false,
        }
    }

    /// What a text means, or what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.len() > MAX_VALUE || text.chars().any(char::is_control) {
            return Err("a location is one line of at most 8192 bytes".to_owned());
        }
        let (place, options) = text
            .split_once('?')
            .map_or((text, None), |(place, options)| (place, Some(options)));
        let path = match place.split_at_checked(SCHEME.len()) {
            Some((scheme, path)) if scheme.eq_ignore_ascii_case(SCHEME) => path,
            _ if place.contains("://") => {
                return Err(format!("'{place}' is not a path or {SCHEME}path"));
            }
            _ => place,
        };
        if path.is_empty() {
            return Err(format!("'{text}' names no directory"));
        }
        let mut location = Self::at(path);
        let mut seen = [false; OPTIONS.len()];
        for option in options.into_iter().flat_map(|options| options.split('&')) {
            location.take(option, &mut seen)?;
        }
        Ok(location)
    }

    fn take(&mut self, option: &str, seen: &mut [bool; OPTIONS.len()]) -> Result<(), String> {
        let unknown = || format!("'{option}' is not one of {}", OPTIONS.join(", "));
        let (name, value) = option.split_once('=').ok_or_else(unknown)?;
        let known = |known: &&str| {
            known
                .split('=')
                .next()
                .is_some_and(|known| known.eq_ignore_ascii_case(name))
        };
        let at = OPTIONS.iter().position(known).ok_or_else(unknown)?;
        if let Some(seen) = seen.get_mut(at)
            && std::mem::replace(seen, true)
        {
            return Err(format!("{name} is there twice"));
        }
        match at {
            0 => {
                let files = number(name, value, 1, MAX_FILES.into())?;
                self.max_files = u32::try_from(files).unwrap_or(MAX_FILES);
            }
            1 => self.max_file_kb = number(name, value, LEAST_FILE_KB, MOST_FILE_KB)?,
            _ => match super::kind::truth(value)? {
                super::Value::Bool(read_only) => self.read_only = read_only,
                _ => return Err(unknown()),
            },
        }
        Ok(())
    }

    /// What fits into it, in KB.
    pub fn capacity_kb(&self) -> u64 {
        self.max_file_kb.saturating_mul(self.max_files.into())
    }

    /// Whether it has any limit or option of its own.
    pub fn is_plain(&self) -> bool {
        *self == Self::at(self.path.as_str())
    }

    /// Whether two texts name the same directory, whatever their options; `.` and doubled slashes do not matter.
    pub fn same_place(one: &str, other: &str) -> bool {
        let path = |text: &str| {
            let path = Self::parse(text).map_or_else(|_| text.to_owned(), |location| location.path);
            let path = super::working_path(&path).to_owned();
            std::path::PathBuf::from(path)
                .components()
                .filter(|part| !matches!(part, std::path::Component::CurDir))
                .collect::<std::path::PathBuf>()
        };
        path(one) == path(other)
    }
}

/// The options in the order of [`Location::take`].
const OPTIONS: [&str; 3] = ["maxFiles=<n>", "maxFileSize=<KB>", "readOnly=yes|no"];

fn number(name: &str, value: &str, least: u64, most: u64) -> Result<u64, String> {
    super::kind::number(value, least, most)
        .map(|value| match value {
            super::Value::Number(number) => number,
            _ => least,
        })
        .map_err(|why| format!("{name}: {why}"))
}

/// The shortest text that means the same.
impl fmt::Display for Location {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.path)?;
        let usual = Self::at("");
        let mut joint = '?';
        let mut option = |out: &mut fmt::Formatter<'_>, text: String| {
            let before = std::mem::replace(&mut joint, '&');
            write!(out, "{before}{text}")
        };
        if self.max_files != usual.max_files {
            option(out, format!("maxFiles={}", self.max_files))?;
        }
        if self.max_file_kb != usual.max_file_kb {
            option(out, format!("maxFileSize={}", self.max_file_kb))?;
        }
        if self.read_only {
            option(out, "readOnly=yes".to_owned())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{Location, MAX_FILES};

    #[test]
    fn locations_read_and_print() {
        for (given, printed) in [
            ("domains/x", "domains/x"),
            ("file:///srv/x", "/srv/x"),
            ("FILE://x?maxFiles=128&maxFileSize=1048576", "x"),
            (
                "/srv/x?maxFileSize=262144&maxFiles=4&readOnly=YES",
                "/srv/x?maxFiles=4&maxFileSize=262144&readOnly=yes",
            ),
            ("x?readOnly=no", "x"),
        ] {
            let location = Location::parse(given).unwrap();
            assert_eq!(location.to_string(), printed, "{given}");
            assert_eq!(Location::parse(printed), Ok(location), "{printed}");
        }
        let small = Location::parse("x?maxfiles=2&maxFileSize=64").unwrap();
        assert_eq!((small.max_files, small.capacity_kb()), (2, 128));
        assert_eq!(Location::at("x").max_files, MAX_FILES);
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (given, why) in [
            ("", "'' names no directory"),
            ("file://", "'file://' names no directory"),
            ("?maxFiles=1", "'?maxFiles=1' names no directory"),
            ("http://x/y", "'http://x/y' is not a path or file://path"),
            ("x?maxFiles=0", "maxFiles: '0' is not a number from 1 to 128"),
            ("x?maxFiles=129", "maxFiles: '129' is not a number from 1 to 128"),
            (
                "x?maxFileSize=63",
                "maxFileSize: '63' is not a number from 64 to 67108864",
            ),
            ("x?maxFiles=1&maxFiles=1", "maxFiles is there twice"),
            ("x?readOnly=perhaps", "'perhaps' is not yes or no"),
            (
                "x?",
                "'' is not one of maxFiles=<n>, maxFileSize=<KB>, readOnly=yes|no",
            ),
            (
                "x?a=b",
                "'a=b' is not one of maxFiles=<n>, maxFileSize=<KB>, readOnly=yes|no",
            ),
        ] {
            assert_eq!(Location::parse(given).unwrap_err(), why);
        }
    }

    #[test]
    fn the_same_place_has_many_names() {
        assert!(Location::same_place(
            "./a//b?maxFiles=1",
            "file:///var/opt/axigen/a/b"
        ));
        assert!(!Location::same_place("a", "b"));
    }
}
