//! The mail that is there from the start: plain, UTF-8 with HTML, an attachment, a conversation.
//!
//! Goes through the queue like any other mail, so that it arrives only if delivery works.

use super::DOMAIN;
use crate::parts::Parts;
use axigen_shared::Refusal;
use axigend_queue::{BodyType, Envelope, Queue, Recipient};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// How long to wait until a letter is in the mailboxes; the commands printed then find it there.
const DELIVERY_PATIENCE: Duration = Duration::from_secs(10);

/// How often to look.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// A message: who sends it, who gets it, how many hours ago it was written, and its text with `{DATE}` in it.
struct Letter {
    from: &'static str,
    to: &'static [&'static str],
    hours_ago: i64,
    text: &'static str,
}

const LETTERS: [Letter; 5] = [
    Letter {
        from: "postmaster",
        to: &["alice", "bob"],
        hours_ago: 50,
        text: include_str!("messages/welcome.eml"),
    },
    Letter {
        from: "bob",
        to: &["alice"],
        hours_ago: 27,
        text: include_str!("messages/question.eml"),
    },
    Letter {
        from: "alice",
        to: &["bob"],
        hours_ago: 26,
        text: include_str!("messages/answer.eml"),
    },
    Letter {
        from: "alice",
        to: &["bob"],
        hours_ago: 5,
        text: include_str!("messages/newsletter.eml"),
    },
    Letter {
        from: "bob",
        to: &["alice"],
        hours_ago: 1,
        text: include_str!("messages/attachment.eml"),
    },
];

/// Hands the letters to the queue and waits until they are delivered.
pub async fn submit(parts: &Parts) -> Result<(), Refusal> {
    let now = Timestamp::now().as_second();
    for letter in &LETTERS {
        let written = now - letter.hours_ago * 3600;
        let date = Timestamp::from_second(written)
            .unwrap_or_default()
            .to_zoned_datetime(TimeZone::system());
        let date = date.strftime("%a, %d %b %Y %H:%M:%S %z").to_string();
        // The tree keeps line feeds, mail needs CRLF.
        let text = letter.text.replace("{DATE}", &date).replace('\n', "\r\n");
        let mut incoming = parts.queue.incoming();
        incoming.chunk(text.as_bytes()).await?;
        incoming.commit(envelope(letter, now)).await?;
        // One after the other, so that they lie in the mailboxes in the order they were written.
        delivered(&parts.queue).await;
    }
    Ok(())
}

fn envelope(letter: &Letter, now: i64) -> Envelope {
    let address = |name: &str| format!("{name}@{DOMAIN}");
    let sender = address(letter.from);
    Envelope {
        reverse_path: sender.clone(),
        recipients: letter
            .to
            .iter()
            .map(|name| Recipient::new(address(name)))
            .collect(),
        received_at: now,
        body_type: BodyType::EightBitMime,
        authenticated: Some(sender),
        peer: "local".to_owned(),
        ..Envelope::default()
    }
}

/// Waits until the queue is empty; mail that takes longer is not lost, only not there yet.
async fn delivered(queue: &Arc<Queue>) {
    let deadline = Instant::now() + DELIVERY_PATIENCE;
    while Instant::now() < deadline {
        match queue.list(None, 1) {
            Ok(waiting) if !waiting.is_empty() => sleep(LOOK_EVERY).await,
            _ => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::LETTERS;

    #[test]
    fn letters_are_messages() {
        for letter in &LETTERS {
            let (head, body) = letter
                .text
                .split_once("\n\n")
                .expect("a blank line after the header");
            for field in [
                "From: ",
                "To: ",
                "Subject: ",
                "Date: {DATE}",
                "Message-ID: <",
                "MIME-Version: 1.0",
            ] {
                assert!(
                    head.lines().any(|line| line.starts_with(field)),
                    "{field} in {head}"
                );
            }
            assert!(!body.is_empty() && !letter.text.contains('\r'));
            assert!(letter.text.lines().all(|line| line.len() <= 998));
        }
    }
}
