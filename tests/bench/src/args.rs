//! The command line, and the sizes that follow from it.

use clap::Parser;
use std::path::PathBuf;
use std::time::Duration;

/// Runs the same load on this server and on its peers and prints JSON lines.
#[derive(Debug, Parser)]
pub(crate) struct Arguments {
    /// Rounds; in each every system runs once. Medians are taken over them
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) rounds: u32,

    /// Only benches whose name begins with one of these
    #[arg(long, value_delimiter = ',', value_name = "BENCH")]
    pub(crate) only: Vec<String>,

    /// The systems, in this order
    #[arg(long, value_delimiter = ',', default_value = "axigen,postfix-dovecot")]
    pub(crate) systems: Vec<String>,

    /// Seconds of load of each bench that runs for a time
    #[arg(long, value_name = "SECONDS")]
    pub(crate) seconds: Option<u64>,

    /// Short runs and a tenth of the largest store: to see that everything works, not to quote
    #[arg(long)]
    pub(crate) quick: bool,

    /// Where servers keep their data; on a real disk. It is emptied at the beginning
    #[arg(long, value_name = "DIR", default_value = "target/bench")]
    pub(crate) dir: PathBuf,

    /// Names the benches and ends
    #[arg(long)]
    pub(crate) list: bool,
}

impl Arguments {
    /// How long a timed load lasts.
    pub(crate) fn time(&self) -> Duration {
        Duration::from_secs(self.seconds.unwrap_or(if self.quick { 3 } else { 10 }))
    }

    /// Messages of the largest store.
    pub(crate) fn million(&self) -> u32 {
        if self.quick { 100_000 } else { 1_000_000 }
    }

    /// Bytes of the largest import.
    pub(crate) fn imported(&self) -> u64 {
        if self.quick { 500_000_000 } else { 10_000_000_000 }
    }

    /// Whether this bench was asked for.
    pub(crate) fn wants(&self, bench: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|name| bench.starts_with(name.as_str()))
    }
}
