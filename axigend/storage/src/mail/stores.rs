//! The open stores of the process, one per directory.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use axigen_shared::{Cause, Refusal};
use parking_lot::Mutex;

use super::store::{Store, StoreOptions};
use crate::disk::Disk;

/// A place for one store; locked while it is being opened or closed, so that others are not held up.
type Slot = Arc<Mutex<Option<Arc<Store>>>>;

/// Registry of open stores: opens on first use, once.
pub struct Stores {
    disk: Arc<dyn Disk>,
    options: StoreOptions,
    sync: AtomicBool,
    closed: AtomicBool,
    slots: Mutex<HashMap<PathBuf, Slot>>,
}

impl Stores {
    /// An empty registry; stores are opened on `disk` with `options`.
    pub fn new(disk: Arc<dyn Disk>, options: StoreOptions) -> Self {
        let sync = AtomicBool::new(options.sync);
        Self {
            disk,
            options,
            sync,
            closed: AtomicBool::new(false),
            slots: Mutex::default(),
        }
    }

    fn slot(&self, dir: &Path) -> Slot {
        Arc::clone(self.slots.lock().entry(dir.to_owned()).or_default())
    }

    /// The store in `dir`, opened or created if it is not open. Opening reads the disk and may replay a log: where
    /// nothing else may wait for that, ask [`Stores::opened`] first.
    pub fn get(&self, dir: &Path) -> Result<Arc<Store>, Refusal> {
        let slot = self.slot(dir);
        let mut store = slot.lock();
        if let Some(store) = &*store {
            return Ok(Arc::clone(store));
        }
        if self.closed.load(Ordering::Relaxed) {
            return Err(Refusal::new(Cause::ShuttingDown, "the storages are closed"));
        }
        let options = StoreOptions {
            sync: self.sync.load(Ordering::Relaxed),
            ..self.options.clone()
        };
        let opened = Store::open(dir, Arc::clone(&self.disk), &options)?;
        Ok(Arc::clone(store.insert(opened)))
    }

    /// The store in `dir` if it is open: never waits, not even for who is opening it.
    pub fn opened(&self, dir: &Path) -> Option<Arc<Store>> {
        let slot = self.slots.lock().get(dir).map(Arc::clone)?;
        let store = slot.try_lock()?;
        store.as_ref().map(Arc::clone)
    }

    /// Closes the store in `dir`, if it is open; those who hold it are refused from then on. The next [`Stores::get`]
    /// opens it again.
    pub fn close(&self, dir: &Path) {
        let slot = self.slots.lock().get(dir).map(Arc::clone);
        if let Some(slot) = slot {
            close_slot(dir, &slot);
        }
    }

    /// Closes all stores; none is opened any more.
    pub fn close_all(&self) {
        self.closed.store(true, Ordering::Relaxed);
        let slots: Vec<_> = self
            .slots
            .lock()
            .iter()
            .map(|(dir, slot)| (dir.clone(), Arc::clone(slot)))
            .collect();
        for (dir, slot) in slots {
            close_slot(&dir, &slot);
        }
    }

    /// Whether answers wait for the disk from now on (`enableIOSynchronization`), in all stores.
    pub fn set_sync(&self, sync: bool) {
        self.sync.store(sync, Ordering::Relaxed);
        let slots: Vec<_> = self.slots.lock().values().map(Arc::clone).collect();
        for slot in slots {
            if let Some(store) = &*slot.lock() {
                store.set_sync(sync);
            }
        }
    }
}

fn close_slot(dir: &Path, slot: &Slot) {
    if let Some(store) = slot.lock().take()
        && let Err(refusal) = store.close()
    {
        tracing::error!(module = "STORAGE", "closing {}: {refusal}", dir.display());
    }
}
