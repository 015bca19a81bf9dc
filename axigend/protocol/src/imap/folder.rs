//! Folders as a session sees them (RFC 9051, 2.3; RFC 6154).

/// A folder as LIST, STATUS and SELECT show it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Folder {
    /// Full name in UTF-8, `/` between levels; `INBOX` in capitals.
    pub name: String,
    /// MAILBOXID (RFC 8474): stays through renames.
    pub mailbox_id: String,
    /// UIDVALIDITY.
    pub uid_validity: u32,
    /// UID that the next message gets at least.
    pub uid_next: u32,
    /// HIGHESTMODSEQ.
    pub highest_modseq: u64,
    /// Messages.
    pub messages: u32,
    /// Messages without \Seen.
    pub unseen: u32,
    /// Messages with \Deleted.
    pub deleted: u32,
    /// Bytes of all messages.
    pub size: u64,
    /// Messages from this UID on are \Recent for the session that claims them.
    pub first_recent: u32,
    /// Special use (RFC 6154).
    pub special_use: Option<SpecialUse>,
    /// Keywords in use.
    pub keywords: Vec<String>,
    /// Whether it can be selected.
    pub selectable: bool,
}

/// A folder just opened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Opened {
    /// Its state at that moment.
    pub folder: Folder,
    /// Messages from this UID on are \Recent here.
    pub first_recent: u32,
}

/// Special uses (RFC 6154, 2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SpecialUse {
    /// \All
    All,
    /// \Archive
    Archive,
    /// \Drafts
    Drafts,
    /// \Flagged
    Flagged,
    /// \Junk
    Junk,
    /// \Sent
    Sent,
    /// \Trash
    Trash,
}

impl SpecialUse {
    /// Every special use.
    pub const ALL: [Self; 7] = [
        Self::All,
        Self::Archive,
        Self::Drafts,
        Self::Flagged,
        Self::Junk,
        Self::Sent,
        Self::Trash,
    ];

    /// The attribute as IMAP spells it.
    pub const fn attribute(self) -> &'static str {
        match self {
            Self::All => "\\All",
            Self::Archive => "\\Archive",
            Self::Drafts => "\\Drafts",
            Self::Flagged => "\\Flagged",
            Self::Junk => "\\Junk",
            Self::Sent => "\\Sent",
            Self::Trash => "\\Trash",
        }
    }
}
