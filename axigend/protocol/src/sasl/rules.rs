//! Login switches of a service: what may be used on connections in clear and under TLS.

use super::mechanism::Mechanisms;

/// The attributes of services-core 3.2.4 and 3.2.5 that decide who may log in how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoginRules {
    /// `allowStartTLS`.
    pub start_tls: bool,
    /// `secureConnAuthTypes`.
    pub secure: Mechanisms,
    /// `plainConnAuthTypes`.
    pub plain: Mechanisms,
    /// `secureConnAllowLogin`: the protocol's own login command under TLS.
    pub secure_login: bool,
    /// `plainConnAllowLogin`: the same in clear.
    pub plain_login: bool,
}

impl LoginRules {
    /// Mechanisms allowed now.
    pub const fn mechanisms(&self, secure: bool) -> Mechanisms {
        if secure { self.secure } else { self.plain }
    }

    /// Whether the protocol's own login command is allowed now.
    pub const fn allows_login(&self, secure: bool) -> bool {
        if secure {
            self.secure_login
        } else {
            self.plain_login
        }
    }
}

impl Default for LoginRules {
    /// The shipped values: nothing secret in clear.
    fn default() -> Self {
        Self {
            start_tls: true,
            secure: Mechanisms::ALL,
            plain: Mechanisms::NONE,
            secure_login: true,
            plain_login: false,
        }
    }
}
