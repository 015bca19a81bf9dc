//! Dialogues as data: each file in `transcripts/` is a terminal log, as in the wire description. What follows a prompt is
//! typed by the client; everything else is what the server says. `UPDATE=1` rewrites the files, to be read before they are
//! kept.

mod memory;
#[expect(
    dead_code,
    reason = "shared with the other tests, which reach the session, too"
)]
mod play;

use axigend_console::{Engine, Identity, Limits, TextSession};
use memory::Memory;
use play::Play;
use std::path::Path;

const LIMITS: Limits = Limits {
    max_errors: 20,
    max_auth_errors: 5,
    max_auth_commands: 20,
};

/// Length of the prompt that a line begins with.
fn prompt(line: &str) -> Option<usize> {
    let end = line.find("> ")?;
    line.starts_with('<').then_some(end + 2)
}

fn check(path: &Path) -> Result<(), String> {
    let wanted = std::fs::read_to_string(path).map_err(|error| error.to_string())?;
    let engine = Engine::new(Memory::new(), LIMITS, Identity::default());
    let first = engine.prompt();
    let banner = ["axigend administration service", "log in with USER <name>."];
    let mut play = Play::new(TextSession::new(&banner, &first), engine);
    let mut log = play.heard();
    let mut client: Vec<&str> = wanted
        .lines()
        .filter_map(|line| line.get(prompt(line)?..))
        .collect();
    client.reverse();
    while let Some(line) = client.pop() {
        let said = play.line(line);
        log.extend([line, "\r\n", &said]);
    }
    let log = log.replace("\r\n", "\n");
    if std::env::var_os("UPDATE").is_some() {
        return std::fs::write(path, log).map_err(|error| error.to_string());
    }
    if log == wanted {
        return Ok(());
    }
    let differs = log
        .lines()
        .zip(wanted.lines())
        .position(|(one, other)| one != other);
    Err(format!(
        "{}: line {}:\n{log}",
        path.display(),
        differs.map_or(0, |at| at + 1)
    ))
}

#[test]
fn dialogues() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/transcripts");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    assert!(files.len() >= 5);
    let failures: Vec<String> = files.iter().filter_map(|path| check(path).err()).collect();
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}
