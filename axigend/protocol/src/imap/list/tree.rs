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
    /// RECURSIVEMATCH: something below it fits the selection.
    pub(super) child_info: bool,
}

/// All names of an account.
pub(super) struct Tree<'a> {
    folders: BTreeMap<&'a str, &'a Folder>,
    subscribed: BTreeSet<&'a str>,
    /// Names with something below them.
    parents: BTreeSet<&'a str>,
}

impl<'a> Tree<'a> {
    pub(super) fn new(folders: &'a [Folder], subscribed: &'a [String]) -> Self {
        let folders: BTreeMap<&str, &Folder> = folders
            .iter()
            .map(|folder| (folder.name.as_str(), folder))
            .collect();
        let parents = folders.keys().flat_map(|name| parents(name)).collect();
        Self {
            folders,
            subscribed: subscribed.iter().map(String::as_str).collect(),
            parents,
        }
    }

    /// The entries that fit, INBOX first, then by name.
    pub(super) fn select(&self, arguments: &Arguments) -> Vec<Entry<'a>> {
        let fitting = self.fitting(arguments);
        let mut names = fitting.clone();
        if arguments.lsub || arguments.recursive_match {
            names.extend(fitting.iter().flat_map(|name| parents(name)));
        }
        let mut entries: Vec<Entry<'a>> = names
            .into_iter()
            .filter_map(|name| self.entry(name, &fitting, arguments))
            .collect();
        entries.sort_by_key(|entry| entry.name != "INBOX");
        entries
    }

    /// The names that fit the selection options, whatever the patterns say.
    fn fitting(&self, arguments: &Arguments) -> BTreeSet<&'a str> {
        let mut names: BTreeSet<&'a str> = if arguments.select_subscribed {
            self.subscribed.clone()
        } else {
            self.folders.keys().copied().collect()
        };
        if arguments.select_special_use {
            names.retain(|name| {
                self.folders
                    .get(name)
                    .is_some_and(|folder| folder.special_use.is_some())
            });
        }
        names
    }

    /// The entry of a name that fits the selection or has something below it that does. The latter is shown only for
    /// what no pattern shows by itself (RFC 5258, 3.5; RFC 3501, 6.3.9 "%").
    fn entry(&self, name: &'a str, fitting: &BTreeSet<&'a str>, arguments: &Arguments) -> Option<Entry<'a>> {
        let shown = |name: &str| arguments.patterns.iter().any(|pattern| pattern.fits(name));
        if !shown(name) {
            return None;
        }
        let below = format!("{name}/");
        let mut children = fitting
            .range(below.as_str()..)
            .take_while(|child| child.starts_with(&below));
        let fits = fitting.contains(name);
        let has_fitting = if fits {
            children.next().is_some()
        } else {
            children.any(|child| !shown(child))
        };
        if !fits && !has_fitting {
            return None;
        }
        Some(Entry {
            name: name.to_owned(),
            folder: self.folders.get(name).copied(),
            subscribed: self.subscribed.contains(name),
            has_children: self.parents.contains(name),
            only_parent: arguments.lsub && !fits,
            child_info: arguments.recursive_match && has_fitting,
        })
    }
}

/// The names above `name`.
fn parents(name: &str) -> impl Iterator<Item = &str> {
    name.match_indices('/').filter_map(|(at, _)| name.get(..at))
}
