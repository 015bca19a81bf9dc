//! redb's values while a panic goes through them.
//!
//! redb panics over a damaged page, and its clean-up then finds its own locks poisoned: a second panic, which ends the
//! process, at every start again. So what belongs to it is given up, not taken apart, when a panic passes; its memory is
//! lost, its file is closed, and the index is set aside and rebuilt. Happens once for each damaged index.

use std::{ops::Deref, sync::Arc, thread};

use redb::{Database, StorageBackend, WriteTransaction};

use super::backend::{IndexBackend, IndexFile};

/// A write transaction.
pub(super) struct Write(Option<WriteTransaction>);

impl Write {
    pub(super) fn new(txn: WriteTransaction) -> Self {
        Self(Some(txn))
    }

    /// The transaction, to be committed.
    pub(super) fn take(mut self) -> Option<WriteTransaction> {
        self.0.take()
    }
}

impl Deref for Write {
    type Target = WriteTransaction;

    fn deref(&self) -> &WriteTransaction {
        self.0.as_ref().expect("it is there until it is taken or dropped")
    }
}

impl Drop for Write {
    fn drop(&mut self) {
        if thread::panicking() {
            std::mem::forget(self.0.take());
        }
    }
}

/// An open database and its file.
pub(super) struct Base {
    database: Option<Database>,
    file: Arc<IndexFile>,
}

impl Base {
    pub(super) fn new(database: Database, file: Arc<IndexFile>) -> Self {
        Self {
            database: Some(database),
            file,
        }
    }

    pub(super) fn file(&self) -> &IndexFile {
        &self.file
    }

    /// The database, to be closed.
    pub(super) fn take(mut self) -> Option<Database> {
        self.database.take()
    }

    /// For what needs it whole.
    pub(super) fn database_mut(&mut self) -> Option<&mut Database> {
        self.database.as_mut()
    }

    /// Closes the file and gives up the rest.
    pub(super) fn abandon(mut self) {
        self.give_up();
    }

    fn give_up(&mut self) {
        // Closing only lets the handle go.
        let _ = IndexBackend(Arc::clone(&self.file)).close();
        std::mem::forget(self.database.take());
    }
}

impl Deref for Base {
    type Target = Database;

    fn deref(&self) -> &Database {
        self.database
            .as_ref()
            .expect("it is there until it is taken or dropped")
    }
}

impl Drop for Base {
    fn drop(&mut self) {
        if thread::panicking() {
            self.give_up();
        }
    }
}
