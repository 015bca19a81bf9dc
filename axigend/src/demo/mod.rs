//! `--demo`: a server to try, with its own directory, loopback ports, a domain, two accounts and some mail.
//!
//! It is the real server with a configuration of its own: nothing here is known to any other part. Everything is kept, so
//! the second run shows the mail of the first.

mod config;
mod guide;
mod mail;
mod people;

use crate::server::Server;
use crate::startup::{StartError, WorkingDirectory};
use axigen_shared::Refusal;

/// The domain of the demonstration (reserved for such use, RFC 2606).
pub const DOMAIN: &str = "example.test";

/// Before the server starts: its configuration, with ports that are free now.
pub fn prepare(directory: &WorkingDirectory) -> Result<(), StartError> {
    config::write(&directory.path().join("run/axigen.cfg")).map_err(|error| {
        StartError::Internal(format!("cannot write the demonstration's configuration: {error}"))
    })
}

/// After it started: domain, accounts and mail if they are not there, and what to try with them.
pub async fn present(server: &Server) -> Result<(), StartError> {
    let internal = |refusal: Refusal| StartError::Internal(format!("demonstration: {refusal}"));
    let people = people::known_or_new(server.directory())
        .map_err(|error| StartError::Internal(format!("demonstration: {error}")))?;
    if !server.parts().directory.is_local_domain(DOMAIN) {
        people::create(&server.parts().directory, &people)
            .await
            .map_err(internal)?;
        mail::submit(server.parts()).await.map_err(internal)?;
    }
    guide::print(server, &people);
    Ok(())
}
