//! The commands by what they are about. The table is in `command`.

pub(super) mod login;
pub(super) mod other;
pub(super) mod retrieve;
pub(super) mod scan;
