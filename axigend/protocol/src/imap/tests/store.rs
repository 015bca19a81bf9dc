//! A mail store in memory that answers what sessions ask; the plainest possible model of a mailbox.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
    sync::Arc,
};

use axigen_shared::{Cause, Refusal};
use axigend_message::{Summarizer, Walker, header_len};
use bytes::Bytes;

use crate::imap::{
    Answer, AppendItem, CHUNK, Changes, Copied, Flag, FlagOp, Flags, FlagsChanged, Folder, HEADER_MAX,
    Header, Inspection, Opened, Quota, ROWS_PAGE, Request, Row, Since, SpecialUse, Uids,
    bounds::KEYWORD_LIMIT,
};

pub(super) const PASSWORD: &[u8] = b"Secret-1";
/// INTERNALDATE of what comes without one: 2026-02-01 10:20:30.
const NOW: i64 = 1_769_941_230;
/// A mailbox holds no more than this many bytes.
const LIMIT: u64 = 1024 * 1024;

/// Messages that went and are remembered: few, so that clients are often away for longer.
const HISTORY_MAX: usize = 6;

type Done<T> = Result<T, Refusal>;

fn refuse<T>(cause: Cause) -> Done<T> {
    Err(Refusal::new(cause, "by the test store"))
}

struct Message {
    row: Row,
    body: Bytes,
}

#[derive(Default)]
struct Mailbox {
    id: u32,
    uid_validity: u32,
    uid_next: u32,
    recent_from: u32,
    special_use: Option<SpecialUse>,
    messages: BTreeMap<u32, Message>,
    vanished: Vec<(u64, u32)>,
    /// What went up to this MODSEQ may be forgotten.
    history_from: u64,
    modseq: u64,
}

/// One account's mail.
pub(super) struct Store {
    boxes: BTreeMap<String, Mailbox>,
    subscribed: BTreeSet<String>,
    modseq: u64,
    validity: u32,
    /// Contents so far.
    contents: u8,
}

impl Store {
    pub(super) fn new() -> Rc<RefCell<Self>> {
        let mut store = Self {
            boxes: BTreeMap::new(),
            subscribed: BTreeSet::new(),
            modseq: 1,
            validity: 0,
            contents: 0,
        };
        for (name, special_use) in [
            ("INBOX", None),
            ("Drafts", Some(SpecialUse::Drafts)),
            ("Sent", Some(SpecialUse::Sent)),
            ("Trash", Some(SpecialUse::Trash)),
            ("Spam", Some(SpecialUse::Junk)),
        ] {
            store.create(name, special_use).expect("the first folders");
        }
        Rc::new(RefCell::new(store))
    }

    fn create(&mut self, name: &str, special_use: Option<SpecialUse>) -> Done<()> {
        if self.boxes.contains_key(name) {
            return refuse(Cause::AlreadyExists);
        }
        for (at, _) in name.match_indices('/') {
            if !self.boxes.contains_key(&name[..at]) {
                self.create(&name[..at], None)?;
            }
        }
        self.validity += 1;
        let new = Mailbox {
            id: self.validity,
            uid_validity: self.validity,
            uid_next: 1,
            recent_from: 1,
            special_use,
            modseq: 1,
            ..Mailbox::default()
        };
        self.boxes.insert(name.to_owned(), new);
        Ok(())
    }

    fn get(&mut self, name: &str) -> Done<&mut Mailbox> {
        self.boxes
            .get_mut(name)
            .ok_or_else(|| Refusal::new(Cause::NoSuchFolder, name))
    }

    fn add(&mut self, name: &str, body: Bytes, flags: Flags, internal_date: i64) -> Done<(u32, u32)> {
        let used: u64 = self
            .boxes
            .values()
            .flat_map(|b| b.messages.values())
            .map(|m| m.row.size)
            .sum();
        if used + body.len() as u64 > LIMIT {
            return refuse(Cause::OverQuota);
        }
        self.modseq += 1;
        self.contents = self.contents.wrapping_add(1);
        let (modseq, content) = (self.modseq, [self.contents; 20]);
        let target = self.get(name)?;
        let uid = target.uid_next;
        target.uid_next += 1;
        target.modseq = modseq;
        let row = Row {
            uid,
            modseq,
            internal_date,
            saved: NOW,
            size: body.len() as u64,
            flags,
            content,
        };
        target.messages.insert(uid, Message { row, body });
        Ok((target.uid_validity, uid))
    }

