//! DATA (RFC 5321, 4.1.1.4).

use crate::smtp::{
    command::{Command, no_arguments},
    reply::Reply,
    request::Request,
    session::{Pending, Session},
    transaction::Transaction,
};

/// DATA.
pub(in crate::smtp) struct Data;

impl Command for Data {
    fn parse(arguments: &str, _: &Session) -> Result<Self, Reply> {
        no_arguments(arguments).map(|()| Self)
    }

    fn run(self, session: &mut Session) -> Result<(), Reply> {
        let Some(transaction) = &session.transaction else {
            return Ok(());
        };
        if let Some(reply) = no_recipients(transaction) {
            return Err(reply);
        }
        if transaction.is_binary() {
            // RFC 3030, 3.
            return Err(Reply::new(503, "5.5.1", "BODY=BINARYMIME needs BDAT"));
        }
        let announced = transaction.parameters.size.unwrap_or(0);
        session.ask(Request::Open { announced }, Pending::OpenData);
        Ok(())
    }
}

/// Why no message may be sent yet: nobody to send it to (RFC 5321, 3.3; RFC 2920, 3.2).
pub(in crate::smtp) fn no_recipients(transaction: &Transaction) -> Option<Reply> {
    if !transaction.recipients.is_empty() {
        None
    } else if transaction.tried {
        Some(Reply::new(554, "5.5.1", "No valid recipients"))
    } else {
        Some(Reply::new(
            503,
            "5.5.1",
            "Bad sequence of commands, send RCPT first",
        ))
    }
}
