//! The log service as the server holds it: start, settings, reopen, rotate, end.

use crate::feed::Feed;
use crate::layer::LogLayer;
use crate::level::Levels;
use crate::line::Lines;
use crate::queue::queue;
use crate::record::Message;
use crate::rule;
use crate::writer::Writer;
use arc_swap::ArcSwap;
use axigend_config::LogSettings;
use jiff::tz::TimeZone;
use parking_lot::Mutex;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::mpsc::sync_channel;
use std::thread::JoinHandle;
use tracing_subscriber::Registry;
use tracing_subscriber::layer::SubscriberExt;

/// How to log.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where log files are; file names of rules are below it.
    pub directory: PathBuf,
    /// Host name in every line.
    pub host: String,
    /// Whether errors, and what the server says about itself, also go to standard error.
    pub standard_error: bool,
}

/// The running log service.
pub struct Telemetry {
    layer: LogLayer,
    writer: Mutex<Option<JoinHandle<()>>>,
    feed: Arc<Feed>,
}

impl Telemetry {
    /// Starts the writer with the shipped rule: everything to `everything.txt`.
    pub fn start(options: Options) -> io::Result<Self> {
        Self::start_in_zone(options, TimeZone::system())
    }

    pub(crate) fn start_in_zone(options: Options, zone: TimeZone) -> io::Result<Self> {
        let (queue, records) = queue();
        let lost = Arc::new(AtomicU64::new(0));
        let feed = Arc::new(Feed::default());
        let lines = Lines::new(options.host, zone);
        let writer = Writer::new(
            options.directory,
            lines,
            (Arc::clone(&lost), Arc::clone(&feed)),
            options.standard_error,
        );
        let thread = std::thread::Builder::new()
            .name("log-writer".to_owned())
            .spawn(move || writer.run(records))?;
        let levels = Arc::new(ArcSwap::from_pointee(Levels::default()));
        Ok(Self {
            layer: LogLayer { queue, levels, lost },
            writer: Mutex::new(Some(thread)),
            feed,
        })
    }

    /// The layer, for a subscriber of the caller's.
    pub fn layer(&self) -> LogLayer {
        self.layer.clone()
    }

    /// Makes this the log of the whole process; false when there is one already.
    pub fn install(&self) -> bool {
        tracing::subscriber::set_global_default(Registry::default().with(self.layer())).is_ok()
    }

    /// The lines as they are written.
    pub fn feed(&self) -> &Arc<Feed> {
        &self.feed
    }

    /// Puts rules and levels in force, for running sessions too.
    pub fn configure(&self, settings: &LogSettings, levels: Levels) {
        self.layer.levels.store(Arc::new(levels));
        self.tell(Message::Rules(rule::from_settings(settings)));
    }

    /// Closes and opens all files (SIGHUP).
    pub fn reopen(&self) {
        self.tell(Message::Reopen);
    }

    /// Rotates all files (SIGUSR1).
    pub fn rotate(&self) {
        self.tell(Message::Rotate);
    }

    /// Returns when everything logged so far is in its file.
    pub fn flush(&self) {
        let (done, wait) = sync_channel(1);
        self.tell(Message::Flush(done));
        // An error means that the writer has ended, after writing everything.
        let _ = wait.recv();
    }

    /// Writes what is waiting and ends the writer. Later events are lost.
    pub fn close(&self) {
        self.tell(Message::Close);
        if let Some(writer) = self.writer.lock().take() {
            // A panic of the writer was reported where it happened.
            let _ = writer.join();
        }
    }

    fn tell(&self, message: Message) {
        self.layer.queue.tell(message);
    }
}

impl Drop for Telemetry {
    fn drop(&mut self) {
        self.close();
    }
}
