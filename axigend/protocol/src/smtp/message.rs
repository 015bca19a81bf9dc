//! The message on its way through the session: bytes after DATA and BDAT, and the answers to every question.

use super::{
    answer::{self, Moment},
    body::{Body, Carrier, Fault},
    chunk::LineCheck,
    commands::rcpt::permit,
    dot::DotReader,
    parameter::MailParameters,
    path::{Mailbox, ReversePath},
    received::{self, Facts},
    reply::Reply,
    request::{Answer, Opened, Request, Route},
    session::{Advance, Chunk, Pending, Phase, Session},
    transaction::Transaction,
};
use crate::session::INPUT_CHUNK;
use axigen_shared::{Cause, Refusal};

/// Transactions.
impl Session {
    /// MAIL was accepted.
    pub(super) fn open_transaction(&mut self, reverse_path: ReversePath, parameters: MailParameters) {
        self.transaction = Some(Transaction::new(reverse_path, parameters));
        self.say(&Reply::new(250, "2.1.0", "Sender accepted"));
    }

    /// Ends the transaction without effect.
    pub(super) fn forget_transaction(&mut self) {
        let transaction = self.transaction.take();
        if transaction
            .and_then(|transaction| transaction.body)
            .is_some_and(|body| body.is_open())
        {
            self.ask(Request::Discard, Pending::Discard);
        }
    }

    /// Ends the transaction with a message that was not taken.
    fn refuse_message(&mut self, reply: &Reply) {
        self.forget_transaction();
        self.say(reply);
    }

    /// The message is whole.
    fn end_message(&mut self) {
        let Some(body) = self
            .transaction
            .as_mut()
            .and_then(|transaction| transaction.body.as_mut())
        else {
            return;
        };
        body.end();
        if let Some(fault) = body.fault() {
            self.refuse_message(&fault.reply());
        } else if let Some(piece) = body.take(true) {
            self.ask(Request::Chunk(piece), Pending::LastPiece);
        } else {
            self.commit();
        }
    }

    fn commit(&mut self) {
        let Some(transaction) = self.transaction.take() else {
            return;
        };
        let hello = self
            .hello
            .as_ref()
            .map(|hello| hello.name.clone())
            .unwrap_or_default();
        let submission = transaction.submission(hello, self.account.clone());
        self.ask(Request::Commit(Box::new(submission)), Pending::Commit);
    }
}

/// Bytes of the message.
impl Session {
    /// After DATA.
    pub(super) fn read_data(&mut self) -> Advance {
        let Some(body) = self
            .transaction
            .as_mut()
            .and_then(|transaction| transaction.body.as_mut())
        else {
            return Advance::Again;
        };
        let waiting = self.lines.waiting();
        let piece = waiting.get(..INPUT_CHUNK).unwrap_or(waiting);
        if piece.is_empty() {
            self.phase = Phase::Data;
            return Advance::Wait;
        }
        let (used, ended) = body.read_dots(piece);
        self.lines.consume(used);
        if ended {
            self.end_message();
        } else {
            self.phase = Phase::Data;
            self.hand_over();
        }
        Advance::Again
    }

    /// After BDAT.
    pub(super) fn read_chunk(&mut self, mut chunk: Chunk) -> Advance {
        let Some(body) = self
            .transaction
            .as_mut()
            .and_then(|transaction| transaction.body.as_mut())
        else {
            return Advance::Again;
        };
        if body.would_overflow(chunk.left) {
            body.fail(Fault::TooLarge);
        }
        if chunk.left == 0 {
            self.end_chunk(chunk);
            return Advance::Again;
        }
        let piece = first_octets(self.lines.waiting(), chunk.left);
        if piece.is_empty() {
            self.phase = Phase::Chunk(chunk);
            return Advance::Wait;
        }
        body.read_octets(piece);
        let used = piece.len();
        self.lines.consume(used);
        chunk.left -= used as u64;
        self.phase = Phase::Chunk(chunk);
        self.hand_over();
        Advance::Again
    }

    fn end_chunk(&mut self, chunk: Chunk) {
        if chunk.last {
            self.end_message();
            return;
        }
        let fault = self
            .transaction
            .as_ref()
            .and_then(|transaction| transaction.body.as_ref())
            .and_then(Body::fault);
        match fault {
            None => self.say(&Reply::new(
                250,
                "2.0.0",
                format!("{} octets received", chunk.size),
            )),
            Some(fault) => {
                self.fail_chunking();
                self.say(&fault.reply());
            }
        }
    }

    /// After a BDAT that failed nothing of the message is left, and more BDAT is refused (RFC 3030, 2).
    fn fail_chunking(&mut self) {
        let Some(transaction) = &mut self.transaction else {
            return;
        };
        transaction.failed = true;
        if transaction.body.take().is_some_and(|body| body.is_open()) {
            self.ask(Request::Discard, Pending::Discard);
        }
    }

    /// Reads past the octets of a BDAT that was refused, then says so.
    pub(super) fn skip(&mut self, chunk: Chunk, reply: Reply) {
        self.phase = Phase::Skip(chunk, reply);
    }

    pub(super) fn skip_chunk(&mut self, mut chunk: Chunk, reply: Reply) -> Advance {
        if chunk.left == 0 {
            if chunk.last
                && self
                    .transaction
                    .as_ref()
                    .is_some_and(|transaction| transaction.failed)
            {
                self.transaction = None;
            }
            self.wrong(&reply);
            return Advance::Again;
        }
        let used = first_octets(self.lines.waiting(), chunk.left).len();
        self.lines.consume(used);
        chunk.left -= used as u64;
        self.phase = Phase::Skip(chunk, reply);
        if used == 0 { Advance::Wait } else { Advance::Again }
    }

    /// Hands over what has been read when it has become much, or gives up a message that failed.
    fn hand_over(&mut self) {
        let Some(body) = self
            .transaction
            .as_mut()
            .and_then(|transaction| transaction.body.as_mut())
        else {
            return;
        };
        if body.fault().is_some() {
            if body.is_open() {
                body.closed();
                self.ask(Request::Discard, Pending::Discard);
            }
        } else if let Some(piece) = body.take(false) {
            self.ask(Request::Chunk(piece), Pending::Piece);
        }
    }
}

/// Answers.
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

/// What belongs to the chunk, at most one input's worth.
fn first_octets(waiting: &[u8], left: u64) -> &[u8] {
    let most = usize::try_from(left).unwrap_or(usize::MAX).min(INPUT_CHUNK);
    waiting.get(..most).unwrap_or(waiting)
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
