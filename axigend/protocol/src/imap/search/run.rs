//! SEARCH, page by page.

use std::{collections::HashMap, fmt::Write as _, sync::Arc};

use axigend_message::thread_id;

use super::{
    super::{
        backend::Row,
        bounds::{ROWS_PAGE, SIFT_PAGE},
        cursor::Bad,
        dialogue::{Call, Dialogue, Fail, Fine},
        lookup,
        set::print_ascending,
    },
    eval::{Known, all_fit},
    keys::{Key, Test},
    parse::{Arguments, Results},
    sift::{Candidate, by_sets, sift},
};

/// Numbers said between two looks at how much is waiting to be sent.
const NUMBERS_AT_ONCE: usize = 1024;

/// Runs SEARCH or UID SEARCH.
pub(crate) async fn run(
    dialogue: &mut Dialogue,
    call: &Call,
    mut arguments: Arguments,
) -> Result<Fine, Fail> {
    let saves = arguments.results.is_some_and(|results| results.save);
    if arguments.charset_named && dialogue.enabled.utf8 {
        return Err(Bad::new("SEARCH takes no CHARSET after ENABLE UTF8=ACCEPT").into());
    }
    if arguments.bad_charset {
        // RFC 5182, 2.1: a SEARCH that ends in NO empties the saved result.
        if saves {
            dialogue.selected_mut()?.saved.clear();
        }
        return Err(bad_charset());
    }
    if arguments.modseq {
        dialogue.enable_condstore();
    }
    let found = look(dialogue, &mut arguments).await;
    // RFC 5182, 2.1: one that ends in BAD leaves it as it was.
    if saves && found.as_ref().is_err_and(|fail| !matches!(fail, Fail::Bad(_))) {
        dialogue.selected_mut()?.saved.clear();
    }
    let found = found?;
    let results = match arguments.results {
        Some(results) => Some(results),
        None => dialogue.enabled.rev2.then_some(Results {
            all: true,
            ..Results::default()
        }),
    };
    match results {
        Some(results) => say_results(dialogue, call, results, &found)?,
        None => say_numbers(dialogue, call, &found).await?,
    }
    Ok(Fine::new("SEARCH completed"))
}

/// What fits.
#[derive(Default)]
pub(crate) struct Found {
    /// Ascending, or as sorted.
    pub(crate) uids: Vec<u32>,
    /// Their MODSEQs, when the search was about MODSEQ and anything was found.
    modseqs: Option<ModSeqs>,
}

impl Found {
    /// Adds the next message; with its MODSEQ if the search was about that.
    pub(crate) fn add(&mut self, uid: u32, modseq: Option<u64>) {
        self.uids.push(uid);
        if let Some(modseq) = modseq {
            self.modseqs = Some(ModSeqs::join(self.modseqs, modseq));
        }
    }
}

/// MODSEQs of the messages found (RFC 7162, 3.1.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct ModSeqs {
    /// Of the first message.
    first: u64,
    /// Of the last message.
    last: u64,
    highest: u64,
}

impl ModSeqs {
    /// What was known before, and the next message.
    fn join(known: Option<Self>, next: u64) -> Self {
        Self {
            first: known.map_or(next, |known| known.first),
            last: next,
            highest: known.map_or(next, |known| known.highest.max(next)),
        }
    }

    /// The MODSEQ of an ESEARCH answer: the highest of the messages it speaks of (RFC 7162, 3.1.10).
    fn shown(self, results: Results) -> u64 {
        match (results.min, results.max) {
            _ if results.all || results.count || results.partial.is_some() => self.highest,
            (true, true) => self.first.max(self.last),
            (true, false) => self.first,
            (false, true) => self.last,
            (false, false) => self.highest,
        }
    }
}

fn bad_charset() -> Fail {
    Fail::no("BADCHARSET (US-ASCII UTF-8)", "The character set is not known")
}

/// What SORT and THREAD work on.
pub(crate) struct Matching {
    /// Ascending.
    pub(crate) uids: Vec<u32>,
    /// Of these messages, when the search was about MODSEQ.
    pub(crate) highest_modseq: Option<u64>,
}

/// Finds the messages for SORT or THREAD, at most `limit`.
pub(crate) async fn find(
    dialogue: &mut Dialogue,
    arguments: &mut Arguments,
    limit: usize,
) -> Result<Matching, Fail> {
    if arguments.bad_charset {
        return Err(bad_charset());
    }
    if arguments.modseq {
        dialogue.enable_condstore();
    }
    let found = look(dialogue, arguments).await?;
    if found.uids.len() > limit {
        return Err(Fail::no("LIMIT", format!("These are more than {limit} messages")));
    }
    Ok(Matching {
        uids: found.uids,
        highest_modseq: found.modseqs.map(|modseqs| modseqs.highest),
    })
}

