//! What of a command may be logged: everything but secrets.

use axigen_shared::grammar::Matched;
use axigen_shared::schema::{Access, Verb};
use axigen_shared::value::{Kind, Word, quoted};

/// Longest part of a line that is logged.
const MAX_LOGGED: usize = 512;

/// Parts of parameter names whose values are secrets, for commands that no attribute declares.
const SECRET: [&str; 2] = ["pass", "secret"];

/// The command as it may be logged.
pub(super) fn masked(matched: &Matched, line: &str) -> String {
    let secret = match matched.verb() {
        // Only its first words are understood; a secret may stand anywhere behind them.
        Verb::NotBuilt => return verb(line),
        Verb::Set(attr) => matches!(attr.kind, Kind::Password { .. }) || attr.access == Access::WriteOnly,
        _ => false,
    };
    let named = matched.args.iter().any(|(name, _)| is_secret(name));
    if !secret && !named {
        return shortened(line);
    }
    let mut shown = verb(line);
    for (name, words) in matched.args.iter() {
        for word in words {
            let value = match word {
                _ if secret || is_secret(name) => "***".to_owned(),
                Word::One(text) => quoted(text),
                Word::Set(items) => format!("({})", items.join(" ")),
            };
            shown.extend([" ", name, " ", &value]);
        }
    }
    shortened(&shown)
}

/// The first two words of a line: of one that was not understood nobody knows where a secret stands.
pub(super) fn verb(line: &str) -> String {
    let words: Vec<&str> = line.split_whitespace().take(2).collect();
    shortened(&words.join(" "))
}

fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    SECRET.iter().any(|part| name.contains(part))
}

fn shortened(text: &str) -> String {
    text.chars()
        .take(MAX_LOGGED)
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}
