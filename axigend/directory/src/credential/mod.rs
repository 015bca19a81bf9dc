//! Credentials: how a password is kept and checked.
//!
//! A credential is a versioned list of verifiers, each a text `{SCHEME}value`. Today every verifier is a password
//! hash and one is enough; keys of other mechanisms (SCRAM) join the list later without a new format: a scheme this
//! version does not know is kept and matches nothing. New passwords become argon2id; hashes of other servers are
//! taken in as they are ([`Scheme`]), with bounds on their cost, so that no stored value can stall the server.
//!
//! Does not own threads, caches or who may log in: see `authenticate`.

mod argon;
mod foreign;
mod scheme;

use axigen_shared::value::Secret;
use axigen_shared::{Cause, Refusal};

pub(crate) use argon::{Memory, waste};
use scheme::Verifier;
pub(crate) use scheme::split;

/// Version byte of a stored credential.
const VERSION: u8 = 1;
/// Longest password that is hashed or checked, in bytes. SASL allows more (RFC 4616: 255 octets is what clients may
/// count on); without a bound the work per attempt would be the client's choice.
pub const PASSWORD_MAX: usize = 1024;
/// Most verifiers of one credential.
const VERIFIERS_MAX: usize = 8;
/// Longest verifier text; an argon2 text with the longest salt and hash taken is below 250 bytes.
const VERIFIER_MAX: usize = 512;

/// What an account's password is checked with.
#[derive(Clone, Debug, Default)]
pub(crate) struct Credential {
    /// Rises with every change; caches of successes are bound to it.
    pub(crate) version: u64,
    verifiers: Vec<String>,
    checks: Vec<Verifier>,
}

impl Credential {
    /// A credential without verifiers: every password is wrong.
    pub(crate) fn none(version: u64) -> Self {
        Self {
            version,
            ..Self::default()
        }
    }

    /// From what an administrator gave: `{SCHEME}hash` is kept as it is, anything else is a password and is hashed
    /// here, which takes time (see [`argon`]).
    pub(crate) fn new(given: &Secret, version: u64, memory: &mut Memory) -> Result<Self, Refusal> {
        let given = given.reveal();
        if given.is_empty() || given.len() > PASSWORD_MAX {
            let detail = format!("a password has 1 to {PASSWORD_MAX} bytes");
            return Err(Refusal::new(Cause::Invalid, detail));
        }
        let text = match split(given) {
            Some((name, value)) => scheme::accept(name, value)?,
            None => argon::hash(given.as_bytes(), memory)?,
        };
        Ok(Self::of(version, vec![text]))
    }

    fn of(version: u64, verifiers: Vec<String>) -> Self {
        let checks = verifiers
            .iter()
            .filter_map(|text| Verifier::parse(text).ok())
            .collect();
        Self {
            version,
            verifiers,
            checks,
        }
    }

    /// The one password hash of it, as an administrator may give it.
    pub(crate) fn hash(&self) -> Option<&str> {
        self.verifiers.first().map(String::as_str)
    }

    /// Whether the password matches one of the verifiers. Takes the time of their hashes.
    pub(crate) fn check(&self, password: &[u8], memory: &mut Memory) -> bool {
        if password.is_empty() || password.len() > PASSWORD_MAX {
            return false;
        }
        self.checks
            .iter()
            .any(|verifier| verifier.check(password, memory))
    }

    /// Whether there is a password that would be right.
    pub(crate) fn is_some(&self) -> bool {
        !self.verifiers.is_empty()
    }

    /// Whether a check costs what the check of a password of ours costs, so that refusals take the same time.
    pub(crate) fn costs_the_usual(&self) -> bool {
        self.checks.iter().any(Verifier::is_ours)
    }

    /// version u8, credential version u64, count u8, then per verifier u16 length and text.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = vec![VERSION];
        out.extend_from_slice(&self.version.to_be_bytes());
        let kept = self
            .verifiers
            .iter()
            .take(VERIFIERS_MAX)
            .filter(|text| text.len() <= VERIFIER_MAX);
        let kept: Vec<&String> = kept.collect();
        out.push(kept.len() as u8);
        for text in kept {
            out.extend_from_slice(&(text.len() as u16).to_be_bytes());
            out.extend_from_slice(text.as_bytes());
        }
        out
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, Refusal> {
        Self::read(bytes).ok_or_else(|| Refusal::new(Cause::DirectoryFailure, "a credential is unreadable"))
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let (&VERSION, rest) = bytes.split_first()? else {
            return None;
        };
        let (version, rest) = rest.split_first_chunk::<8>()?;
        let (&count, mut rest) = rest.split_first()?;
        let mut verifiers = Vec::new();
        for _ in 0..count {
            let (length, after) = rest.split_first_chunk::<2>()?;
            let (text, after) = after.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
            verifiers.push(std::str::from_utf8(text).ok()?.to_owned());
            rest = after;
        }
        rest.is_empty()
            .then(|| Self::of(u64::from_be_bytes(*version), verifiers))
    }
}

#[cfg(test)]
mod tests;