    fn remove(&mut self, name: &str, uid: u32) -> Done<()> {
        self.modseq += 1;
        let modseq = self.modseq;
        let from = self.get(name)?;
        if from.messages.remove(&uid).is_some() {
            from.vanished.push((modseq, uid));
            if from.vanished.len() > HISTORY_MAX {
                from.history_from = from.vanished.remove(0).0;
            }
            from.modseq = modseq;
        }
        Ok(())
    }
}

impl Mailbox {
    fn folder(&self, name: &str) -> Folder {
        let without = |flag: Flag| {
            self.messages
                .values()
                .filter(move |m| !m.row.flags.has(flag))
                .count()
        };
        let keywords: BTreeSet<String> = self
            .messages
            .values()
            .flat_map(|m| m.row.flags.keywords.iter().cloned())
            .collect();
        Folder {
            name: name.to_owned(),
            mailbox_id: format!("F{}", self.id),
            uid_validity: self.uid_validity,
            uid_next: self.uid_next,
            highest_modseq: self.modseq,
            messages: self.messages.len() as u32,
            unseen: without(Flag::Seen) as u32,
            deleted: (self.messages.len() - without(Flag::Deleted)) as u32,
            size: self.messages.values().map(|m| m.row.size).sum(),
            first_recent: self.recent_from,
            special_use: self.special_use,
            keywords: keywords.into_iter().collect(),
            selectable: true,
        }
    }
}

/// What answers one session.
pub(super) struct Backend {
    store: Rc<RefCell<Store>>,
    selected: Option<String>,
    begun: Vec<Vec<u8>>,
    /// MODSEQ that the session has been woken for.
    woken: u64,
}

impl Backend {
    pub(super) fn new(store: Rc<RefCell<Store>>) -> Self {
        Self {
            store,
            selected: None,
            begun: Vec::new(),
            woken: 0,
        }
    }

    /// Whether something happened since the last look.
    pub(super) fn has_news(&mut self) -> bool {
        let now = self.store.borrow().modseq;
        std::mem::replace(&mut self.woken, now) != now
    }

    pub(super) fn answer(&mut self, request: Request) -> Answer {
        self.work(request).unwrap_or_else(Answer::Refused)
    }

    #[expect(clippy::too_many_lines, reason = "one arm for each question")]
    fn work(&mut self, request: Request) -> Done<Answer> {
        let store = Rc::clone(&self.store);
        let mut store = store.borrow_mut();
        Ok(match request {
            Request::Authenticate(attempt) => return login(&attempt),
            Request::Folders => Answer::Folders(store.boxes.iter().map(|(name, b)| b.folder(name)).collect()),
            Request::Subscriptions => Answer::Names(store.subscribed.iter().cloned().collect()),
            Request::Folder { name } => Answer::Folder(Box::new(store.get(&name)?.folder(&name))),
            Request::Create { name, special_use } => {
                store.create(&name, special_use)?;
                Answer::Folder(Box::new(store.get(&name)?.folder(&name)))
            }
            Request::Delete { name } => {
                if store
                    .boxes
                    .keys()
                    .any(|other| other.starts_with(&format!("{name}/")))
                {
                    return refuse(Cause::Conflict);
                }
                store
                    .boxes
                    .remove(&name)
                    .map(|_| Answer::Done)
                    .ok_or_else(|| Refusal::new(Cause::NoSuchFolder, ""))?
            }
            Request::Rename { from, to } => rename(&mut store, &from, &to)?,
            Request::Subscribe { name, on } => {
                if on {
                    store.subscribed.insert(name);
                } else {
                    store.subscribed.remove(&name);
                }
                Answer::Done
            }
            Request::AppendBegin { folder, .. } => {
                store.get(&folder)?;
                self.begun.push(Vec::new());
                Answer::Done
            }
            Request::BodyChunk(bytes) => {
                self.begun.last_mut().expect("a message was begun").extend(bytes);
                Answer::Done
            }
            Request::AppendAbort => {
                self.begun.clear();
                Answer::Done
            }
            Request::AppendCommit { folder, items } => {
                append(&mut store, &folder, items, std::mem::take(&mut self.begun))?
            }
            Request::Quota => Answer::Quota(Quota {
                storage_used: 1,
                storage_limit: LIMIT / 1024,
                ..Quota::default()
            }),
            Request::Select { name, claim_recent } => {
                let selected = store.get(&name)?;
                let opened = Opened {
                    folder: selected.folder(&name),
                    first_recent: selected.recent_from,
                };
                if claim_recent {
                    selected.recent_from = selected.uid_next;
                }
                self.selected = Some(name);
                Answer::Opened(Box::new(opened))
            }
            other => return self.in_selected(&mut store, other),
        })
    }

