//! As much SMTP as tests share: replies, a transaction, DATA and BDAT (RFC 5321; RFC 3030).

use crate::wire::Wire;
use base64::Engine;
use std::io;
use std::net::SocketAddr;

/// An SMTP connection past its banner.
pub struct Smtp {
    /// The connection, for tests that speak out of turn.
    pub wire: Wire,
}

/// A whole reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The three digits.
    pub code: u16,
    /// The lines without CRLF, codes included.
    pub lines: Vec<String>,
}

impl Reply {
    /// The lines joined with LF.
    pub fn text(&self) -> String {
        self.lines.join("\n")
    }

    /// Fails the test unless the reply begins with this text.
    #[track_caller]
    #[expect(clippy::return_self_not_must_use, reason = "often only the check is wanted")]
    pub fn expect(self, beginning: &str) -> Self {
        assert!(
            self.text().starts_with(beginning),
            "expected {beginning:?}, got {:?}",
            self.text()
        );
        self
    }
}

impl Smtp {
    /// Connects and reads the banner.
    pub fn open(address: SocketAddr) -> io::Result<Self> {
        let mut smtp = Self {
            wire: Wire::connect(address)?,
        };
        let banner = smtp.reply()?;
        if banner.code == 220 {
            Ok(smtp)
        } else {
            Err(io::Error::other(banner.text()))
        }
    }

    /// Connects, reads the banner and says EHLO.
    pub fn hello(address: SocketAddr) -> io::Result<Self> {
        let mut smtp = Self::open(address)?;
        let answer = smtp.command("EHLO client.example.test")?;
        if answer.code == 250 {
            Ok(smtp)
        } else {
            Err(io::Error::other(answer.text()))
        }
    }

    /// The next reply.
    pub fn reply(&mut self) -> io::Result<Reply> {
        let mut lines = Vec::new();
        loop {
            let line = self.wire.text()?;
            let more = line.as_bytes().get(3) == Some(&b'-');
            let code = line.get(..3).and_then(|digits| digits.parse().ok());
            lines.push(line);
            match code {
                None => return Err(io::Error::other(format!("not a reply: {lines:?}"))),
                Some(code) if !more => return Ok(Reply { code, lines }),
                Some(_) => {}
            }
        }
    }

    /// Sends a command and reads its reply.
    pub fn command(&mut self, line: &str) -> io::Result<Reply> {
        self.wire.send_line(line)?;
        self.reply()
    }

    /// STARTTLS, the handshake and a second EHLO.
    pub fn start_tls(&mut self) -> io::Result<()> {
        let answer = self.command("STARTTLS")?;
        if answer.code != 220 {
            return Err(io::Error::other(answer.text()));
        }
        self.wire.start_tls()?;
        self.command("EHLO client.example.test").map(|_| ())
    }

    /// AUTH PLAIN in one line (RFC 4616).
    pub fn auth_plain(&mut self, user: &str, password: &str) -> io::Result<Reply> {
        let token = base64::engine::general_purpose::STANDARD.encode(format!("\0{user}\0{password}"));
        self.command(&format!("AUTH PLAIN {token}"))
    }

    /// MAIL and RCPT; the first reply that is not 250 ends it.
    pub fn envelope(&mut self, from: &str, to: &[&str], parameters: &str) -> io::Result<Reply> {
        let mut reply = self.command(&format!("MAIL FROM:<{from}>{parameters}"))?;
        for recipient in to {
            if reply.code != 250 {
                break;
            }
            reply = self.command(&format!("RCPT TO:<{recipient}>"))?;
        }
        Ok(reply)
    }

    /// One message by DATA; `message` has CRLF line ends, dots are doubled here. The reply that ended the transaction.
    pub fn send(&mut self, from: &str, to: &[&str], message: &[u8]) -> io::Result<Reply> {
        let reply = self.envelope(from, to, "")?;
        if reply.code != 250 {
            return Ok(reply);
        }
        let reply = self.command("DATA")?;
        if reply.code != 354 {
            return Ok(reply);
        }
        self.wire.send(&stuffed(message))?;
        self.reply()
    }

    /// One message by BDAT in pieces of at most `piece` bytes.
    pub fn send_chunks(
        &mut self,
        from: &str,
        to: &[&str],
        message: &[u8],
        piece: usize,
    ) -> io::Result<Reply> {
        let mut reply = self.envelope(from, to, " BODY=BINARYMIME")?;
        if reply.code != 250 {
            return Ok(reply);
        }
        let mut rest = message;
        loop {
            let (now, later) = rest.split_at(piece.min(rest.len()));
            let last = if later.is_empty() { " LAST" } else { "" };
            self.wire
                .send(format!("BDAT {}{last}\r\n", now.len()).as_bytes())?;
            self.wire.send(now)?;
            reply = self.reply()?;
            if reply.code != 250 || later.is_empty() {
                return Ok(reply);
            }
            rest = later;
        }
    }
}

/// The message as it goes over the wire after DATA: dots doubled, CRLF at the end, and the line with the dot.
pub fn stuffed(message: &[u8]) -> Vec<u8> {
    let mut wire = Vec::with_capacity(message.len() + 16);
    let mut at_line_start = true;
    for &byte in message {
        if at_line_start && byte == b'.' {
            wire.push(b'.');
        }
        wire.push(byte);
        at_line_start = byte == b'\n';
    }
    if !wire.ends_with(b"\r\n") && !wire.is_empty() {
        wire.extend_from_slice(b"\r\n");
    }
    wire.extend_from_slice(b".\r\n");
    wire
}
