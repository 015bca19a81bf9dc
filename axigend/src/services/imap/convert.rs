//! The store's words in the session's and back. Neither crate knows the other; here is every field of both.

use axigend_protocol::imap;
use axigend_storage as store;

const SYSTEM: [(imap::Flag, store::SystemFlags); 5] = [
    (imap::Flag::Seen, store::SystemFlags::SEEN),
    (imap::Flag::Answered, store::SystemFlags::ANSWERED),
    (imap::Flag::Flagged, store::SystemFlags::FLAGGED),
    (imap::Flag::Deleted, store::SystemFlags::DELETED),
    (imap::Flag::Draft, store::SystemFlags::DRAFT),
];

pub(super) fn flags_out(flags: store::Flags) -> imap::Flags {
    let set = SYSTEM
        .into_iter()
        .filter(|(_, bit)| flags.system.contains(*bit))
        .map(|(flag, _)| flag);
    let mut out = imap::Flags::of(set);
    out.keywords = flags.keywords;
    out
}

pub(super) fn flags_in(flags: imap::Flags) -> store::Flags {
    let mut system = store::SystemFlags::NONE;
    for (flag, bit) in SYSTEM {
        if flags.has(flag) {
            system.insert(bit);
        }
    }
    store::Flags {
        system,
        keywords: flags.keywords,
    }
}

pub(super) const fn flag_op(op: imap::FlagOp) -> store::FlagOp {
    match op {
        imap::FlagOp::Set => store::FlagOp::Set,
        imap::FlagOp::Add => store::FlagOp::Add,
        imap::FlagOp::Remove => store::FlagOp::Remove,
    }
}

pub(super) fn row(mailbox: &store::Mailbox, row: store::MessageRow) -> imap::Row {
    imap::Row {
        content: mailbox.content_name(row.body),
        uid: row.uid,
        modseq: row.modseq,
        internal_date: row.internal_date,
        saved: row.saved,
        size: row.size,
        flags: flags_out(row.flags),
    }
}

pub(super) fn rows(mailbox: &store::Mailbox, rows: Vec<store::MessageRow>) -> Vec<imap::Row> {
    rows.into_iter().map(|one| row(mailbox, one)).collect()
}

pub(super) fn folder(folder: store::FolderInfo) -> imap::Folder {
    imap::Folder {
        name: folder.name,
        mailbox_id: folder.mailbox_id,
        uid_validity: folder.uid_validity,
        uid_next: folder.uid_next,
        highest_modseq: folder.highest_modseq,
        messages: folder.messages,
        unseen: folder.unseen,
        deleted: folder.deleted,
        size: folder.size,
        first_recent: folder.recent_from,
        special_use: folder.special_use.map(special_use_out),
        keywords: folder.keywords,
        selectable: folder.selectable,
    }
}

const fn special_use_out(special_use: store::SpecialUse) -> imap::SpecialUse {
    match special_use {
        store::SpecialUse::All => imap::SpecialUse::All,
        store::SpecialUse::Archive => imap::SpecialUse::Archive,
        store::SpecialUse::Drafts => imap::SpecialUse::Drafts,
        store::SpecialUse::Flagged => imap::SpecialUse::Flagged,
        store::SpecialUse::Junk => imap::SpecialUse::Junk,
        store::SpecialUse::Sent => imap::SpecialUse::Sent,
        store::SpecialUse::Trash => imap::SpecialUse::Trash,
    }
}

pub(super) const fn special_use_in(special_use: imap::SpecialUse) -> store::SpecialUse {
    match special_use {
        imap::SpecialUse::All => store::SpecialUse::All,
        imap::SpecialUse::Archive => store::SpecialUse::Archive,
        imap::SpecialUse::Drafts => store::SpecialUse::Drafts,
        imap::SpecialUse::Flagged => store::SpecialUse::Flagged,
        imap::SpecialUse::Junk => store::SpecialUse::Junk,
        imap::SpecialUse::Sent => store::SpecialUse::Sent,
        imap::SpecialUse::Trash => store::SpecialUse::Trash,
    }
}

pub(super) fn copied(copied: store::Copied) -> imap::Copied {
    imap::Copied {
        uid_validity: copied.uid_validity,
        source: copied.source,
        target: copied.target,
    }
}

pub(super) fn since(since: store::Changed) -> imap::Since {
    imap::Since {
        changed: since.changed,
        vanished: since.vanished,
        highest_modseq: since.highest_modseq,
        forgetful: !since.history_known,
    }
}

pub(super) fn changes(mailbox: &store::Mailbox, changes: store::Changes) -> imap::Changes {
    imap::Changes {
        rows: rows(mailbox, changes.rows),
        vanished: changes.vanished,
        highest_modseq: changes.highest_modseq,
        more: !changes.complete,
        forgetful: !changes.history_known,
    }
}

pub(super) fn flags_changed(mailbox: &store::Mailbox, changed: store::FlagsChanged) -> imap::FlagsChanged {
    imap::FlagsChanged {
        rows: rows(mailbox, changed.rows),
        modified: changed.modified,
    }
}

/// Use and limits in the units of RFC 9208: KiB and numbers.
pub(super) const fn quota(usage: store::MailboxUsage, limits: store::MailboxLimits) -> imap::Quota {
    imap::Quota {
        storage_used: usage.size.div_ceil(1024),
        storage_limit: limits.total_size_kb,
        messages_used: usage.messages,
        messages_limit: limits.total_count,
        folders_used: usage.folders,
        folders_limit: limits.folder_count,
    }
}

#[cfg(test)]
mod tests {
    use super::{SYSTEM, flags_in, flags_out, special_use_in, special_use_out};
    use axigend_protocol::imap;

    #[test]
    fn flags_and_uses_survive_both_ways() {
        for (flag, _) in SYSTEM {
            let mut flags = imap::Flags::of([flag]);
            flags.keywords.push("$x".into());
            assert_eq!(flags_out(flags_in(flags.clone())), flags);
        }
        assert_eq!(SYSTEM.len(), imap::Flag::ALL.len());
        for special_use in imap::SpecialUse::ALL {
            assert_eq!(special_use_out(special_use_in(special_use)), special_use);
        }
    }
}
