//! From the command line to a running server and back: arguments, privileges, directory, signals, exit code.
//!
//! One process, always in the foreground (services-core 3.1.1, "Defaults of ours").

mod admin_password;
mod args;
mod certificate;
mod check;
mod check_config;
mod exit;
mod first_config;
mod notify;
mod ownership;
mod privileges;
mod run;
mod workdir;

pub use certificate::{make_missing, random_word};
pub use exit::StartError;
pub use run::run;
pub use workdir::{SECRET_MODE, WorkingDirectory, write_atomically};