async fn look(dialogue: &mut Dialogue, arguments: &mut Arguments) -> Result<Found, Fail> {
    let selected = dialogue.selected()?;
    arguments
        .keys
        .iter_mut()
        .try_for_each(|key| key.resolve(selected))?;
    let candidates = by_sets(&selected.uids, &arguments.keys);
    let groups = groups(&arguments.tests);
    let tests = Arc::new(arguments.tests.clone());
    let mut found = Found::default();
    let mut pages = candidates.chunks(SIFT_PAGE).peekable();
    while let Some(uids) = pages.next() {
        let last = pages.peek().is_none();
        let left = sift(dialogue, uids, &arguments.keys, &tests, last).await?;
        for some in left.chunks(ROWS_PAGE) {
            find_among(dialogue, arguments, &groups, some, &mut found).await?;
        }
    }
    Ok(found)
}

/// Tests of the header alone, and those that need the rest of a message.
fn groups(tests: &[Test]) -> Vec<Group> {
    let (headers, bodies): (Vec<usize>, Vec<usize>) =
        (0..tests.len()).partition(|place| tests.get(*place).is_some_and(Test::needs_header_only));
    let group = |places: Vec<usize>| Group {
        tests: Arc::new(
            places
                .iter()
                .filter_map(|place| tests.get(*place).cloned())
                .collect(),
        ),
        places,
    };
    [headers, bodies]
        .into_iter()
        .filter(|places| !places.is_empty())
        .map(group)
        .collect()
}

/// Adds those of a page of candidates that fit.
async fn find_among(
    dialogue: &Dialogue,
    arguments: &Arguments,
    groups: &[Group],
    candidates: &[Candidate],
    found: &mut Found,
) -> Result<(), Fail> {
    let rows_needed = arguments.modseq || arguments.keys.iter().any(Key::needs_rows);
    let rows = if rows_needed {
        let uids = candidates.iter().map(|candidate| candidate.uid);
        dialogue.wire.rows(uids.collect()).await?
    } else {
        Vec::new()
    };
    let mut page = Page::new(candidates, &rows, rows_needed);
    if arguments.threads {
        page.find_threads(dialogue, &arguments.keys).await?;
    }
    for group in groups {
        page.test(dialogue, &arguments.keys, group).await?;
    }
    for message in page.messages {
        if message.fits(&arguments.keys) == Some(true) {
            let row = message.row.filter(|_| arguments.modseq);
            found.add(message.uid, row.map(|row| row.modseq));
        }
    }
    Ok(())
}

/// Tests asked together.
struct Group {
    /// Their places in the list of all tests.
    places: Vec<usize>,
    tests: Arc<Vec<Test>>,
}

struct Page<'a> {
    messages: Vec<Message<'a>>,
}

struct Message<'a> {
    uid: u32,
    recent: bool,
    row: Option<&'a Row>,
    thread: Option<String>,
    tests: Vec<Option<bool>>,
}

impl Message<'_> {
    fn fits(&self, keys: &[Key]) -> Option<bool> {
        all_fit(
            keys,
            &Known {
                uid: self.uid,
                recent: self.recent,
                row: self.row,
                thread: self.thread.as_deref(),
                tests: &self.tests,
            },
        )
    }
}

impl<'a> Page<'a> {
    /// The messages of a page; where rows are needed, a message without a row is gone.
    fn new(candidates: &[Candidate], rows: &'a [Row], rows_needed: bool) -> Self {
        let message = |candidate: &Candidate| {
            let row = rows
                .binary_search_by_key(&candidate.uid, |row| row.uid)
                .ok()
                .and_then(|place| rows.get(place));
            (row.is_some() || !rows_needed).then(|| Message {
                uid: candidate.uid,
                recent: candidate.recent,
                row,
                thread: None,
                tests: candidate.tests.clone(),
            })
        };
        Self {
            messages: candidates.iter().filter_map(message).collect(),
        }
    }

    /// Finds out the THREADIDs of the messages that are undecided.
    async fn find_threads(&mut self, dialogue: &Dialogue, keys: &[Key]) -> Result<(), Fail> {
        let undecided = self
            .messages
            .iter()
            .filter(|message| message.fits(keys).is_none());
        let uids: Vec<u32> = undecided.map(|message| message.uid).collect();
        let mut threads = HashMap::new();
        lookup::each(dialogue, &uids, false, |row, message| {
            let ids = message.map(lookup::Message::thread_ids).unwrap_or_default();
            threads.insert(row.uid, thread_id(&ids, &row.content));
        })
        .await?;
        for message in &mut self.messages {
            message.thread = threads.remove(&message.uid);
        }
        Ok(())
    }

