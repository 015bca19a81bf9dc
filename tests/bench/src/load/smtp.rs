//! An SMTP client that sends envelope and DATA in one group (RFC 2920) and then the message.

use super::{DOMAIN, Wire};
use std::io::{self, Write};
use std::net::SocketAddr;

/// A connection after EHLO.
pub(crate) struct Smtp {
    wire: Wire,
    group: Vec<u8>,
}

impl Smtp {
    /// Connects and greets.
    pub(crate) fn connect(address: SocketAddr) -> io::Result<Self> {
        let mut smtp = Self {
            wire: Wire::connect(address)?,
            group: Vec::new(),
        };
        smtp.expect(b'2')?;
        smtp.wire.send(b"EHLO client.elsewhere.test\r\n")?;
        smtp.expect(b'2')?;
        Ok(smtp)
    }

    /// Sends one message to these accounts. The message has CRLF line ends and no line that begins with a dot; the end of
    /// data is added to it.
    pub(crate) fn send(
        &mut self,
        users: impl Iterator<Item = usize>,
        message: &mut Vec<u8>,
    ) -> io::Result<()> {
        self.group.clear();
        self.group
            .extend_from_slice(b"MAIL FROM:<sender@elsewhere.test>\r\n");
        let mut recipients = 0;
        for user in users {
            write!(self.group, "RCPT TO:<user{user}@{DOMAIN}>\r\n")?;
            recipients += 1;
        }
        self.group.extend_from_slice(b"DATA\r\n");
        self.wire.send(&self.group)?;
        for _ in 0..=recipients {
            self.expect(b'2')?;
        }
        self.expect(b'3')?;
        message.extend_from_slice(b".\r\n");
        self.wire.send(message)?;
        self.expect(b'2')
    }

    fn expect(&mut self, class: u8) -> io::Result<()> {
        loop {
            let line = self.wire.line()?;
            if line.first() != Some(&class) {
                return Err(io::Error::other(format!(
                    "SMTP: {}",
                    String::from_utf8_lossy(line).trim_end()
                )));
            }
            if line.get(3) != Some(&b'-') {
                return Ok(());
            }
        }
    }
}
