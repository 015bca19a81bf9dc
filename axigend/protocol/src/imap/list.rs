//! LIST and LSUB; the STATUS line (RFC 9051, 6.3.9 and 7.3.1; RFC 5258, 5819, 6154, 3348; LSUB: RFC 3501, 6.3.9).

mod parse;
mod status;
mod tree;

use std::fmt::Write as _;

use super::{
    dialogue::{Dialogue, Fail},
    write::mailbox,
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
            entry.attributes(arguments, dialogue.enabled.rev2),
            mailbox(&entry.name, utf8)
        );
        if entry.child_info {
            let options = match (arguments.select_subscribed, arguments.select_special_use) {
                (true, true) => "\"SUBSCRIBED\" \"SPECIAL-USE\"",
                (false, true) => "\"SPECIAL-USE\"",
                _ => "\"SUBSCRIBED\"",
            };
            let _ = write!(line, " (\"CHILDINFO\" ({options}))");
        }
        line.push_str("\r\n");
        if let Some(folder) = entry
            .folder
            .filter(|folder| folder.selectable && !arguments.status.is_empty())
        {
            line.push_str(&dialogue.status_line(folder, &arguments.status).await?);
        }
        dialogue.wire.say(line.as_bytes());
        dialogue.wire.pace().await;
    }
    Ok(())
}

impl Entry<'_> {
    /// The attributes to show, separated by spaces.
    fn attributes(&self, arguments: &Arguments, rev2: bool) -> String {
        let mut text = String::new();
        let mut add = |word: &str| {
            let _ = write!(text, "{}{word}", if text.is_empty() { "" } else { " " });
        };
        match self.folder {
            _ if self.only_parent => add("\\Noselect"),
            // RFC 3501 knows no \NonExistent; clients of LIST-EXTENDED know that it implies \Noselect.
            None if arguments.lsub && !rev2 => add("\\NonExistent \\Noselect"),
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
