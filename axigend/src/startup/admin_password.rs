//! `-A`: sets the password of the administrator `admin` on a server that is not running.

use super::exit::StartError;
use super::workdir::WorkingDirectory;
use axigen_shared::Cause;
use axigen_shared::value::Secret;
use axigend_directory::Directory;
use axigend_storage::RealDisk;
use std::io::BufRead;

/// The administrator that every server has (services-core, "Daemon command line").
const ADMIN: &str = "admin";

/// `-` as password: read it from standard input, where nobody can see it in the list of processes.
const FROM_STANDARD_INPUT: &str = "-";

/// Said to whoever tries it on a running server.
pub const INSTEAD: &str = "set the password on the running server instead: axictl 'SET admin-password'";

/// Sets it.
pub async fn set(directory: &WorkingDirectory, given: &str) -> Result<(), StartError> {
    let password = if given == FROM_STANDARD_INPUT {
        from_standard_input()?
    } else {
        Secret::new(given)
    };
    if password.is_empty() {
        return Err(StartError::Usage(
            "the administrator's password must not be empty".to_owned(),
        ));
    }
    let storage = Directory::open(&directory.server_data(), directory.path(), RealDisk::shared())?;
    let set = storage.set_admin_password(ADMIN, password).await;
    storage.close();
    set.map_err(|refusal| match refusal.cause {
        Cause::Invalid | Cause::TooLarge => StartError::Usage(refusal.detail),
        _ => StartError::from(refusal),
    })
}

fn from_standard_input() -> Result<Secret, StartError> {
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).map_err(|error| {
        StartError::Usage(format!("cannot read the password from standard input: {error}"))
    })?;
    let password = Secret::new(line.trim_end_matches(['\r', '\n']));
    zeroize::Zeroize::zeroize(&mut line);
    Ok(password)
}
