//! Paths as administrators write them: those of an installed AXIGEN mean the working directory.

use std::path::{Component, Path};

/// Working directories of AXIGEN, present and past, which unmodified scripts and files name (services-core 3.1.1,
/// "Defaults of ours").
const AXIGEN_DIRECTORIES: [&str; 2] = ["/var/opt/axigen/", "/var/axigen/"];

/// The path below the working directory that a path of AXIGEN means; any other path as it is.
pub fn working_path(path: &str) -> &str {
    AXIGEN_DIRECTORIES
        .iter()
        .find_map(|directory| path.strip_prefix(directory))
        .filter(|rest| !rest.is_empty())
        .unwrap_or(path)
}

/// Longest name of a log file in bytes: with a directory before and a number behind it, it must still be a path.
const MAX_LOG_FILE: usize = 1024;

/// The file below the directory of log files that a name means: no way up, no way out. `None` when it is none.
pub(super) fn log_file(name: &str) -> Option<&str> {
    let below = working_path(name);
    let name = if below.len() < name.len() {
        below.strip_prefix("log/")?
    } else {
        name
    };
    let inside = |part: Component<'_>| matches!(part, Component::Normal(_));
    let is_file = !name.is_empty() && name.len() <= MAX_LOG_FILE && !name.ends_with('/');
    (is_file && !name.chars().any(char::is_control) && Path::new(name).components().all(inside))
        .then_some(name)
}

#[cfg(test)]
mod tests {
    use super::{log_file, working_path};

    #[test]
    fn log_files_stay_below_their_directory() {
        for (given, meant) in [
            ("everything.txt", "everything.txt"),
            ("imap/today.txt", "imap/today.txt"),
            ("/var/opt/axigen/log/x.txt", "x.txt"),
        ] {
            assert_eq!(log_file(given), Some(meant));
        }
        for bad in [
            "",
            "/etc/passwd",
            "../x",
            "a/../../x",
            ".",
            "./x",
            "a/",
            "a\nb",
            "/var/opt/axigen/axigen.cfg",
            "/var/opt/axigen/log/../x",
        ] {
            assert_eq!(log_file(bad), None, "{bad}");
        }
    }

    #[test]
    fn paths_of_an_installed_axigen() {
        for (given, meant) in [
            ("/var/opt/axigen/cert.pem", "cert.pem"),
            ("/var/axigen/domains/a", "domains/a"),
            ("/var/opt/axigen/", "/var/opt/axigen/"),
            ("/srv/cert.pem", "/srv/cert.pem"),
            ("cert.pem", "cert.pem"),
        ] {
            assert_eq!(working_path(given), meant);
        }
    }
}
