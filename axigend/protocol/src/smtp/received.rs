//! The Received field of this server (RFC 5321, 4.4; services-core 3.2.1).

use std::net::IpAddr;

/// What the field tells.
#[derive(Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "four independent facts that the protocol keyword is made of"
)]
pub(super) struct Facts<'a> {
    /// Name of HELO or EHLO.
    pub hello: &'a str,
    /// Whether it was EHLO.
    pub extended: bool,
    /// The client's address; `None` for a Unix socket.
    pub remote: Option<IpAddr>,
    /// `serverName`.
    pub server_name: &'a str,
    /// TLS is up.
    pub secure: bool,
    /// The client logged in.
    pub authenticated: bool,
    /// SMTPUTF8 was asked for.
    pub smtp_utf8: bool,
    /// Queue id.
    pub id: &'a str,
    /// The only recipient; with several, none is named, so that they do not learn of each other.
    pub recipient: Option<&'a str>,
    /// Date and time (RFC 5322, 3.3).
    pub date: &'a str,
}

/// The whole field with its line end.
pub(super) fn field(facts: &Facts<'_>) -> Vec<u8> {
    let from = match facts.remote.map(|address| address.to_canonical()) {
        None => String::new(),
        Some(IpAddr::V4(address)) => format!(" ([{address}])"),
        Some(IpAddr::V6(address)) => format!(" ([IPv6:{address}])"),
    };
    let recipient = facts
        .recipient
        .map(|address| format!("\r\n\tfor <{address}>"))
        .unwrap_or_default();
    format!(
        "Received: from {}{from}\r\n\tby {} with {} id {}{recipient};\r\n\t{}\r\n",
        facts.hello,
        facts.server_name,
        protocol(facts),
        facts.id,
        facts.date
    )
    .into_bytes()
}

/// The "with" keyword (RFC 3848; RFC 6531, 4.3). Without EHLO there is only SMTP.
fn protocol(facts: &Facts<'_>) -> String {
    if !facts.extended {
        return "SMTP".to_owned();
    }
    let base = if facts.smtp_utf8 { "UTF8SMTP" } else { "ESMTP" };
    let secure = if facts.secure { "S" } else { "" };
    let authenticated = if facts.authenticated { "A" } else { "" };
    format!("{base}{secure}{authenticated}")
}

#[cfg(test)]
mod tests {
    use super::{Facts, field};

    fn facts() -> Facts<'static> {
        Facts {
            hello: "client.example",
            extended: true,
            remote: Some([192, 0, 2, 7].into()),
            server_name: "mail.example.test",
            secure: false,
            authenticated: false,
            smtp_utf8: false,
            id: "2C2605",
            recipient: None,
            date: "Thu, 15 Jan 2026 09:30:00 +0100",
        }
    }

    #[test]
    fn whole_field() {
        let plain = String::from_utf8_lossy(&field(&facts())).into_owned();
        assert_eq!(
            plain,
            "Received: from client.example ([192.0.2.7])\r\n\tby mail.example.test with ESMTP id 2C2605;\r\n\t\
             Thu, 15 Jan 2026 09:30:00 +0100\r\n"
        );
        let remote = "2001:db8::1".parse().ok();
        let single = field(&Facts {
            recipient: Some("ann@example.test"),
            remote,
            ..facts()
        });
        let single = String::from_utf8_lossy(&single).into_owned();
        assert!(single.contains("([IPv6:2001:db8::1])\r\n"), "{single}");
        assert!(
            single.contains(" id 2C2605\r\n\tfor <ann@example.test>;\r\n\tThu"),
            "{single}"
        );
    }

    #[test]
    fn keywords() {
        let table = [
            (false, true, true, true, "SMTP"),
            (true, false, false, false, "ESMTP"),
            (true, true, false, false, "ESMTPS"),
            (true, false, true, false, "ESMTPA"),
            (true, true, true, false, "ESMTPSA"),
            (true, false, false, true, "UTF8SMTP"),
            (true, true, true, true, "UTF8SMTPSA"),
        ];
        for (extended, secure, authenticated, smtp_utf8, expected) in table {
            let facts = Facts {
                extended,
                secure,
                authenticated,
                smtp_utf8,
                ..facts()
            };
            assert_eq!(super::protocol(&facts), expected);
        }
    }
}
