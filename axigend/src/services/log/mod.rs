//! The log service: started and stopped like the others, but it listens to this server's own events.
//!
//! Stopped, only errors are still written; the writer itself lives as long as the process, so that the last line of a
//! stop is not lost. Lines of other servers (UDP) are not taken yet.

use axigend_config::Settings;
use axigend_telemetry::{CRITICAL, ERROR, Levels, Reader, Telemetry};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Modules without settings of their own that a stopped log service silences.
const OTHER_MODULES: [&str; 4] = ["SERVER", "CONTROL", "DNR", "USERDB"];

/// The log service; without telemetry (tests in one process) it only remembers its state.
pub struct LogService {
    telemetry: Option<Arc<Telemetry>>,
    running: AtomicBool,
}

impl LogService {
    /// A service that writes through this.
    pub fn new(telemetry: Option<Arc<Telemetry>>) -> Self {
        Self {
            telemetry,
            running: AtomicBool::new(false),
        }
    }

    /// Writes what the settings say.
    pub fn start(&self, settings: &Settings) {
        self.running.store(true, Ordering::Relaxed);
        self.configure(settings);
    }

    /// Writes errors only.
    pub fn stop(&self, settings: &Settings) {
        self.running.store(false, Ordering::Relaxed);
        self.configure(settings);
    }

    /// The log as it is written from now on; `None` without a log.
    pub fn follow(&self) -> Option<Reader> {
        self.telemetry.as_ref().map(|telemetry| telemetry.feed().follow())
    }

    /// Whether it is started.
    pub fn is_running(&self) -> bool {
        self.running.load(Ordering::Relaxed)
    }

    /// Puts rules and levels in force, according to the state.
    pub fn configure(&self, settings: &Settings) {
        let Some(telemetry) = &self.telemetry else { return };
        let mut levels = vec![
            ("SMTP-IN", settings.smtp_incoming.log_level),
            ("IMAP", settings.imap.log_level),
            ("POP3", settings.pop3.log_level),
            ("CLI", settings.cli.log_level),
            ("PROCESSING", settings.processing.log_level),
            ("LOG", settings.log.log_level),
        ];
        if !self.is_running() {
            let quiet = CRITICAL | ERROR;
            for (_, mask) in &mut levels {
                *mask &= quiet;
            }
            levels.extend(OTHER_MODULES.map(|module| (module, quiet)));
        }
        telemetry.configure(&settings.log, Levels::new(levels));
    }

    /// Closes and opens the files.
    pub fn reopen(&self) {
        if let Some(telemetry) = &self.telemetry {
            telemetry.reopen();
        }
    }

    /// Rotates the files.
    pub fn rotate(&self) {
        if let Some(telemetry) = &self.telemetry {
            telemetry.rotate();
        }
    }
}
