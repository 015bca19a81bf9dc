//! A message on its way out, and the answers to every question.

use axigen_shared::{Cause, Refusal};
use bytes::Bytes;

use super::{
    answer,
    bounds::CHUNK,
    commands::scan,
    maildrop::Maildrop,
    request::{Answer, Request},
    session::{Listing, Pending, Phase, Session},
    stuffing::{Stuffer, Top},
};

/// A message of which more is to be sent.
#[derive(Debug)]
pub(super) struct Sending {
    uid: u32,
    offset: u64,
    size: u64,
    stuffer: Stuffer,
    /// TOP.
    top: Option<Top>,
}

impl Session {
    /// Asks for the next piece, or ends the answer.
    pub(super) fn send(&mut self, sending: Sending) {
        let left = sending.size.saturating_sub(sending.offset);
        if left == 0 || sending.top.as_ref().is_some_and(Top::is_done) {
            sending.stuffer.finish(&mut self.output);
            if sending.top.is_none() {
                self.ask(Request::Seen { uid: sending.uid }, Pending::Seen);
            }
            return;
        }
        let len = usize::try_from(left).unwrap_or(CHUNK).min(CHUNK);
        self.ask(
            Request::Read {
                offset: sending.offset,
                len,
            },
            Pending::Read(sending),
        );
    }

    /// An answer to the open question.
    pub(super) fn answered(&mut self, answer: Answer) {
        match (self.pending.take(), answer) {
            (Some(Pending::Login), Answer::LoggedIn(result)) => self.logged_in(result),
            (Some(Pending::Stat), Answer::Gone(uids)) => {
                self.gone(&uids);
                scan::stat(self);
            }
            (Some(Pending::List(number)), Answer::Gone(uids)) => {
                self.gone(&uids);
                scan::list(self, Listing::List, number);
            }
            (Some(Pending::Open { uid, top }), Answer::Opened(result)) => self.opened(uid, top, result),
            (Some(Pending::Read(sending)), Answer::Octets(result)) => self.octets(sending, result),
            (Some(Pending::Seen), Answer::Noted) => {}
            (Some(Pending::Update), Answer::Updated(result)) => self.updated(result),
            (pending, answer) => {
                tracing::error!("answer {answer:?} does not fit {pending:?}");
                self.phase = Phase::Over;
            }
        }
    }

    fn logged_in(&mut self, result: Result<Maildrop, Refusal>) {
        match result {
            Ok(maildrop) => {
                let (count, octets) = maildrop.total();
                self.maildrop = Some(maildrop);
                self.ok(&format!("Mailbox open, {count} messages, {octets} octets"));
            }
            Err(refusal) => {
                log_refusal(&refusal);
                self.err(answer::text(refusal.cause));
                if refusal.cause == Cause::AuthenticationFailed {
                    self.count_auth_error();
                }
            }
        }
    }

    fn gone(&mut self, uids: &[u32]) {
        if let Some(maildrop) = &mut self.maildrop {
            maildrop.gone(uids);
        }
    }

    fn opened(&mut self, uid: u32, top: Option<u64>, result: Result<u64, Refusal>) {
        match result {
            Ok(size) => {
                match top {
                    None => self.ok(&format!("{size} octets")),
                    Some(_) => self.ok("Top of message follows"),
                }
                let (stuffer, top) = (Stuffer::new(), top.map(Top::new));
                self.phase = Phase::Sending(Sending {
                    uid,
                    offset: 0,
                    size,
                    stuffer,
                    top,
                });
            }
            Err(refusal) => {
                if refusal.cause == Cause::NoSuchMessage {
                    self.gone(&[uid]);
                } else {
                    log_refusal(&refusal);
                }
                self.err(answer::text(refusal.cause));
            }
        }
    }

    fn octets(&mut self, mut sending: Sending, result: Result<Bytes, Refusal>) {
        match result {
            Ok(octets) if !octets.is_empty() => {
                sending.offset = sending.offset.saturating_add(octets.len() as u64);
                let shown = sending
                    .top
                    .as_mut()
                    .map_or(octets.as_ref(), |top| top.cut(&octets));
                sending.stuffer.push(shown, &mut self.output);
                self.phase = Phase::Sending(sending);
            }
            // +OK was said: only an end of the connection tells the client that this is not the whole message.
            Ok(_) => {
                tracing::error!("message {} is shorter than its size says, closing", sending.uid);
                self.phase = Phase::Over;
            }
            Err(refusal) => {
                tracing::error!("message {} cannot be read on, closing: {refusal}", sending.uid);
                self.phase = Phase::Over;
            }
        }
    }

    fn updated(&mut self, result: Result<(), Refusal>) {
        match result {
            Ok(()) => self.sign_off(),
            Err(refusal) => {
                tracing::error!("not all deleted messages were removed: {refusal}");
                self.err("[SYS/TEMP] Some deleted messages were not removed");
            }
        }
        self.phase = Phase::Over;
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
