//! `SHOW RegistryInformation` of an account (WIRE.md 6.3): every label must be there, exactly as clients look for it; and of
//! a domain, with those of the labels that a domain has.

use super::{Administration, account_keys};
use axigen_shared::Refusal;
use axigen_shared::control::{Attribute, Body, Section};
use axigend_console::{Acted, Place};
use axigend_directory::{Dates, LastLogin};
use axigend_storage::MailboxUsage;
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// Labels of the last logins, with the name that the directory has for the service; none for services that are not built.
const LOGINS: [(&str, Option<&str>); 5] = [
    ("POP3", Some("pop3")),
    ("IMAP", Some("imap")),
    ("WebMail", Some("webmail")),
    ("Active Sync", None),
    ("OLK", None),
];
/// Form of dates; scripts drop the last word and parse the rest.
const DATE: &str = "%a, %d %b %Y %H:%M:%S %z";
/// Version of the object's format.
const CONFIGURATION_VERSION: &str = "1";

impl Administration {
    pub(super) fn account_registry(&self, place: &Place) -> Result<Acted, Refusal> {
        let (domain, name) = account_keys(&place.target)?;
        let account = self.account(domain, name)?;
        let logins = self.parts.directory.last_logins(domain, name)?;
        let usage = self.mailbox(&place.target)?.usage()?;
        let dates = self.parts.directory.account_dates(domain, name)?;
        let mut rows = first(account.id, dates);
        for (label, service) in LOGINS {
            let login = service.and_then(|service| logins.iter().find(|login| login.service == service));
            rows.extend(last_login(label, login));
        }
        rows.extend(rest(account.id, usage));
        Ok(shown(rows))
    }

    /// Of a group, a list or a folder recipient: what accounts and these have in common.
    pub(super) fn recipient_registry(&self, place: &Place) -> Result<Acted, Refusal> {
        let (domain, name) = account_keys(&place.target)?;
        let kind = super::recipients::kind(&place.target).ok_or_else(|| super::no_target(&place.target))?;
        let (id, dates) = self.parts.directory.recipient_dates(kind, domain, name)?;
        let mut rows = first(id, dates);
        for (label, text) in [
            ("Configuration Version", CONFIGURATION_VERSION),
            ("Associated LDAP ID", "none"),
            ("Associated LDAP DN", "none"),
            ("Configuration Status", "OK"),
        ] {
            rows.push((label.to_owned(), text.to_owned()));
        }
        Ok(shown(rows))
    }

    pub(super) fn domain_registry(&self, place: &Place) -> Result<Acted, Refusal> {
        let (id, dates) = self.parts.directory.domain_dates(place.target.name())?;
        let mut rows = first(u64::from(id), dates);
        for (label, text) in [
            ("Configuration Version", CONFIGURATION_VERSION),
            ("Configuration Status", "OK"),
        ] {
            rows.push((label.to_owned(), text.to_owned()));
        }
        Ok(shown(rows))
    }
}

fn shown(rows: Vec<(String, String)>) -> Acted {
    let attributes = rows.into_iter().map(|(name, text)| bare(name, text)).collect();
    let section = Section {
        title: "Registry information".to_owned(),
        attributes,
        lines: Vec::new(),
    };
    Acted::with(Body::Attributes {
        sections: vec![section],
    })
}

/// A moment that is not known (an object made before dates were kept) is "never", as clients expect.
fn first(id: u64, dates: Dates) -> Vec<(String, String)> {
    let rows = [
        ("Internal ID", id.to_string()),
        ("Creation Date", date(dates.created)),
        ("Modification Date", date(dates.modified)),
    ];
    rows.map(|(label, text)| (label.to_owned(), text)).to_vec()
}

fn last_login(label: &str, login: Option<&LastLogin>) -> [(String, String); 2] {
    let from = login.map_or("", |login| login.from.as_str());
    let from = if from.is_empty() { "0.0.0.0" } else { from };
    [
        (
            format!("{label} Last Login Date"),
            date(login.map_or(0, |login| login.at)),
        ),
        (format!("{label} Last Login IP"), from.to_owned()),
    ]
}

fn rest(id: u64, usage: MailboxUsage) -> Vec<(String, String)> {
    let rows = [
        ("Internal Mbox Container ID", id.to_string()),
        ("Configuration Version", CONFIGURATION_VERSION.to_owned()),
        ("Mbox Storage Version", CONFIGURATION_VERSION.to_owned()),
        ("Associated LDAP ID", "none".to_owned()),
        ("Associated LDAP DN", "none".to_owned()),
        ("Configuration Status", "OK".to_owned()),
        ("Mbox size", usage.size.div_ceil(1024).to_string()),
        ("Mbox message count", usage.messages.to_string()),
        ("Mbox folder count", usage.folders.to_string()),
        ("Mbox Storage Status", "OK".to_owned()),
    ];
    rows.map(|(label, text)| (label.to_owned(), text)).to_vec()
}

/// Values are not quoted: a quoted date would not parse.
pub(super) fn bare(name: String, text: String) -> Attribute {
    let value = text.as_str().into();
    Attribute {
        name,
        value,
        text,
        note: None,
        unit: String::new(),
        without_effect: false,
    }
}

fn date(at: i64) -> String {
    let moment = Timestamp::from_second(at).unwrap_or(Timestamp::UNIX_EPOCH);
    // Never is a moment of its own, not one of this time zone.
    let zone = if at == 0 {
        TimeZone::UTC
    } else {
        TimeZone::system()
    };
    moment.to_zoned_datetime(zone).strftime(DATE).to_string()
}

#[cfg(test)]
mod tests {
    use super::{date, last_login, rest};
    use axigend_storage::MailboxUsage;

    #[test]
    fn never_is_the_epoch() {
        assert_eq!(date(0), "Thu, 01 Jan 1970 00:00:00 +0000");
        assert!(date(1_213_347_600).starts_with("Fri, 13 Jun 2008 "));
    }

    #[test]
    fn labels_are_exact() {
        let [(date, _), (ip, from)] = last_login("Active Sync", None);
        assert_eq!(
            (date.as_str(), ip.as_str(), from.as_str()),
            (
                "Active Sync Last Login Date",
                "Active Sync Last Login IP",
                "0.0.0.0"
            )
        );
        let labels: Vec<String> = rest(7, MailboxUsage::default())
            .into_iter()
            .map(|(label, _)| label)
            .collect();
        assert_eq!(
            labels.first().map(String::as_str),
            Some("Internal Mbox Container ID")
        );
        assert_eq!(labels.last().map(String::as_str), Some("Mbox Storage Status"));
    }
}
