//! How users of a service may log in (services-core 3.2.4).

use super::View;
use axigen_shared::Refusal;
use axigen_shared::schema::Object;

/// Switches of login, with and without encryption.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoginSettings {
    /// Offers encryption on clear connections.
    pub allow_start_tls: bool,
    /// SASL mechanisms on encrypted connections.
    pub secure_conn_auth_types: AuthTypes,
    /// SASL mechanisms on clear connections.
    pub plain_conn_auth_types: AuthTypes,
    /// Name and password (USER/PASS, LOGIN) on encrypted connections.
    pub secure_conn_allow_login: bool,
    /// Name and password on clear connections.
    pub plain_conn_allow_login: bool,
}

/// A set of SASL mechanisms.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "a set of five independent mechanisms"
)]
pub struct AuthTypes {
    /// PLAIN (RFC 4616).
    pub plain: bool,
    /// LOGIN.
    pub login: bool,
    /// CRAM-MD5 (RFC 2195).
    pub cram_md5: bool,
    /// DIGEST-MD5 (RFC 2831).
    pub digest_md5: bool,
    /// GSSAPI (RFC 4752).
    pub gssapi: bool,
}

impl AuthTypes {
    fn of(names: &[&str]) -> Self {
        Self {
            plain: names.contains(&"plain"),
            login: names.contains(&"login"),
            cram_md5: names.contains(&"cram-md5"),
            digest_md5: names.contains(&"digest-md5"),
            gssapi: names.contains(&"gssapi"),
        }
    }
}

impl TryFrom<&Object> for LoginSettings {
    type Error = Refusal;

    /// From a service object.
    fn try_from(service: &Object) -> Result<Self, Refusal> {
        let view = View(service);
        Ok(Self {
            allow_start_tls: view.truth("allowStartTLS")?,
            secure_conn_auth_types: AuthTypes::of(&view.set("secureConnAuthTypes")?),
            plain_conn_auth_types: AuthTypes::of(&view.set("plainConnAuthTypes")?),
            secure_conn_allow_login: view.truth("secureConnAllowLogin")?,
            plain_conn_allow_login: view.truth("plainConnAllowLogin")?,
        })
    }
}
