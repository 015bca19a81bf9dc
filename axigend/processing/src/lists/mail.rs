//! Mails that a list writes itself, made ready to be queued.
//!
//! They come from the `-request` address, and reports about them go nowhere: an answer must never be the cause of
//! another (RFC 3834).

use axigen_shared::Refusal;
use axigen_shared::value::email_address;
use axigend_config::Settings;
use axigend_directory::{ListAddress, MailingList};
use axigend_queue::{BodyType, Envelope, Incoming, Recipient};
use jiff::tz::TimeZone;

use super::header::{Header, encoded_phrase, encoded_text};
use super::texts::{Text, Words};
use crate::attempt::Parts;

/// Ready to be queued.
pub(super) type Ready = (Incoming, Envelope);

/// Makes a mail of a list to an address.
pub(super) async fn mail(
    parts: &Parts,
    settings: &Settings,
    list: &MailingList,
    to: &str,
    (text, words): (Text, &Words),
) -> Result<Ready, Refusal> {
    let now = parts.queue.clock().now();
    let mut message = parts.queue.incoming();
    let message_id = format!("<{}.{now}@{}>", message.id(), settings.server.server_name);
    let bytes = compose(list, to, (text, words), &date(now), &message_id);
    message.chunk(bytes.as_bytes()).await?;
    let envelope = Envelope {
        reverse_path: String::new(),
        recipients: vec![Recipient::new(to)],
        received_at: now,
        body_type: BodyType::EightBitMime,
        smtp_utf8: !to.is_ascii(),
        authenticated: None,
        peer: format!("list {}", list.address()),
    };
    Ok((message, envelope))
}

/// The bytes of such a mail.
pub(super) fn compose(
    list: &MailingList,
    to: &str,
    (text, words): (Text, &Words),
    date: &str,
    message_id: &str,
) -> String {
    let (subject, body) = text.filled(list, words);
    let request = list.address_of(ListAddress::Request);
    let name = encoded_phrase(&format!("{} list", list.mailbox.name));
    let subject = encoded_text(&subject);
    let mut out = format!(
        "Date: {date}\r\nFrom: {name} <{request}>\r\nTo: <{to}>\r\nSubject: {subject}\r\nMessage-ID: {message_id}\r\n\
         Auto-Submitted: auto-replied\r\nPrecedence: bulk\r\nX-Auto-Response-Suppress: All\r\nMIME-Version: 1.0\r\n\
         Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
    );
    out.push_str(&body);
    out.push_str("\r\n");
    out
}

/// Whether a mail with this header may be answered, and from this sender: never one that a program wrote, a list
/// passed on, or whose sender is nobody (RFC 3834, 2).
pub(super) fn may_answer(sender: &str, header: &Header) -> bool {
    let automatic = header
        .value("Auto-Submitted")
        .is_some_and(|value| !value.trim().to_ascii_lowercase().starts_with("no"));
    let bulk = header.value("Precedence").is_some_and(|value| {
        let value = value.trim().to_ascii_lowercase();
        ["bulk", "junk", "list"].contains(&value.as_str())
    });
    let from_program = sender.rsplit_once('@').is_none_or(|(local, _)| {
        let local = local.to_ascii_lowercase();
        local == "mailer-daemon" || local.ends_with("-bounces") || local.ends_with("-request")
    });
    !automatic && !bulk && !from_program && !header.has("List-Id") && email_address(sender).is_ok()
}

/// Date and time of a message (RFC 5322, 3.3).
pub(super) fn date(at: i64) -> String {
    let moment = jiff::Timestamp::from_second(at).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    let moment = moment.to_zoned_datetime(TimeZone::system());
    moment.strftime("%a, %d %b %Y %H:%M:%S %z").to_string()
}
