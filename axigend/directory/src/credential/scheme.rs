//! `{SCHEME}value`: which hashes are taken in, and which verifier checks them (cluster.md, "Password value formats").

use axigen_shared::{Cause, Refusal};

use super::argon::{self, Memory};
use super::foreign::{Bcrypt, Crypt, Salted};

/// Names as administrators and other servers write them, upper case.
const KNOWN: &str = "SSHA, SSHA256, SSHA512, CRYPT ($5$, $6$, $2b$), BCRYPT, ARGON2ID";
/// Longest scheme name looked for.
const NAME_MAX: usize = 32;

/// One way to check a password.
#[derive(Clone, Debug)]
pub(crate) enum Verifier {
    Argon(argon::Hash),
    Salted(Salted),
    Crypt(Crypt),
    Bcrypt(Bcrypt),
}

impl Verifier {
    /// Reads a stored verifier text.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let (name, value) = split(text).ok_or("no scheme")?;
        Self::of(name, value)
    }

    fn of(name: &str, value: &str) -> Result<Self, String> {
        match name.to_ascii_uppercase().as_str() {
            "ARGON2ID" | "ARGON2" | "ARGON2I" => argon::Hash::parse(value).map(Self::Argon),
            "SSHA" => Salted::parse(value, 20).map(Self::Salted),
            "SSHA256" => Salted::parse(value, 32).map(Self::Salted),
            "SSHA512" => Salted::parse(value, 64).map(Self::Salted),
            "SHA256-CRYPT" | "SHA512-CRYPT" => Crypt::parse(value).map(Self::Crypt),
            "BCRYPT" | "BLF-CRYPT" => Bcrypt::parse(value).map(Self::Bcrypt),
            "CRYPT" => Self::of(
                if value.starts_with("$2") {
                    "BCRYPT"
                } else {
                    "SHA512-CRYPT"
                },
                value,
            ),
            _ => Err(format!("unknown scheme; known are {KNOWN}")),
        }
    }

    pub(crate) fn check(&self, password: &[u8], memory: &mut Memory) -> bool {
        match self {
            Self::Argon(hash) => hash.check(password, memory),
            Self::Salted(hash) => hash.check(password),
            Self::Crypt(hash) => hash.check(password),
            Self::Bcrypt(hash) => hash.check(password),
        }
    }

    pub(crate) fn is_ours(&self) -> bool {
        matches!(self, Self::Argon(hash) if hash.is_ours())
    }
}

/// Scheme and value of a text that begins with `{NAME}`.
pub(crate) fn split(text: &str) -> Option<(&str, &str)> {
    let (name, value) = text.strip_prefix('{')?.split_once('}')?;
    let looks_like = !name.is_empty()
        && name.len() <= NAME_MAX
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte));
    looks_like.then_some((name, value))
}

/// The verifier text for a hash given by an administrator. An unknown scheme is refused and not taken for a password:
/// accounts moved in must not end up with their hash as password.
pub(crate) fn accept(name: &str, value: &str) -> Result<String, Refusal> {
    let wrong = |why: String| Refusal::new(Cause::Invalid, format!("{{{name}}}: {why}"));
    Verifier::of(name, value).map_err(wrong)?;
    Ok(format!("{{{}}}{value}", name.to_ascii_uppercase()))
}
