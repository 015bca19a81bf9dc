//! The connection to the daemon: JSON lines over its control socket.
//!
//! Owns connecting (with errors that say what to try), the hello, and matching replies to requests. One request is under way at a
//! time: a person or a script waits for each answer anyway. Knows nothing of terminals or renderings.

use crate::address::Address;
use axigen_shared::control::{
    Assembler, Body, Frame, Head, Hello, Reply, Request, Subject, VERSION, Welcome,
};
use std::fmt;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::time::Duration;

/// Longest line taken from the daemon. Frames are 64 KiB; only a single row longer than that makes a longer one,
/// and no value is longer than 8 KiB.
const MAX_LINE: u64 = 4 * 1024 * 1024;
/// How long the daemon may take to say hello. Commands may take as long as they need (COMPACT).
const HELLO_TIME: Duration = Duration::from_secs(10);

/// A session on the daemon's console.
pub struct Client {
    reader: BufReader<UnixStream>,
    next_id: u64,
    hello: Hello,
    /// Request whose table is still arriving.
    arriving: Option<u64>,
    /// Shows how far a job is; an empty text when it has ended.
    progress: fn(&str),
}

/// The daemon cannot be reached, or is gone; what to say and what to try.
#[derive(Debug)]
pub struct Unreachable(String);

impl fmt::Display for Unreachable {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl Client {
    /// Connects and hears the hello.
    pub fn connect(address: &Address) -> Result<Self, Unreachable> {
        let stream = UnixStream::connect(&address.path).map_err(|error| cannot_connect(address, &error))?;
        let broken = |error: io::Error| {
            Unreachable(format!(
                "axigend at {} does not answer: {error}",
                address.path.display()
            ))
        };
        stream.set_read_timeout(Some(HELLO_TIME)).map_err(broken)?;
        let mut reader = BufReader::new(stream);
        let hello = match read_frame(&mut reader)? {
            Frame::Hello(hello) => hello,
            Frame::Fault { message } => {
                return Err(Unreachable(format!("axigend refused the connection: {message}")));
            }
            _ => {
                return Err(Unreachable(format!(
                    "{} is not a control socket of axigend",
                    address.path.display()
                )));
            }
        };
        reader.get_ref().set_read_timeout(None).map_err(broken)?;
        if hello.protocol != VERSION {
            return Err(Unreachable(format!(
                "{} speaks version {} of the control protocol, this axictl version {VERSION}: use the axictl that came with it",
                hello.server, hello.protocol
            )));
        }
        let mut client = Self {
            reader,
            next_id: 1,
            hello,
            arriving: None,
            progress: |_| {},
        };
        client.send(welcome(false))?;
        Ok(client)
    }

    /// Forgets what the credentials of this process allow: whoever logs in next is the administrator of this session.
    pub fn log_out(&mut self) -> Result<Reply, Unreachable> {
        self.ask(welcome(true))
    }

    /// Shows from now on how far a job is that a command waits for.
    pub fn show_progress(&mut self, show: fn(&str)) {
        self.progress = show;
    }

    /// What the daemon said first.
    pub fn hello(&self) -> &Hello {
        &self.hello
    }

    /// Asks and waits for the whole reply.
    pub fn ask(&mut self, subject: Subject) -> Result<Reply, Unreachable> {
        let mut reply = self.begin(subject)?;
        while let Some(rows) = self.rows()? {
            if let Body::Table(table) = &mut reply.body {
                table.rows.extend(rows);
            }
        }
        Ok(reply)
    }

    /// Asks and waits for the reply, but not for the rows of a table: those are to be taken with [`Self::rows`], so that a
    /// table of any length passes through.
    pub fn begin(&mut self, subject: Subject) -> Result<Reply, Unreachable> {
        // What was not taken of the last one is of no interest any more.
        while self.rows()?.is_some() {}
        let id = self.send(subject)?;
        let mut assembler = Assembler::default();
        let mut showing = false;
        loop {
            let frame = self.frame_of(id)?;
            if let Frame::Event { value, .. } = &frame
                && let Some(progress) = value.get("progress").and_then(serde_json::Value::as_str)
            {
                (self.progress)(progress);
                showing = true;
                continue;
            }
            if let Frame::Head(Head { reply, .. }) = &frame
                && matches!(reply.body, Body::Table(_))
            {
                self.arriving = Some(id);
                return Ok(reply.clone());
            }
            if let Some(reply) = assembler.frame(frame) {
                if showing {
                    (self.progress)("");
                }
                return Ok(reply);
            }
        }
    }

    /// The next rows of the table that began last; `None` when it is whole.
    pub fn rows(&mut self) -> Result<Option<Vec<Vec<String>>>, Unreachable> {
        while let Some(id) = self.arriving {
            match self.frame_of(id)? {
                Frame::Rows { rows, .. } => return Ok(Some(rows)),
                Frame::End { .. } => self.arriving = None,
                _ => {}
            }
        }
        Ok(None)
    }

    /// The next frame of this request. Those of others answer requests that nobody waits for (the welcome).
    fn frame_of(&mut self, id: u64) -> Result<Frame, Unreachable> {
        loop {
            let frame = read_frame(&mut self.reader)?;
            let of = match &frame {
                Frame::Head(head) => head.id,
                Frame::Rows { id, .. } | Frame::End { id, .. } | Frame::Event { id, .. } => *id,
                Frame::Hello(_) => continue,
                Frame::Fault { message } => {
                    return Err(Unreachable(format!("axigend closed the session: {message}")));
                }
            };
            if of == id {
                return Ok(frame);
            }
        }
    }

    /// Asks for something to be followed: the reply, and the id by which its events come.
    pub fn follow(&mut self, what: Subject) -> Result<(Reply, u64), Unreachable> {
        let id = self.send(what)?;
        loop {
            if let Frame::Head(Head { reply, .. }) = self.frame_of(id)? {
                return Ok((reply, id));
            }
        }
    }

