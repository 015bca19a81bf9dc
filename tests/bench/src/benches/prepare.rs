//! The stores that benches need, and how they are filled: by the server's own protocols, as cheaply as these allow.

use super::append::fill;
use super::million;
use super::{Scene, said};
use crate::load::{Imap, Messages, user};
use std::io;

/// Accounts of the empty and of the filled store.
pub(crate) const ACCOUNTS: usize = 50;
/// Folder of `user1` with messages to fetch and to search.
pub(super) const MIDDLE: &str = "Middle";
/// Its messages.
pub(super) const MIDDLE_COUNT: u32 = 10_000;
/// Folder of `user1` with very many messages.
pub(super) const BIG: &str = "Big";
/// Its messages.
pub(super) const BIG_COUNT: u32 = 100_000;
/// Messages in the INBOX of `user2`, for POP3.
pub(super) const MAILDROP: u32 = 1_000;

/// What a bench finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Store {
    /// Accounts and nothing in them, new in every round.
    Empty,
    /// The mailboxes above, filled once.
    Filled,
    /// A thousand accounts with a thousand messages each (a hundred in a quick run), filled once.
    Million,
    /// One account with one folder of a million messages (a tenth of it in a quick run), filled once.
    Huge,
}

impl Store {
    /// All, in the order in which they are used.
    pub(crate) const ALL: [Self; 4] = [Self::Empty, Self::Filled, Self::Million, Self::Huge];

    /// Its directory.
    pub(crate) const fn directory(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::Filled => "filled",
            Self::Million => "million",
            Self::Huge => "huge",
        }
    }

    /// Accounts to be made.
    pub(crate) const fn accounts(self) -> usize {
        match self {
            Self::Empty | Self::Filled => ACCOUNTS,
            Self::Million => million::ACCOUNTS,
            Self::Huge => 1,
        }
    }

    /// Fills a new store.
    pub(crate) fn fill(self, scene: &mut Scene<'_>) -> Result<(), String> {
        match self {
            Self::Empty => Ok(()),
            Self::Filled => mailboxes(scene).map_err(|error| format!("filling: {error}")),
            Self::Million => million::fill(scene),
            Self::Huge => million::fill_huge(scene).map_err(|error| format!("filling: {error}")),
        }
    }
}

fn mailboxes(scene: &Scene<'_>) -> io::Result<()> {
    let server = scene.server().map_err(io::Error::other)?;
    let first = user(1);
    let mut imap = Imap::login(server.imap, &first)?;
    let wants = |names: &[&str]| names.iter().any(|name| scene.arguments.wants(name));
    if wants(&["fetch-10k", "search-body-10k", "search-body-10k-scan"]) {
        imap.command(&format!("CREATE {MIDDLE}"))?;
        fill(
            server.imap,
            &first,
            MIDDLE,
            &Messages::searchable(4096),
            MIDDLE_COUNT,
        )?;
    }
    if wants(&["select-100k"]) {
        imap.command(&format!("CREATE {BIG}"))?;
        fill(server.imap, &first, BIG, &Messages::new(1024), 1000)?;
        imap.grow(BIG, BIG_COUNT.into())?;
    }
    if wants(&["pop3-retr"]) {
        fill(server.imap, &user(2), "INBOX", &Messages::new(4096), MAILDROP)?;
    }
    // What SELECT of another folder selects in between.
    fill(server.imap, &first, "INBOX", &Messages::new(2048), 10)
}

/// Logs in as the first account.
pub(super) fn first_account(scene: &Scene<'_>) -> Result<Imap, String> {
    Imap::login(scene.server()?.imap, &user(1)).map_err(said)
}
