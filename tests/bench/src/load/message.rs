//! Messages of a given size: ordinary headers, lines of words, each message different from all others.

use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};

/// The domain of all accounts.
pub(crate) const DOMAIN: &str = "bench.test";
/// The password of all accounts.
pub(crate) const PASSWORD: &str = "Secret-1";
/// In the body of every hundredth message made with [`Messages::searchable`].
pub(crate) const NEEDLE: &str = "quizzical-needle";
/// Two letters that only the same messages contain: too short for an index of three letters and more.
pub(crate) const SHORT_NEEDLE: &str = "zz";

/// Of these lines are made; no word has a Z.
const WORDS: [&str; 16] = [
    "ledger", "harbour", "signal", "winter", "copper", "meadow", "ticket", "orbit", "candle", "river",
    "basket", "engine", "marble", "pocket", "throne", "velvet",
];
/// Longest line of a body.
const LINE: usize = 74;
/// Different bodies that are made beforehand.
const BODIES: usize = 64;

/// The address of an account, counted from 1.
pub(crate) fn user(number: usize) -> String {
    format!("user{number}@{DOMAIN}")
}

/// A source of messages of one size; threads share it.
pub(crate) struct Messages {
    size: usize,
    bodies: Vec<Vec<u8>>,
    needles: bool,
    next: AtomicU64,
}

impl Messages {
    /// Messages of about this many bytes.
    pub(crate) fn new(size: usize) -> Self {
        Self {
            size,
            bodies: (0..BODIES).map(|seed| body(seed, size)).collect(),
            needles: false,
            next: AtomicU64::new(0),
        }
    }

    /// The same, every hundredth with the needles in its last line.
    pub(crate) fn searchable(size: usize) -> Self {
        Self {
            needles: true,
            ..Self::new(size)
        }
    }

    /// Writes the next message into the buffer, which is emptied before.
    pub(crate) fn next(&self, buffer: &mut Vec<u8>) {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        buffer.clear();
        let needle = if self.needles && number % 100 == 50 {
            NEEDLE
        } else {
            ""
        };
        write!(
            buffer,
            "From: Sender {number} <sender{number}@elsewhere.test>\r\nTo: Users of the bench <users@{DOMAIN}>\r\n\
             Subject: message number {number} of the run\r\nDate: Mon, 3 Aug 2026 10:{:02}:{:02} +0200\r\n\
             Message-ID: <{number}.{}@elsewhere.test>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=us-ascii\r\n\
             \r\n{needle}\r\n",
            number / 60 % 60,
            number % 60,
            std::process::id()
        )
        .expect("memory takes what is written");
        let body = &self.bodies[number as usize % BODIES];
        let room = self.size.saturating_sub(buffer.len() + 2);
        // The cut must not leave half a line end.
        buffer.extend_from_slice(body[..room.min(body.len())].trim_ascii_end());
        buffer.extend_from_slice(b"\r\n");
    }
}

fn body(seed: usize, size: usize) -> Vec<u8> {
    let mut text = Vec::with_capacity(size + LINE);
    let mut state = seed as u64 + 1;
    let mut column = 0;
    while text.len() < size {
        // The constants of Knuth's MMIX generator.
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let word = WORDS[(state >> 60) as usize];
        if column + word.len() >= LINE {
            text.extend_from_slice(b"\r\n");
            column = 0;
        }
        text.extend_from_slice(word.as_bytes());
        text.push(b' ');
        column += word.len() + 1;
    }
    text
}
