//! The way from those who log to the writer: one lock, and few wake-ups.
//!
//! A writer that has nothing to do is woken by the first line. One that has just written rests for [`REST`], and whoever
//! logs meanwhile only leaves the line there: a busy server wakes its writer a hundred times a second, however many lines
//! it logs, and a quiet one writes every line at once.

use crate::record::{Message, Record};
use parking_lot::{Condvar, Mutex};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Lines that may wait for the writer: about a second of a busy server at protocol level, at most some 10 MB.
pub const QUEUE: usize = 16 * 1024;

/// The writer rests so long after it wrote; nobody who reads a log sees that it is late by so much.
const REST: Duration = Duration::from_millis(10);

/// A resting writer is woken when so many wait.
const WAKE_AT: usize = QUEUE / 4;

/// Space for more lines than this is given back after a burst.
const KEEP: usize = 1024;

/// The end of those who log.
#[derive(Clone)]
pub struct Sender(Arc<Shared>);

/// The end of the writer. When it is dropped, what is sent is dropped.
pub struct Receiver {
    shared: Arc<Shared>,
    /// Until when the writer rests.
    rest: Option<Instant>,
}

#[derive(Default)]
struct Shared {
    waiting: Mutex<Waiting>,
    arrived: Condvar,
}

#[derive(Default)]
struct Waiting {
    messages: Vec<Message>,
    /// The writer waits for any message.
    asleep: bool,
    /// There is more than lines: the writer does not rest.
    urgent: bool,
    /// The writer has ended.
    ended: bool,
}

/// A queue.
pub fn queue() -> (Sender, Receiver) {
    let shared = Arc::new(Shared::default());
    let receiver = Receiver {
        shared: Arc::clone(&shared),
        rest: None,
    };
    (Sender(shared), receiver)
}

impl Sender {
    /// Leaves a line for the writer; false when there is no room.
    pub fn line(&self, record: Record) -> bool {
        let mut waiting = self.0.waiting.lock();
        if waiting.ended {
            return true;
        }
        if waiting.messages.len() >= QUEUE {
            return false;
        }
        waiting.messages.push(Message::Line(record));
        let wake = std::mem::take(&mut waiting.asleep) || waiting.messages.len() == WAKE_AT;
        drop(waiting);
        if wake {
            self.0.arrived.notify_one();
        }
        true
    }

    /// Tells the writer something; it is told at once, behind the lines that wait.
    pub fn tell(&self, message: Message) {
        let mut waiting = self.0.waiting.lock();
        if waiting.ended {
            return;
        }
        waiting.messages.push(message);
        waiting.urgent = true;
        drop(waiting);
        self.0.arrived.notify_one();
    }
}

impl Receiver {
    /// Waits for messages and puts all there are into `batch`, which is empty.
    pub fn take(&mut self, batch: &mut Vec<Message>) {
        let mut waiting = self.shared.waiting.lock();
        while let Some(until) = self.rest {
            if waiting.urgent || waiting.messages.len() >= WAKE_AT {
                break;
            }
            if self.shared.arrived.wait_until(&mut waiting, until).timed_out() {
                break;
            }
        }
        while waiting.messages.is_empty() {
            waiting.asleep = true;
            self.shared.arrived.wait(&mut waiting);
        }
        waiting.asleep = false;
        waiting.urgent = false;
        if batch.capacity() > KEEP {
            *batch = Vec::new();
        }
        std::mem::swap(&mut waiting.messages, batch);
        drop(waiting);
        self.rest = Some(Instant::now() + REST);
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        let left = {
            let mut waiting = self.shared.waiting.lock();
            waiting.ended = true;
            std::mem::take(&mut waiting.messages)
        };
        drop(left);
    }
}

#[cfg(test)]
mod tests {
    use super::{QUEUE, queue};
    use crate::record::{Message, Record};
    use std::sync::mpsc::sync_channel;

    fn line(number: usize) -> Record {
        Record {
            seconds: 0,
            level: 1,
            module: "TEST".into(),
            id: number as u32,
            text: String::new(),
        }
    }

    #[test]
    fn messages_come_in_their_order_and_a_full_queue_says_so() {
        let (sender, mut receiver) = queue();
        for number in 0..QUEUE {
            assert!(sender.line(line(number)));
        }
        assert!(!sender.line(line(QUEUE)), "there is no room");
        // What is not a line is never lost.
        sender.tell(Message::Reopen);
        let mut batch = Vec::new();
        receiver.take(&mut batch);
        for (number, message) in batch.iter().take(QUEUE).enumerate() {
            assert!(matches!(message, Message::Line(record) if record.id == number as u32));
        }
        assert!(matches!(batch.last(), Some(Message::Reopen)));
        assert!(sender.line(line(0)), "there is room again");
    }

    #[test]
    fn nobody_waits_for_a_writer_that_has_ended() {
        let (sender, mut receiver) = queue();
        let (first, said_first) = sync_channel(1);
        let (second, said_second) = sync_channel(1);
        sender.tell(Message::Flush(first));
        let mut batch = Vec::new();
        receiver.take(&mut batch);
        drop((receiver, batch));
        sender.tell(Message::Flush(second));
        assert!(sender.line(line(0)), "a line is dropped");
        assert!(said_first.recv().is_err() && said_second.recv().is_err());
    }

    #[test]
    fn a_resting_writer_is_told_what_is_urgent_and_gets_lines_after_its_rest() {
        let (sender, mut receiver) = queue();
        let writer = std::thread::spawn(move || {
            let (mut batch, mut lines) = (Vec::new(), 0);
            loop {
                receiver.take(&mut batch);
                for message in batch.drain(..) {
                    match message {
                        Message::Line(_) => lines += 1,
                        Message::Flush(done) => done.send(()).expect("somebody waits"),
                        _ => return lines,
                    }
                }
            }
        });
        for round in 0..100 {
            assert!(sender.line(line(round)));
            let (done, said) = sync_channel(1);
            sender.tell(Message::Flush(done));
            said.recv().expect("an answer");
        }
        sender.tell(Message::Close);
        assert_eq!(writer.join().expect("the writer ends"), 100);
    }
}
