//! Listening sockets: bound, adopted, accepted from, closed.
//!
//! A socket is bound on whatever thread asks and accepted from on one thread of the service's pool. Sockets adopted from
//! the service manager are used where their address matches a listener.

use axigen_shared::{Cause, Refusal};
use socket2::{Domain, Protocol, SockAddr, SockRef, Socket, Type};
use std::fs;
use std::io;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Connections that the kernel holds for us while the accepting thread is busy.
const BACKLOG: i32 = 1024;

/// First and longest pause after the system refused to give us a connection (no descriptors, no memory).
const BACK_OFF_FIRST: Duration = Duration::from_millis(50);
const BACK_OFF_LONGEST: Duration = Duration::from_secs(1);

/// Longest path a Unix socket's address can hold on Linux, without its final NUL.
pub const UNIX_PATH_LIMIT: usize = 107;

/// A bound socket.
#[derive(Debug)]
pub enum Listening {
    /// TCP.
    Tcp(TcpListener),
    /// A Unix socket, with its path.
    Unix(UnixListener, PathBuf),
}

/// A connection as the kernel gave it, not yet known to any reactor; its socket does not block.
pub enum Accepted {
    /// A TCP connection.
    Tcp(TcpStream, SocketAddr),
    /// A connection on a Unix socket.
    Unix(UnixStream),
}

/// Binds a TCP address. IPv6 sockets take IPv6 only, so that 0.0.0.0 and [::] can both be bound on one port.
pub fn bind_tcp(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = new_tcp(address)?;
    finish(socket, address)
}

/// Binds a TCP address that overlaps one we listen on (0.0.0.0:143 and 127.0.0.1:143), so that the listener can change
/// from one to the other without a moment of neither. Both share the port for this call only: afterwards no other
/// process can join it.
pub fn bind_beside(address: SocketAddr, old: &Listening) -> io::Result<TcpListener> {
    let Listening::Tcp(old) = old else {
        return bind_tcp(address);
    };
    let old = SockRef::from(old);
    let socket = new_tcp(address)?;
    old.set_reuse_port(true)?;
    let bound = socket.set_reuse_port(true).and_then(|()| finish(socket, address));
    old.set_reuse_port(false)?;
    let bound = bound?;
    SockRef::from(&bound).set_reuse_port(false)?;
    Ok(bound)
}

/// Whether one of the two addresses contains the other.
pub fn overlap(one: SocketAddr, other: SocketAddr) -> bool {
    one.port() == other.port()
        && one.is_ipv4() == other.is_ipv4()
        && (one.ip().is_unspecified() || other.ip().is_unspecified())
}

fn new_tcp(address: SocketAddr) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    // Connections of the last run may still be in TIME-WAIT.
    socket.set_reuse_address(true)?;
    Ok(socket)
}

fn finish(socket: Socket, address: SocketAddr) -> io::Result<TcpListener> {
    socket.bind(&SockAddr::from(address))?;
    socket.listen(BACKLOG)?;
    prepare(&socket)?;
    Ok(socket.into())
}

/// Makes a socket of the service manager like one of ours.
pub fn adopt(listener: &TcpListener) -> io::Result<()> {
    prepare(&SockRef::from(listener))
}

/// Linux hands both options on to accepted connections, which saves two calls for each.
fn prepare(socket: &Socket) -> io::Result<()> {
    // Output is joined by the driver; Nagle's delay would only be added to it.
    socket.set_tcp_nodelay(true)?;
    socket.set_keepalive(true)?;
    socket.set_nonblocking(true)
}

