//! The daemon's entrance; everything is in the library, so that tests can use it in-process.

use std::process::ExitCode;

/// A message passes half a dozen threads and is freed on another one than it came in on, which the allocator of the C
/// library answers with locks and consolidation (figures in the commit that brought this one).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    axigend::run(std::env::args_os())
}
