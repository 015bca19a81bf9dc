//! THREAD (RFC 5256).
//!
//! Messages are found as by SEARCH and brought into threads by the links of their ids (`references`) or by subject
//! alone (ORDEREDSUBJECT). A thread may be as deep as it is long, so nothing here calls itself.

mod forest;
mod references;

use axigend_message::{SortKeys, ThreadIds};

use super::{
    bounds::{REFERENCES_MAX, SORT_MAX},
    cursor::{Bad, Cursor, Parsed},
    dialogue::{Call, Dialogue, Fail, Fine},
    lookup, search,
};
use forest::Forest;

/// The arguments of THREAD.
#[derive(Debug)]
pub(crate) struct Arguments {
    algorithm: Algorithm,
    search: search::Arguments,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Algorithm {
    OrderedSubject,
    References,
}

/// What threading knows of a message.
#[derive(Clone, Debug, Default)]
struct Entry {
    uid: u32,
    /// When it was sent, else when it came.
    sent: i64,
    subject: String,
    is_reply: bool,
    ids: ThreadIds,
}

impl Entry {
    fn new(uid: u32, arrived: i64, keys: SortKeys, ids: ThreadIds) -> Self {
        Self {
            uid,
            sent: keys.sent.unwrap_or(arrived),
            subject: keys.subject,
            is_reply: keys.is_reply,
            ids,
        }
    }
}

impl Arguments {
    pub(crate) fn parse(cursor: &mut Cursor<'_>) -> Parsed<Self> {
        cursor.space()?;
        let word = cursor.keyword("a threading algorithm")?;
        let algorithm = match word.as_str() {
            "ORDEREDSUBJECT" => Algorithm::OrderedSubject,
            "REFERENCES" => Algorithm::References,
            other => return Err(Bad::new(format!("unknown threading algorithm {other}"))),
        };
        cursor.space()?;
        Ok(Self {
            algorithm,
            search: search::Arguments::with_charset(cursor)?,
        })
    }
}

/// Runs THREAD or UID THREAD.
pub(crate) async fn run(
    dialogue: &mut Dialogue,
    call: &Call,
    mut arguments: Arguments,
) -> Result<Fine, Fail> {
    let found = search::find(dialogue, &mut arguments.search, SORT_MAX).await?;
    let by_references = arguments.algorithm == Algorithm::References;
    let mut entries = Vec::with_capacity(found.uids.len());
    let mut references = 0;
    lookup::each(dialogue, &found.uids, false, |row, message| {
        let Some(message) = message else { return };
        let ids = if by_references {
            message.thread_ids()
        } else {
            ThreadIds::default()
        };
        references += ids.references.len();
        if references <= REFERENCES_MAX {
            entries.push(Entry::new(row.uid, row.internal_date, message.sort_keys(), ids));
        }
    })
    .await?;
    if references > REFERENCES_MAX {
        return Err(Fail::no("LIMIT", "The messages refer to too many others"));
    }
    let forest = if by_references {
        references::thread(&entries)
    } else {
        ordered_subject(&entries)
    };
    say(dialogue, call, &forest, &entries).await?;
    Ok(Fine::new("THREAD completed"))
}

/// ORDEREDSUBJECT: messages of one base subject are a thread, the first sent its head and the others its children.
fn ordered_subject(entries: &[Entry]) -> Forest {
    let mut order: Vec<usize> = (0..entries.len()).collect();
    let key = |place: &usize| {
        entries
            .get(*place)
            .map(|entry| (&entry.subject, entry.sent, entry.uid))
    };
    order.sort_by(|left, right| key(left).cmp(&key(right)));
    let mut forest = Forest::new(entries.len());
    let mut head: Option<usize> = None;
    for place in order {
        let subject = |place: usize| entries.get(place).map(|entry| &entry.subject);
        match head {
            Some(head) if subject(head) == subject(place) => forest.link(head, place),
            _ => head = Some(place),
        }
    }
    forest.sort(entries);
    forest
}

/// `* THREAD (1 2 (3)(4))(5)`.
async fn say(dialogue: &Dialogue, call: &Call, forest: &Forest, entries: &[Entry]) -> Result<(), Fail> {
    let selected = dialogue.selected()?;
    let number = |place: usize| {
        let uid = entries.get(place)?.uid;
        if call.by_uid {
            Some(uid)
        } else {
            selected.number(uid)
        }
    };
    dialogue.wire.say(b"* THREAD");
    let mut first = true;
    for root in forest.roots() {
        let mut text = String::new();
        if std::mem::take(&mut first) {
            text.push(' ');
        }
        forest.print(root, &number, &mut text);
        dialogue.wire.say(text.as_bytes());
        dialogue.wire.pace().await;
    }
    dialogue.wire.say(b"\r\n");
    Ok(())
}
