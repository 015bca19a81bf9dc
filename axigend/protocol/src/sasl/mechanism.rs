//! Which mechanisms there are, and sets of them.

use super::exchange::{Exchange, Login, Plain};

/// A mechanism that this server speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mechanism {
    /// PLAIN (RFC 4616).
    Plain,
    /// LOGIN: user name and password as two answers; never standardised, widely used.
    Login,
}

impl Mechanism {
    /// In the order in which they are announced.
    pub const ALL: [Self; 2] = [Self::Plain, Self::Login];

    /// The registered name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Plain => "PLAIN",
            Self::Login => "LOGIN",
        }
    }

    /// The mechanism of this name, in any letter case.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|mechanism| mechanism.name().eq_ignore_ascii_case(name))
    }

    pub(super) fn exchange(self) -> Box<dyn Exchange> {
        match self {
            Self::Plain => Box::new(Plain),
            Self::Login => Box::new(Login::default()),
        }
    }
}

/// A set of mechanisms: what an administrator allows on one kind of connection (`plainConnAuthTypes`,
/// `secureConnAuthTypes`), reduced to what this server speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mechanisms {
    /// PLAIN.
    pub plain: bool,
    /// LOGIN.
    pub login: bool,
}

impl Mechanisms {
    /// None at all.
    pub const NONE: Self = Self {
        plain: false,
        login: false,
    };
    /// All that this server speaks.
    pub const ALL: Self = Self {
        plain: true,
        login: true,
    };

    /// Whether this mechanism is in the set.
    pub const fn contains(self, mechanism: Mechanism) -> bool {
        match mechanism {
            Mechanism::Plain => self.plain,
            Mechanism::Login => self.login,
        }
    }

    /// Whether the set has no member.
    pub const fn is_empty(self) -> bool {
        !self.plain && !self.login
    }

    /// The members in the order of announcement.
    pub fn iter(self) -> impl Iterator<Item = Mechanism> {
        Mechanism::ALL
            .into_iter()
            .filter(move |mechanism| self.contains(*mechanism))
    }

    /// The members as announced: `PLAIN LOGIN`.
    pub fn names(self) -> String {
        self.iter().map(Mechanism::name).collect::<Vec<_>>().join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::{Mechanism, Mechanisms};

    #[test]
    fn names_and_sets() {
        assert_eq!(Mechanisms::ALL.names(), "PLAIN LOGIN");
        assert_eq!(
            Mechanisms {
                plain: false,
                login: true
            }
            .names(),
            "LOGIN"
        );
        assert!(Mechanisms::NONE.is_empty());
        assert_eq!(Mechanism::named("plain"), Some(Mechanism::Plain));
        assert_eq!(Mechanism::named("GSSAPI"), None);
    }
}
