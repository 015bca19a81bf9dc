//! A blocking connection that hands out lines from one buffer.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// Longest silence that counts as an answer still to come.
const PATIENCE: Duration = Duration::from_mins(3);
/// Size of the buffer before a read filled it.
const SMALL: usize = 4096;
/// Its size from then on.
const CHUNK: usize = 64 * 1024;

/// A connection with what was read and not yet used.
pub(crate) struct Wire {
    stream: TcpStream,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
}

impl Wire {
    /// Connects.
    pub(crate) fn connect(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            buffer: vec![0; SMALL],
            start: 0,
            end: 0,
        })
    }

    /// Sends bytes.
    pub(crate) fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes)
    }

    /// The next line with its end.
    pub(crate) fn line(&mut self) -> io::Result<&[u8]> {
        let mut searched = 0;
        loop {
            if let Some(at) = memchr::memchr(b'\n', &self.buffer[self.start + searched..self.end]) {
                let begin = self.start;
                self.start += searched + at + 1;
                return Ok(&self.buffer[begin..self.start]);
            }
            searched = self.end - self.start;
            self.fill()?;
        }
    }

    /// Passes over everything up to and including `end`; how many bytes that were.
    pub(crate) fn skip_past(&mut self, end: &[u8]) -> io::Result<usize> {
        let mut passed = 0;
        loop {
            let heard = &self.buffer[self.start..self.end];
            if let Some(at) = memchr::memmem::find(heard, end) {
                self.start += at + end.len();
                return Ok(passed + at + end.len());
            }
            // `end` may lie across two reads.
            let keep = heard.len().min(end.len() - 1);
            passed += heard.len() - keep;
            self.start = self.end - keep;
            self.fill()?;
        }
    }

    /// Reads more. The buffer is small until a read fills it, for the sake of thousands of idle connections.
    fn fill(&mut self) -> io::Result<()> {
        if self.start > 0 && (self.start == self.end || self.end == self.buffer.len()) {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        if self.end == self.buffer.len() {
            let larger = (self.buffer.len() * 2).max(CHUNK);
            self.buffer.resize(larger, 0);
        }
        let count = self.stream.read(&mut self.buffer[self.end..])?;
        if count == 0 {
            return Err(io::Error::new(
                io::ErrorKind::UnexpectedEof,
                "the server closed the connection",
            ));
        }
        self.end += count;
        Ok(())
    }
}
