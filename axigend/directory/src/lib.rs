//! The directory room.
