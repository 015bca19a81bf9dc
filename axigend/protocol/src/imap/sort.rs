//! SORT (RFC 5256; ESORT: RFC 5267, 3; PARTIAL: RFC 9394).
//!
//! Messages are found as by SEARCH, then their keys are gathered page by page from what is remembered of them; only the
//! keys asked for are held.

use std::cmp::Ordering;

use axigend_message::SortKeys;

use super::{
    backend::Row,
    bounds::SORT_MAX,
    cursor::{Bad, Cursor, Parsed},
    dialogue::{Call, Dialogue, Fail, Fine},
    lookup, search,
};

/// Numbers said between two looks at how much is waiting to be sent.
const NUMBERS_AT_ONCE: usize = 1024;

/// The arguments of SORT.
#[derive(Debug)]
pub(crate) struct Arguments {
    criteria: Vec<Criterion>,
    search: search::Arguments,
    /// RETURN options, when there were any.
    results: Option<search::Results>,
}

/// One criterion, the first one counts most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Criterion {
    by: By,
    reverse: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum By {
    Arrival,
    Cc,
    Date,
    From,
    Size,
    Subject,
    To,
}

impl By {
    /// Whether it is about the row alone.
    const fn is_in_row(self) -> bool {
        matches!(self, Self::Arrival | Self::Size)
    }
}

/// A key in the form in which it is compared.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Number(i64),
    Text(Box<str>),
}

impl Arguments {
    pub(crate) fn parse(cursor: &mut Cursor<'_>) -> Parsed<Self> {
        cursor.space()?;
        let results = search::Results::parse(cursor)?;
        let start = cursor.position();
        let criteria = cursor.list(criterion)?;
        if criteria.is_empty() {
            return Err(Bad::new(format!(
                "SORT wants a criterion at column {}",
                start + 1
            )));
        }
        cursor.space()?;
        Ok(Self {
            criteria,
            search: search::Arguments::with_charset(cursor)?,
            results,
        })
    }
}

fn criterion(cursor: &mut Cursor<'_>) -> Parsed<Criterion> {
    let reverse = cursor.eat_word("REVERSE ");
    let word = cursor.keyword("a sort criterion")?;
    let by = match word.as_str() {
        "ARRIVAL" => By::Arrival,
        "CC" => By::Cc,
        "DATE" => By::Date,
        "FROM" => By::From,
        "SIZE" => By::Size,
        "SUBJECT" => By::Subject,
        "TO" => By::To,
        other => return Err(Bad::new(format!("unknown sort criterion {other}"))),
    };
    Ok(Criterion { by, reverse })
}

/// Runs SORT or UID SORT.
pub(crate) async fn run(dialogue: &mut Dialogue, call: &Call, arguments: Arguments) -> Result<Fine, Fail> {
    let results = arguments.results;
    let sorted = sort(dialogue, arguments).await;
    // As with SEARCH (RFC 5182, 2.1): one that ends in NO empties the saved result, one that ends in BAD leaves it.
    if results.is_some_and(|results| results.save)
        && sorted.as_ref().is_err_and(|fail| !matches!(fail, Fail::Bad(_)))
    {
        dialogue.selected_mut()?.saved.clear();
    }
    let sorted = sorted?;
    match results {
        Some(results) => search::say_results(dialogue, call, results, &sorted.found)?,
        None => say(dialogue, call, &sorted).await?,
    }
    Ok(Fine::new("SORT completed"))
}

/// Messages in their order.
struct Sorted {
    found: search::Found,
    highest_modseq: Option<u64>,
}

async fn sort(dialogue: &mut Dialogue, mut arguments: Arguments) -> Result<Sorted, Fail> {
    let found = search::find(dialogue, &mut arguments.search, SORT_MAX).await?;
    let criteria = &arguments.criteria;
    let mut keyed: Vec<(Vec<Key>, u32, u64)> = Vec::with_capacity(found.uids.len());
    let in_rows = criteria.iter().all(|criterion| criterion.by.is_in_row());
    lookup::each(dialogue, &found.uids, in_rows, |row, message| {
        let keys = message.map(lookup::Message::sort_keys);
        let keys = keys.unwrap_or_default();
        keyed.push((
            criteria
                .iter()
                .map(|criterion| key(criterion.by, row, &keys))
                .collect(),
            row.uid,
            row.modseq,
        ));
    })
    .await?;
    // Stable: what is equal stays in the order of numbers.
    keyed.sort_by(|(left, ..), (right, ..)| compare(criteria, left, right));
    let mut sorted = search::Found::default();
    for (_, uid, modseq) in keyed {
        sorted.add(uid, found.highest_modseq.map(|_| modseq));
    }
    Ok(Sorted {
        found: sorted,
        highest_modseq: found.highest_modseq,
    })
}

fn key(by: By, row: &Row, keys: &SortKeys) -> Key {
    let text = |text: &str| Key::Text(text.into());
    match by {
        By::Arrival => Key::Number(row.internal_date),
        By::Size => Key::Number(row.size.try_into().unwrap_or(i64::MAX)),
        By::Date => Key::Number(keys.sent.unwrap_or(row.internal_date)),
        By::Cc => text(&keys.cc),
        By::From => text(&keys.from),
        By::Subject => text(&keys.subject),
        By::To => text(&keys.to),
    }
}

fn compare(criteria: &[Criterion], left: &[Key], right: &[Key]) -> Ordering {
    let mut orders = criteria
        .iter()
        .zip(left.iter().zip(right))
        .map(|(criterion, (left, right))| {
            let order = left.cmp(right);
            if criterion.reverse { order.reverse() } else { order }
        });
    orders.find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
}

/// `* SORT 3 1 2`, with MODSEQ where that was searched for (RFC 7162, 3.1.5).
async fn say(dialogue: &Dialogue, call: &Call, sorted: &Sorted) -> Result<(), Fail> {
    let selected = dialogue.selected()?;
    dialogue.wire.say(b"* SORT");
    for some in sorted.found.uids.chunks(NUMBERS_AT_ONCE) {
        let mut text = String::new();
        for uid in some {
            let number = if call.by_uid {
                Some(*uid)
            } else {
                selected.number(*uid)
            };
            if let Some(number) = number {
                text.push(' ');
                text.push_str(&number.to_string());
            }
        }
        dialogue.wire.say(text.as_bytes());
        dialogue.wire.pace().await;
    }
    let modseq = sorted.highest_modseq.filter(|_| !sorted.found.uids.is_empty());
    let modseq = modseq
        .map(|modseq| format!(" (MODSEQ {modseq})"))
        .unwrap_or_default();
    dialogue.wire.say(format!("{modseq}\r\n").as_bytes());
    Ok(())
}
