//! Which lines carry a password, and which are waiting for one.
//!
//! The words come from the schema (every attribute of a password kind, with its older spellings), so that a new secret
//! attribute is known here without a change. In doubt a line counts as secret: it is then merely not remembered.

use axigen_shared::schema::{self, Kind};
use std::sync::OnceLock;

/// Commands that only look or reset: a password word in them is a name, not the beginning of a value.
const HARMLESS: [&str; 5] = ["SHOW", "HELP", "RESET", "LIST", "REMOVE"];

/// Further words after which a secret stands: `serverSecretKey` …
fn words() -> &'static [String] {
    static WORDS: OnceLock<Vec<String>> = OnceLock::new();
    WORDS.get_or_init(|| {
        let mut words = vec!["remotepass".to_owned()];
        for context in schema::contexts() {
            for attr in context
                .attributes()
                .filter(|attr| matches!(attr.kind, Kind::Password { .. }))
            {
                words.extend(
                    std::iter::once(&attr.name)
                        .chain(attr.also)
                        .map(|name| name.to_ascii_lowercase()),
                );
            }
        }
        words.sort();
        words.dedup();
        words
    })
}

fn is_secret_word(word: &str) -> bool {
    // `oldPassword`, `admin-password`, `postmasterPasswd`: whatever is spelt like it.
    word.to_ascii_lowercase().contains("passw")
        || words().iter().any(|known| known.eq_ignore_ascii_case(word))
}

/// Whether a line may contain a password: it must not be kept, shown or repeated.
pub fn is_secret(line: &str) -> bool {
    secret_at(line).is_some()
}

/// The line with everything after a password word replaced, for messages.
pub fn masked(line: &str) -> String {
    match secret_at(line) {
        Some(end) => format!("{} ***", line.get(..end).unwrap_or_default()),
        None => line.to_owned(),
    }
}

/// Whether the line ends where a password must follow: `SET password`, `ADD Account ann password`.
///
/// Asking for it on a line of its own keeps it off the screen and out of the history.
pub fn awaits_password(line: &str) -> bool {
    let mut tokens = line.split_whitespace();
    let verb = tokens.next().unwrap_or_default();
    let harmless = HARMLESS.iter().any(|known| known.eq_ignore_ascii_case(verb));
    !harmless && tokens.next_back().is_some_and(is_secret_word)
}

/// Whether the next line is a password, raw: `USER name`.
pub fn begins_login(line: &str) -> bool {
    line.split_whitespace()
        .next()
        .is_some_and(|word| word.eq_ignore_ascii_case("USER"))
}

/// Where the part that may be kept ends: after the first password word that something follows.
fn secret_at(line: &str) -> Option<usize> {
    let verb = line.split_whitespace().next()?;
    if HARMLESS.iter().any(|known| known.eq_ignore_ascii_case(verb)) {
        return None;
    }
    let mut end = 0;
    for token in line.split_whitespace() {
        let start = end + line.get(end..)?.find(token)?;
        end = start + token.len();
        let something_follows = !line.get(end..)?.trim().is_empty();
        if something_follows && is_secret_word(token.trim_matches(['"', '\''])) {
            return Some(end);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::{awaits_password, is_secret, masked};

    #[test]
    fn lines_with_passwords_are_known() {
        for line in [
            "SET password geheim",
            "ADD Account ann password \"zwei worte\"",
            "create domain x postmasterpassword y",
            "CREATE Domain name x POSTMASTERPASSWD y",
            "  set  passwd  x",
            "CHANGE password oldPassword x newPassword y",
            "MIGRATE account a remoteHost h remotePort 143 remoteUser u remotePass p",
            "SET admin-password x",
        ] {
            assert!(is_secret(line), "{line}");
            assert!(
                !masked(line).contains(line.split_whitespace().last().unwrap()),
                "{}",
                masked(line)
            );
        }
        for line in [
            "SHOW ATTR password",
            "LIST Accounts",
            "SET password",
            "HELP SET password x",
            "",
        ] {
            assert!(!is_secret(line), "{line}");
            assert_eq!(masked(line), line);
        }
        assert_eq!(
            masked("ADD Account ann password x quota 3"),
            "ADD Account ann password ***"
        );
    }

    #[test]
    fn lines_that_wait_for_a_password_are_known() {
        for line in [
            "SET password",
            "CHANGE password ",
            "ADD Account ann password",
            "set PASSWD",
        ] {
            assert!(awaits_password(line), "{line}");
        }
        for line in [
            "SET password x",
            "SHOW ATTR password",
            "RESET password",
            "password",
            "LIST Accounts",
            "",
        ] {
            assert!(!awaits_password(line), "{line}");
        }
    }
}
