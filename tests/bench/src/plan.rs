//! The order of a run: for each store, in each round, every system in turn does all benches of that store.
//!
//! Only one server runs at a time. Whatever fails, also a system that cannot be set up at all, becomes an error on the lines
//! of the benches concerned, and the run goes on.

use crate::args::Arguments;
use crate::benches::{BENCHES, Bench, Scene, Store};
use crate::report::{Figure, Report, note};
use crate::systems::{Axigen, LIMITS, PostfixDovecot, Server, System};
use crate::{disk, meter};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::fs;
use std::io;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Files that this program and the servers may have open.
const FILES: u64 = 20_000;

/// A system of the run; one that is not there is so in every round.
struct Place {
    name: &'static str,
    version: String,
    system: Result<Box<dyn System>, String>,
    /// The store that is filled and can be started again.
    filled: Option<Store>,
}

/// Runs everything that was asked for.
pub(crate) fn run(arguments: &Arguments) -> Result<(), String> {
    if arguments.list {
        for bench in &BENCHES {
            println!("{}", bench.name);
        }
        return Ok(());
    }
    let wanted: Vec<&Bench> = BENCHES
        .iter()
        .filter(|bench| arguments.wants(bench.name))
        .collect();
    if wanted.is_empty() {
        return Err("no bench has such a name; --list names them".to_owned());
    }
    let mut places = places(arguments)?;
    let top = prepare(&arguments.dir).map_err(|error| format!("{}: {error}", arguments.dir.display()))?;
    let mut report = Report::default();
    for store in Store::ALL {
        let benches: Vec<&Bench> = wanted
            .iter()
            .copied()
            .filter(|bench| bench.store == store)
            .collect();
        if benches.is_empty() {
            continue;
        }
        for round in 1..=arguments.rounds {
            for place in &mut places {
                eprintln!(
                    "# round {round} of {}: {store:?} store, {}",
                    arguments.rounds, place.name
                );
                place.round(arguments, &top, store, &benches, &mut report);
            }
        }
        report.print();
        fs::remove_dir_all(top.join(store.directory())).map_err(|error| error.to_string())?;
    }
    Ok(())
}

/// The systems by name.
fn places(arguments: &Arguments) -> Result<Vec<Place>, String> {
    let place = |name: &String| {
        let (name, system): (_, Result<Box<dyn System>, String>) = match name.as_str() {
            "axigen" => ("axigen", Axigen::new().map(|system| Box::new(system) as _)),
            "postfix-dovecot" => (
                "postfix-dovecot",
                PostfixDovecot::new().map(|system| Box::new(system) as _),
            ),
            other => return Err(format!("no system is called {other}: axigen, postfix-dovecot")),
        };
        let version = system.as_ref().map(|system| system.version()).unwrap_or_default();
        Ok(Place {
            name,
            version,
            system,
            filled: None,
        })
    };
    arguments.systems.iter().map(place).collect()
}

/// Empties the directory, raises the limit of open files, and prints what the run depends on.
fn prepare(directory: &Path) -> io::Result<PathBuf> {
    fs::create_dir_all(directory)?;
    let directory = directory.canonicalize()?;
    let kind = disk::file_system(&directory)?;
    for store in Store::ALL {
        let left = directory.join(store.directory());
        if left.exists() {
            fs::remove_dir_all(left)?;
        }
    }
    let limit = getrlimit(Resource::Nofile);
    let wanted = limit.maximum.map_or(FILES, |most| most.min(FILES));
    let raised = Rlimit {
        current: Some(wanted),
        maximum: limit.maximum,
    };
    setrlimit(Resource::Nofile, raised)?;
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let cores = std::thread::available_parallelism()?;
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    note(
        "machine",
        &format!("{cores} cores, Linux {}, load {}", kernel.trim(), load.trim()),
    );
    note(
        "file system",
        &format!(
            "{kind}, append of 4 KiB with fdatasync {:.3} ms",
            disk::sync_ms(&directory)?
        ),
    );
    note("limits", LIMITS);
    let syncs = if meter::counts_syncs() {
        "counted by perf"
    } else {
        "not counted: perf is missing or may not"
    };
    note("syncs", syncs);
    Ok(directory)
}

impl Place {
    fn round(
        &mut self,
        arguments: &Arguments,
        top: &Path,
        store: Store,
        benches: &[&Bench],
        report: &mut Report,
    ) {
        let benches: Vec<&Bench> = benches
            .iter()
            .copied()
            .filter(|bench| !bench.ours_only || self.name == "axigen")
            .collect();
        if benches.is_empty() {
            return;
        }
        let (name, version) = (self.name, self.version.clone());
        let home = top.join(store.directory()).join(name);
        let failed = |report: &mut Report, benches: &[&Bench], error: &str| {
            for bench in benches {
                report.add((bench.name, name, &version), None, Err(error.to_owned()));
            }
        };
        let system = match &mut self.system {
            Ok(system) => system.as_mut(),
            Err(error) => return failed(report, &benches, error),
        };
        let mut scene = Scene {
            arguments,
            system,
            home: &home,
            server: None,
        };
        let again = store != Store::Empty && self.filled == Some(store);
        if let Err(error) = open(&mut scene, store, again) {
            return failed(report, &benches, &error);
        }
        self.filled = Some(store);
        for bench in benches {
            let disk_sync_ms = disk::sync_ms(top).ok();
            let outcome = measure(&mut scene, bench);
            report.add((bench.name, name, &version), disk_sync_ms, outcome);
        }
    }
}

/// Brings the server of a store up: as it was left, or new and filled.
fn open(scene: &mut Scene<'_>, store: Store, again: bool) -> Result<(), String> {
    if again {
        scene.server = Some(scene.system.start(scene.home)?);
        return Ok(());
    }
    let made = if scene.home.exists() {
        fs::remove_dir_all(scene.home)
    } else {
        Ok(())
    };
    made.and_then(|()| fs::create_dir_all(scene.home))
        .map_err(|error| format!("{}: {error}", scene.home.display()))?;
    scene.server = Some(scene.system.create(scene.home, store.accounts())?);
    let began = Instant::now();
    store.fill(scene)?;
    eprintln!("#   filled in {:.1} s", began.elapsed().as_secs_f64());
    Ok(())
}

/// One bench; a server that did not survive the one before is started again first.
fn measure(scene: &mut Scene<'_>, bench: &Bench) -> Result<Vec<Figure>, String> {
    let lives = |server: &Server| TcpStream::connect(server.smtp).is_ok();
    if !scene.server.as_ref().is_some_and(lives) {
        drop(scene.server.take());
        scene.server = Some(scene.system.start(scene.home)?);
    }
    (bench.run)(scene)
}
