//! Reports to senders: "could not be delivered" and "is delayed" (RFC 3464; RFC 6533 when an address is not ASCII).
//!
//! Pure: facts in, message out. When a report is due and who gets it is decided by `conclude`.

use std::fmt::Write;

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// Which report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Permanent failure: the message is given up for these recipients.
    Failed,
    /// Temporary failure: it is tried on until this time (unix seconds).
    Delayed { until: i64 },
}

/// One recipient of the report.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    pub(crate) address: String,
    /// RFC 3463.
    pub(crate) status: String,
    pub(crate) text: String,
}

/// What a report is made of.
#[derive(Debug)]
pub(crate) struct Facts<'a> {
    pub(crate) kind: Kind,
    /// Who gets it: the reverse-path of the message.
    pub(crate) sender: &'a str,
    /// `serverName`.
    pub(crate) server_name: &'a str,
    /// `primaryDomain`: the report comes from its postmaster.
    pub(crate) primary_domain: &'a str,
    /// Queue id of the message in question.
    pub(crate) about: String,
    /// Queue id of the report.
    pub(crate) own_id: String,
    /// When the message was received, unix seconds.
    pub(crate) received_at: i64,
    /// Now, unix seconds.
    pub(crate) now: i64,
    /// Zone of the dates in it.
    pub(crate) zone: TimeZone,
    pub(crate) failures: &'a [Failure],
    /// The header of the message, as far as it is returned.
    pub(crate) headers: &'a [u8],
}

impl Facts<'_> {
    /// Whether it needs SMTPUTF8: an address in it is not ASCII.
    pub(crate) fn is_international(&self) -> bool {
        !self.sender.is_ascii() || self.failures.iter().any(|failure| !failure.address.is_ascii())
    }

    fn date(&self, at: i64) -> String {
        let at = Timestamp::from_second(at)
            .unwrap_or(Timestamp::UNIX_EPOCH)
            .to_zoned_datetime(self.zone.clone());
        jiff::fmt::rfc2822::to_string(&at).unwrap_or_default()
    }

    /// The whole message.
    pub(crate) fn message(&self) -> Vec<u8> {
        let boundary = self.boundary();
        let mut out = String::new();
        self.header(&mut out, &boundary);
        self.for_people(&mut out, &boundary);
        self.for_programs(&mut out, &boundary);
        let (kind, encoding) = match (self.is_international(), self.headers.is_ascii()) {
            (true, _) => ("message/global-headers", "8bit"),
            (false, true) => ("text/rfc822-headers", "7bit"),
            (false, false) => ("text/rfc822-headers", "8bit"),
        };
        line(&mut out, format_args!("--{boundary}"));
        line(&mut out, format_args!("Content-Description: Message headers"));
        line(&mut out, format_args!("Content-Type: {kind}"));
        line(
            &mut out,
            format_args!("Content-Transfer-Encoding: {encoding}\r\n"),
        );
        let mut bytes = out.into_bytes();
        bytes.extend_from_slice(self.headers);
        if !self.headers.ends_with(b"\r\n") {
            bytes.extend_from_slice(b"\r\n");
        }
        bytes.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
        bytes
    }

    /// A separator that the returned header does not contain (RFC 2046, 5.1.1).
    fn boundary(&self) -> String {
        let mut boundary = format!("=_{}.{}.{}", self.about, self.own_id, self.now);
        while self
            .headers
            .windows(boundary.len())
            .any(|window| window == boundary.as_bytes())
        {
            boundary.push('_');
        }
        boundary
    }

    fn header(&self, out: &mut String, boundary: &str) {
        let subject = match self.kind {
            Kind::Failed => "Mail delivery failed",
            Kind::Delayed { .. } => "Mail delivery is delayed",
        };
        line(out, format_args!("Date: {}", self.date(self.now)));
        line(
            out,
            format_args!("From: Mail Delivery System <postmaster@{}>", self.primary_domain),
        );
        line(out, format_args!("To: <{}>", self.sender));
        line(out, format_args!("Subject: {subject}"));
        line(
            out,
            format_args!("Message-ID: <{}.{}@{}>", self.own_id, self.now, self.server_name),
        );
        if let Some(id) = message_id(self.headers) {
            line(out, format_args!("In-Reply-To: {id}"));
            line(out, format_args!("References: {id}"));
        }
        line(out, format_args!("Auto-Submitted: auto-replied"));
        line(out, format_args!("MIME-Version: 1.0"));
        line(
            out,
            format_args!("Content-Type: multipart/report; report-type=delivery-status;"),
        );
        line(out, format_args!("\tboundary=\"{boundary}\"\r\n"));
    }

    fn for_people(&self, out: &mut String, boundary: &str) {
        line(out, format_args!("--{boundary}"));
        line(out, format_args!("Content-Description: Notification"));
        line(out, format_args!("Content-Type: text/plain; charset=utf-8"));
        line(
            out,
            format_args!("Content-Transfer-Encoding: {}\r\n", self.encoding()),
        );
        line(
            out,
            format_args!("This is the mail system at {}.\r\n", self.server_name),
        );
        match self.kind {
            Kind::Failed => {
                line(
                    out,
                    format_args!("Your message could not be delivered to one or more recipients."),
                );
                line(out, format_args!("It will not be tried again.\r\n"));
            }
            Kind::Delayed { until } => {
                line(
                    out,
                    format_args!("Your message has not been delivered yet to one or more recipients."),
                );
                line(out, format_args!("It is tried again until {}.", self.date(until)));
                line(out, format_args!("You need not send it again.\r\n"));
            }
        }
        for failure in self.failures {
            line(out, format_args!("<{}>", failure.address));
            line(
                out,
                format_args!("    {} ({})\r\n", one_line(&failure.text), failure.status),
            );
        }
    }

    fn for_programs(&self, out: &mut String, boundary: &str) {
        let (kind, address_type) = if self.is_international() {
            ("message/global-delivery-status", "utf-8")
        } else {
            ("message/delivery-status", "rfc822")
        };
        line(out, format_args!("--{boundary}"));
        line(out, format_args!("Content-Description: Delivery report"));
        line(out, format_args!("Content-Type: {kind}"));
        line(
            out,
            format_args!("Content-Transfer-Encoding: {}\r\n", self.encoding()),
        );
        line(out, format_args!("Reporting-MTA: dns; {}", self.server_name));
        line(out, format_args!("X-Axigend-Queue-ID: {}", self.about));
        line(out, format_args!("Arrival-Date: {}", self.date(self.received_at)));
        for failure in self.failures {
            let action = match self.kind {
                Kind::Failed => "failed",
                Kind::Delayed { .. } => "delayed",
            };
            line(
                out,
                format_args!("\r\nFinal-Recipient: {address_type}; {}", failure.address),
            );
            line(out, format_args!("Action: {action}"));
            line(out, format_args!("Status: {}", failure.status));
            line(
                out,
                format_args!("Diagnostic-Code: x-axigend; {}", one_line(&failure.text)),
            );
            line(out, format_args!("Last-Attempt-Date: {}", self.date(self.now)));
            if let Kind::Delayed { until } = self.kind {
                line(out, format_args!("Will-Retry-Until: {}", self.date(until)));
            }
        }
        out.push_str("\r\n");
    }

    fn encoding(&self) -> &'static str {
        if self.is_international() { "8bit" } else { "7bit" }
    }
}

