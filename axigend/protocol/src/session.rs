//! The shape of every protocol: a session that hears bytes and asks questions, and does no I/O itself.
//!
//! A session owns the dialogue: what was heard, what is allowed now, what is said. It owns no socket, no clock,
//! no lock and no thread; `axigend-net` drives it and a service answers what it asks. In a test a `Vec<u8>` plays
//! the network and a closure plays the server.

/// One protocol conversation without I/O.
///
/// The driver calls [`Session::next`] until it returns [`Step::Read`] or [`Step::Listen`], does what each step says,
/// and only then feeds more input. Bounds on lines, literals and buffered input are the session's own constants: it
/// must stay within them whatever `input` brings.
pub trait Session {
    /// A question only the server can answer: "is this recipient ours?", "commit this message".
    type Request;
    /// The answer to a [`Session::Request`], or an event heard while in [`Step::Listen`].
    type Answer;

    /// Bytes from the peer, in order, at most [`INPUT_CHUNK`] at a time.
    fn input(&mut self, bytes: &[u8]);
    /// The answer to the last [`Step::Ask`], or an event while listening.
    fn answer(&mut self, answer: Self::Answer);
    /// The peer was silent for the idle time of its listener. The session may say goodbye, then closes.
    fn timeout(&mut self);
    /// The peer closed its side: nothing more will be heard. Nothing unfinished may take effect.
    fn end_of_input(&mut self);
    /// TLS is up: forget everything heard so far, unread bytes included (RFC 3207, 4.2; RFC 9051, 6.2.1).
    fn secured(&mut self, tls: TlsFacts);
    /// The service is stopping: finish the command in progress, say the goodbye of the protocol, close.
    fn shutdown(&mut self);
    /// What to do now.
    fn next(&mut self) -> Step<Self::Request>;
}

/// Most bytes handed to [`Session::input`] in one call.
pub const INPUT_CHUNK: usize = 16 * 1024;
/// Sessions hand over output when this much is waiting, so that a large answer is never one buffer.
pub const OUTPUT_CHUNK: usize = 64 * 1024;

/// What the driver does next for a session.
#[derive(Debug)]
pub enum Step<R> {
    /// Wait for input (the idle clock runs).
    Read,
    /// Wait for input or for an event of the service, whichever comes first (IMAP IDLE; the idle clock runs).
    Listen,
    /// Write all of this before the next step.
    Write(Vec<u8>),
    /// Get the answer to this.
    Ask(R),
    /// Start the TLS handshake as server on this connection, then call [`Session::secured`].
    StartTls,
    /// Close the connection. Everything written before is flushed first.
    Close,
}

/// What the session may know about the TLS layer beneath it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlsFacts {
    /// "TLSv1.3", for the log and Received.
    pub version: String,
    /// The cipher suite's name.
    pub cipher: String,
    /// The name the client asked for.
    pub server_name: Option<String>,
}

/// The two ends of a connection, as the driver knows them when it opens a session.
#[derive(Clone, Debug)]
pub struct Peer {
    /// Address of the client; for a Unix socket `None`.
    pub remote: Option<std::net::SocketAddr>,
    /// Address the client reached; for a Unix socket `None`.
    pub local: Option<std::net::SocketAddr>,
    /// User id of the process at the other end of a Unix socket.
    pub uid: Option<u32>,
    /// Session number, unique in its service since start; logs print it as 8 hex digits.
    pub session_id: u32,
    /// Set when TLS is up from the first byte (`sslEnable`).
    pub tls: Option<TlsFacts>,
    /// Whether `StartTls` can be answered here: the listener has a usable certificate.
    pub can_start_tls: bool,
}

impl Peer {
    /// Whether the connection itself is as good as private: a Unix socket or TLS.
    pub fn is_private(&self) -> bool {
        self.uid.is_some() || self.tls.is_some()
    }
}
