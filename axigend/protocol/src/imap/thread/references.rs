//! THREAD=REFERENCES (RFC 5256, 3): the steps in their order.

use std::collections::{HashMap, HashSet};

use super::{Entry, forest::Forest};

/// Brings messages into threads.
pub(super) fn thread(entries: &[Entry]) -> Forest {
    let mut forest = Forest::new(entries.len());
    link(&mut forest, entries);
    prune(&mut forest);
    join_subjects(&mut forest, entries);
    forest.sort(entries);
    forest
}

/// Step 1: links messages by their ids.
fn link(forest: &mut Forest, entries: &[Entry]) {
    let mut places: HashMap<u64, usize> = HashMap::new();
    for (place, entry) in entries.iter().enumerate() {
        if let Some(id) = entry.ids.own {
            // Of several with one id the first has it.
            places.entry(id).or_insert(place);
        }
    }
    for (place, entry) in entries.iter().enumerate() {
        let mut before = None;
        for id in &entry.ids.references {
            let next = *places.entry(*id).or_insert_with(|| forest.add_dummy());
            if let Some(before) = before
                && forest.parent(next).is_none()
                && forest.may_link(before, next)
            {
                forest.link(before, next);
            }
            before = Some(next);
        }
        // What a message says of itself counts more than what others say of it.
        if let Some(parent) = before
            && forest.parent(place) != Some(parent)
            && forest.may_link(parent, place)
        {
            forest.unlink(place);
            forest.link(parent, place);
        }
    }
}

/// Step 3: takes out what is no message, unless it holds several heads together.
fn prune(forest: &mut Forest) {
    let order = forest.downward(forest.unsorted_roots());
    for place in order.into_iter().rev() {
        if !forest.is_dummy(place) {
            continue;
        }
        let children = forest.children(place).to_vec();
        let parent = forest.parent(place);
        if parent.is_none() && children.len() > 1 {
            continue;
        }
        for child in children {
            forest.unlink(child);
            if let Some(parent) = parent {
                forest.link(parent, child);
            }
        }
        forest.remove(place);
    }
}