    #[expect(clippy::too_many_lines, reason = "one arm for each question")]
    fn in_selected(&mut self, store: &mut Store, request: Request) -> Done<Answer> {
        let name = self.selected.clone().expect("a folder was opened");
        let selected = store.get(&name)?;
        Ok(match request {
            Request::Newcomers { last, claim_recent } => {
                let first = selected.recent_from;
                if claim_recent {
                    selected.recent_from = first.max(last + 1);
                }
                Answer::Recent(first)
            }
            Request::Unselect => {
                self.selected = None;
                Answer::Done
            }
            Request::Uids => Answer::Uids(Uids {
                uids: Arc::new(selected.messages.keys().copied().collect()),
                first_unseen: selected
                    .messages
                    .values()
                    .find(|m| !m.row.flags.has(Flag::Seen))
                    .map(|m| m.row.uid),
            }),
            Request::Rows { uids } => Answer::Rows(
                uids.iter()
                    .filter_map(|uid| selected.messages.get(uid))
                    .map(|m| m.row.clone())
                    .collect(),
            ),
            Request::Changes { since } => Answer::Changes(Changes {
                rows: selected
                    .messages
                    .values()
                    .map(|m| &m.row)
                    .filter(|row| row.modseq > since)
                    .cloned()
                    .collect(),
                vanished: selected
                    .vanished
                    .iter()
                    .filter(|(modseq, _)| *modseq > since)
                    .map(|(_, uid)| *uid)
                    .collect(),
                highest_modseq: selected.modseq,
                more: false,
                forgetful: since < selected.history_from,
            }),
            Request::Since { modseq } => {
                let rows = selected.messages.values().map(|m| &m.row);
                let mut vanished: Vec<u32> = selected
                    .vanished
                    .iter()
                    .filter(|(at, _)| *at > modseq)
                    .map(|(_, uid)| *uid)
                    .collect();
                vanished.sort_unstable();
                Answer::Since(Since {
                    changed: rows
                        .filter(|row| row.modseq > modseq)
                        .map(|row| row.uid)
                        .collect(),
                    vanished,
                    highest_modseq: selected.modseq,
                    forgetful: modseq < selected.history_from,
                })
            }
            Request::SetFlags {
                uids,
                op,
                flags,
                unchanged_since,
            } => Answer::FlagsChanged(set_flags(store, &name, &uids, op, &flags, unchanged_since)?),
            Request::Expunge { uids } => {
                let gone: Vec<u32> = selected
                    .messages
                    .values()
                    .filter(|m| m.row.flags.has(Flag::Deleted))
                    .map(|m| m.row.uid)
                    .filter(|uid| uids.as_ref().is_none_or(|uids| uids.contains(uid)))
                    .collect();
                gone.iter().try_for_each(|uid| store.remove(&name, *uid))?;
                Answer::Expunged(gone)
            }
            Request::Copy { uids, to } => Answer::Copied(copy(store, &name, &uids, &to)?),
            Request::Move { uids, to } => {
                let copied = copy(store, &name, &uids, &to)?;
                copied
                    .source
                    .iter()
                    .try_for_each(|uid| store.remove(&name, *uid))?;
                Answer::Copied(copied)
            }
            Request::Header { uid } => {
                let body = body(selected, uid)?;
                let len = header_len(&body).unwrap_or(body.len());
                Answer::Header(Header {
                    bytes: body.slice(..len.min(HEADER_MAX)),
                    complete: len <= HEADER_MAX,
                })
            }
            Request::Summaries { uids } => {
                assert!(uids.len() <= ROWS_PAGE, "pages are bounded");
                // Of every other message nothing is remembered.
                let summary = |uid: u32| {
                    let body = body(selected, uid).ok().filter(|_| uid % 2 == 1)?;
                    let mut summarizer = Summarizer::new();
                    summarizer.feed(&body);
                    Some(summarizer.finish())
                };
                Answer::Summaries(uids.into_iter().map(summary).collect())
            }
            Request::Structure { uid } => {
                let mut walker = Walker::new();
                walker.feed(&body(selected, uid)?);
                Answer::Structure(Arc::new(walker.finish()))
            }
            Request::Body { uid, offset, len } => {
                assert!(len <= CHUNK, "chunks are bounded");
                let body = body(selected, uid)?;
                let start = (offset as usize).min(body.len());
                Answer::Chunk(body.slice(start..(start + len).min(body.len())))
            }
            // What an index may say: nothing of some messages, "may be" of others, the truth of the rest.
            Request::Sift { uids, tests, .. } => Answer::Sifted(
                uids.iter()
                    .filter(|_| selected.messages.len() % 2 == 0)
                    .map(|uid| {
                        let of = |body: Bytes| {
                            if *uid % 3 == 0 {
                                vec![true; tests.len()]
                            } else {
                                inspect(&body, &tests)
                            }
                        };
                        body(selected, *uid).map_or(vec![false; tests.len()], of)
                    })
                    .collect(),
            ),
            Request::Test { uids, tests } => Answer::Tested(
                uids.iter()
                    .map(|uid| {
                        body(selected, *uid).map_or(vec![false; tests.len()], |body| inspect(&body, &tests))
                    })
                    .collect(),
            ),
            _ => unreachable!("handled before"),
        })
    }
}

