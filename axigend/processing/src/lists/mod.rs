//! What mailing lists do with mail (domains-groupware, "Mailing lists").
//!
//! A message to a list is judged here (`post`) and filed in the list's mailbox; from there `keeper` sends it to the
//! members, or does what the moderator wants. Mail to a list's other addresses is a command (`commands`) and answered
//! within the same write that finishes it.

mod code;
mod commands;
pub(crate) mod folders;
mod header;
mod keeper;
mod mail;
mod outgoing;
mod post;
mod rates;
mod texts;

pub(crate) use keeper::keep;

use std::sync::Arc;

use axigen_shared::Refusal;
use axigend_config::Settings;
use axigend_directory::{ContentAllow, ListAddress, MailingList};
use axigend_queue::{Entry, Envelope, Incoming};
use tokio::sync::Notify;

use self::commands::Asked;
use self::header::{HEADER_MOST, Header};
use self::post::{Author, Ruling};
use self::rates::Rates;
use self::texts::Words;
use crate::attempt::Parts;
use crate::expand::{Destination, to_mailbox};
use crate::verdict::Verdict;

/// What lists have in common while the server runs.
#[derive(Default)]
pub(crate) struct Lists {
    rates: Rates,
    /// Something was put into the mailbox of a list.
    pub(crate) wake: Notify,
}

/// Decides for every list that a message is for; the answers are to be queued with the outcome.
pub(crate) async fn decide(
    parts: &Parts,
    settings: &Settings,
    entry: &Entry,
    destinations: &mut [Option<Destination>],
) -> Vec<(Incoming, Envelope)> {
    let mut answers = Vec::new();
    let mut header = None;
    for place in destinations.iter_mut() {
        let Some(Destination::List(list, which)) = place else {
            continue;
        };
        let header = header.get_or_insert_with(|| header_of(entry));
        let asked = Asked {
            parts,
            settings,
            list,
            sender: &entry.envelope.reverse_path,
            now: parts.queue.clock().now(),
        };
        let decided = match which {
            ListAddress::Post => posted(&asked, entry, header).await,
            which => {
                let done = commands::command(&asked, *which, entry, header).await;
                done.map(|(what, mails)| (Destination::Handled(what), mails))
            }
        };
        match decided {
            Ok((destination, mails)) => {
                *place = Some(destination);
                answers.extend(mails);
            }
            Err(refusal) => {
                *place = Some(Destination::Refused(
                    Verdict::of(refusal.cause),
                    refusal.to_string(),
                ));
            }
        }
    }
    answers
}

fn header_of(entry: &Entry) -> Header {
    let length = usize::try_from(entry.body.len()).unwrap_or(usize::MAX);
    let mut bytes = vec![0; length.min(HEADER_MOST)];
    let read = entry.body.read_at(0, &mut bytes).unwrap_or(0);
    bytes.truncate(read);
    Header::of(bytes)
}

/// A message to all members: the folder it goes into, and an answer when it is not published.
async fn posted(
    asked: &Asked<'_>,
    entry: &Entry,
    header: &Header,
) -> Result<(Destination, Vec<(Incoming, Envelope)>), Refusal> {
    let list: &Arc<MailingList> = asked.list;
    let author = Author::of(&asked.parts.directory, list, &entry.envelope, header)?;
    let content = if list.content_allow == ContentAllow::All {
        ContentAllow::Text
    } else {
        post::content_of(entry.body.as_ref())
    };
    let ruling = post::judge(list, &entry.envelope, header, &author, content);
    let Some(folder) = ruling.folder() else {
        let why = match ruling {
            Ruling::Drop(why) => why,
            _ => "",
        };
        return Ok((
            Destination::Handled(format!("not distributed: {why}")),
            Vec::new(),
        ));
    };
    let destination = to_mailbox(&list.mailbox, folder.to_owned(), entry.body.len());
    let Ruling::Reject(text, why) = ruling else {
        return Ok((destination, Vec::new()));
    };
    tracing::info!(
        module = "PROCESSING",
        id = entry.id.number(),
        "post to {} rejected: {why}",
        list.address()
    );
    let key = list.mailbox.key();
    let rates = &asked.parts.lists.rates;
    let answers = mail::may_answer(asked.sender, header)
        && rates.allow((key.domain, key.account), asked.sender, asked.now);
    if !answers {
        return Ok((destination, Vec::new()));
    }
    let words = Words {
        user: asked.sender.to_owned(),
        name: header.author().0,
        subject: header.value("Subject").unwrap_or_default(),
        date: mail::date(asked.now),
        ..Words::default()
    };
    let answer = asked.mail(asked.sender, text, &words).await?;
    Ok((destination, vec![answer]))
}
