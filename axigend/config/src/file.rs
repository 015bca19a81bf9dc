//! `axigen.cfg` on disk: reading with all diagnostics, writing so that a crash leaves the old file or the new one.
//!
//! The only place of this room that touches the file system. Mode 0640 (services-core, "Files and directories"); the
//! previous file is kept as `.bak`.

use axigen_shared::schema::{self, Diagnostic, Object, Scope, Severity, Step};
use axigen_shared::{Cause, Refusal};
use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Component, Path, PathBuf};

/// Largest configuration file in bytes: hundreds of listeners with all their rules; anything larger is not one.
const MAX_FILE: u64 = 16 * 1024 * 1024;
/// Name of the object that holds the server: `server = { … }`.
const FRAME: &str = "server";
/// Mode of the file: it may hold keys.
const MODE: u32 = 0o640;

/// What was read.
pub(crate) struct Source {
    /// The SERVER tree.
    pub object: Object,
    /// What is to be said about it, place by place.
    pub diagnostics: Vec<Diagnostic>,
    path: PathBuf,
    text: String,
}

impl Source {
    /// Something to say about an object of the tree, at the first of these attributes that is written.
    pub fn diagnostic(&self, at: &[Step], names: &[&'static str], message: String) -> Diagnostic {
        let framed: Vec<Step> = std::iter::once(Step::Part(FRAME))
            .chain(at.iter().cloned())
            .collect();
        let server = || schema::place(schema::context("SERVER")?, &self.text, at, names);
        let place = schema::place(schema::root(), &self.text, &framed, names).or_else(server);
        let (line, column) = place.unwrap_or((1, 1));
        Diagnostic {
            line,
            column,
            attribute: names.first().map(|name| (*name).to_owned()),
            ..diagnostic(&self.path, Severity::Error, message)
        }
    }
}

/// Reads a file: the SERVER tree and what is to be said about it. A file that does not exist is an empty one.
pub(crate) fn read(path: &Path) -> Result<Source, Vec<Diagnostic>> {
    let text = match contents(path) {
        Ok(text) => text,
        Err(why) if why.kind() == ErrorKind::NotFound => String::new(),
        Err(why) => {
            return Err(vec![diagnostic(
                path,
                Severity::Error,
                format!("cannot be read: {why}"),
            )]);
        }
    };
    let (object, diagnostics) =
        parse(&text).map_err(|message| vec![diagnostic(path, Severity::Error, message)])?;
    let named = |mut one: Diagnostic| {
        one.file = path.display().to_string();
        one
    };
    Ok(Source {
        object,
        diagnostics: diagnostics.into_iter().map(named).collect(),
        path: path.to_path_buf(),
        text,
    })
}

fn contents(path: &Path) -> std::io::Result<String> {
    let mut bytes = Vec::new();
    File::open(path)?.take(MAX_FILE + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_FILE {
        return Err(std::io::Error::other(format!(
            "it is larger than {MAX_FILE} bytes"
        )));
    }
    String::from_utf8(bytes).map_err(|_| std::io::Error::other("it is not UTF-8"))
}

/// The tree of a text: `server = { … }`, or the attributes of the server without that frame.
pub(crate) fn parse(text: &str) -> Result<(Object, Vec<Diagnostic>), String> {
    let root = schema::root();
    let server = schema::context("SERVER").ok_or("the schema has no SERVER")?;
    let (mut framed, said) = Object::parse(root, text);
    match framed.parts.remove(FRAME) {
        // What stands beside the frame is unknown, said so, and kept inside it.
        Some(mut object) => {
            object.unknown.append(&mut framed.unknown);
            Ok((object, said))
        }
        // An empty frame, or mistakes inside that left nothing.
        None if framed.unknown.is_empty() => Ok((Object::new(server), said)),
        None => Ok(Object::parse(server, text)),
    }
}

/// The file of a tree, in its frame.
pub(crate) fn text(object: &Object, scope: Scope) -> String {
    let mut framed = Object::new(schema::root());
    framed.parts.insert(FRAME, object.clone());
    schema::print(&framed, scope)
}

/// Writes a file as a whole: a temporary one beside it, synced, renamed over it; the directory synced.
pub(crate) fn write(path: &Path, text: &str) -> Result<(), Refusal> {
    let failed = |why: std::io::Error| {
        let cause = if why.kind() == ErrorKind::StorageFull {
            Cause::StorageFull
        } else {
            Cause::StorageFailure
        };
        Refusal::new(cause, format!("cannot write {}: {why}", path.display()))
    };
    let temporary = beside(path, ".new");
    let outcome = replace(path, &temporary, text);
    if outcome.is_err() {
        // Half a file helps no one; that it may be missing is no matter.
        let _ = std::fs::remove_file(&temporary);
    }
    outcome.map_err(failed)
}

fn replace(path: &Path, temporary: &Path, text: &str) -> std::io::Result<()> {
    // Left by a crash, or put there by someone: never written through.
    match std::fs::remove_file(temporary) {
        Err(why) if why.kind() != ErrorKind::NotFound => return Err(why),
        _ => {}
    }
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(MODE)
        .open(temporary)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    keep_previous(path)?;
    std::fs::rename(temporary, path)?;
    let directory = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    File::open(directory)?.sync_all()
}

/// Keeps the file as `.bak` by a second link, so that there is no moment without a file.
fn keep_previous(path: &Path) -> std::io::Result<()> {
    let backup = beside(path, ".bak");
    match std::fs::remove_file(&backup) {
        Err(why) if why.kind() != ErrorKind::NotFound => return Err(why),
        _ => {}
    }
    match std::fs::hard_link(path, &backup) {
        Err(why) if why.kind() == ErrorKind::NotFound => Ok(()),
        // A file system without links: a copy is as good.
        Err(_) => std::fs::copy(path, &backup).map(|_| ()),
        Ok(()) => Ok(()),
    }
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name: OsString = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// Where `SAVE CONFIG <path>` writes to: `<path>.saved`, below the working directory only.
///
/// Absolute paths below the product's usual directories mean the working directory; others are refused, as is `..`.
pub(crate) fn below(workdir: &Path, path: &str) -> Result<PathBuf, Refusal> {
    let refused = |why: &str| {
        Err(Refusal::new(
            Cause::NotPermitted,
            format!("cannot save to {path}: {why}"),
        ))
    };
    let usual = ["/var/opt/axigen/", "/var/axigen/"]
        .iter()
        .find_map(|prefix| path.strip_prefix(prefix));
    let inside = match Path::new(path).strip_prefix(workdir) {
        Ok(inside) if Path::new(path).is_absolute() => inside.to_path_buf(),
        _ => PathBuf::from(usual.unwrap_or(path)),
    };
    if inside.as_os_str().is_empty() {
        return refused("it names no file");
    }
    if !inside
        .components()
        .all(|component| matches!(component, Component::Normal(_) | Component::CurDir))
    {
        return refused("only files below the working directory are written");
    }
    let target = workdir.join(beside(&inside, ".saved"));
    // A link on the way must not lead out.
    let directory = target.parent().unwrap_or(workdir);
    match (directory.canonicalize(), workdir.canonicalize()) {
        (Ok(real), Ok(root)) if real.starts_with(&root) => Ok(target),
        (Ok(_), Ok(_)) => refused("only files below the working directory are written"),
        _ => refused("its directory does not exist"),
    }
}

fn diagnostic(path: &Path, severity: Severity, message: impl Into<String>) -> Diagnostic {
    Diagnostic {
        file: path.display().to_string(),
        line: 1,
        column: 1,
        attribute: None,
        message: message.into(),
        severity,
    }
}
