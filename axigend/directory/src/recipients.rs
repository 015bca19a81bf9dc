//! Groups, mailing lists and folder recipients, as administrators change them. Everything is on disk when it returns.

use std::sync::Arc;

use axigen_shared::schema::{Action, Change, Object};
use axigen_shared::value::{Value, local_part};
use axigen_shared::{Cause, Refusal};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::accounts::{PASSWORD, secret, split_password};
use crate::directory::{Directory, Entry, directory_failure};
use crate::mailing_list::{MailingList, name_list_addresses};
use crate::names::local_key;
use crate::open_domain::{Known, OpenDomain};
use crate::place::Usid;
use crate::tables::{Dates, Kind};

/// Most names of one answer of LIST: the caller pages on.
const LIST_MOST: usize = 1000;
/// The field of a list's members.
const USERS: &str = "users";

/// A recipient that is no account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecipientKind {
    /// A name with members.
    Group,
    /// A mailing list.
    List,
    /// An address of a public folder.
    FolderRcpt,
}

impl RecipientKind {
    const fn kind(self) -> Kind {
        match self {
            Self::Group => Kind::Group,
            Self::List => Kind::List,
            Self::FolderRcpt => Kind::FolderRcpt,
        }
    }
}

impl Directory {
    /// Names of a domain's recipients of one kind in order, from the one after `after`, at most `limit` and 1000.
    pub fn recipients(
        &self,
        kind: RecipientKind,
        domain: &str,
        (after, limit): (Option<&str>, usize),
        wildcard: Option<&str>,
    ) -> Result<Vec<String>, Refusal> {
        let (_, open) = self.open_named(domain)?;
        let found = open
            .objects
            .listed(Some(kind.kind()), after, limit.min(LIST_MOST), wildcard)?;
        Ok(found.into_iter().map(|(_, name)| name).collect())
    }

    /// Every object of a domain that has a name, with what it is ("account", "group" …), in order of name, in pages
    /// like [`Directory::recipients`].
    pub fn named_objects(
        &self,
        domain: &str,
        (after, limit): (Option<&str>, usize),
        wildcard: Option<&str>,
    ) -> Result<Vec<(&'static str, String)>, Refusal> {
        let (_, open) = self.open_named(domain)?;
        let found = open.objects.listed(None, after, limit.min(LIST_MOST), wildcard)?;
        Ok(found
            .into_iter()
            .map(|(kind, name)| (kind.noun(), name))
            .collect())
    }

    /// The object of a recipient: the same one until it is changed, as far as it is kept ready.
    pub fn recipient_object(
        &self,
        kind: RecipientKind,
        domain: &str,
        name: &str,
    ) -> Result<Arc<Object>, Refusal> {
        let (_, open) = self.open_named(domain)?;
        Ok(Arc::clone(&known(&open, kind, name)?.object))
    }

    /// Its number, and when it was made and last changed.
    pub fn recipient_dates(
        &self,
        kind: RecipientKind,
        domain: &str,
        name: &str,
    ) -> Result<(u64, Dates), Refusal> {
        let (_, open) = self.open_named(domain)?;
        let known = known(&open, kind, name)?;
        Ok((known.id, known.dates))
    }

    /// Adds a group or a folder recipient.
    pub async fn add_recipient(
        &self,
        kind: RecipientKind,
        domain: &str,
        object: Object,
    ) -> Result<(), Refusal> {
        let (_, open) = self.open_named(domain)?;
        check_names(kind.kind(), &object)?;
        let done = open.objects.add_entry(kind.kind(), object, None).await;
        open.recipients_changed();
        done.map(drop)
    }

    /// Adds a mailing list with its mailbox in this storage; its password is an attribute of the object.
    pub async fn add_list_in(
        &self,
        domain: &str,
        mut object: Object,
        storage: Usid,
    ) -> Result<Arc<MailingList>, Refusal> {
        let (_, open) = self.open_named(domain)?;
        let name = object.get("name").str().to_owned();
        name_list_addresses(&mut object, None)?;
        check_names(Kind::List, &object)?;
        let password = object.values.remove(PASSWORD).and_then(secret);
        let password = password.ok_or_else(|| Refusal::new(Cause::Invalid, "a list needs a password"))?;
        let credential = self.verifiers.make(password, 1).await?;
        let keep = Some((credential, storage));
        let done = open.objects.add_entry(Kind::List, object, keep).await;
        open.recipients_changed();
        done?;
        self.list_named(domain, &name)
    }

    /// The mailing list of this name.
    pub fn list_named(&self, domain: &str, name: &str) -> Result<Arc<MailingList>, Refusal> {
        let (_, open) = self.open_named(domain)?;
        let known = known(&open, RecipientKind::List, name)?;
        known
            .list()
            .ok_or_else(|| Refusal::new(Cause::NotFound, format!("list not found: {name}")))
    }

