//! The running configuration and its changes.

use crate::file;
use crate::settings::Settings;
use arc_swap::ArcSwap;
use axigen_shared::Refusal;
use axigen_shared::schema::{Change, Diagnostic, Object, Scope, Severity};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::watch;

/// The running configuration: the SERVER tree, its typed view, and the file.
pub struct RunningConfig {
    path: PathBuf,
    snapshot: ArcSwap<Snapshot>,
    changed: watch::Sender<u64>,
    /// Held while a proposal is accepted or the file written, so that neither sees half of the other.
    order: Mutex<()>,
    unsaved: AtomicBool,
}

struct Snapshot {
    object: Arc<Object>,
    settings: Arc<Settings>,
}

/// A change that was found good, to be accepted or dropped.
#[derive(Clone, Debug)]
pub struct Proposal {
    /// The SERVER tree with the changes.
    pub object: Object,
    /// Its typed view.
    pub settings: Arc<Settings>,
    changes: Vec<Change>,
}

impl RunningConfig {
    /// Loads a file; one that does not exist means defaults.
    ///
    /// The warnings come with the configuration; when there is any error there is no configuration and all of them.
    pub fn load(path: &Path) -> Result<(Self, Vec<Diagnostic>), Vec<Diagnostic>> {
        let (object, diagnostics) = file::read(path)?;
        let (settings, diagnostics) = view(path, &object, diagnostics)?;
        let snapshot = Snapshot {
            object: Arc::new(object),
            settings: Arc::new(settings),
        };
        let config = Self {
            path: path.to_path_buf(),
            snapshot: ArcSwap::from_pointee(snapshot),
            changed: watch::Sender::new(0),
            order: Mutex::new(()),
            unsaved: AtomicBool::new(false),
        };
        Ok((config, diagnostics))
    }

    /// The file it was loaded from.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The newest typed snapshot.
    pub fn settings(&self) -> Arc<Settings> {
        Arc::clone(&self.snapshot.load().settings)
    }

    /// The newest SERVER tree.
    pub fn object(&self) -> Arc<Object> {
        Arc::clone(&self.snapshot.load().object)
    }

    /// Changes whenever another snapshot was swapped in.
    pub fn changed(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// Applies changes to a copy of the newest tree and builds its typed view; nothing is live yet.
    pub fn propose(&self, changes: &[Change]) -> Result<Proposal, Refusal> {
        let mut object = Object::clone(&self.object());
        object.apply(changes)?;
        let settings = Arc::new(Settings::try_from(&object)?);
        Ok(Proposal {
            object,
            settings,
            changes: changes.to_vec(),
        })
    }

    /// Swaps a proposal in.
    ///
    /// When another proposal was accepted in between, the changes are applied to what is newest now, so that nothing of the
    /// other is lost; a pair of changes that contradict each other then leaves the newest as it is and is refused.
    pub fn accept(&self, proposal: Proposal) -> Result<(), Refusal> {
        let _order = self.order.lock().unwrap_or_else(PoisonError::into_inner);
        let Proposal { changes, .. } = proposal;
        let newest = self.propose(&changes)?;
        self.swap(newest.object, newest.settings);
        self.unsaved.store(true, Ordering::Release);
        Ok(())
    }

    /// Reads the file again. Unsaved changes are lost; on any error the running configuration stays as it is.
    pub fn reload(&self) -> Result<Vec<Diagnostic>, Vec<Diagnostic>> {
        let _order = self.order.lock().unwrap_or_else(PoisonError::into_inner);
        let (object, diagnostics) = file::read(&self.path)?;
        let (settings, diagnostics) = view(&self.path, &object, diagnostics)?;
        self.swap(object, Arc::new(settings));
        self.unsaved.store(false, Ordering::Release);
        Ok(diagnostics)
    }

    fn swap(&self, object: Object, settings: Arc<Settings>) {
        self.snapshot.store(Arc::new(Snapshot {
            object: Arc::new(object),
            settings,
        }));
        self.changed
            .send_modify(|version| *version = version.wrapping_add(1));
    }

    /// Writes the running configuration: to its own file, or beside it (see [`RunningConfig::save_as`]).
    pub fn save(&self, path: Option<&Path>) -> Result<PathBuf, Refusal> {
        let _order = self.order.lock().unwrap_or_else(PoisonError::into_inner);
        let text = file::text(&self.object(), Scope::Explicit);
        if let Some(path) = path {
            return file::write(path, &text).map(|()| path.to_path_buf());
        }
        file::write(&self.path, &text)?;
        self.unsaved.store(false, Ordering::Release);
        Ok(self.path.clone())
    }

    /// `SAVE CONFIG <path>`: writes to `<path>.saved` below the working directory (services-core, "Defaults of ours").
    pub fn save_as(&self, workdir: &Path, path: &str) -> Result<PathBuf, Refusal> {
        let target = file::below(workdir, path)?;
        self.save(Some(&target))
    }

    /// The running configuration as text, with everything in force and without secrets (`SHOW CONFIG`).
    pub fn render(&self) -> String {
        file::text(&self.object(), Scope::Everything)
    }

    /// Whether something was accepted that is not in the file.
    pub fn unsaved(&self) -> bool {
        self.unsaved.load(Ordering::Acquire)
    }
}

/// The typed view of a tree that was read without errors; a contradiction between attributes is an error of the file.
fn view(
    path: &Path,
    object: &Object,
    mut diagnostics: Vec<Diagnostic>,
) -> Result<(Settings, Vec<Diagnostic>), Vec<Diagnostic>> {
    let failed = diagnostics
        .iter()
        .any(|diagnostic| diagnostic.severity == Severity::Error);
    match Settings::try_from(object) {
        Ok(settings) if !failed => Ok((settings, diagnostics)),
        Ok(_) => Err(diagnostics),
        Err(refusal) => {
            diagnostics.push(Diagnostic {
                file: path.display().to_string(),
                line: 1,
                column: 1,
                attribute: None,
                message: refusal.detail,
                severity: Severity::Error,
            });
            Err(diagnostics)
        }
    }
}

impl std::fmt::Debug for RunningConfig {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("RunningConfig")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}
