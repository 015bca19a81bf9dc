//! The configuration file of a first start: everything at its default, but the server's own name.

use super::exit::StartError;
use axigen_shared::schema::{Action, Change, Value};
use axigen_shared::value::{Kind, Word};
use axigend_config::{RunningConfig, host_name};
use std::path::Path;

/// Writes the file when there is none. A host without a usable name leaves `serverName` at its default.
pub fn make_missing(path: &Path) -> Result<(), StartError> {
    if path.exists() {
        return Ok(());
    }
    let (config, _) = RunningConfig::load(path).map_err(StartError::Configuration)?;
    if let Ok(Value::Text(name)) = Kind::DomainName.parse(&Word::One(host_name())) {
        let named = Change::here(Action::Set("serverName", Value::Text(name)));
        config.accept(config.propose(&[named])?)?;
    }
    config.save(None)?;
    tracing::info!("made {}", path.display());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::make_missing;
    use axigend_config::RunningConfig;

    #[test]
    fn a_first_start_names_the_server_and_keeps_what_is_there() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("axigen.cfg");
        make_missing(&path).expect("written");
        let (config, warnings) = RunningConfig::load(&path).expect("it can be read");
        assert!(warnings.is_empty());
        assert!(!config.settings().server.server_name.is_empty());
        std::fs::write(&path, "# mine\n").expect("written");
        make_missing(&path).expect("nothing to do");
        assert_eq!(std::fs::read_to_string(&path).expect("there"), "# mine\n");
    }
}
