//! Where each service of a test server listens.
//!
//! Every [`Home`](crate::Home) has a loopback address of its own (127/8 has sixteen million), and on it the same ports. So
//! tests run side by side, a server has the same ports after a restart, and nobody else is on them. The address is
//! reserved with a socket that lives as long as the home.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::atomic::{AtomicU32, Ordering};

/// The port whose binding reserves an address. No server of a test listens there.
const RESERVATION: u16 = 2001;
/// The first port that no service of the test configuration uses.
const FIRST_SPARE: u16 = 3001;

/// A way into the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Service {
    /// SMTP receiving, in clear with STARTTLS.
    Smtp,
    /// SMTP receiving with TLS from the first byte.
    SmtpTls,
    /// IMAP, in clear with STARTTLS.
    Imap,
    /// IMAP with TLS from the first byte.
    ImapTls,
    /// POP3, in clear with STLS.
    Pop3,
    /// POP3 with TLS from the first byte.
    Pop3Tls,
    /// The command line interface.
    Cli,
}

impl Service {
    /// Its port on every test server.
    pub const fn port(self) -> u16 {
        match self {
            Self::Smtp => 2025,
            Self::SmtpTls => 2465,
            Self::Imap => 2143,
            Self::ImapTls => 2993,
            Self::Pop3 => 2110,
            Self::Pop3Tls => 2995,
            Self::Cli => 2700,
        }
    }
}

/// A loopback address that belongs to one test.
#[derive(Debug)]
pub struct Host {
    ip: Ipv4Addr,
    spare: AtomicU32,
    _reservation: TcpListener,
}

impl Host {
    /// An address that nobody else has.
    pub fn reserve() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        loop {
            // Processes begin far from one another; the binding settles who was first. All octets have three
            // digits, so that tables have the same width in every run.
            let number = std::process::id()
                .wrapping_mul(97)
                .wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed));
            let octet = |shift: u32| u8::try_from(100 + (number >> shift) % 128).unwrap_or(100);
            let ip = Ipv4Addr::new(127, octet(14), octet(7), octet(0));
            if let Ok(reservation) = TcpListener::bind((ip, RESERVATION)) {
                return Self {
                    ip,
                    spare: AtomicU32::new(0),
                    _reservation: reservation,
                };
            }
        }
    }

    /// The address.
    pub const fn ip(&self) -> Ipv4Addr {
        self.ip
    }

    /// Where a service listens.
    pub fn address(&self, service: Service) -> SocketAddr {
        SocketAddr::from((self.ip, service.port()))
    }

    /// An address with a port that nothing listens on, for a listener that is added.
    pub fn spare(&self) -> SocketAddr {
        let number = self.spare.fetch_add(1, Ordering::Relaxed);
        SocketAddr::from((self.ip, FIRST_SPARE + u16::try_from(number).unwrap_or_default()))
    }
}