fn line(out: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing into a String cannot fail.
    let _ = out.write_fmt(text);
    out.push_str("\r\n");
}

/// A text that cannot begin a new field.
fn one_line(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

/// The Message-ID of a header, if it is a plain one on one line.
fn message_id(headers: &[u8]) -> Option<&str> {
    let line = headers.split(|byte| *byte == b'\n').find(|line| {
        line.get(..11)
            .is_some_and(|name| name.eq_ignore_ascii_case(b"message-id:"))
    })?;
    let id = std::str::from_utf8(line.get(11..)?).ok()?.trim();
    let plain = id.len() > 2 && id.len() < 500 && id.bytes().all(|byte| byte.is_ascii_graphic());
    (plain && id.starts_with('<') && id.ends_with('>')).then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts<'a>(kind: Kind, failures: &'a [Failure], headers: &'a [u8]) -> Facts<'a> {
        Facts {
            kind,
            sender: "ann@example.org",
            server_name: "mail.example.org",
            primary_domain: "example.org",
            about: "2C2605".into(),
            own_id: "2C2606".into(),
            received_at: 1_790_000_000,
            now: 1_790_000_300,
            zone: TimeZone::UTC,
            failures,
            headers,
        }
    }

    fn failure(address: &str, status: &str, text: &str) -> Failure {
        Failure {
            address: address.into(),
            status: status.into(),
            text: text.into(),
        }
    }

    const HEADERS: &[u8] =
        b"Received: from x\r\nFrom: ann@example.org\r\nMessage-ID: <1@example.org>\r\nSubject: hi\r\n";

    #[test]
    fn failed_golden() {
        let failures = [
            failure("bob@example.org", "5.1.1", "No such user"),
            failure("c@example.org", "5.2.2", "Full"),
        ];
        let message = facts(Kind::Failed, &failures, HEADERS).message();
        let golden = include_str!("../golden/failed.eml").replace('\n', "\r\n");
        assert_eq!(String::from_utf8(message).unwrap(), golden);
    }

    #[test]
    fn delayed_golden() {
        let failures = [failure("bob@example.org", "4.2.2", "Mailbox full")];
        let message = facts(Kind::Delayed { until: 1_790_412_500 }, &failures, HEADERS).message();
        let golden = include_str!("../golden/delayed.eml").replace('\n', "\r\n");
        assert_eq!(String::from_utf8(message).unwrap(), golden);
    }

    #[test]
    fn addresses_beyond_ascii_make_it_global() {
        let failures = [failure("jörg@example.org", "5.1.1", "No such user")];
        let text = String::from_utf8(facts(Kind::Failed, &failures, HEADERS).message()).unwrap();
        assert!(text.contains("message/global-delivery-status"));
        assert!(text.contains("Final-Recipient: utf-8; jörg@example.org"));
        assert!(text.contains("message/global-headers"));
    }

    #[test]
    fn the_boundary_is_not_in_the_headers_and_texts_stay_on_their_line() {
        let headers = b"X: =_2C2605.2C2606.1790000300\r\n";
        let failures = [failure("b@x", "5.0.0", "a\r\nAction: delivered")];
        let text = String::from_utf8(facts(Kind::Failed, &failures, headers).message()).unwrap();
        assert!(text.contains("boundary=\"=_2C2605.2C2606.1790000300_\""));
        assert!(text.contains("Diagnostic-Code: x-axigend; a  Action: delivered\r\n"));
    }

    #[test]
    fn only_a_plain_message_id_is_referred_to() {
        assert_eq!(message_id(b"a: b\r\nMESSAGE-ID:\t<x@y>\r\n"), Some("<x@y>"));
        for other in [
            &b"Message-ID: x\r\n"[..],
            b"Message-ID: <a b>\r\n",
            b"Message-ID:\r\n <x@y>\r\n",
            b"x",
            b"",
        ] {
            assert_eq!(message_id(other), None);
        }
    }
}
