//! The rules of the house, kept by a machine: headers, sizes, arrows between crates, edges, leftovers.
//!
//! What each rule is for stands beside it. A file that has a good reason to break one is named here with the reason.

use axigen_tests::top;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Longest source file; what is longer is several files.
const MOST_LINES: usize = 500;

/// A source file of the workspace, path from the top.
struct Source {
    path: String,
    text: String,
    /// Compiled for tests only: below a `#[cfg(test)] mod`, an example, or in this package.
    is_test: bool,
}

impl Source {
    /// A file of unit tests inside another crate; what it names is no arrow of the house.
    fn is_unit_test(&self) -> bool {
        self.is_test && !self.path.starts_with("tests/")
    }

    /// The code without its unit tests (which stand at the end of a file).
    fn code(&self) -> &str {
        self.text
            .split("\n#[cfg(test)]\nmod tests {")
            .next()
            .unwrap_or_default()
    }

    /// Lines of code with their numbers, remarks left out.
    fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        let numbered = self
            .code()
            .lines()
            .enumerate()
            .map(|(index, line)| (index + 1, line));
        numbered.filter(|(_, line)| !line.trim_start().starts_with("//"))
    }
}

fn sources() -> Vec<Source> {
    let mut paths = Vec::new();
    for room in ["shared", "axigend", "axictl", "tests"] {
        collect(&top().join(room), &mut paths);
    }
    assert!(paths.len() > 50, "the sources were not found");
    let read = |path: &PathBuf| {
        let from_top = path
            .strip_prefix(top())
            .expect("below the top")
            .display()
            .to_string();
        (from_top, fs::read_to_string(path).expect("a source file"))
    };
    let files: Vec<(String, String)> = paths.iter().map(read).collect();
    let for_tests: Vec<String> = files
        .iter()
        .flat_map(|(path, text)| test_modules(path, text))
        .collect();
    let is_test = |path: &str| {
        let below = |module: &String| {
            path.strip_prefix(module.as_str())
                .is_some_and(|rest| rest.starts_with(['.', '/']))
        };
        path.starts_with("tests/")
            || path.contains("/tests/")
            || path.contains("/examples/")
            || for_tests.iter().any(below)
    };
    let source = |(path, text): (String, String)| Source {
        is_test: is_test(&path),
        path,
        text,
    };
    files.into_iter().map(source).collect()
}

