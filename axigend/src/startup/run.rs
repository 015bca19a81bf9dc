//! The life of the process: everything in order, each end with its exit code.

use super::args::Args;
use super::check_config::check_config;
use super::exit::StartError;
use super::privileges::{self, Plan};
use super::workdir::{self, WorkingDirectory};
use super::{admin_password, check, first_config, notify, ownership};
use crate::demo;
use crate::server::{Server, ServerOptions};
use axigend_telemetry::{Options, Telemetry};
use clap::Parser;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::stat::{Mode, umask};
use std::ffi::OsString;
use std::fs;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Nothing that the daemon creates is for everybody, whatever it asks for.
const UMASK: Mode = Mode::from_bits_truncate(0o027);
/// Idle storages are closed after minutes, so a look each minute is near enough.
const MAINTENANCE_PERIOD: Duration = Duration::from_mins(1);

/// Runs the daemon with these arguments, the program's name first.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let args = match Args::try_parse_from(arguments) {
        Ok(args) => args,
        Err(message) => {
            let code = u8::try_from(message.exit_code()).unwrap_or(2);
            // Standard output or error may be closed.
            let _ = message.print();
            return ExitCode::from(code);
        }
    };
    match carry_out(&args) {
        Ok(code) => code,
        Err(error) => {
            for line in error.lines() {
                eprintln!("axigend: {line}");
            }
            if args.admin_password.is_some() && matches!(error, StartError::InUse { .. }) {
                eprintln!("axigend: {}", admin_password::INSTEAD);
            }
            error.exit_code()
        }
    }
}

/// An error before there is a log is the caller's to print; one after it is logged, which also goes to standard error.
fn carry_out(args: &Args) -> Result<ExitCode, StartError> {
    let path = args.working_directory();
    if args.check_config {
        return check_config(&path, &args.config_file(&path)).map(|()| ExitCode::SUCCESS);
    }
    if args.check {
        return check::check(args);
    }
    let sockets = notify::sockets();
    umask(UMASK);
    let plan = if args.demo {
        Plan::Stay
    } else {
        privileges::plan(args.user.as_deref(), args.group.as_deref())?
    };
    let created = workdir::create(&path)?;
    if let Plan::Become { user, group } = plan {
        ownership::hand_over(&path, &created, user, group)?;
    }
    privileges::carry_out(&plan)?;
    let directory = WorkingDirectory::open(&path)?;
    let runtime = runtime()?;
    if let Some(password) = &args.admin_password {
        return runtime
            .block_on(admin_password::set(&directory, password))
            .map(|()| ExitCode::SUCCESS);
    }
    raise_descriptor_limit();
    let telemetry = start_telemetry(&directory)?;
    install_panic_hook();
    if plan == Plan::StayRoot {
        tracing::warn!("running as root: there is no user axigen; create it or name another with -u");
    }
    let code = match runtime.block_on(serve(args, directory, sockets, Arc::clone(&telemetry))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            for line in error.lines() {
                tracing::error!(critical = true, "not started: {line}");
            }
            error.exit_code()
        }
    };
    telemetry.close();
    Ok(code)
}

async fn serve(
    args: &Args,
    directory: WorkingDirectory,
    sockets: Vec<TcpListener>,
    telemetry: Arc<Telemetry>,
) -> Result<(), StartError> {
    let mut signals = Signals::new()?;
    let pid_file = PidFile::write(args.pid_file(directory.path()))?;
    if args.demo {
        demo::prepare(&directory)?;
    }
    let config_file = args.config_file(directory.path());
    if args.config.is_none() {
        first_config::make_missing(&config_file)?;
    }
    let options = ServerOptions {
        config_file,
        sockets,
        telemetry: Some(telemetry),
    };
    let server = Server::start(directory, options).await?;
    if args.demo {
        demo::present(&server).await?;
    }
    let status = server.status();
    notify::ready(&status);
    tracing::info!("axigend {} ready: {status}", env!("CARGO_PKG_VERSION"));
    signals.attend(&server).await;
    notify::stopping();
    tokio::select! {
        () = server.stop() => {}
        () = signals.urgent() => {
            tracing::error!("stopped without waiting for the rest");
        }
    }
    drop(pid_file);
    Ok(())
}

