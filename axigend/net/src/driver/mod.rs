//! The one driver of sessions: turns what a conversation wants into reads, writes and waiting.
//!
//! Owns the clock (idle time, write time-out, handshake time-out), the order of output, the change to TLS and the
//! close. Knows no protocol and no listener. Output is joined while the conversation can go on without waiting, so that
//! many small answers become one packet; it is on its way before anything is waited for.

mod ending;
mod output;

#[cfg(test)]
mod tests;

pub use ending::{Ending, Terms};

use crate::conversation::{Action, Conversation};
use crate::phase::{Phase, PhaseWatch};
use crate::wire::Wire;
use axigend_protocol::{OUTPUT_CHUNK, TlsFacts};
use output::{close, stop_patience, write_all};
use rustls::ServerConfig;
use std::future::poll_fn;
use std::io;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, sleep_until, timeout};

/// How long a TLS handshake may take; a slow phone on a bad line needs about 10 s.
const HANDSHAKE_TIMEOUT: Duration = if cfg!(test) {
    Duration::from_millis(300)
} else {
    Duration::from_secs(30)
};

/// Most plaintext thrown away before a handshake. A client that sent more gets a failed handshake instead.
const DISCARD_LIMIT: usize = 64 * 1024;

/// Steps without waiting after which the other connections of the thread get their turn.
const STEPS_BEFORE_YIELD: u32 = 64;

/// Stands for "no idle time" (`idleTimeout = 0`).
const NO_IDLE_TIME: Duration = Duration::from_hours(365 * 24);

/// A conversation on its way over a wire.
pub struct Driver<S> {
    /// Absent only inside a handshake.
    wire: Option<Wire<S>>,
    conversation: Box<dyn Conversation>,
    terms: Arc<dyn Terms>,
    phase: PhaseWatch,
    output: Vec<u8>,
    /// Since when the peer is silent; what the server says by itself while listening does not count.
    idle_since: Instant,
    unasked: bool,
    told_shutdown: bool,
    /// Nothing more will be read: set with the reason.
    over: Option<Ending>,
}