/// Binds a Unix socket with this mode. A socket that is there already is removed: the caller holds the lock of the
/// working directory, so it was left by a process that is gone.
pub fn bind_unix(path: &Path, mode: u32) -> Result<UnixListener, Refusal> {
    let length = path.as_os_str().len();
    if length > UNIX_PATH_LIMIT {
        let detail = format!(
            "the socket path {} has {length} bytes, at most {UNIX_PATH_LIMIT} fit: choose a shorter working directory",
            path.display()
        );
        return Err(Refusal::new(Cause::Invalid, detail));
    }
    let failed = |error: io::Error| {
        Refusal::new(
            Cause::Conflict,
            format!("cannot bind {}: {error}", path.display()),
        )
    };
    match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.file_type().is_socket() => fs::remove_file(path).map_err(failed)?,
        Ok(_) => return Err(failed(io::Error::other("the path exists and is not a socket"))),
        Err(_) => {}
    }
    let listener = UnixListener::bind(path).map_err(failed)?;
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).map_err(failed)?;
    listener.set_nonblocking(true).map_err(failed)?;
    Ok(listener)
}

impl Listening {
    /// The address really bound; none for a Unix socket.
    pub fn local_addr(&self) -> Option<SocketAddr> {
        match self {
            Self::Tcp(listener) => listener.local_addr().ok(),
            Self::Unix(..) => None,
        }
    }

    /// Stops listening now, although the accepting task still holds the socket: the address is free when this returns.
    pub fn close(&self) {
        match self {
            // An error means that it does not listen any more.
            Self::Tcp(listener) => drop(SockRef::from(listener).shutdown(Shutdown::Both)),
            // Not shut down: the kernel would report it readable for ever, with nothing to accept and no error.
            Self::Unix(_, path) => drop(fs::remove_file(path)),
        }
    }

    /// The same socket, registered with this thread's reactor.
    fn waiting(&self) -> io::Result<Waiting> {
        Ok(match self {
            Self::Tcp(listener) => Waiting::Tcp(tokio::net::TcpListener::from_std(listener.try_clone()?)?),
            Self::Unix(listener, _) => {
                Waiting::Unix(tokio::net::UnixListener::from_std(listener.try_clone()?)?)
            }
        })
    }

    /// What log lines call it.
    pub fn name(&self) -> String {
        match self {
            Self::Tcp(listener) => listener
                .local_addr()
                .map_or_else(|_| "?".to_owned(), |address| address.to_string()),
            Self::Unix(_, path) => path.display().to_string(),
        }
    }
}

/// A listening socket and the reactor that tells when it has a connection.
enum Waiting {
    Tcp(tokio::net::TcpListener),
    Unix(tokio::net::UnixListener),
}

impl Waiting {
    /// The next connection, taken from this thread's reactor again: it will live on another thread.
    async fn accept(&self) -> io::Result<Accepted> {
        Ok(match self {
            Self::Tcp(listener) => {
                let (stream, remote) = listener.accept().await?;
                Accepted::Tcp(stream.into_std()?, remote)
            }
            Self::Unix(listener) => Accepted::Unix(listener.accept().await?.0.into_std()?),
        })
    }
}

/// Accepts until the socket is closed or the task dropped; gives each connection to `entrance`.
pub async fn accept_all(listening: Arc<Listening>, entrance: impl Fn(Accepted)) {
    let name = listening.name();
    let socket = match listening.waiting() {
        Ok(socket) => socket,
        Err(error) => {
            tracing::error!("[{name}] cannot wait for connections: {error}");
            return;
        }
    };
    let mut pause = BACK_OFF_FIRST;
    loop {
        match socket.accept().await {
            Ok(accepted) => {
                pause = BACK_OFF_FIRST;
                entrance(accepted);
            }
            Err(error) if is_of_the_connection(&error) => {}
            // EINVAL is the kernel's word for a socket that was closed; see `Listening::close`.
            Err(error) if error.kind() == io::ErrorKind::InvalidInput => return,
            Err(error) => {
                tracing::error!(
                    "[{name}] cannot accept, waiting {} ms: {error}",
                    pause.as_millis()
                );
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(BACK_OFF_LONGEST);
            }
        }
    }
}

/// Errors that concern the connection just lost, not the listener.
fn is_of_the_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{
        ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted, NetworkUnreachable,
    };
    matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted | NetworkUnreachable
    )
}
