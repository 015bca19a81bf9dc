//! What the shell remembers between sessions.
//!
//! `$XDG_STATE_HOME/axictl/history`, else `~/.local/state/axictl/history`; the directory is 0700 and the file 0600 (the line editor
//! writes it so). Lines with passwords never get here: the shell does not hand them over.

use super::LineEditor;
use std::fs;
use std::os::unix::fs::DirBuilderExt;
use std::path::PathBuf;

/// Lines kept.
pub const LENGTH: usize = 2000;

/// Loads the history; having none is normal.
pub fn load(editor: &mut LineEditor) {
    if let Some(path) = path() {
        let _ = editor.load_history(&path);
    }
}

/// Adds what is new to the saved history. When that is impossible (read-only home), the session was none the worse for it.
pub fn save(editor: &mut LineEditor) {
    let Some(path) = path() else { return };
    if let Some(directory) = path.parent() {
        let _ = fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(directory);
    }
    let _ = editor.append_history(&path);
}

fn path() -> Option<PathBuf> {
    let variable = |name: &str| {
        std::env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    let state =
        variable("XDG_STATE_HOME").or_else(|| variable("HOME").map(|home| home.join(".local/state")))?;
    Some(state.join("axictl/history"))
}
