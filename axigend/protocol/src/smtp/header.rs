//! A look at the header of a message as it passes by: how many Received fields, and which Message-ID.
//!
//! Not a parser of messages (that is `axigend-message`): it keeps one bounded line and stops at the first blank one.

use super::bounds::HEADER_LINE_MAX;

/// Watches the octets of one message.
#[derive(Debug, Default)]
pub(super) struct HeaderWatch {
    /// The line so far, without its LF and without what is beyond the bound.
    line: Vec<u8>,
    ended: bool,
    received: u32,
    message_id: String,
    /// The field of the last line was Message-ID and had no value yet: it stands on the next line.
    expects_id: bool,
}

impl HeaderWatch {
    /// The next octets of the message.
    pub(super) fn see(&mut self, mut octets: &[u8]) {
        while !self.ended && !octets.is_empty() {
            let end = memchr::memchr(b'\n', octets);
            let (line, rest) = octets.split_at(end.map_or(octets.len(), |at| at + 1));
            let room = HEADER_LINE_MAX.saturating_sub(self.line.len());
            self.line.extend_from_slice(line.get(..room).unwrap_or(line));
            if end.is_some() {
                let mut line = std::mem::take(&mut self.line);
                self.line(line.trim_ascii_end());
                line.clear();
                self.line = line;
            }
            octets = rest;
        }
    }

    /// Received fields so far.
    pub(super) fn received(&self) -> u32 {
        self.received
    }

    /// The Message-ID as it stands in the header; empty when there is none.
    pub(super) fn into_message_id(self) -> String {
        self.message_id
    }

    fn line(&mut self, line: &[u8]) {
        if line.is_empty() {
            self.ended = true;
            return;
        }
        let value = if line.starts_with(b" ") || line.starts_with(b"\t") {
            line
        } else {
            let (name, value) = line.split_at(memchr::memchr(b':', line).unwrap_or(line.len()));
            let name = name.trim_ascii_end();
            if name.eq_ignore_ascii_case(b"Received") {
                self.received = self.received.saturating_add(1);
            }
            self.expects_id = name.eq_ignore_ascii_case(b"Message-ID") && self.message_id.is_empty();
            value.get(1..).unwrap_or_default()
        };
        if self.expects_id && !value.trim_ascii().is_empty() {
            self.message_id = String::from_utf8_lossy(value.trim_ascii()).into_owned();
            self.expects_id = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::HeaderWatch;

    fn watched(message: &str, step: usize) -> (u32, String) {
        let mut watch = HeaderWatch::default();
        message.as_bytes().chunks(step).for_each(|piece| watch.see(piece));
        (watch.received(), watch.into_message_id())
    }

    #[test]
    fn fields() {
        let table = [
            (
                "Received: a\r\nreceived : b\r\n c\r\nMessage-ID: <x@y>\r\n\r\nReceived: no\r\n",
                2,
                "<x@y>",
            ),
            ("Message-Id:\r\n <x@y>\r\nMessage-ID: <second>\r\n", 0, "<x@y>"),
            ("X-Received: a\r\nReceivedX: b\r\n Received: c\r\n", 0, ""),
            ("no colon\r\n\r\nReceived: a\r\n", 0, ""),
            ("\r\nReceived: a\r\n", 0, ""),
            ("", 0, ""),
        ];
        for (message, received, id) in table {
            for step in 1..=message.len().max(1) {
                assert_eq!(
                    watched(message, step),
                    (received, id.to_owned()),
                    "{message:?} by {step}"
                );
            }
        }
    }

    #[test]
    fn a_long_line_is_not_kept() {
        let mut watch = HeaderWatch::default();
        for _ in 0..100 {
            watch.see(&[b'x'; 1000]);
        }
        assert!(watch.line.len() <= super::HEADER_LINE_MAX);
    }
}
