//! The services an account may use (services-core 3.1.1, "Per-domain, per-account and per-list service enabling").

/// One switch of `services`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ServiceSwitch {
    /// Mail is accepted for the account.
    SmtpIncoming,
    /// The account may log in to SMTP to send.
    SmtpOutgoing,
    /// POP3 login.
    Pop3,
    /// IMAP login.
    Imap,
    /// WebMail login.
    Webmail,
    /// Mail is fetched from other servers.
    Rpop,
}

impl ServiceSwitch {
    const ALL: [Self; 6] = [
        Self::SmtpIncoming,
        Self::SmtpOutgoing,
        Self::Pop3,
        Self::Imap,
        Self::Webmail,
        Self::Rpop,
    ];

    /// Its name in `services`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::SmtpIncoming => "smtpIncoming",
            Self::SmtpOutgoing => "smtpOutgoing",
            Self::Pop3 => "pop3",
            Self::Imap => "imap",
            Self::Webmail => "webmail",
            Self::Rpop => "rpop",
        }
    }

    const fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// A set of switches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServiceSwitches(u8);

impl ServiceSwitches {
    /// All of them.
    pub const ALL: Self = Self(0x3F);

    /// Those named in a value of `services`; names of other services are of no interest here.
    pub(crate) fn named(names: &[&'static str]) -> Self {
        let is_on =
            |switch: &ServiceSwitch| names.iter().any(|name| name.eq_ignore_ascii_case(switch.name()));
        Self(
            ServiceSwitch::ALL
                .into_iter()
                .filter(is_on)
                .fold(0, |bits, switch| bits | switch.bit()),
        )
    }

    /// Those in both.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Whether this one is on.
    pub const fn contains(self, switch: ServiceSwitch) -> bool {
        self.0 & switch.bit() != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_are_cut_with_each_other() {
        let one = ServiceSwitches::named(&["imap", "POP3", "log"]);
        assert!(one.contains(ServiceSwitch::Pop3) && one.contains(ServiceSwitch::Imap));
        let both = one.and(ServiceSwitches::named(&["imap", "webmail"]));
        assert!(both.contains(ServiceSwitch::Imap) && !both.contains(ServiceSwitch::Pop3));
        assert!(
            ServiceSwitch::ALL
                .into_iter()
                .all(|switch| ServiceSwitches::ALL.contains(switch))
        );
    }
}
