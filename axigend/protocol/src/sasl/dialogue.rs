//! An exchange in base64 lines (RFC 4954, 4; RFC 5034, 4).

use base64::{
    Engine,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use zeroize::Zeroizing;

use super::{
    credentials::Credentials,
    exchange::{Exchange, Turn},
    mechanism::Mechanism,
};

/// Longest line of an exchange, CRLF not counted (RFC 4954, 4: 12288 octets; RFC 5034, 4 likewise).
pub const SASL_LINE_MAX: usize = 12288;

/// Strict base64 (RFC 4648, 4): padding is required, trailing bits are zero, nothing else is skipped.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::RequireCanonical),
);

/// One authentication in progress.
pub struct Dialogue {
    exchange: Box<dyn Exchange>,
}

/// What the protocol does next.
#[derive(Debug, PartialEq, Eq)]
pub enum Progress {
    /// Send this base64 text as a challenge and hand the next line to [`Dialogue::respond`].
    Challenge(String),
    /// Over: the directory decides.
    Verify(Credentials),
    /// Over: the client sent `*`.
    Cancelled,
    /// Over: the response cannot be read; the text may be shown.
    Malformed(&'static str),
    /// Over: the client wants to act for somebody else; to be answered like a wrong password.
    NotAuthorized,
}

impl Dialogue {
    /// Starts with the initial response as it stood in the command: absent, `=` for an empty one, or base64.
    pub fn begin(mechanism: Mechanism, initial: Option<&[u8]>) -> (Self, Progress) {
        let mut dialogue = Self {
            exchange: mechanism.exchange(),
        };
        let progress = match initial {
            None => dialogue.turn(None),
            Some(b"=") => dialogue.turn(Some(b"")),
            Some(text) => dialogue.decoded(text),
        };
        (dialogue, progress)
    }

    /// The client's next line, CRLF removed.
    pub fn respond(&mut self, line: &[u8]) -> Progress {
        if line == b"*" {
            Progress::Cancelled
        } else {
            self.decoded(line)
        }
    }

    fn decoded(&mut self, text: &[u8]) -> Progress {
        let mut response = Zeroizing::new(Vec::with_capacity(text.len()));
        match BASE64.decode_vec(text, &mut response) {
            Ok(()) => self.turn(Some(&response)),
            Err(_) => Progress::Malformed("Invalid base64 data"),
        }
    }

    fn turn(&mut self, response: Option<&[u8]>) -> Progress {
        match self.exchange.respond(response) {
            Turn::Challenge(octets) => Progress::Challenge(BASE64.encode(octets)),
            Turn::Verify(credentials) => Progress::Verify(credentials),
            Turn::Malformed(why) => Progress::Malformed(why),
            Turn::NotAuthorized => Progress::NotAuthorized,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Dialogue, Progress};
    use crate::sasl::{Credentials, Mechanism, Password};

    fn ann() -> Progress {
        Progress::Verify(Credentials {
            login: "ann".into(),
            password: Password::new(b"Secret-1"),
        })
    }

    #[test]
    fn initial_response() {
        assert_eq!(
            Dialogue::begin(Mechanism::Plain, Some(b"AGFubgBTZWNyZXQtMQ==")).1,
            ann()
        );
        let (mut dialogue, progress) = Dialogue::begin(Mechanism::Plain, None);
        assert_eq!(progress, Progress::Challenge(String::new()));
        assert_eq!(dialogue.respond(b"AGFubgBTZWNyZXQtMQ=="), ann());
    }

    #[test]
    fn login_prompts() {
        let (mut dialogue, progress) = Dialogue::begin(Mechanism::Login, None);
        assert_eq!(progress, Progress::Challenge("VXNlcm5hbWU6".into()));
        assert_eq!(
            dialogue.respond(b"YW5u"),
            Progress::Challenge("UGFzc3dvcmQ6".into())
        );
        assert_eq!(dialogue.respond(b"U2VjcmV0LTE="), ann());
    }

    #[test]
    fn refused() {
        for bad in [
            b"AGFubgBTZWNyZXQtMQ".as_slice(),
            b"AGFubgBTZWNyZXQtMR==",
            b" AAAA",
            b"AAAA\t",
            b"!",
            b"=",
            b"A===",
        ] {
            let (mut dialogue, _) = Dialogue::begin(Mechanism::Plain, None);
            assert!(matches!(dialogue.respond(bad), Progress::Malformed(_)), "{bad:?}");
        }
        let (mut dialogue, _) = Dialogue::begin(Mechanism::Plain, None);
        assert_eq!(dialogue.respond(b"*"), Progress::Cancelled);
        assert!(matches!(
            Dialogue::begin(Mechanism::Plain, Some(b"=")).1,
            Progress::Malformed(_)
        ));
    }
}
