//! A plain model of mailboxes, operations drawn from numbers, and the comparison of both with a store.
#![allow(dead_code, missing_docs, reason = "each test uses its part")]
#![allow(
    clippy::too_many_lines,
    reason = "one match over all operations reads better than pieces of it"
)]

pub mod pack;
pub mod seeds;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use axigen_shared::{Cause, Refusal};
use axigend_storage::{
    AccountId, DeliverTo, Delivered, FlagOp, Flags, FolderId, LocalDelivery, Mailbox, MailboxLimits,
    NewMessage, Store, SystemFlags,
};
use bytes::Bytes;

pub const ACCOUNTS: [AccountId; 3] = [1, 2, 700];
const NAMES: [&str; 9] = [
    "INBOX",
    "inbox",
    "A",
    "A/B",
    "A/B/C",
    "Work",
    "Work/2026",
    "D",
    "Inbox/Lists",
];
const DEFAULTS: [&str; 5] = ["INBOX", "Drafts", "Sent", "Spam", "Trash"];
const KEYWORDS: [&str; 4] = ["$Junk", "$Forwarded", "work", "Größe"];
pub const NO_LIMITS: MailboxLimits = MailboxLimits {
    total_size_kb: 0,
    total_count: 0,
    folder_count: 0,
    folder_message_count: 0,
    folder_size_kb: 0,
};

/// A deterministic generator (splitmix64).
pub struct Dice(pub u64);

impl Dice {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len() as u64) as usize]
    }
}

