//! The thread between a session and its dialogue: bytes heard, bytes to say, the one thing waited for.
//!
//! The dialogue is a future that only ever waits on this; [`super::Session::next`] polls it with a waker that does
//! nothing, and reads from here what it waits for. Everything is single-threaded: a `RefCell` borrowed for the length
//! of one call.

use std::{cell::RefCell, fmt::Write as _, future::poll_fn, rc::Rc, task::Poll};

use axigen_shared::{Cause, Refusal};

use super::backend::{Answer, Event, Request};
use crate::session::{OUTPUT_CHUNK, Step, TlsFacts};

/// Longest line of dialogue in the log; the rest is data.
const LOG_LINE_MAX: usize = 512;

/// Why the dialogue ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// The client went away, or what it hears can no longer be completed.
    Gone,
    /// The client was silent for too long.
    Timeout,
    /// The service is stopping.
    Shutdown,
    /// More was sent than will be read past.
    Flood,
    /// The selected mailbox is no longer there.
    MailboxGone,
}

/// What a listening session hears first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    /// Bytes of the client.
    Input,
    /// An event of the service.
    Event(Event),
}

/// A shared handle on the thread.
#[derive(Clone, Default)]
pub(crate) struct Wire(Rc<RefCell<Inner>>);

#[derive(Default)]
struct Inner {
    input: Vec<u8>,
    /// Bytes of `input` already taken.
    taken: usize,
    ended: bool,
    stop: Option<Stop>,
    output: Vec<u8>,
    want: Option<Want>,
    answer: Option<Answer>,
    event: Option<Event>,
    secured: Option<TlsFacts>,
    log: String,
}

enum Want {
    Read,
    Listen,
    Flush,
    Ask(Request),
    StartTls,
}

/// What the driver brings.
impl Wire {
    pub(crate) fn input(&self, bytes: &[u8]) {
        let mut inner = self.0.borrow_mut();
        if inner.taken > 0 {
            let taken = std::mem::take(&mut inner.taken);
            inner.input.drain(..taken);
        }
        inner.input.extend_from_slice(bytes);
    }

    pub(crate) fn answer(&self, answer: Answer) {
        let mut inner = self.0.borrow_mut();
        match answer {
            Answer::Event(event) => inner.event = Some(event),
            answer => inner.answer = Some(answer),
        }
    }

    pub(crate) fn stop(&self, stop: Stop) {
        self.0.borrow_mut().stop.get_or_insert(stop);
    }

    pub(crate) fn end_of_input(&self) {
        self.0.borrow_mut().ended = true;
    }

    /// TLS is up: everything heard before is forgotten (RFC 9051, 6.2.1).
    pub(crate) fn secured(&self, tls: TlsFacts) {
        let mut inner = self.0.borrow_mut();
        inner.input.clear();
        inner.taken = 0;
        inner.secured = Some(tls);
    }

    /// The next step, after the dialogue has been polled; `over` when it has ended.
    pub(crate) fn step(&self, over: bool) -> Step<Request> {
        let mut inner = self.0.borrow_mut();
        let want = inner.want.take();
        let full = inner.output.len() >= OUTPUT_CHUNK;
        match want {
            Some(Want::Ask(request)) if !full => Step::Ask(request),
            want if !inner.output.is_empty() => {
                // Whatever is waited for will be waited for again when the dialogue is polled next; a question is kept.
                inner.want = want.filter(|want| matches!(want, Want::Ask(_)));
                Step::Write(std::mem::take(&mut inner.output))
            }
            Some(Want::Listen) => Step::Listen,
            Some(Want::StartTls) => Step::StartTls,
            _ if over => Step::Close,
            _ => Step::Read,
        }
    }

    /// Bytes held here, for the tests of bounds.
    #[cfg(test)]
    pub(crate) fn held(&self) -> usize {
        let inner = self.0.borrow();
        inner.input.len() + inner.output.len()
    }
}

/// What the dialogue waits for.
impl Wire {
    /// Asks the service.
    pub(crate) async fn ask(&self, request: Request) -> Result<Answer, Refusal> {
        self.0.borrow_mut().want = Some(Want::Ask(request));
        let answer = poll_fn(|_| {
            self.0
                .borrow_mut()
                .answer
                .take()
                .map_or(Poll::Pending, Poll::Ready)
        })
        .await;
        match answer {
            Answer::Refused(refusal) => Err(refusal),
            answer => Ok(answer),
        }
    }

