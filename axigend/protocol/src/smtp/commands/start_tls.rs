//! STARTTLS (RFC 3207).

use crate::smtp::{
    command::{Command, no_arguments},
    reply::Reply,
    session::Session,
};

/// STARTTLS.
pub(in crate::smtp) struct StartTls;

impl Command for StartTls {
    fn parse(arguments: &str, _: &Session) -> Result<Self, Reply> {
        no_arguments(arguments).map(|()| Self)
    }

    fn run(self, session: &mut Session) -> Result<(), Reply> {
        if session.tls.is_some() {
            return Err(Reply::new(503, "5.5.1", "TLS is active already"));
        }
        if !session.offers_start_tls() {
            return Err(Reply::new(502, "5.5.1", "STARTTLS is not available"));
        }
        session.say(&Reply::bare(220, "Go ahead"));
        session.begin_handshake();
        Ok(())
    }
}
