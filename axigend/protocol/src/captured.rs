//! What a piece of work logs, as text: tests only.
//!
//! One subscriber for the whole test program, which writes into the log of the thread it is called on. A subscriber
//! per test would not do: `tracing` remembers per place whether anybody listens, and another test's thread, where
//! nobody does, may be the one that is asked.

use std::{
    cell::RefCell,
    fmt::{Debug, Write as _},
    sync::Once,
};

use tracing::{
    Event, Metadata, Subscriber,
    field::{Field, Visit},
    span,
};

thread_local! {
    static LOG: RefCell<Option<String>> = const { RefCell::new(None) };
}

static LISTENING: Once = Once::new();

/// Everything that was logged on this thread while `work` ran, at every level, a line an event.
pub(crate) fn captured(work: impl FnOnce()) -> String {
    LISTENING.call_once(|| tracing::subscriber::set_global_default(Capture).expect("no other subscriber"));
    LOG.with_borrow_mut(|log| *log = Some(String::new()));
    work();
    LOG.take().unwrap_or_default()
}

struct Capture;

struct Line<'a>(&'a mut String);

impl Visit for Line<'_> {
    fn record_debug(&mut self, _: &Field, value: &dyn Debug) {
        let _ = write!(self.0, "{value:?} ");
    }
}

impl Subscriber for Capture {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &Event<'_>) {
        LOG.with_borrow_mut(|log| {
            if let Some(text) = log {
                event.record(&mut Line(text));
                text.push('\n');
            }
        });
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}
