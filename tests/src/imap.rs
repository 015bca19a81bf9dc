//! As much IMAP as tests share: responses with literals, commands, APPEND, whole messages (RFC 9051).

use crate::wire::Wire;
use std::io;
use std::net::SocketAddr;

/// An IMAP connection past its greeting.
pub struct Imap {
    /// The connection, for tests that speak out of turn.
    pub wire: Wire,
    tag: u32,
}

/// What came back for one command.
#[derive(Clone, Debug)]
pub struct Completed {
    /// Untagged and continuation responses, literals included, final CRLF removed.
    pub untagged: Vec<Vec<u8>>,
    /// The tagged response without its tag: "OK ...", "NO ...", "BAD ...".
    pub tagged: String,
}

impl Completed {
    /// Whether the command succeeded.
    pub fn is_ok(&self) -> bool {
        self.tagged.starts_with("OK")
    }

    /// Fails the test unless the command succeeded.
    #[track_caller]
    #[expect(
        clippy::must_use_candidate,
        clippy::return_self_not_must_use,
        reason = "often only the check is wanted"
    )]
    pub fn ok(self) -> Self {
        assert!(
            self.is_ok(),
            "expected OK, got {:?} after {:?}",
            self.tagged,
            self.texts()
        );
        self
    }

    /// The untagged responses as text.
    pub fn texts(&self) -> Vec<String> {
        self.untagged
            .iter()
            .map(|line| String::from_utf8_lossy(line).into_owned())
            .collect()
    }

    /// The number in a response code of the tagged or an untagged response: `[UIDVALIDITY 7]`.
    pub fn code_number(&self, name: &str) -> Option<u32> {
        let opening = format!("[{name} ");
        self.texts().iter().chain([&self.tagged]).find_map(|text| {
            let digits = text.split_once(&opening)?.1;
            digits
                .split(|character: char| !character.is_ascii_digit())
                .next()?
                .parse()
                .ok()
        })
    }
}

impl Imap {
    /// Connects and reads the greeting.
    pub fn open(address: SocketAddr) -> io::Result<Self> {
        let mut imap = Self {
            wire: Wire::connect(address)?,
            tag: 0,
        };
        let greeting = imap.wire.text()?;
        if greeting.starts_with("* OK") {
            Ok(imap)
        } else {
            Err(io::Error::other(greeting))
        }
    }

    /// Connects and logs in.
    pub fn login(address: SocketAddr, user: &str, password: &str) -> io::Result<Self> {
        let mut imap = Self::open(address)?;
        let answer = imap.command(&format!("LOGIN \"{user}\" \"{password}\""))?;
        if answer.is_ok() {
            Ok(imap)
        } else {
            Err(io::Error::other(answer.tagged))
        }
    }

    /// One response with its literals.
    pub fn response(&mut self) -> io::Result<Vec<u8>> {
        let mut whole = Vec::new();
        loop {
            let line = self.wire.line()?;
            let literal = literal_size(&line);
            whole.extend_from_slice(&line);
            match literal {
                Some(size) => whole.extend(self.wire.exactly(size)?),
                None => break,
            }
        }
        while whole.ends_with(b"\n") || whole.ends_with(b"\r") {
            whole.pop();
        }
        Ok(whole)
    }

    /// Sends a command and reads everything up to its tagged response.
    pub fn command(&mut self, text: &str) -> io::Result<Completed> {
        let tag = self.send(text.as_bytes())?;
        self.complete(&tag)
    }

    /// Sends a command without waiting; its tag.
    pub fn send(&mut self, command: &[u8]) -> io::Result<String> {
        self.tag += 1;
        let tag = format!("t{}", self.tag);
        let mut line = format!("{tag} ").into_bytes();
        line.extend_from_slice(command);
        line.extend_from_slice(b"\r\n");
        self.wire.send(&line)?;
        Ok(tag)
    }

    /// Reads everything up to the response with this tag.
    pub fn complete(&mut self, tag: &str) -> io::Result<Completed> {
        let mut untagged = Vec::new();
        loop {
            let response = self.response()?;
            let text = String::from_utf8_lossy(&response);
            if let Some(tagged) = text.strip_prefix(&format!("{tag} ")) {
                return Ok(Completed {
                    untagged,
                    tagged: tagged.to_owned(),
                });
            }
            untagged.push(response);
        }
    }

    /// Appends a message with a non-synchronising literal (RFC 7888).
    pub fn append(&mut self, folder: &str, flags: &str, message: &[u8]) -> io::Result<Completed> {
        let flags = if flags.is_empty() {
            String::new()
        } else {
            format!("({flags}) ")
        };
        let mut command = format!("APPEND \"{folder}\" {flags}{{{}+}}\r\n", message.len()).into_bytes();
        command.extend_from_slice(message);
        let tag = self.send(&command)?;
        self.complete(&tag)
    }

    /// The whole messages of the selected folder, by UID, in order.
    pub fn bodies(&mut self, set: &str) -> io::Result<Vec<(u32, Vec<u8>)>> {
        let answer = self.command(&format!("UID FETCH {set} (UID BODY.PEEK[])"))?;
        if !answer.is_ok() {
            return Err(io::Error::other(answer.tagged));
        }
        Ok(answer
            .untagged
            .iter()
            .filter_map(|response| body_of(response))
            .collect())
    }
}

/// The literal that ends this line: `... {12}` or `... ~{12}`.
pub(crate) fn literal_size(line: &[u8]) -> Option<usize> {
    let line = std::str::from_utf8(line.strip_suffix(b"\r\n")?.rsplit(|&byte| byte == b' ').next()?).ok()?;
    line.trim_start_matches('~')
        .rsplit_once('{')?
        .1
        .strip_suffix('}')?
        .parse()
        .ok()
}

/// UID and body of `* n FETCH (UID u BODY[] {size}...)`, whichever of the two comes first.
fn body_of(response: &[u8]) -> Option<(u32, Vec<u8>)> {
    let Some(end) = response.windows(2).position(|pair| pair == b"\r\n") else {
        // An empty or short body may come as a quoted string.
        let line = String::from_utf8_lossy(response).into_owned();
        let body = line
            .split_once("BODY[] \"")?
            .1
            .split('"')
            .next()?
            .as_bytes()
            .to_vec();
        return Some((uid_in(&line)?, body));
    };
    let size = literal_size(&response[..end + 2])?;
    let body = response.get(end + 2..end + 2 + size)?.to_vec();
    let around = [&response[..end], &response[end + 2 + size..]].concat();
    Some((uid_in(&String::from_utf8_lossy(&around))?, body))
}

fn uid_in(text: &str) -> Option<u32> {
    let after = text.split_once("UID ")?.1;
    after
        .split(|character: char| !character.is_ascii_digit())
        .next()?
        .parse()
        .ok()
}
