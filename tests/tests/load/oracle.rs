//! What clients asked for and what the server said to it, and whether what a server shows agrees with that.
//!
//! Every operation is begun and, when the answer came, ended; one that was cut off by a kill was only begun. So each
//! message has a fewest and a most number of copies, and one or (while a MOVE was cut) two places.

use super::log::{Log, Pen};
use super::{id_of, message};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};

/// The folders of one user and their messages, as a server shows them.
pub type Shown = BTreeMap<String, Vec<(u32, Vec<u8>)>>;

/// See the module. Clones are the same oracle.
#[derive(Clone)]
pub struct Oracle {
    facts: Arc<(Mutex<Facts>, Condvar)>,
    pen: Pen,
    _log: Arc<Log>,
}

#[derive(Default)]
struct Facts {
    /// By user and id.
    messages: BTreeMap<(String, String), Message>,
    /// Accounts asked for, and whether the server said yes.
    accounts: BTreeMap<String, bool>,
    /// UIDs that the server named, by user and folder.
    uids: BTreeMap<(String, String), BTreeMap<u32, String>>,
    /// UIDVALIDITY, UIDNEXT and HIGHESTMODSEQ that the server named, by user and folder.
    marks: BTreeMap<(String, String), (u64, u64, u64)>,
    begun: u64,
    answered: u64,
    /// Answers that were no yes although nothing was wrong.
    refusals: Vec<String>,
}

#[derive(Clone, Default)]
struct Message {
    sent: u32,
    acknowledged: u32,
    place: String,
    /// Where a MOVE that was not answered would have put it.
    moving: Option<String>,
    /// A client asked to delete it: it may be gone.
    deleting: bool,
    /// The server said that it is deleted: it must be gone.
    deleted: bool,
    flagged: bool,
}

/// Operations and messages so far.
#[derive(Clone, Copy, Debug)]
pub struct Totals {
    /// Operations that the server said yes to.
    pub acknowledged: u64,
    /// Operations without an answer.
    pub cut: u64,
    /// Copies of messages that were acknowledged.
    pub messages: u64,
}

impl Oracle {
    /// An oracle that writes to this file.
    pub fn new(path: &Path) -> Self {
        let log = Log::create(path);
        Self {
            facts: Arc::default(),
            pen: log.pen(),
            _log: Arc::new(log),
        }
    }

