//! STAT, LIST, UIDL, DELE (RFC 1939, 5 and 7): what is in the mailbox.

use crate::pop3::{
    command::{Command, Wrong, message_number, no_arguments, numbers},
    maildrop::{Maildrop, NoMessage},
    request::Request,
    session::{Listing, Pending, Phase, Session},
};

/// STAT.
pub(in crate::pop3) struct Stat;

impl Command for Stat {
    fn parse(arguments: &[u8]) -> Result<Self, Wrong> {
        no_arguments(arguments).map(|()| Self)
    }

    fn run(self, session: &mut Session) -> Result<(), Wrong> {
        session.ask(Request::Refresh, Pending::Stat);
        Ok(())
    }
}

/// LIST with or without a message number.
pub(in crate::pop3) struct List(Option<usize>);

impl Command for List {
    fn parse(arguments: &[u8]) -> Result<Self, Wrong> {
        let [number] = numbers(arguments)?;
        Ok(Self(number.map(message_number)))
    }

    fn run(self, session: &mut Session) -> Result<(), Wrong> {
        session.ask(Request::Refresh, Pending::List(self.0));
        Ok(())
    }
}

/// UIDL with or without a message number.
pub(in crate::pop3) struct Uidl(Option<usize>);

impl Command for Uidl {
    fn parse(arguments: &[u8]) -> Result<Self, Wrong> {
        let [number] = numbers(arguments)?;
        Ok(Self(number.map(message_number)))
    }

    fn run(self, session: &mut Session) -> Result<(), Wrong> {
        list(session, Listing::Uidl, self.0);
        Ok(())
    }
}

/// DELE.
pub(in crate::pop3) struct Dele(usize);

impl Command for Dele {
    fn parse(arguments: &[u8]) -> Result<Self, Wrong> {
        match numbers(arguments)? {
            [Some(number)] => Ok(Self(message_number(number))),
            [None] => Err(Wrong("A message number is expected")),
        }
    }

    fn run(self, session: &mut Session) -> Result<(), Wrong> {
        let Some(maildrop) = &mut session.maildrop else {
            return Ok(());
        };
        match maildrop.delete(self.0) {
            Ok(()) => session.ok(&format!("Message {} deleted", self.0)),
            Err(why) => session.err(no_message(why)),
        }
        Ok(())
    }
}

/// STAT, now that the snapshot is up to date.
pub(in crate::pop3) fn stat(session: &mut Session) {
    let (count, octets) = session.maildrop.as_ref().map_or((0, 0), Maildrop::total);
    session.ok(&format!("{count} {octets}"));
}

/// One line or all lines of LIST or UIDL; all of them come in pieces.
pub(in crate::pop3) fn list(session: &mut Session, listing: Listing, number: Option<usize>) {
    let Some(maildrop) = &session.maildrop else { return };
    if let Some(number) = number {
        match maildrop
            .message(number)
            .map(|message| listing.line(maildrop, number, message))
        {
            Ok(line) => session.ok(&line),
            Err(why) => session.err(no_message(why)),
        }
    } else {
        let (count, octets) = maildrop.total();
        session.ok(&format!("{count} messages, {octets} octets"));
        session.phase = Phase::Listing(listing, 1);
    }
}

/// What is said about a number that names no message.
pub(in crate::pop3) fn no_message(why: NoMessage) -> &'static str {
    match why {
        NoMessage::Unknown => "No such message",
        NoMessage::Deleted => "Message is deleted",
    }
}