fn login(attempt: &crate::imap::LoginAttempt) -> Done<Answer> {
    let credentials = &attempt.credentials;
    if credentials.login.ends_with("@example.test") && credentials.password.as_bytes() == PASSWORD {
        return Ok(Answer::LoggedIn {
            account: credentials.login.clone(),
        });
    }
    refuse(if credentials.login == "busy" {
        Cause::TooManyConnections
    } else {
        Cause::AuthenticationFailed
    })
}

fn rename(store: &mut Store, from: &str, to: &str) -> Done<Answer> {
    if from == "INBOX" {
        store.create(to, None)?;
        let uids: Vec<u32> = store.get("INBOX")?.messages.keys().copied().collect();
        copy(store, "INBOX", &uids, to)?;
        uids.iter().try_for_each(|uid| store.remove("INBOX", *uid))?;
        return Ok(Answer::Done);
    }
    store.get(from)?;
    if store.boxes.contains_key(to) {
        return refuse(Cause::AlreadyExists);
    }
    for (at, _) in to.match_indices('/') {
        if !store.boxes.contains_key(&to[..at]) {
            store.create(&to[..at], None)?;
        }
    }
    let below = format!("{from}/");
    let names: Vec<String> = store
        .boxes
        .keys()
        .filter(|name| *name == from || name.starts_with(&below))
        .cloned()
        .collect();
    for name in names {
        if let Some(moved) = store.boxes.remove(&name) {
            store.boxes.insert(format!("{to}{}", &name[from.len()..]), moved);
        }
    }
    Ok(Answer::Done)
}