/// The signals of services-core, "Init script and signals".
struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hang_up: Signal,
    user_1: Signal,
    quit: Signal,
}

impl Signals {
    fn new() -> Result<Self, StartError> {
        let listen =
            |kind| signal(kind).map_err(|error| StartError::Internal(format!("no signals: {error}")));
        Ok(Self {
            terminate: listen(SignalKind::terminate())?,
            interrupt: listen(SignalKind::interrupt())?,
            hang_up: listen(SignalKind::hangup())?,
            user_1: listen(SignalKind::user_defined1())?,
            quit: listen(SignalKind::quit())?,
        })
    }

    /// Serves reload, rotation and the watchdog until the server is to stop.
    async fn attend(&mut self, server: &Server) {
        // Without a watchdog the tick only comes once in a while and tells nobody.
        let period = notify::watchdog_period();
        let mut tick = tokio::time::interval(period.unwrap_or(Duration::from_hours(1)));
        let mut maintenance = tokio::time::interval(MAINTENANCE_PERIOD);
        loop {
            tokio::select! {
                _ = self.terminate.recv() => return,
                _ = self.interrupt.recv() => return,
                _ = self.quit.recv() => std::process::abort(),
                _ = self.hang_up.recv() => {
                    notify::reloading();
                    server.reload().await;
                    notify::ready(&server.status());
                }
                _ = self.user_1.recv() => server.parts().services.rotate_logs(),
                _ = tick.tick() => {
                    if period.is_some() {
                        notify::watchdog();
                    }
                }
                _ = maintenance.tick() => server.maintain(),
            }
        }
    }

    /// A second wish to stop, while the first is being carried out, or SIGQUIT.
    async fn urgent(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
            _ = self.quit.recv() => std::process::abort(),
        }
    }
}

/// The pid file; removed at the end.
struct PidFile(PathBuf);

impl PidFile {
    fn write(path: PathBuf) -> Result<Self, StartError> {
        fs::write(&path, format!("{}\n", std::process::id()))
            .map_err(|error| StartError::Internal(format!("cannot write {}: {error}", path.display())))?;
        Ok(Self(path))
    }
}

impl Drop for PidFile {
    fn drop(&mut self) {
        // A file that is gone already is what is wanted.
        let _ = fs::remove_file(&self.0);
    }
}

fn runtime() -> Result<Runtime, StartError> {
    let runtime = Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| StartError::Internal(format!("cannot start: {error}")))
}

/// The log of the process, from here to its last line.
fn start_telemetry(directory: &WorkingDirectory) -> Result<Arc<Telemetry>, StartError> {
    let host = axigend_config::host_name();
    let host = host.split('.').next().unwrap_or_default().to_owned();
    let options = Options {
        directory: directory.log(),
        host,
        standard_error: true,
    };
    let telemetry = Telemetry::start(options)
        .map_err(|error| StartError::Internal(format!("cannot start the log: {error}")))?;
    telemetry.install();
    Ok(Arc::new(telemetry))
}

/// A panic is a defect of ours and ends one session or task; the log says so, with the place.
fn install_panic_hook() {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let thread = std::thread::current();
        tracing::error!(
            critical = true,
            module = "SERVER",
            "defect in {}: {panic}",
            thread.name().unwrap_or("?")
        );
        before(panic);
    }));
}

/// Every connection is a descriptor; the soft limit is made for programs that use select.
fn raise_descriptor_limit() {
    let raised = getrlimit(Resource::RLIMIT_NOFILE)
        .and_then(|(_, hard)| setrlimit(Resource::RLIMIT_NOFILE, hard, hard));
    if let Err(error) = raised {
        eprintln!("axigend: the limit of open files stays as it is: {error}");
    }
}