    fn facts(&self) -> MutexGuard<'_, Facts> {
        self.facts
            .0
            .lock()
            .expect("no client panics while it holds the oracle")
    }

    fn change(&self, user: &str, id: &str, change: impl FnOnce(&mut Message)) {
        let key = (user.to_owned(), id.to_owned());
        change(self.facts().messages.entry(key).or_default());
    }

    fn begin(&self, line: String) {
        self.pen.write(line);
        self.facts().begun += 1;
    }

    fn end(&self, line: String) {
        self.pen.write(line);
        self.facts().answered += 1;
        self.facts.1.notify_all();
    }

    /// A message is about to be sent.
    pub fn sending(&self, users: &[&str], folder: &str, id: &str) {
        self.begin(format!("send {id} {folder} {}", users.join(" ")));
        for user in users {
            self.change(user, id, |message| {
                message.sent += 1;
                folder.clone_into(&mut message.place);
            });
        }
    }

    /// The server took it.
    pub fn sent(&self, users: &[&str], id: &str) {
        for user in users {
            self.change(user, id, |message| message.acknowledged += 1);
        }
        self.end(format!("sent {id} {}", users.join(" ")));
    }

    /// The server named the UID of a message.
    pub fn has_uid(&self, user: &str, folder: &str, uid: u32, id: &str) {
        let mut facts = self.facts();
        let uids = facts
            .uids
            .entry((user.to_owned(), folder.to_owned()))
            .or_default();
        uids.insert(uid, id.to_owned());
    }

    /// \Flagged is about to be set.
    pub fn flagging(&self, user: &str, id: &str) {
        self.begin(format!("flag {user} {id}"));
    }

    /// It is set.
    pub fn flagged(&self, user: &str, id: &str) {
        self.change(user, id, |message| message.flagged = true);
        self.end(format!("flagged {user} {id}"));
    }

    /// A message is about to be moved.
    pub fn moving(&self, user: &str, id: &str, to: &str) {
        self.begin(format!("move {user} {id} {to}"));
        self.change(user, id, |message| message.moving = Some(to.to_owned()));
    }

    /// It is moved.
    pub fn moved(&self, user: &str, id: &str) {
        self.change(user, id, |message| {
            message.place = message.moving.take().expect("it was moving");
        });
        self.end(format!("moved {user} {id}"));
    }

    /// Messages are about to be removed, by one command.
    pub fn deleting(&self, user: &str, ids: &[String]) {
        self.begin(format!("delete {user} {}", ids.join(" ")));
        for id in ids {
            self.change(user, id, |message| message.deleting = true);
        }
    }

    /// They are removed.
    pub fn deleted(&self, user: &str, ids: &[String]) {
        for id in ids {
            self.change(user, id, |message| message.deleted = true);
        }
        self.end(format!("deleted {user} {}", ids.join(" ")));
    }

    /// An account is about to be added.
    pub fn adding(&self, account: &str) {
        self.begin(format!("account {account}"));
        self.facts().accounts.entry(account.to_owned()).or_default();
    }

    /// It is added.
    pub fn added(&self, account: &str) {
        self.facts().accounts.insert(account.to_owned(), true);
        self.end(format!("added {account}"));
    }

    /// The server named UIDVALIDITY, UIDNEXT and HIGHESTMODSEQ of a folder.
    pub fn marks(&self, user: &str, folder: &str, marks: (u64, u64, u64)) {
        self.pen.write(format!("marks {user} {folder} {marks:?}"));
        let mut facts = self.facts();
        let known = facts
            .marks
            .entry((user.to_owned(), folder.to_owned()))
            .or_insert(marks);
        // Two clients may be told in one order and come here in the other.
        *known = (known.0, known.1.max(marks.1), known.2.max(marks.2));
    }

    /// A client was refused although the server was alive.
    pub fn refused(&self, what: String) {
        self.facts().refusals.push(what);
    }

    /// Answers so far.
    pub fn answers(&self) -> u64 {
        self.facts().answered
    }

    /// Waits until there are so many answers; false when they do not come.
    pub fn wait_for(&self, answers: u64) -> bool {
        let facts = self.facts();
        let waited = self
            .facts
            .1
            .wait_timeout_while(facts, axigen_tests::PATIENCE, |facts| facts.answered < answers);
        !waited.expect("no client panics").1.timed_out()
    }

    /// See [`Totals`].
    pub fn totals(&self) -> Totals {
        let facts = self.facts();
        let messages = facts.messages.values();
        Totals {
            acknowledged: facts.answered,
            cut: facts.begun - facts.answered,
            messages: messages.map(|message| u64::from(message.acknowledged)).sum(),
        }
    }

    /// Whether a message was sent once and acknowledged, so that its copies can be told apart.
    pub fn sent_once(&self, user: &str, id: &str) -> bool {
        let key = (user.to_owned(), id.to_owned());
        let facts = self.facts();
        let message = facts.messages.get(&key);
        message.is_some_and(|message| message.sent == 1 && message.acknowledged == 1)
    }

    /// Messages of a sender that were sent and never acknowledged, with their recipients.
    pub fn unanswered(&self, sender: &str) -> Vec<(Vec<String>, String)> {
        let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for ((user, id), message) in &self.facts().messages {
            if id.starts_with(sender) && message.acknowledged == 0 {
                found.entry(id.clone()).or_default().push(user.clone());
            }
        }
        found.into_iter().map(|(id, users)| (users, id)).collect()
    }

    /// An acknowledged message that nobody asked to delete.
    pub fn a_kept_message(&self, user: &str, folder: &str) -> Option<String> {
        let facts = self.facts();
        let kept = |((owner, _), message): &(&(String, String), &Message)| {
            owner == user && message.place == folder && message.acknowledged == 1 && !message.deleting
        };
        let found = facts.messages.iter().rfind(kept);
        found.map(|((_, id), _)| id.clone())
    }
}

