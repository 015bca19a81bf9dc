//! A name and a password on their way to the directory, never printed.

use std::fmt;

use zeroize::Zeroizing;

/// A password in clear: wiped when dropped, never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(Zeroizing<Vec<u8>>);

impl Password {
    /// Takes the octets of a password.
    pub fn new(octets: &[u8]) -> Self {
        Self(Zeroizing::new(octets.to_vec()))
    }

    /// The octets, for verification only.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("***")
    }
}

/// What a client offers to be logged in with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    /// The login name as the client gave it; without `@` it belongs to the primary domain (services-core 3.1.2).
    pub login: String,
    /// The password in clear.
    pub password: Password,
}

#[cfg(test)]
mod tests {
    use super::{Credentials, Password};

    #[test]
    fn a_password_is_never_shown() {
        let offered = Credentials {
            login: "ann".into(),
            password: Password::new(b"Secret-1"),
        };
        assert!(!format!("{offered:?}").contains("Secret"));
    }
}
