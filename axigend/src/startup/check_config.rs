//! `--check-config`: everything that can be known of a configuration without starting.

use super::certificate::made_at_start;
use super::exit::StartError;
use axigen_shared::Refusal;
use axigend_config::{Severity, SslSettings, check};
use axigend_net::TlsStore;
use std::path::Path;

/// Lists every mistake, and warnings too; the exit code tells whether the server would start with all its listeners.
pub fn check_config(directory: &Path, file: &Path) -> Result<(), StartError> {
    let tls = TlsStore::new(directory);
    let certificate = |ssl: &SslSettings| -> Result<(), Refusal> {
        if made_at_start(directory, &ssl.cert_file) {
            return Ok(());
        }
        tls.check(ssl)
    };
    let said = check(file, certificate).map_err(StartError::Configuration)?;
    for warning in said.iter().filter(|one| one.severity == Severity::Warning) {
        eprintln!("axigend: {warning}");
    }
    println!("{}: the configuration is valid", file.display());
    Ok(())
}
