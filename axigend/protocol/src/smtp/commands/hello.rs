//! HELO and EHLO (RFC 5321, 4.1.1.1): who the client says it is, and what it may use.

use crate::smtp::{
    bounds::DOMAIN_MAX,
    command::Command,
    path::is_literal,
    reply::Reply,
    session::{Hello, PRODUCT, Session},
};

/// HELO.
pub(in crate::smtp) struct Helo(String);

/// EHLO.
pub(in crate::smtp) struct Ehlo(String);

impl Command for Helo {
    fn parse(arguments: &str, _: &Session) -> Result<Self, Reply> {
        name(arguments).map(Self)
    }

    fn run(self, session: &mut Session) -> Result<(), Reply> {
        session.greet(Hello {
            name: self.0,
            extended: false,
        });
        let text = format!("{} {} ESMTP hello", session.settings.server_name, PRODUCT);
        session.say(&Reply::bare(250, text));
        Ok(())
    }
}

impl Command for Ehlo {
    fn parse(arguments: &str, _: &Session) -> Result<Self, Reply> {
        name(arguments).map(Self)
    }

    fn run(self, session: &mut Session) -> Result<(), Reply> {
        session.greet(Hello {
            name: self.0,
            extended: true,
        });
        let lines = extensions(session);
        session.say(&Reply::bare(250, "OK").after(lines));
        Ok(())
    }
}

/// The lines of the answer in AXIGEN's order (services-core 3.2.1); "OK" closes them.
fn extensions(session: &Session) -> Vec<String> {
    let settings = &session.settings;
    let policy = &settings.policy;
    let mechanisms = session.mechanisms().names();
    let mut lines = vec![format!("{} {} ESMTP hello", settings.server_name, PRODUCT)];
    let mut offer = |offered: bool, line: String| {
        if offered {
            lines.push(line);
        }
    };
    offer(policy.allow_pipelining, "PIPELINING".into());
    offer(!mechanisms.is_empty(), format!("AUTH {mechanisms}"));
    // Clients of before RFC 2554 look for this spelling.
    offer(!mechanisms.is_empty(), format!("AUTH={mechanisms}"));
    offer(policy.allow_8bit_mime, "8BITMIME".into());
    offer(policy.allow_binary_data, "BINARYMIME".into());
    offer(policy.allow_binary_data, "CHUNKING".into());
    offer(true, format!("SIZE {}", policy.max_octets().unwrap_or(0)));
    offer(session.offers_start_tls(), "STARTTLS".into());
    offer(policy.allow_8bit_mime, "SMTPUTF8".into());
    offer(true, "ENHANCEDSTATUSCODES".into());
    offer(true, "HELP".into());
    lines
}

/// Domain or address literal. Underscores are let through, since many hosts have them; what could break out of a
/// Received field or a log line is not.
fn name(arguments: &str) -> Result<String, Reply> {
    let name = arguments.trim();
    let literal = name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let domain = |name: &str| {
        name.chars()
            .all(|c| c.is_ascii_alphanumeric() || "-._:".contains(c))
    };
    if name.is_empty() || name.len() > DOMAIN_MAX || !literal.map_or_else(|| domain(name), is_literal) {
        return Err(Reply::bare(501, "A domain name or address literal is expected"));
    }
    Ok(name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::name;

    #[test]
    fn names() {
        for good in [
            "client.example",
            "localhost",
            "a_b.example",
            "[192.0.2.1]",
            "[IPv6:::1]",
            "192.0.2.1",
            "::1",
        ] {
            assert!(name(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            " ",
            "a b",
            "a(b)",
            "[x]",
            "[192.0.2.1",
            "a;b",
            "a\tb",
            "b\u{fc}cher.example",
            "<a>",
        ] {
            assert!(name(bad).is_err(), "{bad}");
        }
        assert!(name(&"a".repeat(256)).is_err());
    }
}