    /// Applies tests to the messages that are undecided.
    async fn test(&mut self, dialogue: &Dialogue, keys: &[Key], group: &Group) -> Result<(), Fail> {
        let mut undecided: Vec<&mut Message<'a>> = self
            .messages
            .iter_mut()
            .filter(|message| message.fits(keys).is_none())
            .collect();
        if undecided.is_empty() {
            return Ok(());
        }
        let uids = undecided.iter().map(|message| message.uid).collect();
        let passed = dialogue.wire.test(uids, Arc::clone(&group.tests)).await?;
        for (message, passed) in undecided.iter_mut().zip(passed) {
            for (place, passed) in group.places.iter().zip(passed) {
                if let Some(known) = message.tests.get_mut(*place) {
                    *known = Some(passed);
                }
            }
        }
        Ok(())
    }
}

/// `* SEARCH 1 2 3` (RFC 3501, 7.2.5).
async fn say_numbers(dialogue: &Dialogue, call: &Call, found: &Found) -> Result<(), Fail> {
    let selected = dialogue.selected()?;
    dialogue.wire.say(b"* SEARCH");
    for uids in found.uids.chunks(NUMBERS_AT_ONCE) {
        let mut text = String::new();
        for uid in uids {
            if let Some(number) = if call.by_uid {
                Some(*uid)
            } else {
                selected.number(*uid)
            } {
                text.push(' ');
                text.push_str(&number.to_string());
            }
        }
        dialogue.wire.say(text.as_bytes());
        dialogue.wire.pace().await;
    }
    let modseq = found
        .modseqs
        .map(|modseqs| format!(" (MODSEQ {})", modseqs.highest))
        .unwrap_or_default();
    dialogue.wire.say(format!("{modseq}\r\n").as_bytes());
    Ok(())
}

/// `* ESEARCH …` (RFC 9051, 7.3.4), and what SAVE keeps (RFC 5182, 2.1).
pub(crate) fn say_results(
    dialogue: &mut Dialogue,
    call: &Call,
    results: Results,
    found: &Found,
) -> Result<(), Fail> {
    let selected = dialogue.selected_mut()?;
    let numbers: Vec<u32> = if call.by_uid {
        found.uids.clone()
    } else {
        found
            .uids
            .iter()
            .filter_map(|uid| selected.number(*uid))
            .collect()
    };
    if results.save {
        selected.saved = saved(results, &found.uids);
    }
    let says = results.min || results.max || results.all || results.count || results.partial.is_some();
    if !says {
        return Ok(());
    }
    let mut line = format!(
        "* ESEARCH (TAG \"{}\")",
        call.tag.replace('\\', "\\\\").replace('"', "\\\"")
    );
    if call.by_uid {
        line.push_str(" UID");
    }
    if let (true, Some(min)) = (results.min, numbers.first()) {
        let _ = write!(line, " MIN {min}");
    }
    if let (true, Some(max)) = (results.max, numbers.last()) {
        let _ = write!(line, " MAX {max}");
    }
    if results.count {
        let _ = write!(line, " COUNT {}", numbers.len());
    }
    if let Some(window) = results.partial {
        let part = window.of(&numbers);
        let part = if part.is_empty() {
            "NIL".to_owned()
        } else {
            print_ascending(part.iter().copied())
        };
        let _ = write!(line, " PARTIAL ({window} {part})");
    }
    if results.all && !numbers.is_empty() {
        let _ = write!(line, " ALL {}", print_ascending(numbers));
    }
    if let Some(modseqs) = found.modseqs {
        let _ = write!(line, " MODSEQ {}", modseqs.shown(results));
    }
    dialogue.wire.say(format!("{line}\r\n").as_bytes());
    Ok(())
}

/// With MIN, MAX or PARTIAL and neither ALL nor COUNT only those messages are kept (RFC 9394, 3.2); ascending.
fn saved(results: Results, uids: &[u32]) -> Vec<u32> {
    let some = results.min || results.max || results.partial.is_some();
    let mut saved = if results.all || results.count || !some {
        uids.to_vec()
    } else {
        let first = uids.first().filter(|_| results.min);
        let last = uids.last().filter(|_| results.max);
        let part = results.partial.map(|window| window.of(uids)).unwrap_or_default();
        first.into_iter().chain(last).chain(part).copied().collect()
    };
    saved.sort_unstable();
    saved.dedup();
    saved
}

#[cfg(test)]
mod tests {
    use super::{ModSeqs, Results};

    #[test]
    fn modseq_is_of_what_is_shown() {
        let found = [7, 9, 3, 8]
            .into_iter()
            .fold(None, |known, next| Some(ModSeqs::join(known, next)));
        let results = |min, max, all, count| Results {
            min,
            max,
            all,
            count,
            save: false,
            partial: None,
        };
        for (results, expected) in [
            (results(true, false, false, false), 7),
            (results(false, true, false, false), 8),
            (results(true, true, false, false), 8),
            (results(true, false, true, false), 9),
            (results(false, true, false, true), 9),
            (results(false, false, true, false), 9),
        ] {
            assert_eq!(
                found.map(|found| found.shown(results)),
                Some(expected),
                "{results:?}"
            );
        }
    }
}
