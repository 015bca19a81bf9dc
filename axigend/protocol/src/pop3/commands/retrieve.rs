//! RETR and TOP (RFC 1939, 5 and 7): a message, or the beginning of one.

use crate::pop3::{
    command::{Command, Wrong, message_number, numbers},
    commands::scan::no_message,
    request::Request,
    session::{Pending, Session},
};

/// RETR; the message gets \Seen (services-core 3.2.4).
pub(in crate::pop3) struct Retr(usize);

impl Command for Retr {
    fn parse(arguments: &[u8]) -> Result<Self, Wrong> {
        match numbers(arguments)? {
            [Some(number)] => Ok(Self(message_number(number))),
            [None] => Err(Wrong("A message number is expected")),
        }
    }

    fn run(self, session: &mut Session) -> Result<(), Wrong> {
        open(session, self.0, None);
        Ok(())
    }
}

/// TOP; the message does not get \Seen.
pub(in crate::pop3) struct Top(usize, u64);

impl Command for Top {
    fn parse(arguments: &[u8]) -> Result<Self, Wrong> {
        match numbers(arguments)? {
            [Some(number), Some(lines)] => Ok(Self(message_number(number), lines)),
            _ => Err(Wrong("Syntax: TOP message lines")),
        }
    }

    fn run(self, session: &mut Session) -> Result<(), Wrong> {
        open(session, self.0, Some(self.1));
        Ok(())
    }
}

fn open(session: &mut Session, number: usize, top: Option<u64>) {
    let Some(maildrop) = &session.maildrop else { return };
    match maildrop.message(number) {
        Err(why) => session.err(no_message(why)),
        Ok(message) if message.is_gone() => session.err("Message is no longer available"),
        Ok(message) => {
            let uid = message.uid;
            session.ask(Request::Open { uid }, Pending::Open { uid, top });
        }
    }
}
