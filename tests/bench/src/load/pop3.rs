//! A POP3 client that asks for many messages at once (RFC 2449, 6.6).

use super::{PASSWORD, Wire};
use std::io::{self, Write};
use std::net::SocketAddr;

/// Messages asked for before their answers are read.
const WINDOW: u32 = 100;

/// A connection, logged in.
pub(crate) struct Pop3 {
    wire: Wire,
    /// Messages of the maildrop.
    pub(crate) messages: u32,
}

impl Pop3 {
    /// Connects and logs in.
    pub(crate) fn login(address: SocketAddr, user: &str) -> io::Result<Self> {
        let mut pop3 = Self {
            wire: Wire::connect(address)?,
            messages: 0,
        };
        pop3.answer()?;
        for command in [
            format!("USER {user}\r\n"),
            format!("PASS {PASSWORD}\r\n"),
            "STAT\r\n".to_owned(),
        ] {
            pop3.wire.send(command.as_bytes())?;
            let line = pop3.answer()?;
            pop3.messages = line
                .split(' ')
                .nth(1)
                .and_then(|count| count.parse().ok())
                .unwrap_or(0);
        }
        Ok(pop3)
    }

    /// Retrieves every message once; the bytes of all.
    pub(crate) fn retrieve_all(&mut self) -> io::Result<usize> {
        let mut bytes = 0;
        let mut commands = Vec::new();
        for first in (1..=self.messages).step_by(WINDOW as usize) {
            let last = self.messages.min(first + WINDOW - 1);
            commands.clear();
            for number in first..=last {
                write!(commands, "RETR {number}\r\n")?;
            }
            self.wire.send(&commands)?;
            for _ in first..=last {
                self.answer()?;
                bytes += self.wire.skip_past(b"\r\n.\r\n")?;
            }
        }
        Ok(bytes)
    }

    fn answer(&mut self) -> io::Result<String> {
        let line = String::from_utf8_lossy(self.wire.line()?).trim_end().to_owned();
        if line.starts_with("+OK") {
            Ok(line)
        } else {
            Err(io::Error::other(format!("POP3: {line}")))
        }
    }
}
