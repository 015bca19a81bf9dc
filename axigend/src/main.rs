//! The daemon's entrance; everything is in the library, so that tests can use it in-process.

use std::process::ExitCode;

fn main() -> ExitCode {
    axigend::run(std::env::args_os())
}
