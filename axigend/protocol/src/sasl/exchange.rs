//! The exchanges of PLAIN and LOGIN in raw octets.

use zeroize::Zeroizing;

use super::credentials::{Credentials, Password};

/// Longest login name: RFC 4616, 2 asks for 255 octets; addresses are never longer than 320.
const LOGIN_MAX: usize = 512;
/// Longest password: RFC 4616, 2 asks for 255 octets; a pass phrase has room, a flood of hashing has not.
const PASSWORD_MAX: usize = 1024;

/// One mechanism in progress, server side.
pub trait Exchange {
    /// The next response of the client; `None` at the start when it sent no initial response.
    fn respond(&mut self, response: Option<&[u8]>) -> Turn;
}

/// What an exchange wants after a response.
#[derive(Debug, PartialEq, Eq)]
pub enum Turn {
    /// Send this, wait for the response.
    Challenge(Vec<u8>),
    /// The exchange is over; the directory decides.
    Verify(Credentials),
    /// The response cannot be read; the text says why and may be shown.
    Malformed(&'static str),
    /// The client asks to act for somebody else, which nobody may: failed like a wrong password.
    NotAuthorized,
}

/// PLAIN (RFC 4616): `[authzid] NUL authcid NUL passwd` in one response.
pub(super) struct Plain;

impl Exchange for Plain {
    fn respond(&mut self, response: Option<&[u8]>) -> Turn {
        let Some(message) = response else {
            return Turn::Challenge(Vec::new());
        };
        let mut fields = message.split(|octet| *octet == 0);
        let (Some(authorization), Some(login), Some(password), None) =
            (fields.next(), fields.next(), fields.next(), fields.next())
        else {
            return Turn::Malformed("PLAIN wants [authorization] NUL user NUL password");
        };
        match credentials(login, password) {
            Turn::Verify(_) if !authorization.is_empty() && !authorization.eq_ignore_ascii_case(login) => {
                Turn::NotAuthorized
            }
            turn => turn,
        }
    }
}

/// LOGIN: user name and password as the answers to two prompts; an initial response is the user name.
#[derive(Default)]
pub(super) struct Login {
    login: Option<Zeroizing<Vec<u8>>>,
}

impl Exchange for Login {
    fn respond(&mut self, response: Option<&[u8]>) -> Turn {
        match (self.login.take(), response) {
            (None, None) => Turn::Challenge(b"Username:".to_vec()),
            (None, Some(login)) => {
                self.login = Some(Zeroizing::new(login.to_vec()));
                Turn::Challenge(b"Password:".to_vec())
            }
            (Some(login), password) => credentials(&login, password.unwrap_or_default()),
        }
    }
}

fn credentials(login: &[u8], password: &[u8]) -> Turn {
    if login.is_empty() {
        return Turn::Malformed("The user name is empty");
    }
    if login.len() > LOGIN_MAX || password.len() > PASSWORD_MAX {
        return Turn::Malformed("The user name or password is too long");
    }
    match std::str::from_utf8(login) {
        Ok(login) if !login.chars().any(char::is_control) => Turn::Verify(Credentials {
            login: login.to_owned(),
            password: Password::new(password),
        }),
        _ => Turn::Malformed("The user name is not UTF-8 text"),
    }
}

#[cfg(test)]
mod tests {
    use super::{Credentials, Exchange, Login, Password, Plain, Turn};

    fn ann() -> Turn {
        Turn::Verify(Credentials {
            login: "ann".into(),
            password: Password::new(b"Secret-1"),
        })
    }

    #[test]
    fn plain() {
        let table: &[(&[u8], Option<Turn>)] = &[
            (b"\0ann\0Secret-1", Some(ann())),
            (b"ann\0ann\0Secret-1", Some(ann())),
            (b"ANN\0ann\0Secret-1", Some(ann())),
            (b"bob\0ann\0Secret-1", Some(Turn::NotAuthorized)),
            (b"", None),
            (b"ann\0Secret-1", None),
            (b"\0ann\0Secret-1\0", None),
            (b"\0\0Secret-1", None),
            (b"\0an\xff\0Secret-1", None),
            (b"\0an\n\0Secret-1", None),
        ];
        for (response, expected) in table {
            let turn = Plain.respond(Some(response));
            match expected {
                Some(expected) => assert_eq!(&turn, expected),
                None => assert!(matches!(turn, Turn::Malformed(_)), "{response:?}"),
            }
        }
        assert_eq!(Plain.respond(None), Turn::Challenge(Vec::new()));
        let long = [b"\0ann\0".as_slice(), &[b'x'; 2000]].concat();
        assert!(matches!(Plain.respond(Some(&long)), Turn::Malformed(_)));
    }

    #[test]
    fn login() {
        let mut exchange = Login::default();
        assert_eq!(exchange.respond(None), Turn::Challenge(b"Username:".to_vec()));
        assert_eq!(
            exchange.respond(Some(b"ann")),
            Turn::Challenge(b"Password:".to_vec())
        );
        assert_eq!(exchange.respond(Some(b"Secret-1")), ann());

        let mut exchange = Login::default();
        assert_eq!(
            exchange.respond(Some(b"ann")),
            Turn::Challenge(b"Password:".to_vec())
        );
        assert_eq!(exchange.respond(Some(b"Secret-1")), ann());

        let mut exchange = Login::default();
        assert_eq!(
            exchange.respond(Some(b"")),
            Turn::Challenge(b"Password:".to_vec())
        );
        assert!(matches!(exchange.respond(Some(b"x")), Turn::Malformed(_)));
    }
}
