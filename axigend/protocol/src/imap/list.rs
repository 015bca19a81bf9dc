//! LIST, LSUB and the STATUS line (RFC 9051, 6.3.9 and 7.3.1; RFC 5258, 5819, 6154, 3348; LSUB: RFC 3501, 6.3.9).

mod parse;
mod tree;

use std::fmt::Write as _;

use super::{
    dialogue::{Dialogue, Fail},
    folder::Folder,
    write::{mailbox, pair},
};
pub(crate) use parse::{Arguments, StatusItem};
use tree::{Entry, Tree};

/// Runs LIST or LSUB.
pub(crate) async fn run(dialogue: &mut Dialogue, arguments: &Arguments) -> Result<(), Fail> {
    let utf8 = dialogue.enabled.utf8_names();
    let word = if arguments.lsub { "LSUB" } else { "LIST" };
    if arguments.asks_for_root() {
        dialogue
            .wire
            .say(format!("* {word} (\\Noselect) \"/\" \"\"\r\n").as_bytes());
        return Ok(());
    }
    if arguments.status.contains(&StatusItem::HighestModSeq) {
        dialogue.enable_condstore();
    }
    let folders = dialogue.wire.folders().await?;
    let subscribed = if arguments.needs_subscriptions() {
        dialogue.wire.subscriptions().await?
    } else {
        Vec::new()
    };
    let tree = Tree::new(&folders, &subscribed);
    for entry in tree.select(arguments) {
        let mut line = format!(
            "* {word} ({}) \"/\" {}",
            entry.attributes(arguments),
            mailbox(&entry.name, utf8)
        );
        if entry.child_info {
            line.push_str(" (\"CHILDINFO\" (\"SUBSCRIBED\"))");
        }
        line.push_str("\r\n");
        if let Some(folder) = entry
            .folder
            .filter(|folder| folder.selectable && !arguments.status.is_empty())
        {
            line.push_str(&dialogue.status_line(folder, &arguments.status));
        }
        dialogue.wire.say(line.as_bytes());
        dialogue.wire.pace().await;
    }
    Ok(())
}

impl Entry<'_> {
    /// The attributes to show, separated by spaces.
    fn attributes(&self, arguments: &Arguments) -> String {
        let mut text = String::new();
        let mut add = |word: &str| {
            let _ = write!(text, "{}{word}", if text.is_empty() { "" } else { " " });
        };
        match self.folder {
            _ if self.only_parent => add("\\Noselect"),
            None => add("\\NonExistent"),
            Some(folder) if !folder.selectable => add("\\Noselect"),
            Some(_) => {}
        }
        if self.subscribed && arguments.shows_subscribed() {
            add("\\Subscribed");
        }
        if !arguments.lsub {
            add(if self.has_children {
                "\\HasChildren"
            } else {
                "\\HasNoChildren"
            });
            if let Some(special_use) = self.folder.and_then(|folder| folder.special_use) {
                add(special_use.attribute());
            }
        }
        text
    }
}

impl Dialogue {
    /// `* STATUS name (…)`.
    pub(crate) fn status_line(&self, folder: &Folder, items: &[StatusItem]) -> String {
        let mut values = String::new();
        for item in items {
            match item {
                StatusItem::Messages => pair(&mut values, "MESSAGES", u64::from(folder.messages)),
                StatusItem::Recent => pair(&mut values, "RECENT", self.status_recent(folder)),
                StatusItem::UidNext => pair(&mut values, "UIDNEXT", u64::from(folder.uid_next)),
                StatusItem::UidValidity => pair(&mut values, "UIDVALIDITY", u64::from(folder.uid_validity)),
                StatusItem::Unseen => pair(&mut values, "UNSEEN", u64::from(folder.unseen)),
                StatusItem::Deleted => pair(&mut values, "DELETED", u64::from(folder.deleted)),
                StatusItem::Size => pair(&mut values, "SIZE", folder.size),
                StatusItem::HighestModSeq => pair(&mut values, "HIGHESTMODSEQ", folder.highest_modseq),
                StatusItem::AppendLimit => pair(&mut values, "APPENDLIMIT", self.settings.append_limit),
            }
        }
        format!(
            "* STATUS {} ({values})\r\n",
            mailbox(&folder.name, self.enabled.utf8_names())
        )
    }

    /// Messages not yet claimed by any session; UIDs need not be dense, so at most what the folder holds.
    fn status_recent(&self, folder: &Folder) -> u64 {
        match &self.selected {
            Some(selected) if selected.name == folder.name => selected.recent() as u64,
            _ => u64::from(
                folder
                    .uid_next
                    .saturating_sub(folder.first_recent)
                    .min(folder.messages),
            ),
        }
    }
}
