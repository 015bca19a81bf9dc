//! The processing room.