    /// The next event of what is followed.
    pub fn event(&mut self, id: u64) -> Result<serde_json::Value, Unreachable> {
        loop {
            match self.frame_of(id)? {
                Frame::Event { value, .. } => return Ok(value),
                Frame::End { .. } => return Err(Unreachable("axigend ended the following".to_owned())),
                _ => {}
            }
        }
    }

    /// Runs a line in the session's context.
    pub fn line(&mut self, line: &str) -> Result<Reply, Unreachable> {
        self.ask(Subject::Line {
            line: line.to_owned(),
        })
    }

    fn send(&mut self, subject: Subject) -> Result<u64, Unreachable> {
        let id = self.next_id;
        self.next_id += 1;
        let mut line = serde_json::to_vec(&Request { id, subject })
            .map_err(|error| Unreachable(format!("this request cannot be written as JSON: {error}")))?;
        line.push(b'\n');
        self.reader
            .get_mut()
            .write_all(&line)
            .map_err(|error| lost(&error))?;
        Ok(id)
    }
}

fn welcome(login: bool) -> Subject {
    Subject::Welcome(Welcome {
        protocol: VERSION,
        client: format!("axictl {}", env!("CARGO_PKG_VERSION")),
        login,
    })
}

fn read_frame(reader: &mut BufReader<UnixStream>) -> Result<Frame, Unreachable> {
    let mut line = Vec::new();
    let count = reader
        .by_ref()
        .take(MAX_LINE)
        .read_until(b'\n', &mut line)
        .map_err(|error| lost(&error))?;
    if count == 0 {
        return Err(Unreachable("axigend closed the connection".to_owned()));
    }
    serde_json::from_slice(&line).map_err(|error| {
        Unreachable(format!(
            "axigend sent something that is not a frame of the control protocol: {error}"
        ))
    })
}

fn lost(error: &io::Error) -> Unreachable {
    let why = match error.kind() {
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => "it does not answer in time".to_owned(),
        _ => error.to_string(),
    };
    Unreachable(format!("the connection to axigend is lost: {why}"))
}

/// Why nobody answered there, and what to try next.
fn cannot_connect(address: &Address, error: &io::Error) -> Unreachable {
    let path = address.path.display();
    let advice = match error.kind() {
        io::ErrorKind::NotFound => {
            "no such socket. Is axigend running (systemctl status axigen)? If it has another working directory, name it \
             with -W DIR, or its socket with --socket PATH or AXIGEN_SOCKET"
        }
        io::ErrorKind::ConnectionRefused => {
            "the socket is there, but nobody listens: axigend is not running. Start it with systemctl start axigen"
        }
        io::ErrorKind::PermissionDenied => {
            "you may not open this socket. Run axictl as root, as the user of axigend, or as a member of its group \
             (sudo axictl ...)"
        }
        io::ErrorKind::InvalidInput => "the path is too long for a socket (107 bytes)",
        _ => return Unreachable(format!("cannot connect to {path} ({}): {error}", address.because)),
    };
    Unreachable(format!(
        "cannot connect to {path} ({}): {advice}",
        address.because
    ))
}

#[cfg(test)]
mod tests {
    use super::Client;
    use crate::address::Address;
    use axigen_shared::control::{Access, Body, Frame, Hello, Reply, Subject, VERSION, frames};
    use std::io::{BufRead, BufReader, Write};
    use std::os::unix::net::{UnixListener, UnixStream};
    use std::path::Path;

    fn address(path: &Path) -> Address {
        Address {
            path: path.to_owned(),
            because: "chosen by the test",
        }
    }

    fn say(stream: &mut UnixStream, frame: &Frame) {
        writeln!(stream, "{}", serde_json::to_string(frame).unwrap()).unwrap();
    }

    fn hello(protocol: u32) -> Frame {
        Frame::Hello(Hello {
            protocol,
            server: "axigend 0".into(),
            access: Access::Admin,
            prompt: "<#> ".into(),
        })
    }

    #[test]
    fn asks_and_hears_the_whole_reply() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("s");
        let listener = UnixListener::bind(&path).unwrap();
        let sent = Reply::with(Body::Text {
            lines: vec!["x".repeat(50_000); 5],
            blank: true,
        });
        let answer = sent.clone();
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            say(&mut stream, &hello(VERSION));
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
            assert!(lines.next().unwrap().unwrap().contains("axictl"));
            assert!(lines.next().unwrap().unwrap().contains("SHOW CONFIG"));
            // The answer to the welcome comes first and belongs to nobody.
            for frame in frames(1, Reply::done()).chain(frames(2, answer)) {
                say(&mut stream, &frame);
            }
            drop(stream);
        });
        let mut client = Client::connect(&address(&path)).unwrap();
        assert_eq!(client.line("SHOW CONFIG").unwrap(), sent);
        server.join().unwrap();
        assert!(client.ask(Subject::Line { line: "HELP".into() }).is_err());
    }

    #[test]
    fn says_what_to_try() {
        let missing = Client::connect(&address(Path::new("/nonexistent/s")))
            .err()
            .unwrap()
            .to_string();
        assert!(
            missing.contains("-W DIR") && missing.contains("chosen by the test"),
            "{missing}"
        );
    }

    #[test]
    fn refuses_another_version() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("s");
        let listener = UnixListener::bind(&path).unwrap();
        let server = std::thread::spawn(move || say(&mut listener.accept().unwrap().0, &hello(VERSION + 1)));
        let refusal = Client::connect(&address(&path)).err().unwrap().to_string();
        assert!(refusal.contains("version"), "{refusal}");
        server.join().unwrap();
    }
}
