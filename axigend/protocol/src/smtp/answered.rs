//! What the server answered, and what that means for the dialogue.

use axigen_shared::{Cause, Refusal};

use super::{
    answer::{self, Moment},
    body::{Body, Carrier, Fault},
    chunk::LineCheck,
    commands::rcpt::permit,
    dot::DotReader,
    path::Mailbox,
    received::{self, Facts},
    reply::Reply,
    request::{Answer, Opened, Route},
    session::{Chunk, Pending, Phase, Session},
    transaction::Transaction,
};

impl Session {
    pub(super) fn answered(&mut self, answer: Answer) {
        match (self.pending.take(), answer) {
            (Some(Pending::Authenticate), Answer::Authenticated(result)) => self.authenticated(result),
            (Some(Pending::Sender(reverse_path, parameters)), Answer::Sender(result)) => match result {
                Ok(()) => self.open_transaction(reverse_path, parameters),
                Err(refusal) => self.refused(&refusal, Moment::Mail),
            },
            (Some(Pending::Recipient(mailbox)), Answer::Recipient(result)) => self.recipient(mailbox, result),
            (Some(Pending::OpenData), Answer::Opened(result)) => self.opened_data(result),
            (Some(Pending::OpenChunk(chunk)), Answer::Opened(result)) => self.opened_chunk(chunk, result),
            (Some(Pending::Piece), Answer::Taken(result)) => {
                if let Err(refusal) = result {
                    self.piece_refused(&refusal);
                }
            }
            (Some(Pending::LastPiece), Answer::Taken(result)) => match result {
                Ok(()) => self.commit(),
                Err(refusal) => {
                    self.piece_refused(&refusal);
                    self.refuse_message(&answer::reply(refusal.cause, Moment::Data));
                }
            },
            (Some(Pending::Commit), Answer::Committed(result)) => match result {
                Ok(()) => self.say(&Reply::new(250, "2.0.0", "Mail queued for delivery")),
                Err(refusal) => self.refused(&refusal, Moment::Data),
            },
            (Some(Pending::Discard), Answer::Discarded) => {}
            (pending, answer) => {
                tracing::error!("answer {answer:?} does not fit {pending:?}");
                let text = format!("{} Local error, closing connection", self.settings.server_name);
                self.say(&Reply::bare(421, text).closing());
            }
        }
    }

    fn authenticated(&mut self, result: Result<String, Refusal>) {
        match result {
            Ok(account) => {
                self.account = Some(account);
                self.say(&Reply::new(235, "2.7.0", "Authentication successful"));
            }
            Err(refusal) if refusal.cause == Cause::AuthenticationFailed => {
                tracing::info!("authentication failed: {}", refusal.detail);
                self.auth_failed(&answer::reply(refusal.cause, Moment::Auth));
            }
            Err(refusal) => self.refused(&refusal, Moment::Auth),
        }
    }

    fn recipient(&mut self, mailbox: Mailbox, result: Result<Route, Refusal>) {
        let permitted = match result {
            Ok(route) => permit(self, route),
            // Who may not send here at all learns nothing about our users.
            Err(refusal) => permit(self, Route::Local).and_then(|()| {
                log_refusal(&refusal);
                Err(answer::reply(refusal.cause, Moment::Rcpt(mailbox.address())))
            }),
        };
        match (permitted, &mut self.transaction) {
            (Ok(()), Some(transaction)) => {
                transaction.recipients.push(mailbox);
                self.say(&Reply::new(250, "2.1.5", "Recipient accepted"));
            }
            (Ok(()), None) => {}
            (Err(reply), _) => self.say(&reply),
        }
    }

    fn opened_data(&mut self, result: Result<Opened, Refusal>) {
        match result {
            Ok(opened) => {
                self.begin_body(Carrier::Dots(DotReader::default()), &opened);
                self.say(&Reply::bare(354, "Ready to receive data; remember <CRLF>.<CRLF>"));
                self.phase = Phase::Data;
            }
            Err(refusal) => self.refused(&refusal, Moment::Data),
        }
    }

    fn opened_chunk(&mut self, chunk: Chunk, result: Result<Opened, Refusal>) {
        match result {
            Ok(opened) => {
                let binary = self.transaction.as_ref().is_some_and(Transaction::is_binary);
                let carrier = if binary {
                    Carrier::Binary
                } else {
                    Carrier::Chunks(LineCheck::default())
                };
                self.begin_body(carrier, &opened);
                self.phase = Phase::Chunk(chunk);
            }
            Err(refusal) => {
                log_refusal(&refusal);
                self.fail_chunking();
                self.skip(chunk, answer::reply(refusal.cause, Moment::Data));
            }
        }
    }

    fn begin_body(&mut self, carrier: Carrier, opened: &Opened) {
        let Some(transaction) = &mut self.transaction else {
            return;
        };
        let received = received::field(&Facts {
            hello: self.hello.as_ref().map_or("", |hello| hello.name.as_str()),
            extended: self.hello.as_ref().is_some_and(|hello| hello.extended),
            remote: self.peer.remote.map(|address| address.ip()),
            server_name: &self.settings.server_name,
            secure: self.tls.is_some(),
            authenticated: self.account.is_some(),
            smtp_utf8: transaction.parameters.smtp_utf8,
            id: &opened.id,
            recipient: transaction.only_recipient(),
            date: &opened.date,
        });
        transaction.body = Some(Body::new(carrier, received, &self.settings.policy));
    }

    /// A piece could not be kept: the rest is read and dropped.
    fn piece_refused(&mut self, refusal: &Refusal) {
        log_refusal(refusal);
        if let Some(body) = self
            .transaction
            .as_mut()
            .and_then(|transaction| transaction.body.as_mut())
        {
            body.fail(Fault::Refused(refusal.cause));
            body.closed();
        }
    }

    fn refused(&mut self, refusal: &Refusal, moment: Moment<'_>) {
        log_refusal(refusal);
        self.say(&answer::reply(refusal.cause, moment));
    }
}

/// The private detail, for the administrator.
fn log_refusal(refusal: &Refusal) {
    match refusal.cause {
        Cause::StorageFull | Cause::StorageFailure | Cause::DirectoryFailure | Cause::Internal => {
            tracing::error!("refused: {refusal}");
        }
        _ => tracing::info!("refused: {refusal}"),
    }
}
