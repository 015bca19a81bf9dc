//! Transactions, and the octets of a message after DATA and BDAT.
//!
//! A message that is not taken is read past all the same, up to [`DRAIN_MAX`]; then the session ends.

use super::{
    body::{Body, Fault},
    bounds::DRAIN_MAX,
    parameter::MailParameters,
    path::ReversePath,
    reply::Reply,
    request::Request,
    session::{Advance, Chunk, Pending, Phase, Session},
    transaction::Transaction,
};
use crate::session::INPUT_CHUNK;

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
    pub(super) fn refuse_message(&mut self, reply: &Reply) {
        self.forget_transaction();
        self.say(reply);
    }

    /// The message is whole.
    fn end_message(&mut self) {
        let Some(body) = in_progress(&mut self.transaction) else {
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

    /// The whole message is with the server: asks to make it durable.
    pub(super) fn commit(&mut self) {
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
        let Some(body) = in_progress(&mut self.transaction) else {
            return Advance::Again;
        };
        let waiting = self.lines.waiting();
        let piece = waiting.get(..INPUT_CHUNK).unwrap_or(waiting);
        if piece.is_empty() {
            self.phase = Phase::Data;
            return Advance::Wait;
        }
        let (used, ended) = body.read_dots(piece);
        let endless = body.dropped() > DRAIN_MAX;
        self.lines.consume(used);
        if ended {
            self.end_message();
        } else if endless {
            self.leave("Too much data, closing connection");
        } else {
            self.phase = Phase::Data;
            self.hand_over();
        }
        Advance::Again
    }

    /// After BDAT.
    pub(super) fn read_chunk(&mut self, mut chunk: Chunk) -> Advance {
        let Some(body) = in_progress(&mut self.transaction) else {
            return Advance::Again;
        };
        if body.would_overflow(chunk.left) {
            body.fail(Fault::TooLarge);
        }
        if let Some(fault) = body.fault().filter(|_| chunk.left > DRAIN_MAX) {
            self.say(&fault.reply().closing());
            return Advance::Again;
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
        let fault = in_progress(&mut self.transaction).and_then(|body| body.fault());
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
    pub(super) fn fail_chunking(&mut self) {
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
        if chunk.left > DRAIN_MAX {
            self.wrong(&reply.closing());
        } else {
            self.phase = Phase::Skip(chunk, reply);
        }
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
        let Some(body) = in_progress(&mut self.transaction) else {
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

/// The message in progress.
fn in_progress(transaction: &mut Option<Transaction>) -> Option<&mut Body> {
    transaction.as_mut()?.body.as_mut()
}

/// What belongs to the chunk, at most one input's worth.
fn first_octets(waiting: &[u8], left: u64) -> &[u8] {
    let most = usize::try_from(left).unwrap_or(usize::MAX).min(INPUT_CHUNK);
    waiting.get(..most).unwrap_or(waiting)
}
