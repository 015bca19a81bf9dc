//! The message room.
