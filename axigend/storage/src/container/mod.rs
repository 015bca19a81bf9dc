//! Container files: append-only, the home of message bodies and at the same time the redo log of the index.
//!
//! A container is a file header and then records, each checksummed and self-describing, so that a file can be read
//! without anything else. [`record`] knows the bytes, [`file`] the names and headers of files, [`writer`] appends,
//! [`scan`] reads back at open, [`reader`] reads bodies.

mod file;
mod pool;
mod reader;
mod record;
mod scan;
mod writer;

pub(crate) use file::{FileHead, LogStart, container_name, container_number};
pub(crate) use reader::{PlacedBody, Reader};
pub(crate) use record::{HEADER, TRAILER};

pub(crate) use pool::{on_opening_thread, on_storage_thread};
pub(crate) use scan::{Found, Scanner};
pub(crate) use writer::{AppendError, Mark, Writer};
