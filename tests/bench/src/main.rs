//! `axigen-bench`: the same load on this server and on its peers, alternating within one run; JSON lines on standard output.
//!
//! Start reading here, then `benches` (what is measured), `systems` (who is measured), `load` (the generators), `meter` (what a
//! server spent) and `report` (the lines). README.md in this directory tells how to run it and how to read the lines.

mod args;
mod benches;
mod disk;
mod load;
mod meter;
mod plan;
mod report;
mod systems;

use args::Arguments;
use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match plan::run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("axigen-bench: {error}");
            ExitCode::FAILURE
        }
    }
}
