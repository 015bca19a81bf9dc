//! `axictl export`: the configuration and all objects as one file, object by object as they arrive.

use super::file;
use crate::client::Client;
use crate::session::End;
use axigen_shared::control::{Body, Status, Subject};
use std::io::{self, Write};

/// Writes what is asked for; what the daemon said if it refused.
pub fn export(client: &mut Client, wanted: Subject, out: &mut impl Write) -> Result<Option<String>, End> {
    let reply = client.begin(wanted)?;
    if reply.status != Status::Ok {
        return Ok(Some(reply.message));
    }
    writeln!(out, "{}", file::HEAD)?;
    let Body::Table(table) = reply.body else {
        return Ok(None);
    };
    let mut rows = table.rows;
    loop {
        for row in &rows {
            let (way, document) = read(row)
                .ok_or_else(|| End::Broken(io::Error::other("axigend sent an object that cannot be read")))?;
            out.write_all(file::print(&way, &document).as_bytes())?;
        }
        match client.rows()? {
            Some(more) => rows = more,
            None => return Ok(None),
        }
    }
}

/// The way and the document of a row.
pub(super) fn read(row: &[String]) -> Option<(Vec<String>, serde_json::Value)> {
    let [way, document] = row else { return None };
    Some((
        serde_json::from_str(way).ok()?,
        serde_json::from_str(document).ok()?,
    ))
}