    /// Applies changes to a recipient, all or nothing.
    pub async fn update_recipient(
        &self,
        kind: RecipientKind,
        domain: &str,
        name: &str,
        changes: &[Change],
    ) -> Result<(), Refusal> {
        let (_, open) = self.open_named(domain)?;
        let known = known(&open, kind, name)?;
        let (password, others) = split_password(changes);
        let credential = match password.filter(|_| kind == RecipientKind::List) {
            Some(password) => Some(self.verifiers.make(password, 0).await?),
            None => None,
        };
        let kind = kind.kind();
        let change = move |before: &Object, after: &mut Object| {
            if kind == Kind::List {
                name_list_addresses(after, Some(before.get("name").str()))?;
            }
            check_names(kind, after)
        };
        let done = open
            .objects
            .update_entry((kind, known.id), others, credential, change)
            .await;
        // Also after a failure: its effect may be unknown.
        open.changed(known.id);
        open.recipients_changed();
        done
    }

    /// Removes a recipient at once; answers its number, which is that of a list's mailbox.
    pub async fn remove_recipient(
        &self,
        kind: RecipientKind,
        domain: &str,
        name: &str,
    ) -> Result<u64, Refusal> {
        let (_, open) = self.open_named(domain)?;
        let known = known(&open, kind, name)?;
        let done = open.objects.remove_entry(kind.kind(), known.id).await;
        open.changed(known.id);
        open.recipients_changed();
        done.map(|()| known.id)
    }

    /// Makes an address a member of a list; `false` when it was one.
    pub async fn subscribe(&self, list: &MailingList, email: &str, name: &str) -> Result<bool, Refusal> {
        let context = Kind::List
            .context()?
            .field(USERS)
            .and_then(axigen_shared::schema::Child::context);
        let context = context.ok_or_else(|| Refusal::new(Cause::Internal, "lists have no users"))?;
        let mut user = Object::new(context);
        user.set_text("email", email)?;
        user.set_text("name", name)?;
        self.change_users(list, Action::Add(USERS, Box::new(user)), Cause::AlreadyExists)
            .await
    }

    /// Ends a membership; `false` when there was none.
    pub async fn unsubscribe(&self, list: &MailingList, email: &str) -> Result<bool, Refusal> {
        self.change_users(list, Action::Remove(USERS, email.to_owned()), Cause::NotFound)
            .await
    }

    async fn change_users(&self, list: &MailingList, action: Action, was_so: Cause) -> Result<bool, Refusal> {
        let (domain, name) = (&list.mailbox.domain.name, &list.mailbox.name);
        let change = [Change::here(action)];
        let done = self.update_recipient(RecipientKind::List, domain, name, &change);
        match done.await {
            Ok(()) => Ok(true),
            Err(refusal) if refusal.cause == was_so => Ok(false),
            Err(refusal) => Err(refusal),
        }
    }

    /// A text of several lines of a list (`ESET`).
    pub async fn set_list_text(
        &self,
        domain: &str,
        name: &str,
        attribute: &'static str,
        lines: Vec<String>,
    ) -> Result<(), Refusal> {
        let action = if lines.is_empty() {
            Action::Reset(attribute)
        } else {
            Action::Set(attribute, Value::List(lines))
        };
        self.update_recipient(RecipientKind::List, domain, name, &[Change::here(action)])
            .await
    }

    /// What only this server can have made of `data`, for codes that a list gives out: an HMAC with a key of the domain
    /// that never leaves it (RFC 2104).
    pub async fn sign(&self, list: &MailingList, data: &str) -> Result<[u8; 32], Refusal> {
        let (_, open) = self.open_named(&list.mailbox.domain.name)?;
        let key = open.objects.code_key().await?;
        let mut mac = Hmac::<Sha256>::new_from_slice(&key)
            .map_err(|_| Refusal::new(Cause::Internal, "a key of this length is not taken"))?;
        mac.update(data.as_bytes());
        Ok(mac.finalize().into_bytes().into())
    }

    /// Every list of every domain in service.
    pub fn lists(&self) -> Vec<Arc<MailingList>> {
        let table = self.table.load_full();
        let mut all = Vec::new();
        for listed in table.numbered.values() {
            let Entry::Open(open) = &listed.entry else {
                continue;
            };
            match open.lists() {
                Ok(lists) => all.extend(lists),
                Err(refusal) => {
                    tracing::error!(module = "SERVER", "lists of {}: {refusal}", listed.record.name);
                }
            }
        }
        all
    }
}

/// The recipient of this kind and name; its further names do not count.
fn known(open: &OpenDomain, kind: RecipientKind, name: &str) -> Result<Arc<Known>, Refusal> {
    let key = local_key(name);
    let found = open.recipient(&key).map_err(directory_failure)?;
    let found =
        found.filter(|known| known.kind == kind.kind() && local_key(known.object.get("name").str()) == key);
    found.ok_or_else(|| {
        let detail = format!("{} not found: {name}", kind.kind().noun());
        Refusal::new(Cause::NotFound, detail)
    })
}

/// Refuses names that no address could have.
fn check_names(kind: Kind, object: &Object) -> Result<(), Refusal> {
    for (_, _, name) in crate::objects::names_of(kind, object) {
        local_part(&name).map_err(|why| Refusal::new(Cause::Invalid, why))?;
    }
    Ok(())
}
