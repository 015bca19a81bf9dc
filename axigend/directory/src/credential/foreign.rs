//! Hashes of other servers: salted SHA, crypt(3) with SHA-2, bcrypt.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha_crypt::{PasswordVerifier, ShaCrypt};
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};
use subtle::ConstantTimeEq;

/// Most rounds of a crypt hash taken in: passlib's default is 656000; a million is about a second of work.
const ROUNDS_MAX: u32 = 1_000_000;
/// Highest bcrypt cost taken in: 2^14 rounds are about a second of work.
const BCRYPT_COST_MAX: u32 = 14;
/// Longest salt of a salted SHA hash in bytes.
const SALT_MAX: usize = 64;

/// `{SSHA}` and its longer sisters: base64 of digest and salt.
#[derive(Clone, Debug)]
pub(crate) struct Salted {
    digest: Vec<u8>,
    salt: Vec<u8>,
}

impl Salted {
    /// Reads the value; `length` is the digest's.
    pub(crate) fn parse(value: &str, length: usize) -> Result<Self, String> {
        let bytes = STANDARD.decode(value).map_err(|_| "not base64".to_owned())?;
        let Some((digest, salt)) = bytes.split_at_checked(length) else {
            return Err(format!("the digest must have {length} bytes"));
        };
        if salt.is_empty() || salt.len() > SALT_MAX {
            return Err(format!("the salt must have 1 to {SALT_MAX} bytes"));
        }
        Ok(Self {
            digest: digest.to_vec(),
            salt: salt.to_vec(),
        })
    }

    /// Whether the password gives this hash. The digest's length says which it is.
    pub(crate) fn check(&self, password: &[u8]) -> bool {
        let digest = match self.digest.len() {
            20 => digest::<Sha1>(password, &self.salt),
            32 => digest::<Sha256>(password, &self.salt),
            64 => digest::<Sha512>(password, &self.salt),
            _ => return false,
        };
        bool::from(digest.ct_eq(&self.digest))
    }
}

fn digest<D: Digest>(password: &[u8], salt: &[u8]) -> Vec<u8> {
    D::new()
        .chain_update(password)
        .chain_update(salt)
        .finalize()
        .to_vec()
}

/// `$5$` and `$6$` of crypt(3).
#[derive(Clone, Debug)]
pub(crate) struct Crypt(String);

impl Crypt {
    /// Checks form and rounds.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        const FORM: &str = "a crypt hash is $5$ or $6$, rounds=… if not 5000, salt and hash";
        let fields: Vec<&str> = text.split('$').collect();
        let (kind, rounds, salt, hash) = match fields.as_slice() {
            ["", kind, salt, hash] => (*kind, None, *salt, *hash),
            ["", kind, rounds, salt, hash] => (*kind, Some(*rounds), *salt, *hash),
            _ => return Err(FORM.to_owned()),
        };
        // Lengths of 32 and 64 bytes in the base64 of crypt(3).
        let length = match kind {
            "5" => 43,
            "6" => 86,
            _ => return Err(FORM.to_owned()),
        };
        let of_crypt = |text: &str| {
            text.bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'.' || b == b'/')
        };
        if hash.len() != length
            || !of_crypt(hash)
            || salt.len() > 16
            || !salt.bytes().all(|b| b.is_ascii_graphic())
        {
            return Err(FORM.to_owned());
        }
        if let Some(rounds) = rounds {
            let rounds = rounds
                .strip_prefix("rounds=")
                .and_then(|count| count.parse::<u32>().ok())
                .ok_or(FORM)?;
            if !(1000..=ROUNDS_MAX).contains(&rounds) {
                return Err(format!("rounds must be 1000 to {ROUNDS_MAX}"));
            }
        }
        Ok(Self(text.to_owned()))
    }

    /// Whether the password gives this hash.
    pub(crate) fn check(&self, password: &[u8]) -> bool {
        ShaCrypt::default()
            .verify_password(password, self.0.as_str())
            .is_ok()
    }
}

/// `$2a$`, `$2b$`, `$2y$`.
#[derive(Clone, Debug)]
pub(crate) struct Bcrypt(String);

impl Bcrypt {
    /// Checks form and cost.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        const FORM: &str = "a bcrypt hash is $2b$, two digits of cost, $ and 53 characters";
        if !["$2a$", "$2b$", "$2y$"]
            .iter()
            .any(|prefix| text.starts_with(prefix))
        {
            return Err(FORM.to_owned());
        }
        let parts: bcrypt::HashParts = text.parse().map_err(|_| FORM.to_owned())?;
        if !(4..=BCRYPT_COST_MAX).contains(&parts.get_cost()) {
            return Err(format!("the cost must be 04 to {BCRYPT_COST_MAX}"));
        }
        Ok(Self(text.to_owned()))
    }

    /// Whether the password gives this hash (only its first 72 bytes count, as everywhere with bcrypt).
    pub(crate) fn check(&self, password: &[u8]) -> bool {
        bcrypt::verify(password, &self.0).unwrap_or(false)
    }
}