/// Step 5: joins threads of one subject.
fn join_subjects(forest: &mut Forest, entries: &[Entry]) {
    let sent = |place: usize| entries.get(place).map(|entry| (entry.sent, entry.uid));
    // The message that speaks for a head: its own, or the first of its children.
    let speaker = |forest: &Forest, root: usize| {
        if forest.is_dummy(root) {
            forest
                .children(root)
                .iter()
                .copied()
                .min_by_key(|child| sent(*child))
        } else {
            Some(root)
        }
    };
    let mut roots: Vec<(usize, &Entry)> = forest
        .unsorted_roots()
        .into_iter()
        .filter_map(|root| Some((root, entries.get(speaker(forest, root)?)?)))
        .collect();
    roots.sort_by_key(|(_, entry)| (entry.sent, entry.uid));
    let mut table: HashMap<&str, (usize, bool)> = HashMap::new();
    for (root, entry) in &roots {
        let is_reply = entry.is_reply && !forest.is_dummy(*root);
        let better = |known: &(usize, bool)| {
            let (known, known_is_reply) = *known;
            !forest.is_dummy(known) && (forest.is_dummy(*root) || known_is_reply && !is_reply)
        };
        if !entry.subject.is_empty() && table.get(entry.subject.as_str()).is_none_or(better) {
            table.insert(&entry.subject, (*root, is_reply));
        }
    }
    let mut joined: HashSet<usize> = HashSet::new();
    for (root, entry) in roots {
        let Some((known, known_is_reply)) = table.get(entry.subject.as_str()).copied() else {
            continue;
        };
        if known == root || joined.contains(&root) {
            continue;
        }
        let is_reply = entry.is_reply;
        match (forest.is_dummy(known), forest.is_dummy(root)) {
            (true, true) => {
                for child in forest.children(root).to_vec() {
                    forest.unlink(child);
                    forest.link(known, child);
                }
                forest.remove(root);
            }
            (true, false) => forest.link(known, root),
            (false, false) if is_reply && !known_is_reply => forest.link(known, root),
            _ => {
                let both = forest.add_dummy();
                forest.link(both, known);
                forest.link(both, root);
                joined.insert(known);
                table.insert(&entry.subject, (both, false));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Entry, thread};
    use axigend_message::ThreadIds;
    use proptest::prelude::{prop_assert_eq, proptest};

    fn show(messages: &[(&str, u64, &[u64])]) -> String {
        let entries: Vec<Entry> = messages
            .iter()
            .enumerate()
            .map(|(place, (subject, own, references))| Entry {
                uid: place as u32 + 1,
                sent: place as i64,
                subject: subject.trim_start_matches("re ").to_owned(),
                is_reply: subject.starts_with("re "),
                ids: ThreadIds {
                    own: Some(*own).filter(|own| *own > 0),
                    references: references.to_vec(),
                },
            })
            .collect();
        print(&entries)
    }

    fn print(entries: &[Entry]) -> String {
        let forest = thread(entries);
        let mut text = String::new();
        for root in forest.roots() {
            forest.print(root, &|place| Some(entries[place].uid), &mut text);
        }
        text
    }

    #[test]
    fn threads() {
        for (messages, expected) in [
            (&[][..], ""),
            (&[("a", 1, &[][..]), ("b", 2, &[])], "(1)(2)"),
            (
                &[("a", 1, &[]), ("re a", 2, &[1]), ("re a", 3, &[1, 2])],
                "(1 2 3)",
            ),
            (
                &[("a", 1, &[]), ("re a", 2, &[1]), ("re a", 3, &[1])],
                "(1 (2)(3))",
            ),
            // The parent is not there: one child needs none, two are held together.
            (&[("a", 2, &[1]), ("b", 3, &[9])], "(1)(2)"),
            (&[("a", 2, &[1]), ("b", 3, &[1])], "((1)(2))"),
            // By subject: a reply goes below, equals side by side.
            (&[("a", 1, &[]), ("re a", 2, &[])], "(1 2)"),
            (&[("a", 1, &[]), ("a", 2, &[])], "((1)(2))"),
            (&[("a", 1, &[]), ("a", 2, &[]), ("re a", 3, &[])], "((1)(2)(3))"),
            (&[("", 1, &[]), ("", 2, &[])], "(1)(2)"),
            // Circles and doubles.
            (&[("a", 1, &[2]), ("b", 2, &[1])], "(2 1)"),
            (&[("a", 1, &[1])], "(1)"),
            (&[("a", 1, &[]), ("b", 1, &[]), ("c", 3, &[1])], "(1 3)(2)"),
            (&[("a", 0, &[]), ("b", 0, &[5, 6, 5])], "(1)(2)"),
        ] {
            assert_eq!(show(messages), expected, "{messages:?}");
        }
    }

    #[test]
    fn deep_threads_need_no_stack() {
        let long: Vec<Entry> = (0..50_000_u32)
            .map(|number| Entry {
                uid: number + 1,
                sent: number.into(),
                ids: ThreadIds {
                    own: Some(u64::from(number) + 1),
                    references: vec![u64::from(number)],
                },
                ..Entry::default()
            })
            .collect();
        let text = print(&long);
        assert!(text.starts_with("(1 2 3 ") && text.ends_with(" 50000)"));
    }

    proptest! {
        #[test]
        fn every_message_is_shown_once(
            messages in proptest::collection::vec(
                (proptest::sample::select(vec!["", "a", "re a", "b", "re b"]), 0_u64..8, proptest::collection::vec(1_u64..12, 0..5)),
                0..20,
            ),
        ) {
            let borrowed: Vec<(&str, u64, &[u64])> = messages.iter().map(|(subject, own, refs)| (*subject, *own, refs.as_slice())).collect();
            let text = show(&borrowed);
            let words = text.split(|letter: char| !letter.is_ascii_digit()).filter(|word| !word.is_empty());
            let mut numbers: Vec<usize> = words.map(|word| word.parse().unwrap()).collect();
            numbers.sort_unstable();
            prop_assert_eq!(numbers, (1..=messages.len()).collect::<Vec<_>>());
            prop_assert_eq!(text.matches('(').count(), text.matches(')').count());
            assert!(!text.contains("()"), "{text}");
        }
    }
}
