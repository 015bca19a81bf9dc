//! Leaving out what need not be looked at: sets, and what the service knows without reading a message.

use std::sync::Arc;

use super::{
    super::dialogue::{Dialogue, Fail},
    eval::{Known, all_fit},
    keys::{Key, Test},
};

/// A message that may fit, and for each test whether it is passed, if that is known.
pub(super) struct Candidate {
    pub(super) uid: u32,
    pub(super) recent: bool,
    pub(super) tests: Vec<Option<bool>>,
}

/// The messages that the sets among the joined keys leave: the smallest such set.
pub(super) fn by_sets(all: &[u32], keys: &[Key]) -> Vec<u32> {
    let sets = keys.iter().filter_map(|key| match key {
        Key::Uids(uids) => Some(uids.as_slice()),
        _ => None,
    });
    sets.chain([all])
        .min_by_key(|uids| uids.len())
        .unwrap_or(all)
        .to_vec()
}

/// Of the messages of one page those that may fit.
pub(super) async fn sift(
    dialogue: &Dialogue,
    uids: &[u32],
    keys: &[Key],
    tests: &Arc<Vec<Test>>,
    last: bool,
) -> Result<Vec<Candidate>, Fail> {
    let possible = if tests.is_empty() {
        Vec::new()
    } else {
        dialogue.wire.sift(uids.to_vec(), Arc::clone(tests), last).await?
    };
    let selected = dialogue.selected()?;
    let known = |place: usize| match possible.get(place) {
        Some(may) => may.iter().map(|may| (!may).then_some(false)).collect(),
        None => vec![None; tests.len()],
    };
    let candidates = uids.iter().enumerate().map(|(place, &uid)| Candidate {
        uid,
        recent: selected.is_recent(uid),
        tests: known(place),
    });
    Ok(candidates
        .filter(|candidate| {
            all_fit(
                keys,
                &Known {
                    uid: candidate.uid,
                    recent: candidate.recent,
                    row: None,
                    thread: None,
                    tests: &candidate.tests,
                },
            ) != Some(false)
        })
        .collect())
}
