//! AUTH (RFC 4954).

use zeroize::Zeroizing;

use crate::{
    sasl::{Dialogue, Mechanism},
    smtp::{command::Command, reply::Reply, session::Session},
};

/// AUTH with its mechanism and initial response.
pub(in crate::smtp) struct Auth {
    mechanism: Mechanism,
    initial: Option<Zeroizing<Vec<u8>>>,
}

impl Command for Auth {
    fn parse(arguments: &str, session: &Session) -> Result<Self, Reply> {
        let mut words = arguments.split(' ').filter(|word| !word.is_empty());
        let (Some(name), initial, None) = (words.next(), words.next(), words.next()) else {
            return Err(Reply::new(
                501,
                "5.5.4",
                "Syntax: AUTH mechanism [initial-response]",
            ));
        };
        let mechanism = Mechanism::named(name).filter(|mechanism| session.ever_offers(*mechanism));
        let Some(mechanism) = mechanism else {
            return Err(Reply::new(
                504,
                "5.5.4",
                "Authentication mechanism is not available",
            ));
        };
        let initial = initial.map(|text| Zeroizing::new(text.as_bytes().to_vec()));
        Ok(Self { mechanism, initial })
    }

    fn run(self, session: &mut Session) -> Result<(), Reply> {
        if session.account.is_some() {
            return Err(Reply::new(503, "5.5.1", "Already authenticated"));
        }
        if !session.mechanisms().contains(self.mechanism) {
            // RFC 4954, 6.
            return Err(Reply::new(
                538,
                "5.7.11",
                "Encryption required for requested authentication mechanism",
            ));
        }
        session.auth_tried = true;
        let (dialogue, progress) =
            Dialogue::begin(self.mechanism, self.initial.as_ref().map(|text| text.as_slice()));
        session.sasl(dialogue, progress)
    }
}
