//! Where the built programs and the files of this tree are.

use std::path::{Path, PathBuf};

/// The top of the source tree.
pub fn top() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// The path of a program of this workspace, as built beside the running test (same profile, same target directory).
///
/// `AXIGEN_BIN` names another directory, for example that of an installed package.
pub fn binary(name: &str) -> PathBuf {
    let path = if let Some(directory) = std::env::var_os("AXIGEN_BIN") {
        PathBuf::from(directory).join(name)
    } else {
        let test = std::env::current_exe().expect("a running program has a path");
        let profile = test
            .parent()
            .and_then(Path::parent)
            .expect("tests are in <target>/<profile>/deps");
        profile.join(name)
    };
    assert!(
        path.exists(),
        "{} is not built: run `cargo build --release --workspace` first",
        path.display()
    );
    path
}
