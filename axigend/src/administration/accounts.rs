//! Accounts: each is an object of the directory and a mailbox of the domain's store.

use super::{Administration, account_keys};
use axigen_shared::schema::{Change, Object};
use axigen_shared::{Cause, Refusal};
use axigend_console::{Answered, Page, Target};
use axigend_directory::{Account, MessageStorage, Usid};
use axigend_storage::Mailbox;
use std::sync::Arc;

impl Administration {
    /// What an account that is to be added begins as; its name must be free.
    pub(super) fn begin_account(&self, target: &Target) -> Result<Arc<Object>, Refusal> {
        let (domain, name) = account_keys(target)?;
        match self.parts.directory.account_object(domain, name) {
            Ok(_) => Err(Refusal::new(Cause::AlreadyExists, "account already exists")),
            Err(refusal) if refusal.cause == Cause::NoSuchAccount => {
                let mut object = Object::new(target.context);
                object.set_text("name", name)?;
                Ok(Arc::new(object))
            }
            Err(refusal) => Err(refusal),
        }
    }

    /// Adds the account. Its folders are made at its first mail or login: accounts are added by the thousand, and a sync for
    /// each of them would be most of the time.
    pub(super) async fn create_account(
        &self,
        target: &Target,
        changes: &[Change],
    ) -> Result<Answered, Refusal> {
        let (domain, name) = account_keys(target)?;
        let mut object = Object::new(target.context);
        object.set_text("name", name)?;
        object.apply(changes)?;
        let storage = self.roomiest(domain)?;
        self.parts
            .directory
            .add_account_in(domain, object, None, storage)
            .await?;
        Ok(Answered::default())
    }

    /// The storage with most room of those that take new mailboxes (services-other 3.2.9, "Model"). One that cannot be
    /// opened has none.
    pub(super) fn roomiest(&self, domain: &str) -> Result<Usid, Refusal> {
        let storages = self.parts.directory.writable_storages(domain)?;
        if let [only] = storages.as_slice() {
            return Ok(only.usid);
        }
        let room = |storage: &MessageStorage| {
            let store = self.parts.stores.get(&storage.dir);
            let store = store.inspect_err(|refusal| tracing::warn!("{}: {refusal}", storage.dir.display()));
            store.map_or(0, |store| store.room())
        };
        // The first of equals.
        let best = storages.iter().rev().max_by_key(|storage| room(storage));
        best.map(|storage| storage.usid)
            .ok_or_else(|| Refusal::new(Cause::Internal, "no storage takes a mailbox"))
    }

    /// Makes the folders that a mailbox begins with. The account is there by now, and first delivery or login makes them
    /// as well, so a failure is a warning.
    pub(super) async fn default_folders(&self, domain: &str, name: &str) -> Option<String> {
        let made = match self
            .account(domain, name)
            .and_then(|account| self.mailbox_of(&account))
        {
            Ok(mailbox) => mailbox.create_default_folders().await,
            Err(refusal) => Err(refusal),
        };
        let refusal = made.err()?;
        tracing::error!("folders of {name}@{domain} were not made: {refusal}");
        Some("its folders will be made at first use".to_owned())
    }

    pub(super) async fn commit_account(
        &self,
        target: &Target,
        changes: &[Change],
    ) -> Result<Answered, Refusal> {
        let (domain, name) = account_keys(target)?;
        self.parts
            .directory
            .update_account(domain, name, changes, None)
            .await?;
        Ok(Answered::default())
    }

    /// Removes an account with its mailbox, at once.
    pub(super) async fn remove_account(&self, target: &Target) -> Result<(), Refusal> {
        let (domain, name) = account_keys(target)?;
        let account = self.account(domain, name)?;
        let key = self.parts.directory.remove_account(domain, name).await?;
        // Nobody reaches the mail any more, so what is left of it after a failure only takes room.
        let store = self.parts.stores.get(&account.message_dir);
        let removed = match store {
            Ok(store) => store.remove_mailbox(key.account).await,
            Err(refusal) => Err(refusal),
        };
        if let Err(refusal) = removed {
            tracing::error!("mail of the removed account {name}@{domain} was not removed: {refusal}");
        }
        Ok(())
    }

    pub(super) fn list_accounts(
        &self,
        domain: &str,
        wildcard: Option<&str>,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Page, Refusal> {
        let names = self.parts.directory.accounts(domain, after, limit, wildcard)?;
        let next = names.last().filter(|_| names.len() >= limit).cloned();
        Ok(Page {
            rows: names.into_iter().map(|name| vec![name]).collect(),
            next,
        })
    }

    pub(super) fn account(&self, domain: &str, name: &str) -> Result<Arc<Account>, Refusal> {
        self.parts.directory.account_named(domain, name)
    }

    /// The mailbox of an account.
    pub(super) fn mailbox_of(&self, account: &Account) -> Result<Mailbox, Refusal> {
        Ok(self.parts.stores.get(&account.message_dir)?.mailbox(account.id))
    }

    /// The account that is open, or the mailbox of the list that is.
    pub(super) fn holder(&self, target: &Target) -> Result<Arc<Account>, Refusal> {
        let (domain, name) = account_keys(target)?;
        if target.context.path == "domain/list" {
            let list = self.parts.directory.list_named(domain, name)?;
            return Ok(Arc::clone(&list.mailbox));
        }
        self.account(domain, name)
    }

    /// The mailbox of the account or list that is open.
    pub(super) fn mailbox(&self, target: &Target) -> Result<Mailbox, Refusal> {
        self.mailbox_of(self.holder(target)?.as_ref())
    }
}