#[derive(Clone, Debug)]
pub enum Op {
    Create(AccountId, &'static str),
    Delete(AccountId, &'static str),
    Rename(AccountId, &'static str, &'static str),
    Subscribe(AccountId, &'static str, bool),
    Append(
        AccountId,
        &'static str,
        Vec<(Bytes, SystemFlags, Vec<&'static str>)>,
    ),
    Flags(
        AccountId,
        &'static str,
        Vec<u32>,
        FlagOp,
        SystemFlags,
        Vec<&'static str>,
    ),
    Expunge(AccountId, &'static str, Option<Vec<u32>>, bool),
    Copy(AccountId, &'static str, Vec<u32>, &'static str, bool),
    Recent(AccountId, &'static str),
    Deliver(u64, Bytes, Vec<(AccountId, &'static str)>),
    RemoveMailbox(AccountId),
    /// What a store does besides serving requests; changes nothing that can be seen.
    Upkeep,
}

fn body(dice: &mut Dice, large: bool) -> Bytes {
    let len = match dice.below(20) {
        0 => 0,
        1 => 20_000,
        2 if large => 1_300_000,
        _ => 40 + dice.below(600),
    };
    let seed = dice.next().to_be_bytes();
    seed.iter()
        .copied()
        .cycle()
        .take(len as usize)
        .collect::<Vec<u8>>()
        .into()
}

fn uids(dice: &mut Dice) -> Vec<u32> {
    let first = 1 + dice.below(12) as u32;
    (first..=first + dice.below(4) as u32).collect()
}

fn flags(dice: &mut Dice) -> SystemFlags {
    SystemFlags::from_bits(dice.next() as u8 & dice.next() as u8)
}

fn words(dice: &mut Dice) -> Vec<&'static str> {
    KEYWORDS.iter().copied().filter(|_| dice.below(5) == 0).collect()
}

impl Op {
    /// The operation that a number stands for; `large` allows bodies above one megabyte.
    pub fn draw(number: u64, large: bool) -> Self {
        let mut dice = Dice(number);
        let account = dice.pick(&ACCOUNTS);
        let (name, other) = (dice.pick(&NAMES), dice.pick(&NAMES));
        match dice.below(100) {
            0..=5 => Self::Create(account, name),
            6..=8 => Self::Delete(account, name),
            9..=11 => Self::Rename(account, name, other),
            12 => Self::Subscribe(account, name, dice.below(2) == 0),
            13..=32 => {
                let count = 1 + dice.below(3);
                let messages =
                    (0..count).map(|_| (body(&mut dice, large), flags(&mut dice), words(&mut dice)));
                Self::Append(account, name, messages.collect())
            }
            33..=52 => {
                let op = dice.pick(&[FlagOp::Set, FlagOp::Add, FlagOp::Remove]);
                Self::Flags(
                    account,
                    name,
                    uids(&mut dice),
                    op,
                    flags(&mut dice),
                    words(&mut dice),
                )
            }
            53..=60 => {
                let some = (dice.below(2) == 0).then(|| uids(&mut dice));
                Self::Expunge(account, name, some, dice.below(4) > 0)
            }
            61..=72 => Self::Copy(account, name, uids(&mut dice), other, dice.below(2) == 0),
            73..=76 => Self::Recent(account, name),
            77 => Self::RemoveMailbox(account),
            78 => Self::Upkeep,
            _ => {
                let key = dice.below(40);
                let to = (0..=dice.below(4)).map(|_| {
                    (
                        dice.pick(&ACCOUNTS),
                        if dice.below(4) > 0 {
                            "INBOX"
                        } else {
                            dice.pick(&NAMES)
                        },
                    )
                });
                let to = to.collect();
                Self::Deliver(key, body(&mut dice, large), to)
            }
        }
    }
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ModelMessage {
    pub system: SystemFlags,
    pub keywords: BTreeSet<&'static str>,
    pub body: Bytes,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ModelFolder {
    pub uid_next: u32,
    pub recent_from: u32,
    pub messages: BTreeMap<u32, ModelMessage>,
}

impl Default for ModelFolder {
    fn default() -> Self {
        Self {
            uid_next: 1,
            recent_from: 1,
            messages: BTreeMap::new(),
        }
    }
}

impl ModelFolder {
    fn add(&mut self, message: ModelMessage) -> u32 {
        let uid = self.uid_next;
        self.uid_next += 1;
        self.messages.insert(uid, message);
        uid
    }
}

#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct ModelMailbox {
    pub folders: BTreeMap<String, ModelFolder>,
    pub subscriptions: BTreeSet<String>,
}

/// What a store should hold.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct Model {
    pub mailboxes: BTreeMap<AccountId, ModelMailbox>,
    pub delivered: BTreeSet<(u64, AccountId)>,
}

fn canonical(name: &str) -> String {
    match name.split_once('/') {
        None if name.eq_ignore_ascii_case("inbox") => "INBOX".into(),
        Some((first, rest)) if first.eq_ignore_ascii_case("inbox") => format!("INBOX/{rest}"),
        _ => name.into(),
    }
}

impl ModelMailbox {
    fn create(&mut self, name: &str) {
        for (at, _) in name.match_indices('/') {
            self.folders.entry(name[..at].to_owned()).or_default();
        }
        self.folders.entry(name.to_owned()).or_default();
    }

    fn create_defaults(&mut self) {
        let wanted = if self.folders.is_empty() {
            &DEFAULTS[..]
        } else {
            &DEFAULTS[..1]
        };
        for name in wanted {
            if !self.folders.contains_key(*name) {
                self.create(name);
                self.subscriptions.insert((*name).to_owned());
            }
        }
    }

    fn get(&mut self, name: &str) -> Result<&mut ModelFolder, Cause> {
        self.folders.get_mut(&canonical(name)).ok_or(Cause::NoSuchFolder)
    }

    fn rename(&mut self, from: &str, to: &str) -> Result<(), Cause> {
        let (from, to) = (canonical(from), canonical(to));
        self.get(&from)?;
        if self.folders.contains_key(&to) {
            return Err(Cause::AlreadyExists);
        }
        if from == "INBOX" {
            self.create(&to);
            let messages = std::mem::take(&mut self.get(&from)?.messages);
            for message in messages.into_values() {
                self.get(&to)?.add(message);
            }
            return Ok(());
        }
        let below = format!("{from}/");
        if to.starts_with(&below) {
            return Err(Cause::Conflict);
        }
        let names: Vec<String> = self
            .folders
            .keys()
            .filter(|name| **name == from || name.starts_with(&below))
            .cloned()
            .collect();
        let taken: Vec<_> = names
            .iter()
            .filter_map(|name| self.folders.remove_entry(name))
            .collect();
        self.create(&to);
        for (name, folder) in taken {
            self.folders
                .insert(format!("{to}{}", &name[from.len()..]), folder);
        }
        Ok(())
    }

    fn delete(&mut self, name: &str) -> Result<(), Cause> {
        let name = canonical(name);
        self.get(&name)?;
        if name == "INBOX" {
            return Err(Cause::NotPermitted);
        }
        if self
            .folders
            .keys()
            .any(|other| other.starts_with(&format!("{name}/")))
        {
            return Err(Cause::Conflict);
        }
        self.folders.remove(&name);
        Ok(())
    }

    fn copy(&mut self, from: &str, uids: &[u32], to: &str, and_remove: bool) -> Result<(), Cause> {
        self.get(from)?;
        self.get(to)?;
        let source = self.get(from)?;
        let mut found = Vec::new();
        for uid in uids {
            found.extend(if and_remove {
                source.messages.remove(uid)
            } else {
                source.messages.get(uid).cloned()
            });
        }
        for message in found {
            self.get(to)?.add(message);
        }
        Ok(())
    }
}

impl Model {
    pub fn mailbox(&mut self, account: AccountId) -> &mut ModelMailbox {
        self.mailboxes.entry(account).or_default()
    }

    /// What the operation does, or why not.
    pub fn apply(&mut self, op: &Op) -> Result<(), Cause> {
        match op {
            Op::Create(account, name) => {
                let (mailbox, name) = (self.mailbox(*account), canonical(name));
                if mailbox.folders.contains_key(&name) {
                    return Err(Cause::AlreadyExists);
                }
                mailbox.create(&name);
            }
            Op::Delete(account, name) => self.mailbox(*account).delete(name)?,
            Op::Rename(account, from, to) => self.mailbox(*account).rename(from, to)?,
            Op::Subscribe(account, name, on) => {
                let subscriptions = &mut self.mailbox(*account).subscriptions;
                if *on {
                    subscriptions.insert(canonical(name))
                } else {
                    subscriptions.remove(&canonical(name))
                };
            }
            Op::Append(account, name, messages) => {
                let folder = self.mailbox(*account).get(name)?;
                for (body, system, keywords) in messages {
                    let keywords = keywords.iter().copied().collect();
                    folder.add(ModelMessage {
                        system: *system,
                        keywords,
                        body: body.clone(),
                    });
                }
            }
            Op::Flags(account, name, uids, op, system, keywords) => {
                let folder = self.mailbox(*account).get(name)?;
                for uid in uids {
                    if let Some(message) = folder.messages.get_mut(uid) {
                        message.change(*op, *system, keywords);
                    }
                }
            }
            Op::Expunge(account, name, uids, only_deleted) => {
                let folder = self.mailbox(*account).get(name)?;
                folder.messages.retain(|uid, message| {
                    uids.as_ref().is_some_and(|uids| !uids.contains(uid))
                        || *only_deleted && !message.system.contains(SystemFlags::DELETED)
                });
            }
            Op::Copy(account, from, uids, to, and_remove) => {
                self.mailbox(*account).copy(from, uids, to, *and_remove)?;
            }
            Op::Recent(account, name) => {
                let folder = self.mailbox(*account).get(name)?;
                folder.recent_from = folder.uid_next;
            }
            Op::Deliver(key, body, to) => {
                for (account, name) in to {
                    if self.delivered.insert((*key, *account)) {
                        let (mailbox, name) = (self.mailbox(*account), canonical(name));
                        if !mailbox.folders.contains_key(&name) {
                            mailbox.create_defaults();
                            mailbox.create(&name);
                        }
                        mailbox.get(&name)?.add(ModelMessage {
                            system: SystemFlags::NONE,
                            keywords: BTreeSet::new(),
                            body: body.clone(),
                        });
                    }
                }
            }
            Op::RemoveMailbox(account) => *self.mailbox(*account) = ModelMailbox::default(),
            Op::Upkeep => {}
        }
        Ok(())
    }
}

impl ModelMessage {
    fn change(&mut self, op: FlagOp, system: SystemFlags, keywords: &[&'static str]) {
        match op {
            FlagOp::Set => {
                self.system = system;
                self.keywords = keywords.iter().copied().collect();
            }
            FlagOp::Add => {
                self.system |= system;
                self.keywords.extend(keywords);
            }
            FlagOp::Remove => {
                self.system.remove(system);
                self.keywords.retain(|word| !keywords.contains(word));
            }
        }
    }
}

fn named(system: SystemFlags, keywords: &[&'static str]) -> Flags {
    Flags {
        system,
        keywords: keywords.iter().map(|word| (*word).to_owned()).collect(),
    }
}

/// Does to a store what [`Model::apply`] does to the model.
pub async fn apply(store: &Arc<Store>, op: &Op) -> Result<(), Refusal> {
    match op {
        Op::Create(account, name) => {
            store
                .mailbox(*account)
                .create_folder(name, None, NO_LIMITS)
                .await?;
        }
        Op::Delete(account, name) => store.mailbox(*account).delete_folder(name).await?,
        Op::Rename(account, from, to) => {
            store.mailbox(*account).rename_folder(from, to, NO_LIMITS).await?;
        }
        Op::Subscribe(account, name, on) => store.mailbox(*account).subscribe(name, *on).await?,
        Op::Append(account, name, messages) => {
            let new = messages.iter().map(|(body, system, keywords)| NewMessage {
                body: Arc::new(body.clone()),
                flags: named(*system, keywords),
                internal_date: 1_700_000_000 + body.len() as i64,
            });
            let new: Vec<_> = new.collect();
            let count = new.len();
            let appended = store.mailbox(*account).append(name, new, NO_LIMITS).await?;
            assert_eq!(appended.uids.len(), count);
        }
        Op::Flags(account, name, uids, op, system, keywords) => {
            let mailbox = store.mailbox(*account);
            let folder = mailbox.folder(name)?.id;
            mailbox
                .set_flags(folder, uids.clone(), *op, named(*system, keywords), None)
                .await?;
        }
        Op::Expunge(account, name, uids, only_deleted) => {
            let mailbox = store.mailbox(*account);
            let folder = mailbox.folder(name)?.id;
            mailbox.expunge(folder, uids.clone(), *only_deleted).await?;
        }
        Op::Copy(account, from, uids, to, and_remove) => {
            let mailbox = store.mailbox(*account);
            let from = mailbox.folder(from)?.id;
            let copied = if *and_remove {
                mailbox.move_messages(from, uids.clone(), to, NO_LIMITS).await?
            } else {
                mailbox.copy(from, uids.clone(), to, NO_LIMITS).await?
            };
            assert_eq!(copied.source.len(), copied.target.len());
        }
        Op::Recent(account, name) => {
            let mailbox = store.mailbox(*account);
            mailbox.claim_recent(mailbox.folder(name)?.id).await?;
        }
        Op::Deliver(key, body, to) => {
            let recipients = to.iter().map(|(account, folder)| DeliverTo {
                account: *account,
                folder: (*folder).to_owned(),
                limits: NO_LIMITS,
            });
            let delivery = LocalDelivery {
                key: Some(*key),
                body: Arc::new(body.clone()),
                internal_date: 1_700_000_000,
                recipients: recipients.collect(),
            };
            let results = store.deliver(delivery).await?;
            assert_eq!(results.len(), to.len());
            assert!(
                results
                    .iter()
                    .all(|result| !matches!(result, Delivered::Refused(_)))
            );
        }
        Op::RemoveMailbox(account) => store.remove_mailbox(*account).await?,
        Op::Upkeep => upkeep(store).await?,
    }
    Ok(())
}

/// The work a store does on its own, where a crash must change nothing either: here every kind of it has its line.
async fn upkeep(store: &Arc<Store>) -> Result<(), Refusal> {
    // Markers of finished queue entries go; keys of no delivery, so that the model need not know.
    for key in 0..300 {
        store.forget_delivery(u64::MAX - key).await?;
    }
    Ok(())
}

/// What the store holds, read through the public interface only.
pub fn observe(store: &Arc<Store>, runtime: &tokio::runtime::Runtime) -> Model {
    let mut seen = Model::default();
    for account in ACCOUNTS {
        let mailbox = store.mailbox(account);
        let mut found = ModelMailbox::default();
        let (mut messages, mut size) = (0, 0);
        for folder in mailbox.folders().unwrap() {
            let rows = mailbox.messages(folder.id, 0, usize::MAX).unwrap();
            assert_eq!(rows.len(), folder.messages as usize);
            assert_eq!(rows.iter().map(|row| row.size).sum::<u64>(), folder.size);
            let count = |test: &dyn Fn(SystemFlags) -> bool| {
                rows.iter().filter(|row| test(row.flags.system)).count() as u32
            };
            assert_eq!(count(&|flags| !flags.contains(SystemFlags::SEEN)), folder.unseen);
            assert_eq!(
                count(&|flags| flags.contains(SystemFlags::DELETED)),
                folder.deleted
            );
            messages += rows.len() as u64;
            size += folder.size;
            let mut model = ModelFolder {
                uid_next: folder.uid_next,
                recent_from: folder.recent_from,
                ..ModelFolder::default()
            };
            for row in rows {
                assert!(row.modseq <= folder.highest_modseq && row.uid < folder.uid_next);
                let body = runtime.block_on(mailbox.read(row.body, 0, usize::MAX)).unwrap();
                let known = |word: &String| KEYWORDS.iter().copied().find(|known| known == word).unwrap();
                let keywords = row.flags.keywords.iter().map(known).collect();
                model.messages.insert(
                    row.uid,
                    ModelMessage {
                        system: row.flags.system,
                        keywords,
                        body,
                    },
                );
            }
            found.folders.insert(folder.name, model);
        }
        found.subscriptions = mailbox.subscriptions().unwrap().into_iter().collect();
        let usage = mailbox.usage().unwrap();
        assert_eq!(
            (usage.messages, usage.size, usage.folders),
            (messages, size, found.folders.len() as u64)
        );
        seen.mailboxes.insert(account, found);
    }
    seen
}

/// Compares the store with the model (whose delivery markers cannot be seen from outside).
pub fn same(store: &Arc<Store>, model: &Model, runtime: &tokio::runtime::Runtime) -> bool {
    let seen = observe(store, runtime);
    let mut wanted = model.clone();
    for account in ACCOUNTS {
        wanted.mailbox(account);
    }
    seen.mailboxes == wanted.mailboxes
}

/// A client that learns of changes only by `changes_since`.
#[derive(Default)]
pub struct Mirror {
    folders: BTreeMap<(AccountId, FolderId), (u64, BTreeMap<u32, Flags>)>,
}

impl Mirror {
    /// Catches up in small pieces and compares with the folder.
    pub fn follow(&mut self, account: AccountId, mailbox: &Mailbox) {
        for folder in mailbox.folders().unwrap() {
            let (modseq, seen) = self.folders.entry((account, folder.id)).or_default();
            loop {
                let changes = mailbox.changes_since(folder.id, *modseq, 3).unwrap();
                assert!(changes.history_known && changes.highest_modseq >= *modseq);
                for row in changes.rows {
                    seen.insert(row.uid, row.flags);
                }
                for uid in changes.vanished {
                    seen.remove(&uid);
                }
                *modseq = changes.highest_modseq;
                if changes.complete {
                    break;
                }
            }
            assert_eq!(*modseq, folder.highest_modseq);
            let rows = mailbox.messages(folder.id, 0, usize::MAX).unwrap();
            let now: BTreeMap<u32, Flags> = rows.into_iter().map(|row| (row.uid, row.flags)).collect();
            assert_eq!(*seen, now, "folder {}", folder.name);
        }
    }
}

/// Numbers that must never go back.
#[derive(Clone, Default)]
pub struct Marks {
    /// By account: greatest UIDVALIDITY and folder number seen.
    highest: BTreeMap<AccountId, (u32, FolderId)>,
    /// By account and folder number: UIDVALIDITY, UIDNEXT, HIGHESTMODSEQ.
    folders: BTreeMap<(AccountId, FolderId), (u32, u32, u64)>,
}

impl Marks {
    /// Checks that nothing went back and remembers where it is.
    pub fn advance(&mut self, store: &Arc<Store>) {
        for account in ACCOUNTS {
            for folder in store.mailbox(account).folders().unwrap() {
                let now = (folder.uid_validity, folder.uid_next, folder.highest_modseq);
                let highest = self.highest.entry(account).or_default();
                let before = self.folders.entry((account, folder.id)).or_insert_with(|| {
                    assert!(
                        folder.id > highest.1 && folder.uid_validity > highest.0,
                        "number used again"
                    );
                    now
                });
                assert_eq!(before.0, now.0, "UIDVALIDITY changed");
                assert!(
                    before.1 <= now.1 && before.2 <= now.2,
                    "{before:?} went back to {now:?}"
                );
                *before = now;
            }
            for ((_, id), (uid_validity, ..)) in self.folders.range((account, 0)..=(account, FolderId::MAX)) {
                let highest = self.highest.entry(account).or_default();
                *highest = (highest.0.max(*uid_validity), highest.1.max(*id));
            }
        }
    }
}

/// The index engine panics over damaged pages, and the store lives on; such panics are expected and not printed.
pub fn quiet_about_damage() {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if !panic
            .location()
            .is_some_and(|place| place.file().contains("redb"))
        {
            before(panic);
        }
    }));
}

pub fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().build().unwrap()
}