enum Heard {
    Input(io::Result<usize>),
    Event,
    Shutdown,
    /// A session that knows of the stop waits for input that does not come.
    Nothing,
    Idle,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Driver<S> {
    /// A driver for a conversation that was just opened.
    pub fn new(
        wire: Wire<S>,
        conversation: Box<dyn Conversation>,
        terms: Arc<dyn Terms>,
        phase: PhaseWatch,
    ) -> Self {
        Self {
            wire: Some(wire),
            conversation,
            terms,
            phase,
            output: Vec::new(),
            idle_since: Instant::now(),
            unasked: false,
            told_shutdown: false,
            over: None,
        }
    }

    /// Drives the conversation to its end.
    pub async fn run(mut self) -> Ending {
        loop {
            for _ in 0..STEPS_BEFORE_YIELD {
                match self.step().await {
                    Ok(()) => {}
                    Err(ending) => return ending,
                }
            }
            tokio::task::yield_now().await;
        }
    }

    async fn step(&mut self) -> Result<(), Ending> {
        self.tell_shutdown();
        match self.conversation.next() {
            Action::Write(bytes) => self.write(bytes).await,
            Action::Work => self.work().await,
            Action::Read => {
                self.flush().await?;
                self.read().await
            }
            Action::Listen => {
                self.flush().await?;
                self.listen().await
            }
            Action::StartTls => self.start_tls().await,
            Action::Close => {
                self.flush().await?;
                if let Some(wire) = &mut self.wire {
                    let peer_closed = matches!(self.over, Some(Ending::PeerClosed));
                    close(wire, &mut self.phase, peer_closed).await;
                }
                Err(self.over.take().unwrap_or(Ending::Closed))
            }
        }
    }

    /// Between two steps no command is half read by us, so the session may hear of the end here.
    fn tell_shutdown(&mut self) {
        if !self.told_shutdown && self.phase.reached(Phase::Draining) {
            self.told_shutdown = true;
            self.conversation.shutdown();
        }
    }

    async fn write(&mut self, bytes: Vec<u8>) -> Result<(), Ending> {
        if self.output.is_empty() {
            self.output = bytes;
        } else {
            self.output.extend_from_slice(&bytes);
        }
        if self.output.len() < OUTPUT_CHUNK {
            Ok(())
        } else {
            self.flush().await
        }
    }

    async fn flush(&mut self) -> Result<(), Ending> {
        if self.output.is_empty() {
            return Ok(());
        }
        let output = std::mem::take(&mut self.output);
        let wire = self.wire.as_mut().ok_or(Ending::Closed)?;
        write_all(wire, &mut self.phase, &output).await?;
        self.touched();
        Ok(())
    }

    /// The peer was answered: its silence begins anew, unless nobody asked.
    fn touched(&mut self) {
        if !self.unasked {
            self.idle_since = Instant::now();
        }
    }

    /// Awaits the answer. What is waiting to be written goes out meanwhile, if the answer is not there at once.
    async fn work(&mut self) -> Result<(), Ending> {
        let mut work = self.conversation.work();
        let at_once = poll_fn(|context| Poll::Ready(work.as_mut().poll(context).is_ready())).await;
        if !at_once {
            let output = std::mem::take(&mut self.output);
            let wire = self.wire.as_mut().ok_or(Ending::Closed)?;
            let phase = &mut self.phase;
            let written = async {
                if output.is_empty() {
                    Ok(())
                } else {
                    write_all(wire, phase, &output).await
                }
            };
            // The work is finished even when the peer is gone: a message being committed stays committed.
            let (written, ()) = tokio::join!(written, work);
            written?;
            self.touched();
        }
        Ok(())
    }

    async fn read(&mut self) -> Result<(), Ending> {
        self.still_open()?;
        let deadline = self.idle_deadline();
        let Self {
            wire,
            conversation,
            phase,
            told_shutdown,
            ..
        } = self;
        let wire = wire.as_mut().ok_or(Ending::Closed)?;
        let take = |bytes: &[u8]| {
            if !bytes.is_empty() {
                conversation.input(bytes);
            }
            bytes.len()
        };
        let heard = tokio::select! {
            biased;
            input = wire.read(take) => Heard::Input(input),
            stop = stop(phase, *told_shutdown) => stop,
            () = sleep_until(deadline) => Heard::Idle,
        };
        self.heard(heard)
    }

    async fn listen(&mut self) -> Result<(), Ending> {
        self.still_open()?;
        let deadline = self.idle_deadline();
        let Self {
            wire,
            conversation,
            phase,
            told_shutdown,
            ..
        } = self;
        let wire = wire.as_mut().ok_or(Ending::Closed)?;
        let mut input = Vec::new();
        let heard = tokio::select! {
            biased;
            // The event borrows the conversation, so input is kept until the choice is made.
            count = wire.read(|bytes| { input.extend_from_slice(bytes); bytes.len() }) => Heard::Input(count),
            () = conversation.event() => Heard::Event,
            stop = stop(phase, *told_shutdown) => stop,
            () = sleep_until(deadline) => Heard::Idle,
        };
        if !input.is_empty() {
            self.conversation.input(&input);
        }
        self.heard(heard)
    }

    /// A session that wants to read after the end of input or the idle time is ended here.
    fn still_open(&mut self) -> Result<(), Ending> {
        self.over.take().map_or(Ok(()), Err)
    }

    fn idle_deadline(&self) -> Instant {
        let idle = self.terms.idle_timeout();
        self.idle_since
            + if idle.is_zero() {
                NO_IDLE_TIME
            } else {
                idle.min(NO_IDLE_TIME)
            }
    }

    fn heard(&mut self, heard: Heard) -> Result<(), Ending> {
        match heard {
            Heard::Input(Ok(0)) => self.end_of_input(),
            Heard::Input(Ok(_)) => {
                self.unasked = false;
                self.idle_since = Instant::now();
            }
            // Many clients close without TLS's close_notify: an end like any other, and nothing unfinished counts.
            Heard::Input(Err(error)) if error.kind() == io::ErrorKind::UnexpectedEof => self.end_of_input(),
            Heard::Input(Err(error)) => return Err(Ending::Failed(error)),
            Heard::Event => self.unasked = true,
            Heard::Shutdown => self.tell_shutdown(),
            Heard::Nothing => return Err(Ending::Cut),
            Heard::Idle => {
                self.over = Some(Ending::Idle);
                self.conversation.timeout();
            }
        }
        Ok(())
    }

    fn end_of_input(&mut self) {
        self.over = Some(Ending::PeerClosed);
        self.conversation.end_of_input();
    }

    async fn start_tls(&mut self) -> Result<(), Ending> {
        let config = self
            .terms
            .tls()
            .map_err(|refusal| Ending::Handshake(refusal.detail))?;
        let mut wire = self.wire.take().ok_or(Ending::Closed)?;
        if !self.output.is_empty() {
            // The go-ahead is not sent yet, so what is here was sent before it and must never be read as if it had
            // come through TLS (RFC 3207, 4.2; RFC 9051, 6.2.1).
            wire.discard_arrived(DISCARD_LIMIT).await;
            write_all(&mut wire, &mut self.phase, &std::mem::take(&mut self.output)).await?;
        }
        let (wire, facts) = shake_hands(wire, config, &mut self.phase).await?;
        self.wire = Some(wire);
        self.conversation.secured(facts);
        self.unasked = false;
        self.idle_since = Instant::now();
        Ok(())
    }
}

/// What a session that wants to hear something hears of the stop instead.
async fn stop(phase: &mut PhaseWatch, told: bool) -> Heard {
    if told {
        stop_patience(phase).await;
        Heard::Nothing
    } else {
        phase.until(Phase::Draining).await;
        Heard::Shutdown
    }
}

/// The TLS handshake as server. Nobody is waited for who has not finished it when the service stops: there is no way to
/// say goodbye yet.
pub async fn shake_hands<S>(
    wire: Wire<S>,
    config: Arc<ServerConfig>,
    phase: &mut PhaseWatch,
) -> Result<(Wire<S>, TlsFacts), Ending>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let shaken = tokio::select! {
        biased;
        shaken = timeout(HANDSHAKE_TIMEOUT, wire.secure(config)) => shaken,
        () = phase.until(Phase::Draining) => return Err(Ending::Cut),
    };
    match shaken {
        Ok(Ok((wire, facts))) => {
            tracing::info!("TLS established: {} {}", facts.version, facts.cipher);
            Ok((wire, facts))
        }
        Ok(Err(error)) => Err(Ending::Handshake(error.to_string())),
        Err(_elapsed) => Err(Ending::Handshake("it took too long".to_owned())),
    }
}