/// The modules that a file declares for tests only, as paths without ending.
fn test_modules(path: &str, text: &str) -> Vec<String> {
    let (directory, file) = path.rsplit_once('/').unwrap_or(("", path));
    let own = match file {
        "lib.rs" | "main.rs" | "mod.rs" => directory.to_owned(),
        _ => path.trim_end_matches(".rs").to_owned(),
    };
    let declared = text.split("#[cfg(test)]\nmod ").skip(1);
    let names = declared
        .filter_map(|rest| rest.split_once(';'))
        .map(|(name, _)| name);
    let plain = |name: &&str| {
        name.bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    names.filter(plain).map(|name| format!("{own}/{name}")).collect()
}

fn collect(directory: &Path, paths: &mut Vec<PathBuf>) {
    let mut entries: Vec<_> = fs::read_dir(directory)
        .expect("a room")
        .flatten()
        .map(|entry| entry.path())
        .collect();
    entries.sort();
    for path in entries {
        if path.is_dir() && !path.ends_with("target") {
            collect(&path, paths);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            paths.push(path);
        }
    }
}

#[track_caller]
fn none(faults: &[String]) {
    assert!(
        faults.is_empty(),
        "{} places:\n{}",
        faults.len(),
        faults.join("\n")
    );
}

/// A newcomer reads the head of a file first: what it owns, what it does not, why so.
#[test]
fn every_file_says_what_it_owns() {
    let headless = sources()
        .into_iter()
        .filter(|source| !source.text.starts_with("//! "));
    none(&headless.map(|source| source.path).collect::<Vec<_>>());
}

#[test]
fn no_file_is_longer_than_it_should_be() {
    // Declarations are tables, and tests are lists of cases.
    let table = |source: &Source| {
        source.path.starts_with("shared/src/schema/contexts/")
            || source.path.starts_with("shared/src/schema/groups/")
    };
    let long = sources()
        .into_iter()
        .filter(|source| !source.is_test && !table(source));
    let long = long
        .map(|source| (source.text.lines().count(), source.path))
        .filter(|(lines, _)| *lines > MOST_LINES);
    none(
        &long
            .map(|(lines, path)| format!("{path}: {lines} lines"))
            .collect::<Vec<_>>(),
    );
}

/// The arrows of DESIGN ("Ways through the house"): each crate and the crates it may use. Cargo enforces what is declared; this
/// keeps the declarations.
#[test]
fn crates_use_only_what_the_design_allows() {
    let allowed: BTreeMap<&str, &[&str]> = BTreeMap::from([
        ("shared", &[][..]),
        ("axictl", &["axigen-shared"]),
        ("axigend/protocol", &["axigen-shared", "axigend-message"]),
        ("axigend/message", &["axigen-shared"]),
        ("axigend/config", &["axigen-shared"]),
        ("axigend/telemetry", &["axigen-shared", "axigend-config"]),
        (
            "axigend/net",
            &["axigen-shared", "axigend-config", "axigend-protocol"],
        ),
        (
            "axigend/console",
            &["axigen-shared", "axigend-config", "axigend-protocol"],
        ),
        ("axigend/storage", &["axigen-shared", "axigend-message"]),
        (
            "axigend/search",
            &["axigen-shared", "axigend-message", "axigend-storage"],
        ),
        (
            "axigend/directory",
            &["axigen-shared", "axigend-config", "axigend-storage"],
        ),
        (
            "axigend/queue",
            &["axigen-shared", "axigend-config", "axigend-storage"],
        ),
        (
            "axigend/processing",
            &[
                "axigen-shared",
                "axigend-config",
                "axigend-storage",
                "axigend-directory",
                "axigend-queue",
                "axigend-message",
            ],
        ),
    ]);
    let mut faults = Vec::new();
    for (room, uses) in allowed {
        let manifest = fs::read_to_string(top().join(room).join("Cargo.toml")).expect("Cargo.toml");
        let dependencies = manifest.split("[dependencies]").nth(1).unwrap_or_default();
        let dependencies = dependencies.split("\n[").next().unwrap_or_default();
        let ours = dependencies
            .lines()
            .filter_map(|line| line.split(['.', ' ', '=']).next());
        for name in ours.filter(|name| name.starts_with("axi")) {
            if !uses.contains(&name) {
                faults.push(format!("{room} uses {name}"));
            }
        }
    }
    none(&faults);
}

/// Only the disk edge of the storage touches the file system, so that a test can take its place. The other rooms named here own
/// files of their own that no crash test needs to replace.
#[test]
fn only_the_disk_edge_and_owners_of_other_files_touch_the_file_system() {
    let owners = [
        "axigend/storage/src/disk/", // the edge itself
        "axigend/config/src/",       // axigen.cfg
        "axigend/telemetry/src/",    // log files
        "axigend/net/src/",          // certificates, the control socket
        "axigend/src/",              // start: lock, pid file, directories, listeners.json
        "axictl/src/",               // scripts, the history
    ];
    forbid(&["std::fs", "fs::File", "OpenOptions"], |path| {
        owners.iter().any(|owner| path.starts_with(owner))
    });
}

/// Sessions and formats never look at a clock: time comes in from outside, and tests can choose it.
#[test]
fn only_outer_rooms_read_the_clock() {
    let outer = [
        "axigend/src/",
        "axigend/net/src/",
        "axigend/telemetry/src/",
        "axigend/queue/src/clock.rs",
        "axigend/directory/src/",
        "axigend/processing/src/",
        "axigend/storage/src/",
        "axigend/search/src/workers.rs",
        "axigend/console/src/",
    ];
    forbid(
        &["SystemTime::now", "Instant::now", "Timestamp::now", "Zoned::now"],
        |path| outer.iter().any(|room| path.starts_with(room)),
    );
}

/// A protocol without I/O can be tested with a `Vec<u8>`.
#[test]
fn protocols_do_no_input_or_output() {
    let faults = find(
        &[
            "std::thread",
            "TcpStream",
            "TcpListener",
            "tokio::",
            "std::io::Read",
            "parking_lot",
            "Mutex",
        ],
        |path| path.starts_with("axigend/protocol/src/") || path.starts_with("axigend/message/src/"),
    );
    none(&faults);
}

/// Services join one protocol to the parts that answer it; a service that knows another is two services.
#[test]
fn services_do_not_know_one_another() {
    let services = ["smtp_incoming", "imap", "pop3", "cli"];
    let mut faults = Vec::new();
    for source in sources() {
        let Some(rest) = source.path.strip_prefix("axigend/src/services/") else {
            continue;
        };
        let own = rest.split('/').next().unwrap_or_default();
        for (number, line) in source.lines() {
            let other = services
                .iter()
                .find(|name| **name != own && line.contains(&format!("services::{name}")));
            if let Some(other) = other {
                faults.push(format!("{}:{number}: uses {other}", source.path));
            }
        }
    }
    none(&faults);
}

#[test]
fn nothing_unfinished_or_silenced_is_left() {
    // Spelt in two halves, so that this file does not find itself.
    let needles = [
        concat!("todo", "!("),
        concat!("unimplemented", "!("),
        concat!("dbg", "!("),
        concat!("#[ig", "nore"),
        concat!("allow(dead", "_code"),
        concat!("allow(un", "used"),
        concat!("FIX", "ME"),
    ];
    none(&find(&needles, |_| true));
}

#[test]
fn nothing_in_the_tree_names_the_machine_it_was_written_on() {
    let needles = [
        concat!("/wo", "rk/"),
        concat!("/ro", "ot/"),
        concat!("crates", ".io"),
        concat!("deb.", "debian.org"),
        concat!("pypi", ".org"),
    ];
    let mut faults = Vec::new();
    let mut paths = Vec::new();
    everything(top(), &mut paths);
    for path in paths {
        let Ok(text) = fs::read_to_string(&path) else {
            continue;
        };
        for (index, line) in text.lines().enumerate() {
            if let Some(needle) = needles.iter().find(|needle| line.contains(**needle)) {
                faults.push(format!("{}:{}: {needle}", path.display(), index + 1));
            }
        }
    }
    none(&faults);
}

fn everything(directory: &Path, paths: &mut Vec<PathBuf>) {
    for path in fs::read_dir(directory)
        .expect("a directory")
        .flatten()
        .map(|entry| entry.path())
    {
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        // Names of registries are part of the lock file's format.
        if ["target", ".git", "demo", "Cargo.lock"].contains(&name.as_str()) {
            continue;
        }
        if path.is_dir() {
            everything(&path, paths);
        } else {
            paths.push(path);
        }
    }
}

fn forbid(needles: &[&str], may: impl Fn(&str) -> bool) {
    none(&find(needles, |path| !path.starts_with("tests/") && !may(path)));
}

fn find(needles: &[&str], searched: impl Fn(&str) -> bool) -> Vec<String> {
    let mut faults = Vec::new();
    for source in sources()
        .iter()
        .filter(|source| searched(&source.path) && !source.is_unit_test())
    {
        for (number, line) in source.lines() {
            if let Some(needle) = needles.iter().find(|needle| line.contains(**needle)) {
                faults.push(format!("{}:{number}: {needle}", source.path));
            }
        }
    }
    faults
}
