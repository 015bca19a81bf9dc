//! How many connections a listener has, altogether and from one address.
//!
//! Counts go up when a connection is admitted and down when its [`Admission`] is dropped, whatever ended it. The decision
//! itself takes the limits of the moment, so that a changed limit acts on the next connection.

use parking_lot::Mutex;
use std::collections::HashMap;
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Limits of a listener (services-core 3.3.1); 0 = no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Caps {
    /// `maxConnections`: simultaneous connections.
    pub connections: u32,
    /// `peerMaxConnections`: simultaneous connections from one address.
    pub per_peer: u32,
}

/// The limit that a connection would pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exceeded {
    /// `maxConnections` of this value.
    Connections(u32),
    /// `peerMaxConnections` of this value.
    PerPeer(u32),
}

impl fmt::Display for Exceeded {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connections(limit) => write!(out, "maxConnections {limit} reached"),
            Self::PerPeer(limit) => write!(out, "peerMaxConnections {limit} reached"),
        }
    }
}

/// The counters of one listener.
#[derive(Default)]
pub struct Counters {
    counts: Mutex<Counts>,
}

#[derive(Default)]
struct Counts {
    connections: u32,
    peers: HashMap<IpAddr, u32>,
}

/// A counted connection; gives its places back when dropped.
pub struct Admission {
    counters: Arc<Counters>,
    peer: Option<IpAddr>,
}

impl Counters {
    /// Counts a connection, or says which limit it would pass. A Unix socket's peer has no address.
    pub fn admit(self: &Arc<Self>, peer: Option<IpAddr>, caps: Caps) -> Result<Admission, Exceeded> {
        let peer = peer.map(|address| address.to_canonical());
        let mut counts = self.counts.lock();
        if caps.connections != 0 && counts.connections >= caps.connections {
            return Err(Exceeded::Connections(caps.connections));
        }
        if let Some(address) = peer {
            let from_peer = counts.peers.get(&address).copied().unwrap_or(0);
            if caps.per_peer != 0 && from_peer >= caps.per_peer {
                return Err(Exceeded::PerPeer(caps.per_peer));
            }
            counts.peers.insert(address, from_peer.saturating_add(1));
        }
        counts.connections = counts.connections.saturating_add(1);
        drop(counts);
        Ok(Admission {
            counters: Arc::clone(self),
            peer,
        })
    }
}

impl Drop for Admission {
    fn drop(&mut self) {
        let mut counts = self.counters.counts.lock();
        counts.connections = counts.connections.saturating_sub(1);
        let Some(address) = self.peer else { return };
        match counts.peers.get_mut(&address) {
            Some(count) if *count > 1 => *count -= 1,
            _ => {
                counts.peers.remove(&address);
            }
        }
    }
}

/// Bounds how often something is logged: a flood must not fill the disk with warnings about itself.
pub struct Seldom {
    every: Duration,
    last: Mutex<(Option<Instant>, u64)>,
}

impl Seldom {
    /// At most one line in this time.
    pub fn every(every: Duration) -> Self {
        Self {
            every,
            last: Mutex::new((None, 0)),
        }
    }

    /// Whether to log now; if so, how many lines were left out since the last one.
    pub fn allow(&self, now: Instant) -> Option<u64> {
        let mut last = self.last.lock();
        let (at, left_out) = &mut *last;
        if at.is_some_and(|at| now.saturating_duration_since(at) < self.every) {
            *left_out = left_out.saturating_add(1);
            return None;
        }
        *at = Some(now);
        Some(std::mem::take(left_out))
    }
}

#[cfg(test)]
mod tests {
    use super::{Caps, Counters, Exceeded, Seldom};
    use std::net::IpAddr;
    use std::sync::Arc;
    use std::time::{Duration, Instant};

    const ONE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));
    const TWO: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 2));

    #[test]
    fn counts_and_gives_back() {
        let counters = Arc::new(Counters::default());
        let caps = Caps {
            connections: 3,
            per_peer: 2,
        };
        let first = counters.admit(Some(ONE), caps).ok();
        let second = counters.admit(Some(ONE), caps);
        assert!(second.is_ok());
        assert_eq!(counters.admit(Some(ONE), caps).err(), Some(Exceeded::PerPeer(2)));
        let third = counters.admit(Some(TWO), caps);
        assert!(third.is_ok());
        assert_eq!(
            counters.admit(Some(TWO), caps).err(),
            Some(Exceeded::Connections(3))
        );
        drop(first);
        assert!(counters.admit(Some(ONE), caps).is_ok());
    }

    #[test]
    fn zero_is_no_limit_and_mapped_addresses_are_the_same_peer() {
        let counters = Arc::new(Counters::default());
        let open: Vec<_> = (0..100)
            .map(|_| counters.admit(Some(ONE), Caps::default()))
            .collect();
        assert!(open.iter().all(Result::is_ok));
        let mapped: IpAddr = "::ffff:192.0.2.1".parse().expect("an address");
        let caps = Caps {
            connections: 0,
            per_peer: 100,
        };
        assert_eq!(
            counters.admit(Some(mapped), caps).err(),
            Some(Exceeded::PerPeer(100))
        );
        drop(open);
        assert!(counters.counts.lock().peers.is_empty());
    }

    #[test]
    fn seldom_counts_what_it_left_out() {
        let seldom = Seldom::every(Duration::from_secs(1));
        let start = Instant::now();
        assert_eq!(seldom.allow(start), Some(0));
        assert_eq!(seldom.allow(start), None);
        assert_eq!(seldom.allow(start + Duration::from_millis(500)), None);
        assert_eq!(seldom.allow(start + Duration::from_secs(2)), Some(2));
    }
}
