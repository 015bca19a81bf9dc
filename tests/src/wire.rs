//! One connection as a client has it: plain or TLS, blocking, with a bound on every wait.
//!
//! A wait that passes [`PATIENCE`] is an error with the bytes heard so far, so that a hanging server fails a test instead
//! of hanging it. The server's certificate is taken as it comes: tests that care about it look at it themselves.

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, ClientConnection, DigitallySignedStruct, SignatureScheme, StreamOwned};
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

/// Longest silence of the server that a test bears. Generous: the machine may be busy with other tests.
pub const PATIENCE: Duration = Duration::from_mins(1);

/// A connection and what was read from it but not yet asked for.
pub struct Wire {
    stream: Stream,
    heard: Vec<u8>,
}

enum Stream {
    Plain(TcpStream),
    Tls(Box<StreamOwned<ClientConnection, TcpStream>>),
    /// Between the two, and after an error in the handshake.
    Gone,
}

impl Wire {
    /// Connects in clear.
    pub fn connect(address: SocketAddr) -> io::Result<Self> {
        let socket = TcpStream::connect_timeout(&address, PATIENCE)?;
        socket.set_read_timeout(Some(PATIENCE))?;
        socket.set_write_timeout(Some(PATIENCE))?;
        socket.set_nodelay(true)?;
        Ok(Self {
            stream: Stream::Plain(socket),
            heard: Vec::new(),
        })
    }

    /// Connects with TLS from the first byte.
    pub fn connect_tls(address: SocketAddr) -> io::Result<Self> {
        let mut wire = Self::connect(address)?;
        wire.start_tls()?;
        Ok(wire)
    }

    /// The TLS handshake on this connection. Bytes heard in clear but not asked for are an error: the server may
    /// not speak between its go-ahead and the handshake.
    pub fn start_tls(&mut self) -> io::Result<()> {
        if !self.heard.is_empty() {
            return Err(io::Error::other(
                "the server spoke in clear after its go-ahead for TLS",
            ));
        }
        let Stream::Plain(socket) = std::mem::replace(&mut self.stream, Stream::Gone) else {
            return Err(io::Error::other("TLS is up already"));
        };
        let name = ServerName::try_from("mail.example.test").map_err(io::Error::other)?;
        let session = ClientConnection::new(client_config()?, name).map_err(io::Error::other)?;
        let mut stream = StreamOwned::new(session, socket);
        while stream.conn.is_handshaking() {
            stream.conn.complete_io(&mut stream.sock)?;
        }
        self.stream = Stream::Tls(Box::new(stream));
        Ok(())
    }

    /// Sends bytes as they are.
    pub fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        match &mut self.stream {
            Stream::Plain(socket) => socket.write_all(bytes),
            Stream::Tls(stream) => stream.write_all(bytes).and_then(|()| stream.flush()),
            Stream::Gone => Err(io::ErrorKind::NotConnected.into()),
        }
    }

    /// Sends a line; CRLF is added.
    pub fn send_line(&mut self, line: &str) -> io::Result<()> {
        self.send(format!("{line}\r\n").as_bytes())
    }

    /// The next line with its CRLF. `UnexpectedEof` when the server closed.
    pub fn line(&mut self) -> io::Result<Vec<u8>> {
        loop {
            if let Some(end) = self.heard.iter().position(|&byte| byte == b'\n') {
                return Ok(self.heard.drain(..=end).collect());
            }
            self.hear()?;
        }
    }

    /// The next line as text, without its CRLF.
    pub fn text(&mut self) -> io::Result<String> {
        let line = self.line()?;
        Ok(String::from_utf8_lossy(&line)
            .trim_end_matches(['\r', '\n'])
            .to_owned())
    }

    /// Exactly this many bytes.
    pub fn exactly(&mut self, count: usize) -> io::Result<Vec<u8>> {
        while self.heard.len() < count {
            self.hear()?;
        }
        Ok(self.heard.drain(..count).collect())
    }

    /// Everything up to and including `end`.
    pub fn until(&mut self, end: &[u8]) -> io::Result<Vec<u8>> {
        loop {
            if let Some(at) = self.heard.windows(end.len()).position(|window| window == end) {
                return Ok(self.heard.drain(..at + end.len()).collect());
            }
            self.hear()?;
        }
    }

    /// Everything until the server closes.
    pub fn to_end(&mut self) -> io::Result<Vec<u8>> {
        loop {
            match self.hear() {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => break,
                Err(error) if error.kind() == io::ErrorKind::ConnectionReset => break,
                Err(error) => return Err(error),
            }
        }
        Ok(std::mem::take(&mut self.heard))
    }

    /// Says that nothing more will be sent.
    pub fn close_sending(&mut self) -> io::Result<()> {
        match &mut self.stream {
            Stream::Plain(socket) => socket.shutdown(Shutdown::Write),
            Stream::Tls(stream) => {
                stream.conn.send_close_notify();
                stream.flush()?;
                stream.sock.shutdown(Shutdown::Write)
            }
            Stream::Gone => Ok(()),
        }
    }

    /// Whether TLS is up.
    pub const fn is_tls(&self) -> bool {
        matches!(self.stream, Stream::Tls(_))
    }

    fn hear(&mut self) -> io::Result<()> {
        let mut buffer = [0; 16 * 1024];
        let count = match &mut self.stream {
            Stream::Plain(socket) => socket.read(&mut buffer),
            Stream::Tls(stream) => stream.read(&mut buffer),
            Stream::Gone => Err(io::ErrorKind::NotConnected.into()),
        };
        match count {
            Ok(0) => Err(io::Error::new(
                io::ErrorKind::UnexpectedEof,
                "the server closed the connection",
            )),
            Ok(count) => {
                self.heard.extend_from_slice(&buffer[..count]);
                Ok(())
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                let heard = String::from_utf8_lossy(&self.heard).into_owned();
                Err(io::Error::new(
                    io::ErrorKind::TimedOut,
                    format!("no answer; heard so far: {heard:?}"),
                ))
            }
            Err(error) => Err(error),
        }
    }
}

fn client_config() -> io::Result<Arc<ClientConfig>> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(AnyCertificate(provider)))
        .with_no_client_auth();
    Ok(Arc::new(config))
}

/// Takes every certificate, but checks that the server holds its key.
#[derive(Debug)]
struct AnyCertificate(Arc<CryptoProvider>);

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(
            message,
            certificate,
            signature,
            &self.0.signature_verification_algorithms,
        )
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(
            message,
            certificate,
            signature,
            &self.0.signature_verification_algorithms,
        )
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
