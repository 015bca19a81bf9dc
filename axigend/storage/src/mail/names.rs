//! Names of folders: UTF-8 levels separated by '/', `INBOX` in any case means the inbox (RFC 9051, 5.1).
//!
//! Names are compared byte by byte: what a client creates it finds again, composed or not. Wire forms (modified
//! UTF-7) are the protocol's business.

use axigen_shared::{Cause, Refusal};

use super::{FOLDER_DEPTH_LIMIT, FOLDER_NAME_LIMIT};

/// The inbox, which every mailbox has and nobody can delete.
pub(super) const INBOX: &str = "INBOX";

/// The stored form of a name, or why it cannot be one.
pub(super) fn canonical(name: &str) -> Result<String, Refusal> {
    let refuse = |why: &str| Err(Refusal::new(Cause::Invalid, format!("folder name: {why}")));
    if name.len() > FOLDER_NAME_LIMIT {
        return refuse("longer than 1000 bytes");
    }
    if name.split('/').any(str::is_empty) {
        return refuse("empty, or an empty level");
    }
    if name.split('/').count() > FOLDER_DEPTH_LIMIT {
        return refuse("more than 32 levels");
    }
    // Line and paragraph separators break every client that shows a list (RFC 5198, 2).
    if name
        .chars()
        .any(|ch| ch.is_control() || matches!(ch, '\u{2028}' | '\u{2029}'))
    {
        return refuse("a control character");
    }
    let (first, rest) = name.split_at(name.find('/').unwrap_or(name.len()));
    let first = if first.eq_ignore_ascii_case(INBOX) {
        INBOX
    } else {
        first
    };
    Ok(format!("{first}{rest}"))
}

/// The name one level up.
pub(super) fn parent(name: &str) -> Option<&str> {
    name.rsplit_once('/').map(|(parent, _)| parent)
}

/// The names of all levels above, outermost first.
pub(super) fn ancestors(name: &str) -> impl Iterator<Item = &str> {
    name.match_indices('/').map(|(at, _)| &name[..at])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inbox_has_one_spelling() {
        assert_eq!(canonical("inBox").unwrap(), "INBOX");
        assert_eq!(canonical("inbox/Lists").unwrap(), "INBOX/Lists");
        assert_eq!(canonical("inboxes").unwrap(), "inboxes");
        assert_eq!(canonical("Büro/2026").unwrap(), "Büro/2026");
    }

    #[test]
    fn impossible_names_are_refused() {
        let deep = vec!["a"; 33].join("/");
        let long = "a".repeat(1001);
        for name in [
            "", "/", "/a", "a/", "a//b", "a\nb", "a\u{0}", "\u{2028}", &deep, &long,
        ] {
            assert_eq!(canonical(name).unwrap_err().cause, Cause::Invalid, "{name:?}");
        }
    }

    #[test]
    fn levels_are_walked() {
        assert_eq!(ancestors("a/b/c").collect::<Vec<_>>(), ["a", "a/b"]);
        assert_eq!(parent("a/b/c"), Some("a/b"));
        assert_eq!(parent("a"), None);
    }
}
