//! USER and PASS (RFC 1939, 7), AUTH (RFC 5034).

use zeroize::Zeroizing;

use crate::{
    pop3::{
        command::{Command, Wrong},
        session::Session,
    },
    sasl::{Credentials, Dialogue, Mechanism, Password},
};

/// What is said where a password in clear is not allowed (services-core 3.2.4).
const IN_CLEAR: &str = "Plain text authentication disallowed on non-secure connections";

/// USER.
pub(in crate::pop3) struct User(String);

impl Command for User {
    fn parse(arguments: &[u8]) -> Result<Self, Wrong> {
        match std::str::from_utf8(arguments.trim_ascii()) {
            Ok("") => Err(Wrong("Syntax: USER name")),
            Ok(name) if !name.chars().any(char::is_control) => Ok(Self(name.to_owned())),
            _ => Err(Wrong("The user name is not UTF-8 text")),
        }
    }

    fn run(self, session: &mut Session) -> Result<(), Wrong> {
        if !session.allows_login() {
            return Err(Wrong(if session.is_secure() {
                "USER is not available"
            } else {
                IN_CLEAR
            }));
        }
        session.user = Some(self.0);
        session.ok("Send the password");
        Ok(())
    }
}

/// PASS; blanks belong to the password.
pub(in crate::pop3) struct Pass(Password);

impl Command for Pass {
    fn parse(arguments: &[u8]) -> Result<Self, Wrong> {
        Ok(Self(Password::new(arguments)))
    }

    fn run(self, session: &mut Session) -> Result<(), Wrong> {
        let Some(login) = session.user.take() else {
            return Err(Wrong("USER first"));
        };
        session.log_in(Credentials {
            login,
            password: self.0,
        });
        Ok(())
    }
}

/// AUTH; without an argument it lists the mechanisms, as clients older than CAPA expect.
pub(in crate::pop3) struct Auth(Option<(Mechanism, Option<Zeroizing<Vec<u8>>>)>);

impl Command for Auth {
    fn parse(arguments: &[u8]) -> Result<Self, Wrong> {
        let mut words = arguments
            .split(|octet| *octet == b' ')
            .filter(|word| !word.is_empty());
        let Some(name) = words.next() else {
            return Ok(Self(None));
        };
        let initial = words.next().map(|text| Zeroizing::new(text.to_vec()));
        if words.next().is_some() {
            return Err(Wrong("Syntax: AUTH mechanism [initial-response]"));
        }
        let mechanism = std::str::from_utf8(name).ok().and_then(Mechanism::named);
        mechanism
            .map(|mechanism| Self(Some((mechanism, initial))))
            .ok_or(Wrong("Unknown authentication mechanism"))
    }

    fn run(self, session: &mut Session) -> Result<(), Wrong> {
        let allowed = session.mechanisms();
        let Some((mechanism, initial)) = self.0 else {
            session.ok("Mechanisms follow");
            allowed
                .iter()
                .for_each(|mechanism| session.line(mechanism.name()));
            session.line(".");
            return Ok(());
        };
        if !allowed.contains(mechanism) {
            return Err(Wrong(if session.is_secure() {
                "Authentication mechanism is not available"
            } else {
                IN_CLEAR
            }));
        }
        let (dialogue, progress) = Dialogue::begin(mechanism, initial.as_ref().map(|text| text.as_slice()));
        session.sasl(dialogue, progress)
    }
}
