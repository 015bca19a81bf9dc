//! What is looked at over several objects, with the way to each: attributes that are right alone and do not fit together,
//! and certificates.
//!
//! Found on the tree, so that a file's reader can say where it stands and COMMIT can name it.

use super::{ConnectionSettings, MAX_THREADS, MIN_THREADS, Settings, SslSettings};
use axigen_shared::schema::{Object, Shape, Step};

/// Pairs of which the first must not be above the second, wherever a service has both.
const PAIRS: [(&str, &str); 2] = [(MIN_THREADS, MAX_THREADS), ("schedInterval", "maxSchedInterval")];

/// Attributes of one object that do not fit together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Contradiction {
    /// The way from the server to the object.
    pub at: Vec<Step>,
    /// The attributes; where the first one that is written stands, the mistake is.
    pub attributes: [&'static str; 2],
    /// All of them, with their values and their service.
    pub message: String,
}

/// Every contradiction in a SERVER object.
pub(crate) fn contradictions(server: &Object) -> Vec<Contradiction> {
    let parts = server
        .context
        .children
        .iter()
        .filter(|child| matches!(child.shape, Shape::Part(_)));
    parts
        .filter_map(|child| Some((child.field, server.part(child.field)?)))
        .flat_map(|(field, service)| PAIRS.map(|(low, high)| above(field, &service, low, high)))
        .flatten()
        .collect()
}

/// The first of two above the second, in a service that has both.
fn above(
    field: &'static str,
    service: &Object,
    low: &'static str,
    high: &'static str,
) -> Option<Contradiction> {
    service.context.attr(low)?;
    service.context.attr(high)?;
    let (least, most) = (service.get(low).number(), service.get(high).number());
    (least > most).then(|| Contradiction {
        at: vec![Step::Part(field)],
        attributes: [low, high],
        message: format!("{field}: {low} ({least}) must not be above {high} ({most})"),
    })
}

/// The TLS settings of every listener that needs a certificate, with the way from the server to them.
pub(crate) fn certificates(server: &Object) -> Vec<(Vec<Step>, SslSettings)> {
    let Ok(settings) = Settings::try_from(server) else {
        return Vec::new();
    };
    let of = |field: &'static str, connection: &ConnectionSettings| {
        let needing = connection
            .listeners
            .iter()
            .filter(|listener| connection.needs_certificate(listener));
        let way = |address: String| {
            vec![
                Step::Part(field),
                Step::Child("listeners", address),
                Step::Part("sslControl"),
            ]
        };
        needing
            .map(|listener| (way(listener.address.to_string()), listener.ssl.clone()))
            .collect::<Vec<_>>()
    };
    [
        of("smtpIncoming", &settings.smtp_incoming.connection),
        of("imap", &settings.imap.connection),
        of("pop3", &settings.pop3.connection),
        of("cli", &settings.cli.connection),
    ]
    .concat()
}
