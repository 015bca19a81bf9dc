//! BDAT (RFC 3030, 2): a counted piece of the message.
//!
//! Whatever the answer, exactly the announced octets are read as message and never as commands. When the number
//! cannot be read, nobody can tell where the next command begins: the session ends.

use crate::smtp::{
    command::{Command, out_of_sequence},
    commands::data::no_recipients,
    reply::Reply,
    request::Request,
    session::{Chunk, Pending, Phase, Session},
};

/// BDAT with its size in octets.
#[derive(Clone, Copy)]
pub(in crate::smtp) struct Bdat {
    size: u64,
    last: bool,
}

/// What is heard after BDAT when its argument is unreadable.
const UNREADABLE: &str = "Syntax: BDAT size [LAST]; closing connection";

impl Command for Bdat {
    fn parse(arguments: &str, _: &Session) -> Result<Self, Reply> {
        let mut words = arguments.split(' ').filter(|word| !word.is_empty());
        let size = words
            .next()
            .filter(|word| word.bytes().all(|digit| digit.is_ascii_digit()))
            .and_then(|word| word.parse().ok());
        let last = words.next();
        let known = last.is_none_or(|word| word.eq_ignore_ascii_case("LAST")) && words.next().is_none();
        match size {
            Some(size) if known => Ok(Self {
                size,
                last: last.is_some(),
            }),
            _ => Err(Reply::new(501, "5.5.4", UNREADABLE).closing()),
        }
    }

    fn run(self, session: &mut Session) -> Result<(), Reply> {
        let chunk = Chunk {
            size: self.size,
            left: self.size,
            last: self.last,
        };
        if let Some(reply) = refusal(session) {
            session.skip(chunk, reply);
            return Ok(());
        }
        match session
            .transaction
            .as_ref()
            .filter(|transaction| transaction.body.is_none())
            .map(|transaction| transaction.parameters.size.unwrap_or(0))
        {
            Some(size) => {
                let announced = size.max(self.size);
                session.ask(Request::Open { announced }, Pending::OpenChunk(chunk));
            }
            None => session.phase = Phase::Chunk(chunk),
        }
        Ok(())
    }
}

/// Why the chunk cannot belong to a message.
fn refusal(session: &Session) -> Option<Reply> {
    if !session.settings.policy.allow_binary_data {
        return Some(Reply::new(502, "5.5.1", "BDAT is not available"));
    }
    match &session.transaction {
        None => Some(out_of_sequence(session.state())),
        Some(transaction) if transaction.failed => Some(Reply::new(
            503,
            "5.5.1",
            "Bad sequence of commands, an earlier BDAT failed, send RSET",
        )),
        Some(transaction) => no_recipients(transaction),
    }
}
