//! As much POP3 as tests share (RFC 1939).

use crate::wire::Wire;
use std::io;
use std::net::SocketAddr;

/// A POP3 connection past its greeting.
pub struct Pop3 {
    /// The connection, for tests that speak out of turn.
    pub wire: Wire,
}

impl Pop3 {
    /// Connects and reads the greeting.
    pub fn open(address: SocketAddr) -> io::Result<Self> {
        let mut pop3 = Self {
            wire: Wire::connect(address)?,
        };
        let greeting = pop3.wire.text()?;
        if greeting.starts_with("+OK") {
            Ok(pop3)
        } else {
            Err(io::Error::other(greeting))
        }
    }

    /// Connects and logs in.
    pub fn login(address: SocketAddr, user: &str, password: &str) -> io::Result<Self> {
        let mut pop3 = Self::open(address)?;
        pop3.command(&format!("USER {user}"))?;
        pop3.command(&format!("PASS {password}"))?;
        Ok(pop3)
    }

    /// A command with a one-line answer; `-ERR` is an error.
    pub fn command(&mut self, line: &str) -> io::Result<String> {
        self.wire.send_line(line)?;
        let answer = self.wire.text()?;
        if answer.starts_with("+OK") {
            Ok(answer)
        } else {
            Err(io::Error::other(answer))
        }
    }

    /// A command with a multi-line answer; its body, dots removed.
    pub fn lines(&mut self, line: &str) -> io::Result<Vec<u8>> {
        self.command(line)?;
        let mut body = Vec::new();
        loop {
            let line = self.wire.line()?;
            if line == b".\r\n" {
                return Ok(body);
            }
            body.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
        }
    }

    /// All message numbers with their unique ids.
    pub fn unique_ids(&mut self) -> io::Result<Vec<(u32, String)>> {
        let body = self.lines("UIDL")?;
        let text = String::from_utf8_lossy(&body).into_owned();
        let rows = text.lines().filter_map(|line| line.split_once(' '));
        Ok(rows
            .filter_map(|(number, id)| Some((number.parse().ok()?, id.to_owned())))
            .collect())
    }
}
