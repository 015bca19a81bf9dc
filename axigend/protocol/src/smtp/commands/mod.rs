//! The commands, one file each; small ones share `other`. The table is in `command`.

pub(super) mod auth;
pub(super) mod bdat;
pub(super) mod data;
pub(super) mod hello;
pub(super) mod mail;
pub(super) mod other;
pub(super) mod rcpt;
pub(super) mod start_tls;