fn append(store: &mut Store, folder: &str, items: Vec<AppendItem>, bodies: Vec<Vec<u8>>) -> Done<Answer> {
    let (mut uid_validity, mut uids) = (0, Vec::new());
    for (item, body) in items.into_iter().zip(bodies) {
        let date = item.internal_date.unwrap_or(NOW);
        let (validity, uid) = store.add(folder, body.into(), item.flags, date)?;
        uid_validity = validity;
        uids.push(uid);
    }
    Ok(Answer::Appended { uid_validity, uids })
}

fn set_flags(
    store: &mut Store,
    name: &str,
    uids: &[u32],
    op: FlagOp,
    flags: &Flags,
    unchanged_since: Option<u64>,
) -> Done<FlagsChanged> {
    let mut modseq = store.modseq;
    let selected = store.get(name)?;
    let mut keywords: BTreeSet<String> = selected.folder(name).keywords.into_iter().collect();
    keywords.extend(flags.keywords.iter().cloned());
    if op != FlagOp::Remove && keywords.len() > KEYWORD_LIMIT {
        return refuse(Cause::TooLarge);
    }
    let mut changed = FlagsChanged::default();
    for uid in uids {
        let Some(message) = selected.messages.get_mut(uid) else {
            continue;
        };
        if unchanged_since.is_some_and(|since| message.row.modseq > since) {
            changed.modified.push(*uid);
            continue;
        }
        let old = message.row.flags.clone();
        message.row.flags = apply(&old, op, flags);
        if message.row.flags != old {
            modseq += 1;
            message.row.modseq = modseq;
            selected.modseq = modseq;
        }
        changed.rows.push(message.row.clone());
    }
    store.modseq = modseq;
    Ok(changed)
}

fn apply(old: &Flags, op: FlagOp, flags: &Flags) -> Flags {
    let keep = |flag: &Flag| match op {
        FlagOp::Set => flags.has(*flag),
        FlagOp::Add => old.has(*flag) || flags.has(*flag),
        FlagOp::Remove => old.has(*flag) && !flags.has(*flag),
    };
    let mut new = Flags::of(Flag::ALL.into_iter().filter(keep));
    new.keywords = match op {
        FlagOp::Set => flags.keywords.clone(),
        FlagOp::Add => {
            let added = flags.keywords.iter().filter(|word| !old.has_keyword(word));
            old.keywords.iter().chain(added).cloned().collect()
        }
        FlagOp::Remove => old
            .keywords
            .iter()
            .filter(|word| !flags.has_keyword(word))
            .cloned()
            .collect(),
    };
    new
}

fn copy(store: &mut Store, from: &str, uids: &[u32], to: &str) -> Done<Copied> {
    let mut copied = Copied {
        uid_validity: store.get(to)?.uid_validity,
        ..Copied::default()
    };
    for uid in uids {
        let Some(message) = store.get(from)?.messages.get(uid) else {
            continue;
        };
        let (body, row) = (message.body.clone(), message.row.clone());
        copied.source.push(*uid);
        let (_, new) = store.add(to, body, row.flags, row.internal_date)?;
        if let Some(message) = store.get(to)?.messages.get_mut(&new) {
            message.row.content = row.content;
        }
        copied.target.push(new);
    }
    Ok(copied)
}

fn body(selected: &Mailbox, uid: u32) -> Done<Bytes> {
    selected
        .messages
        .get(&uid)
        .map(|m| m.body.clone())
        .ok_or_else(|| Refusal::new(Cause::NoSuchMessage, ""))
}

fn inspect(message: &[u8], tests: &[crate::imap::Test]) -> Vec<bool> {
    let mut walker = Walker::new();
    walker.feed(message);
    let structure = walker.finish();
    let header = header_len(message).unwrap_or(message.len());
    let mut inspection = Inspection::new(tests);
    inspection.header(&message[..header], true);
    for part in Inspection::parts(&structure) {
        if inspection.wants_text() {
            inspection.begin(&part);
            inspection.feed(&message[part.range.start as usize..part.range.end as usize], true);
        }
    }
    inspection.passed()
}
