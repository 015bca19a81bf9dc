//! An IMAP client with a window of commands under way (RFC 9051; LITERAL+, RFC 7888).

use super::{Messages, PASSWORD, Wire};
use std::io::{self, Write};
use std::net::SocketAddr;

/// A connection, logged in.
pub(crate) struct Imap {
    pub(crate) wire: Wire,
    sent: u32,
    done: u32,
    line: Vec<u8>,
}

/// What one command brought.
#[derive(Debug, Default)]
pub(crate) struct Tagged {
    /// Lines before the tagged one.
    pub(crate) lines: usize,
    /// The last `* SEARCH`, `* STATUS` or `* ESEARCH` line.
    pub(crate) data: String,
}

impl Imap {
    /// Connects and logs in.
    pub(crate) fn login(address: SocketAddr, user: &str) -> io::Result<Self> {
        let mut imap = Self {
            wire: Wire::connect(address)?,
            sent: 0,
            done: 0,
            line: Vec::new(),
        };
        imap.wire.line()?;
        imap.command(&format!("LOGIN {user} {PASSWORD}"))?;
        Ok(imap)
    }

    /// Sends a command and waits for its end; anything but OK is an error.
    pub(crate) fn command(&mut self, text: &str) -> io::Result<Tagged> {
        self.begin(text)?;
        self.end()
    }

    /// Sends a command.
    pub(crate) fn begin(&mut self, text: &str) -> io::Result<()> {
        self.sent += 1;
        self.line.clear();
        write!(self.line, "t{} {text}\r\n", self.sent)?;
        self.wire.send(&self.line)
    }

    /// Waits for the end of the oldest command under way.
    pub(crate) fn end(&mut self) -> io::Result<Tagged> {
        self.done += 1;
        let tag = format!("t{} ", self.done);
        let mut answer = Tagged::default();
        loop {
            let line = self.wire.line()?;
            if let Some(rest) = line.strip_prefix(tag.as_bytes()) {
                if rest.starts_with(b"OK") {
                    return Ok(answer);
                }
                let text = String::from_utf8_lossy(line);
                return Err(io::Error::other(format!("IMAP: {}", text.trim_end())));
            }
            answer.lines += 1;
            if line.starts_with(b"* S") || line.starts_with(b"* ESEARCH") {
                String::from_utf8_lossy(line)
                    .trim_end()
                    .clone_into(&mut answer.data);
            }
        }
    }

    /// Sends APPEND of one message without waiting.
    pub(crate) fn begin_append(&mut self, folder: &str, message: &[u8]) -> io::Result<()> {
        self.sent += 1;
        self.line.clear();
        write!(
            self.line,
            "t{} APPEND {folder} {{{}+}}\r\n",
            self.sent,
            message.len()
        )?;
        self.line.extend_from_slice(message);
        self.line.extend_from_slice(b"\r\n");
        self.wire.send(&self.line)
    }

    /// Appends messages with several commands under way.
    pub(crate) fn append_many(&mut self, folder: &str, messages: &Messages, count: u32) -> io::Result<()> {
        /// Commands under way; more would fill buffers of both sides when nobody reads.
        const WINDOW: u32 = 8;
        let mut message = Vec::new();
        for number in 0..count {
            if number >= WINDOW {
                self.end()?;
            }
            messages.next(&mut message);
            self.begin_append(folder, &message)?;
        }
        while self.done < self.sent {
            self.end()?;
        }
        Ok(())
    }

    /// Messages of a folder.
    pub(crate) fn count(&mut self, folder: &str) -> io::Result<u64> {
        let answer = self.command(&format!("STATUS {folder} (MESSAGES)"))?;
        let digits = answer
            .data
            .split_once("MESSAGES ")
            .map(|(_, rest)| rest.trim_end_matches(')'));
        digits
            .and_then(|digits| digits.parse().ok())
            .ok_or_else(|| io::Error::other(format!("no count in {:?}", answer.data)))
    }

    /// Makes a folder hold this many messages by copying what it holds, again and again.
    pub(crate) fn grow(&mut self, folder: &str, wanted: u64) -> io::Result<()> {
        /// Messages of one COPY.
        const STEP: u64 = 10_000;
        let mut have = self.count(folder)?;
        self.command(&format!("SELECT {folder}"))?;
        while have < wanted {
            let step = have.min(wanted - have).min(STEP);
            self.command(&format!("COPY 1:{step} {folder}"))?;
            have += step;
        }
        self.command("CLOSE")?;
        let now = self.count(folder)?;
        if now == wanted {
            Ok(())
        } else {
            Err(io::Error::other(format!(
                "{folder} holds {now} messages, not {wanted}"
            )))
        }
    }
}