    /// Waits for more input than there is.
    pub(crate) async fn more(&self) -> Result<(), Stop> {
        let known = self.waiting();
        poll_fn(|_| {
            let mut inner = self.0.borrow_mut();
            if let Some(stop) = inner.stop {
                Poll::Ready(Err(stop))
            } else if inner.input.len() - inner.taken > known {
                Poll::Ready(Ok(()))
            } else if inner.ended {
                Poll::Ready(Err(Stop::Gone))
            } else {
                inner.want = Some(Want::Read);
                Poll::Pending
            }
        })
        .await
    }

    /// Waits for input or an event, whichever comes first (RFC 2177).
    pub(crate) async fn listen(&self) -> Result<Heard, Stop> {
        poll_fn(|_| {
            let mut inner = self.0.borrow_mut();
            if let Some(stop) = inner.stop {
                Poll::Ready(Err(stop))
            } else if inner.input.len() > inner.taken {
                Poll::Ready(Ok(Heard::Input))
            } else if let Some(event) = inner.event.take() {
                Poll::Ready(Ok(Heard::Event(event)))
            } else if inner.ended {
                Poll::Ready(Err(Stop::Gone))
            } else {
                inner.want = Some(Want::Listen);
                Poll::Pending
            }
        })
        .await
    }

    /// Hands over what has been said when it has become much: long answers call this between items.
    pub(crate) async fn pace(&self) {
        if self.0.borrow().output.len() >= OUTPUT_CHUNK {
            poll_fn(|_| {
                let mut inner = self.0.borrow_mut();
                if inner.output.is_empty() {
                    return Poll::Ready(());
                }
                inner.want = Some(Want::Flush);
                Poll::Pending
            })
            .await;
        }
    }

    /// Waits for the TLS handshake.
    pub(crate) async fn start_tls(&self) -> Result<TlsFacts, Stop> {
        poll_fn(|_| {
            let mut inner = self.0.borrow_mut();
            if let Some(tls) = inner.secured.take() {
                return Poll::Ready(Ok(tls));
            }
            if inner.ended || inner.stop.is_some() {
                return Poll::Ready(Err(Stop::Gone));
            }
            inner.want = Some(Want::StartTls);
            Poll::Pending
        })
        .await
    }

    /// A pending order to stop, seen between commands.
    pub(crate) fn stopped(&self) -> Option<Stop> {
        self.0.borrow().stop
    }
}

/// Input.
impl Wire {
    /// Bytes heard and not taken.
    pub(crate) fn waiting(&self) -> usize {
        let inner = self.0.borrow();
        inner.input.len() - inner.taken
    }

    /// Looks for a line end from the `from`th waiting byte on.
    pub(crate) fn find_newline(&self, from: usize) -> Option<usize> {
        let inner = self.0.borrow();
        let start = inner.taken.checked_add(from)?;
        memchr::memchr(b'\n', inner.input.get(start..)?).map(|at| from + at)
    }

    /// Takes at most `len` bytes.
    pub(crate) fn take(&self, len: usize) -> Vec<u8> {
        let mut inner = self.0.borrow_mut();
        let start = inner.taken;
        let end = start.saturating_add(len).min(inner.input.len());
        let bytes = inner.input.get(start..end).unwrap_or_default().to_vec();
        inner.taken = end;
        if inner.taken == inner.input.len() {
            inner.input.clear();
            inner.taken = 0;
        }
        bytes
    }
}

/// Output.
impl Wire {
    /// Says text: a whole line, or a piece of one.
    pub(crate) fn say(&self, text: &[u8]) {
        let mut inner = self.0.borrow_mut();
        inner.output.extend_from_slice(text);
        if tracing::enabled!(tracing::Level::DEBUG) {
            inner.log_text(text);
        }
    }

    /// Sends the bytes of a literal; the log names only their number.
    pub(crate) fn say_data(&self, bytes: &[u8]) {
        self.0.borrow_mut().output.extend_from_slice(bytes);
    }

    /// A defect or a broken store: what stands in the log for the client's bare "NO".
    pub(crate) fn log_refusal(command: &str, refusal: &Refusal) {
        match refusal.cause {
            Cause::StorageFull | Cause::StorageFailure | Cause::DirectoryFailure | Cause::Internal => {
                tracing::error!("{command} not done: {refusal}");
            }
            _ => tracing::info!("{command} refused: {refusal}"),
        }
    }
}

impl Inner {
    fn log_text(&mut self, text: &[u8]) {
        for line in text.split_inclusive(|byte| *byte == b'\n') {
            let room = LOG_LINE_MAX.saturating_sub(self.log.len());
            let shown = line.get(..room).unwrap_or(line);
            let _ = write!(
                self.log,
                "{}",
                String::from_utf8_lossy(shown.trim_ascii_end()).escape_debug()
            );
            if line.ends_with(b"\n") {
                tracing::debug!(">> {}", self.log);
                self.log.clear();
            }
        }
    }
}
