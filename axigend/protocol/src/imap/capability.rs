//! The capability lists (RFC 9051, 6.1.1 and 7.2.2; services-core 3.2.5).
//!
//! LITERAL- (RFC 7888) is not named beside LITERAL+: a server that offers LITERAL+ serves clients of either, and the RFC
//! forbids to name both.

use super::session::LoginRules;
use crate::sasl::Mechanisms;

/// What the list depends on.
#[derive(Clone, Copy, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent facts about a connection"
)]
pub(crate) struct Standing {
    pub(crate) logged_in: bool,
    /// The connection is encrypted or local.
    pub(crate) private: bool,
    /// STARTTLS would work: allowed, a certificate is there, TLS is not up.
    pub(crate) can_start_tls: bool,
    pub(crate) id: bool,
    pub(crate) append_limit: u64,
}

/// What ENABLE accepts (RFC 5161).
pub(crate) const ENABLE: [&str; 4] = ["CONDSTORE", "IMAP4REV2", "QRESYNC", "UTF8=ACCEPT"];

const ALWAYS: &str = "IMAP4rev1 IMAP4rev2 LITERAL+";
const LOGGED_IN: &str = "ENABLE NAMESPACE UIDPLUS IDLE UNSELECT MOVE CHILDREN SPECIAL-USE CREATE-SPECIAL-USE \
     LIST-EXTENDED LIST-STATUS STATUS=SIZE ESEARCH SEARCHRES PARTIAL BINARY CONDSTORE QRESYNC OBJECTID MULTIAPPEND SAVEDATE PREVIEW \
     SORT ESORT THREAD=ORDEREDSUBJECT THREAD=REFERENCES UTF8=ACCEPT \
     QUOTA QUOTA=RES-STORAGE QUOTA=RES-MESSAGE QUOTA=RES-MAILBOX";

impl LoginRules {
    /// The mechanisms offered on such a connection.
    pub(crate) const fn mechanisms(self, private: bool) -> Mechanisms {
        if private { self.secure } else { self.plain }
    }

    /// Whether LOGIN is accepted on such a connection.
    pub(crate) const fn login(self, private: bool) -> bool {
        if private {
            self.secure_login
        } else {
            self.plain_login
        }
    }
}

/// The list after the word CAPABILITY.
pub(crate) fn list(standing: Standing, rules: LoginRules) -> String {
    let mut text = ALWAYS.to_owned();
    let mut add = |word: &str| {
        text.push(' ');
        text.push_str(word);
    };
    if standing.id {
        add("ID");
    }
    if standing.logged_in {
        add(LOGGED_IN);
        add(&format!("APPENDLIMIT={}", standing.append_limit));
        return text;
    }
    add("SASL-IR");
    add("ENABLE");
    if standing.can_start_tls {
        add("STARTTLS");
    }
    if !rules.login(standing.private) {
        add("LOGINDISABLED");
    }
    for mechanism in rules.mechanisms(standing.private).iter() {
        add(&format!("AUTH={}", mechanism.name()));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{LoginRules, Mechanisms, Standing, list};

    #[test]
    fn lists_follow_encryption_and_settings() {
        let both = Mechanisms {
            plain: true,
            login: true,
        };
        let rules = LoginRules {
            start_tls: true,
            secure: both,
            plain: Mechanisms::default(),
            secure_login: true,
            plain_login: false,
        };
        let standing = Standing {
            logged_in: false,
            private: false,
            can_start_tls: true,
            id: true,
            append_limit: 1000,
        };
        assert_eq!(
            list(standing, rules),
            "IMAP4rev1 IMAP4rev2 LITERAL+ ID SASL-IR ENABLE STARTTLS LOGINDISABLED"
        );
        let secure = Standing {
            private: true,
            can_start_tls: false,
            id: false,
            ..standing
        };
        assert_eq!(
            list(secure, rules),
            "IMAP4rev1 IMAP4rev2 LITERAL+ SASL-IR ENABLE AUTH=PLAIN AUTH=LOGIN"
        );
        let inside = list(
            Standing {
                logged_in: true,
                ..secure
            },
            rules,
        );
        assert!(
            inside.ends_with("APPENDLIMIT=1000") && !inside.contains("AUTH="),
            "{inside}"
        );
    }
}
