//! What SMTP receiving permits: the limits and switches that AXIGEN sets from the policy script.
//!
//! The script fills this later, per connection, sender or recipient; until then the defaults of services-core 3.2.1
//! hold. [`SmtpPolicy::max_received_headers`] starts with the service attribute of the same name.

use crate::sasl::Mechanisms;

/// Whose mail is taken (`remoteDelivery`, `localDelivery`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// Everybody's.
    All,
    /// That of clients who logged in.
    Auth,
    /// Nobody's.
    None,
}

/// Limits and switches of one session. Defaults and names: services-core 3.2.1, "Limits and switches".
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of its own in AXIGEN's policy"
)]
pub struct SmtpPolicy {
    /// `remoteDelivery`, default `auth`: which clients may send to domains that are not ours.
    pub remote_delivery: Delivery,
    /// `localDelivery`, default `all`: which clients may send to our domains.
    pub local_delivery: Delivery,
    /// `maxRcptCount`, default 1000: most recipients of one message; 0 stands for the top of the range, 1000.
    pub max_rcpt_count: u32,
    /// `maxDataSize` in KB, default 10240: largest message; 0 = no limit.
    pub max_data_size: u64,
    /// `maxReceivedHeaders`, default 30: mail with more Received fields is a loop; 0 = no limit.
    pub max_received_headers: u32,
    /// `smtpGreeting`: text after `220 `; `None` for `<serverName> axigend ESMTP ready`.
    pub smtp_greeting: Option<String>,
    /// `allowStartTLS`, default yes.
    pub allow_start_tls: bool,
    /// `allow8BitMime`, default yes; SMTPUTF8 needs it too (RFC 6531, 3.1).
    pub allow_8bit_mime: bool,
    /// `allowBinaryData`, default yes: CHUNKING and BINARYMIME.
    pub allow_binary_data: bool,
    /// `allowPipelining`, default yes: whether PIPELINING is announced. Commands in groups are answered in any case.
    pub allow_pipelining: bool,
    /// `plainConnAuthTypes`, default none: mechanisms on connections in clear.
    pub plain_conn_auth_types: Mechanisms,
    /// `secureConnAuthTypes`, default all: mechanisms under TLS.
    pub secure_conn_auth_types: Mechanisms,
}

impl Default for SmtpPolicy {
    fn default() -> Self {
        Self {
            remote_delivery: Delivery::Auth,
            local_delivery: Delivery::All,
            max_rcpt_count: 1000,
            max_data_size: 10_240,
            max_received_headers: 30,
            smtp_greeting: None,
            allow_start_tls: true,
            allow_8bit_mime: true,
            allow_binary_data: true,
            allow_pipelining: true,
            plain_conn_auth_types: Mechanisms::NONE,
            secure_conn_auth_types: Mechanisms::ALL,
        }
    }
}

impl SmtpPolicy {
    /// Largest message in octets; `None` = no limit.
    pub fn max_octets(&self) -> Option<u64> {
        (self.max_data_size > 0).then(|| self.max_data_size.saturating_mul(1024))
    }

    /// Most recipients of one message.
    pub fn max_recipients(&self) -> usize {
        match self.max_rcpt_count as usize {
            0 => super::RECIPIENTS_MAX,
            count => count.min(super::RECIPIENTS_MAX),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::SmtpPolicy;

    #[test]
    fn documented_defaults() {
        let policy = SmtpPolicy::default();
        assert_eq!(policy.max_octets(), Some(10_485_760));
        assert_eq!(policy.max_recipients(), 1000);
        assert_eq!(
            SmtpPolicy {
                max_data_size: 0,
                max_rcpt_count: 0,
                ..policy.clone()
            }
            .max_octets(),
            None
        );
        assert_eq!(
            SmtpPolicy {
                max_rcpt_count: u32::MAX,
                ..policy.clone()
            }
            .max_recipients(),
            1000
        );
        assert_eq!(
            SmtpPolicy {
                max_data_size: u64::MAX,
                ..policy
            }
            .max_octets(),
            Some(u64::MAX)
        );
    }
}