/// Comparing.
impl Oracle {
    /// Ids in a user's INBOX that were acknowledged and are not among these messages: the queue may still have them.
    pub fn missing(&self, user: &str, inbox: &[(u32, Vec<u8>)]) -> Vec<String> {
        let there: BTreeSet<String> = inbox.iter().map(|(_, body)| id_of(body)).collect();
        let facts = self.facts();
        let wanted = facts.messages.iter().filter(|((owner, _), message)| {
            owner == user && message.place == "INBOX" && message.acknowledged > 0 && !message.deleting
        });
        wanted
            .map(|((_, id), _)| id.clone())
            .filter(|id| !there.contains(id))
            .collect()
    }

    /// Compares all folders of a user with what was asked for.
    pub fn check(&self, user: &str, shown: &Shown, problems: &mut Vec<String>) {
        let mut copies: BTreeMap<String, BTreeMap<&str, u32>> = BTreeMap::new();
        let facts = self.facts();
        for (folder, bodies) in shown {
            let named = facts.uids.get(&(user.to_owned(), folder.clone()));
            for (uid, body) in bodies {
                let id = id_of(body);
                if !body.ends_with(&message(&id)) {
                    problems.push(format!("{user} {folder}: UID {uid} ({id}) is not what was sent"));
                }
                if let Some(other) = named.and_then(|uids| uids.get(uid)).filter(|other| **other != id) {
                    problems.push(format!(
                        "{user} {folder}: UID {uid} was named for {other}, is {id}"
                    ));
                }
                *copies.entry(id).or_default().entry(folder).or_default() += 1;
            }
        }
        let own = facts.messages.iter().filter(|((owner, _), _)| owner == user);
        for ((_, id), message) in own {
            message.check(user, id, &copies.remove(id).unwrap_or_default(), problems);
        }
        for (id, places) in copies {
            problems.push(format!("{user}: {id} is in {places:?} and was never sent"));
        }
    }

    /// Checks that nothing the server named has gone back.
    pub fn check_marks(&self, user: &str, folder: &str, now: (u64, u64, u64), problems: &mut Vec<String>) {
        let key = (user.to_owned(), folder.to_owned());
        let facts = self.facts();
        if let Some(told) = facts.marks.get(&key)
            && (told.0 != now.0 || told.1 > now.1 || told.2 > now.2)
        {
            problems.push(format!(
                "{user} {folder}: UIDVALIDITY, UIDNEXT, HIGHESTMODSEQ {told:?} became {now:?}"
            ));
        }
        let uids = facts.uids.get(&key).and_then(BTreeMap::last_key_value);
        if let Some((uid, id)) = uids.filter(|(uid, _)| u64::from(**uid) >= now.1) {
            problems.push(format!(
                "{user} {folder}: UIDNEXT is {} and {id} has had {uid}",
                now.1
            ));
        }
    }

    /// Checks that every account whose COMMIT was answered is in the list.
    pub fn check_accounts(&self, listed: &BTreeSet<String>, problems: &mut Vec<String>) {
        for (name, added) in &self.facts().accounts {
            if *added && !listed.contains(name) {
                problems.push(format!("the account {name} was acknowledged and is lost"));
            }
        }
    }

    /// Checks that what was flagged with a yes is flagged, if it is there at all.
    pub fn check_flags(&self, user: &str, plain: &BTreeSet<String>, problems: &mut Vec<String>) {
        for ((owner, id), message) in &self.facts().messages {
            if owner == user && message.flagged && plain.contains(id) {
                problems.push(format!("{user}: the flag of {id} was acknowledged and is lost"));
            }
        }
    }

    /// Clients that were refused.
    pub fn check_refusals(&self, problems: &mut Vec<String>) {
        problems.append(&mut self.facts().refusals);
    }
}

impl Message {
    fn check(&self, user: &str, id: &str, places: &BTreeMap<&str, u32>, problems: &mut Vec<String>) {
        let there: u32 = places.values().sum();
        // One for each yes; one more for each try that never got an answer.
        let fewest = if self.deleting { 0 } else { self.acknowledged };
        let most = if self.deleted { 0 } else { self.sent };
        if there < fewest || there > most {
            problems.push(format!(
                "{user}: {id} is there {there} times, expected {fewest} to {most}"
            ));
        }
        for place in places.keys() {
            if *place != self.place && self.moving.as_deref() != Some(*place) {
                problems.push(format!("{user}: {id} is in {place}, belongs in {}", self.place));
            }
        }
    }
}
