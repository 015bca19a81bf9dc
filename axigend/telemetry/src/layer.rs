//! The `tracing` layer: from an event and its session to a record in the queue.
//!
//! Module and id come from the event's own fields `module` and `id`, else from the nearest `session` span. An event that its
//! module does not log costs a look at one snapshot and no formatting.

use crate::level::{self, Levels};
use crate::queue::Sender;
use crate::record::{Record, SERVER};
use crate::writer::now;
use arc_swap::ArcSwap;
use std::fmt::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id};
use tracing::subscriber::Interest;
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

/// The only span that lines are named after.
const SESSION: &str = "session";

/// Targets of our own crates all begin so; of others only warnings and errors are of interest.
const OURS: &str = "axi";

/// Bytes of a usual line's text.
const USUAL: usize = 192;

/// The layer; cheap to clone.
#[derive(Clone)]
pub struct LogLayer {
    /// Where records go.
    pub(crate) queue: Sender,
    /// Who logs what.
    pub(crate) levels: Arc<ArcSwap<Levels>>,
    /// Records that did not fit.
    pub(crate) lost: Arc<AtomicU64>,
}

/// What a session's span says about its lines.
struct Session {
    module: Arc<str>,
    id: u32,
}

#[derive(Default)]
struct Fields {
    module: Option<Arc<str>>,
    id: Option<u32>,
    critical: bool,
    text: String,
    /// " key=value" of the fields that have no place of their own.
    rest: String,
}

impl<S> Layer<S> for LogLayer
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        let session = metadata.is_span() && metadata.name() == SESSION;
        let event = metadata.is_event()
            && *metadata.level() <= Level::DEBUG
            && (metadata.target().starts_with(OURS) || *metadata.level() <= Level::WARN);
        match (session, event) {
            (true, _) => Interest::always(),
            (_, true) => Interest::sometimes(),
            _ => Interest::never(),
        }
    }

    fn enabled(&self, metadata: &Metadata<'_>, context: Context<'_, S>) -> bool {
        if metadata.is_span() {
            return metadata.name() == SESSION;
        }
        let levels = self.levels.load();
        let level = level::of(*metadata.level(), false);
        if *metadata.level() < Level::DEBUG || metadata.fields().field("module").is_some() {
            // Which module it is will only be known with its fields; an error may turn out to be critical.
            return level == level::ERROR || levels.any(level);
        }
        let Some(span) = context.lookup_current() else {
            return levels.mask(SERVER) & level != 0;
        };
        let extensions = span.extensions();
        extensions
            .get::<Session>()
            .is_some_and(|session| levels.mask(&session.module) & level != 0)
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        if let Some(span) = context.span(id) {
            let module = fields.module.unwrap_or_else(|| SERVER.into());
            span.extensions_mut().insert(Session {
                module,
                id: fields.id.unwrap_or(0),
            });
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut fields = Fields {
            text: String::with_capacity(USUAL),
            ..Fields::default()
        };
        event.record(&mut fields);
        if fields.module.is_none() || fields.id.is_none() {
            fields.complete(event, &context);
        }
        let module = fields.module.unwrap_or_else(|| SERVER.into());
        let level = level::of(*event.metadata().level(), fields.critical);
        if self.levels.load().mask(&module) & level == 0 {
            return;
        }
        fields.text.push_str(&fields.rest);
        let record = Record {
            seconds: now(),
            level,
            module,
            id: fields.id.unwrap_or(0),
            text: fields.text,
        };
        if !self.queue.line(record) {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl Fields {
    /// Takes what is missing from the session. A module of its own does not inherit the session's number.
    fn complete<S>(&mut self, event: &Event<'_>, context: &Context<'_, S>)
    where
        S: Subscriber + for<'span> LookupSpan<'span>,
    {
        let Some(span) = context.event_span(event) else {
            return;
        };
        let extensions = span.extensions();
        let Some(session) = extensions.get::<Session>() else {
            return;
        };
        let foreign = self
            .module
            .as_ref()
            .is_some_and(|module| **module != *session.module);
        if self.id.is_none() && !foreign {
            self.id = Some(session.id);
        }
        self.module.get_or_insert_with(|| Arc::clone(&session.module));
    }

    fn other(&mut self, field: &Field, value: impl fmt::Display) {
        // Writing to a String cannot fail.
        let _ = write!(self.rest, " {}={value}", field.name());
    }
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "module" => self.module = Some(value.into()),
            "message" => self.text.push_str(value),
            _ => self.other(field, value),
        }
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        match field.name() {
            "id" => self.id = Some(value as u32),
            _ => self.other(field, value),
        }
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        match field.name() {
            "id" => self.id = Some(value as u32),
            _ => self.other(field, value),
        }
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        match field.name() {
            "critical" => self.critical = value,
            _ => self.other(field, value),
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        match field.name() {
            // The message arrives as `format_args!`, whose Debug is its text.
            "message" => {
                let _ = write!(self.text, "{value:?}");
            }
            "module" => self.module = Some(format!("{value:?}").trim_matches('"').into()),
            _ => self.other(field, format_args!("{value:?}")),
        }
    }
}
