//! Which names a LIST shows: folders and subscriptions joined into one sorted tree.

use std::collections::{BTreeMap, BTreeSet};

use super::{super::folder::Folder, parse::Arguments};

/// A name to be shown.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts about a name")]
pub(super) struct Entry<'a> {
    pub(super) name: String,
    /// The folder, if the name is more than a subscription.
    pub(super) folder: Option<&'a Folder>,
    pub(super) subscribed: bool,
    pub(super) has_children: bool,
    /// LSUB shows it for a subscribed child below the pattern's `%` only.
    pub(super) only_parent: bool,
    /// RECURSIVEMATCH: a child that the pattern does not reach fits the selection.
    pub(super) child_info: bool,
}

/// All names of an account.
pub(super) struct Tree<'a> {
    folders: BTreeMap<&'a str, &'a Folder>,
    subscribed: BTreeSet<&'a str>,
    /// Names with something below them.
    parents: BTreeSet<&'a str>,
    /// Names with a subscription below them.
    subscribed_parents: BTreeSet<&'a str>,
}

impl<'a> Tree<'a> {
    pub(super) fn new(folders: &'a [Folder], subscribed: &'a [String]) -> Self {
        let folders: BTreeMap<&str, &Folder> = folders
            .iter()
            .map(|folder| (folder.name.as_str(), folder))
            .collect();
        let subscribed: BTreeSet<&str> = subscribed.iter().map(String::as_str).collect();
        let parents = folders.keys().flat_map(|name| parents(name)).collect();
        let subscribed_parents = subscribed.iter().flat_map(|name| self::parents(name)).collect();
        Self {
            folders,
            subscribed,
            parents,
            subscribed_parents,
        }
    }

    /// The entries that fit, INBOX first, then by name.
    pub(super) fn select(&self, arguments: &Arguments) -> Vec<Entry<'a>> {
        let mut names: BTreeSet<&'a str> = BTreeSet::new();
        if arguments.select_subscribed {
            names.extend(&self.subscribed);
        } else {
            names.extend(self.folders.keys());
        }
        if arguments.lsub || arguments.recursive_match {
            names.extend(&self.subscribed_parents);
        }
        let mut entries: Vec<Entry<'a>> = names
            .into_iter()
            .filter_map(|name| self.entry(name, arguments))
            .collect();
        entries.sort_by_key(|entry| entry.name != "INBOX");
        entries
    }

    fn entry(&self, name: &'a str, arguments: &Arguments) -> Option<Entry<'a>> {
        if !arguments.patterns.iter().any(|pattern| pattern.fits(name)) {
            return None;
        }
        let folder = self.folders.get(name).copied();
        let subscribed = self.subscribed.contains(name);
        // A subscribed child that no pattern shows by itself.
        let hidden_child = self.subscribed_parents.contains(name) && self.has_hidden_child(name, arguments);
        let selected = !arguments.select_subscribed || subscribed;
        if !selected && !hidden_child {
            return None;
        }
        if arguments.select_special_use && folder.is_none_or(|folder| folder.special_use.is_none()) {
            return None;
        }
        Some(Entry {
            name: name.to_owned(),
            folder,
            subscribed,
            has_children: self.parents.contains(name),
            only_parent: arguments.lsub && !subscribed,
            child_info: arguments.recursive_match && hidden_child,
        })
    }

    fn has_hidden_child(&self, name: &str, arguments: &Arguments) -> bool {
        let below = format!("{name}/");
        self.subscribed
            .range(below.as_str()..)
            .take_while(|child| child.starts_with(&below))
            .any(|child| {
                arguments.recursive_match || !arguments.patterns.iter().any(|pattern| pattern.fits(child))
            })
    }
}

/// The names above `name`.
fn parents(name: &str) -> impl Iterator<Item = &str> {
    name.match_indices('/').filter_map(|(at, _)| name.get(..at))
}
