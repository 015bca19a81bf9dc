//! The byte stream beneath a session: plain or TLS, TCP or Unix socket, and the change from plain to TLS.
//!
//! Generic over the transport so that the driver's tests run over an in-memory pipe under a false clock.

use axigend_protocol::{INPUT_CHUNK, TlsFacts};
use rustls::{ProtocolVersion, ServerConfig};
use std::cell::RefCell;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, UnixStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// A connected socket of either family.
pub enum Socket {
    /// A TCP connection.
    Tcp(TcpStream),
    /// A connection on a Unix socket.
    Unix(UnixStream),
}

/// A transport, possibly with TLS over it.
pub enum Wire<S> {
    /// Bytes as they are.
    Plain(S),
    /// TLS, server side.
    Tls(Box<TlsStream<S>>),
}

thread_local! {
    /// One read buffer per pool thread: an idle connection costs none, and input is handed on without a copy.
    static READ_BUFFER: RefCell<Box<[u8]>> = RefCell::new(vec![0; INPUT_CHUNK].into_boxed_slice());
}

impl<S: AsyncRead + AsyncWrite + Unpin> Wire<S> {
    /// Waits for input and gives it to `take`, at most [`INPUT_CHUNK`] bytes; an empty slice is the end of input.
    /// Cancel-safe: bytes are either taken or still in the transport.
    pub async fn read<T>(&mut self, mut take: impl FnMut(&[u8]) -> T) -> io::Result<T> {
        std::future::poll_fn(|context| self.poll_take(context, &mut take)).await
    }

    fn poll_take<T>(
        &mut self,
        context: &mut Context<'_>,
        take: &mut impl FnMut(&[u8]) -> T,
    ) -> Poll<io::Result<T>> {
        READ_BUFFER.with_borrow_mut(|buffer| {
            let mut filled = ReadBuf::new(buffer);
            ready!(Pin::new(self).poll_read(context, &mut filled))?;
            Poll::Ready(Ok(take(filled.filled())))
        })
    }

    /// Throws away what has already arrived, at most `limit` bytes, without waiting for more.
    pub async fn discard_arrived(&mut self, limit: usize) {
        let mut left = limit;
        std::future::poll_fn(|context| {
            while left > 0 {
                match self.poll_take(context, &mut <[u8]>::len) {
                    Poll::Ready(Ok(count)) if count > 0 => left = left.saturating_sub(count),
                    Poll::Ready(_) | Poll::Pending => break,
                }
            }
            Poll::Ready(())
        })
        .await;
    }

    /// The TLS handshake as server. A connection that is already secured cannot be secured again.
    pub async fn secure(self, config: Arc<ServerConfig>) -> io::Result<(Self, TlsFacts)> {
        let Self::Plain(transport) = self else {
            return Err(io::Error::other("TLS is already up"));
        };
        let stream = TlsAcceptor::from(config).accept(transport).await?;
        let facts = facts(stream.get_ref().1);
        Ok((Self::Tls(Box::new(stream)), facts))
    }
}

fn facts(connection: &rustls::ServerConnection) -> TlsFacts {
    let version = match connection.protocol_version() {
        Some(ProtocolVersion::TLSv1_2) => "TLSv1.2".to_owned(),
        Some(ProtocolVersion::TLSv1_3) => "TLSv1.3".to_owned(),
        Some(other) => format!("{other:?}"),
        None => String::new(),
    };
    // IANA's names; rustls tells the suites of TLS 1.3 by a prefix of its own.
    let suite = connection
        .negotiated_cipher_suite()
        .map(|suite| format!("{:?}", suite.suite()));
    let cipher = suite.unwrap_or_default().replacen("TLS13_", "TLS_", 1);
    TlsFacts {
        version,
        cipher,
        server_name: connection.server_name().map(str::to_owned),
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Wire<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(transport) => Pin::new(transport).poll_read(context, buffer),
            Self::Tls(stream) => Pin::new(stream).poll_read(context, buffer),
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Wire<S> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(transport) => Pin::new(transport).poll_write(context, bytes),
            Self::Tls(stream) => Pin::new(stream).poll_write(context, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(transport) => Pin::new(transport).poll_flush(context),
            Self::Tls(stream) => Pin::new(stream).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(transport) => Pin::new(transport).poll_shutdown(context),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(context),
        }
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_read(context, buffer),
            Self::Unix(stream) => Pin::new(stream).poll_read(context, buffer),
        }
    }
}

impl AsyncWrite for Socket {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_write(context, bytes),
            Self::Unix(stream) => Pin::new(stream).poll_write(context, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_shutdown(context),
            Self::Unix(stream) => Pin::new(stream).poll_shutdown(context),
        }
    }
}
