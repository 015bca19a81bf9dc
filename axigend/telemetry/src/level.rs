//! AXIGEN's levels and who logs at which of them.

use std::collections::BTreeMap;
use tracing::Level;

/// Something that needs a human now.
pub const CRITICAL: u8 = 1;
/// Something was not done.
pub const ERROR: u8 = 2;
/// Something looks wrong.
pub const WARNING: u8 = 4;
/// What happened.
pub const INFORMATION: u8 = 8;
/// The dialogue with clients, line by line.
pub const PROTOCOL: u8 = 16;

/// What a module without settings of its own logs: all but the protocol.
const DEFAULT_MASK: u8 = CRITICAL | ERROR | WARNING | INFORMATION;

/// `logLevel` per module name; each a sum of the five levels.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Levels(BTreeMap<&'static str, u8>);

impl Levels {
    /// These modules; every other one logs all but the protocol (15).
    pub fn new(masks: impl IntoIterator<Item = (&'static str, u8)>) -> Self {
        Self(masks.into_iter().collect())
    }

    /// The mask of a module.
    pub fn mask(&self, module: &str) -> u8 {
        self.0.get(module).copied().unwrap_or(DEFAULT_MASK)
    }

    /// Whether any module logs this level.
    pub fn any(&self, level: u8) -> bool {
        (DEFAULT_MASK | self.0.values().fold(0, |all, mask| all | mask)) & level != 0
    }
}

/// The AXIGEN level of an event; nothing uses `trace!`.
pub fn of(level: Level, critical: bool) -> u8 {
    match level {
        Level::ERROR if critical => CRITICAL,
        Level::ERROR => ERROR,
        Level::WARN => WARNING,
        Level::INFO => INFORMATION,
        Level::DEBUG | Level::TRACE => PROTOCOL,
    }
}
