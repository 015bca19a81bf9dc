//! CAPA (RFC 2449), STLS (RFC 2595), NOOP, RSET, QUIT (RFC 1939).

use crate::pop3::{
    command::{Command, State, Wrong, no_arguments},
    request::Request,
    session::{PRODUCT, Pending, Phase, Session},
};

/// CAPA.
pub(in crate::pop3) struct Capa;

impl Command for Capa {
    fn parse(arguments: &[u8]) -> Result<Self, Wrong> {
        no_arguments(arguments).map(|()| Self)
    }

    fn run(self, session: &mut Session) -> Result<(), Wrong> {
        session.ok("Capabilities follow");
        session.line("TOP");
        session.line("UIDL");
        if session.state() == State::Authorization {
            if session.allows_login() {
                session.line("USER");
            }
            if !session.mechanisms().is_empty() {
                let names = session.mechanisms().names();
                session.line(&format!("SASL {names}"));
            }
            if session.offers_stls() {
                session.line("STLS");
            }
        }
        for name in ["RESP-CODES", "AUTH-RESP-CODE", "PIPELINING", "EXPIRE NEVER"] {
            session.line(name);
        }
        session.line(&format!("IMPLEMENTATION {PRODUCT}"));
        session.line(".");
        Ok(())
    }
}

/// STLS.
pub(in crate::pop3) struct Stls;

impl Command for Stls {
    fn parse(arguments: &[u8]) -> Result<Self, Wrong> {
        no_arguments(arguments).map(|()| Self)
    }

    fn run(self, session: &mut Session) -> Result<(), Wrong> {
        if session.is_secure() {
            return Err(Wrong("TLS is active already"));
        }
        if !session.offers_stls() {
            return Err(Wrong("STLS is not available"));
        }
        session.ok("Begin TLS negotiation");
        session.begin_handshake();
        Ok(())
    }
}

/// NOOP.
pub(in crate::pop3) struct Noop;

impl Command for Noop {
    fn parse(arguments: &[u8]) -> Result<Self, Wrong> {
        no_arguments(arguments).map(|()| Self)
    }

    fn run(self, session: &mut Session) -> Result<(), Wrong> {
        session.ok("Nothing done");
        Ok(())
    }
}

/// RSET: what was marked by DELE is not.
pub(in crate::pop3) struct Rset;

impl Command for Rset {
    fn parse(arguments: &[u8]) -> Result<Self, Wrong> {
        no_arguments(arguments).map(|()| Self)
    }

    fn run(self, session: &mut Session) -> Result<(), Wrong> {
        let Some(maildrop) = &mut session.maildrop else {
            return Ok(());
        };
        maildrop.undelete();
        let (count, octets) = maildrop.total();
        session.ok(&format!("{count} messages, {octets} octets"));
        Ok(())
    }
}

/// QUIT: only now is anything removed.
pub(in crate::pop3) struct Quit;

impl Command for Quit {
    fn parse(arguments: &[u8]) -> Result<Self, Wrong> {
        no_arguments(arguments).map(|()| Self)
    }

    fn run(self, session: &mut Session) -> Result<(), Wrong> {
        if let Some(maildrop) = &session.maildrop {
            let uids = maildrop.deleted();
            session.ask(Request::Update { uids }, Pending::Update);
        } else {
            session.sign_off();
            session.phase = Phase::Over;
        }
        Ok(())
    }
}
