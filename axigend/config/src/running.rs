//! The running configuration and its changes.

use crate::file;
use crate::settings::{Settings, SslSettings, certificates, contradictions};
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
        let (object, settings, diagnostics) = view(file::read(path)?)?;
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
        let (object, settings, diagnostics) = view(file::read(&self.path)?)?;
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

/// Checks a file as a whole: as [`RunningConfig::load`] does, and every certificate that a listener needs.
///
/// `certificate` says what is wrong with one. The warnings when all is right; everything there is to say otherwise.
pub fn check(
    path: &Path,
    certificate: impl Fn(&SslSettings) -> Result<(), Refusal>,
) -> Result<Vec<Diagnostic>, Vec<Diagnostic>> {
    let source = file::read(path)?;
    let mut unusable = Vec::new();
    for (at, ssl) in certificates(&source.object) {
        if let Err(refusal) = certificate(&ssl) {
            // The diagnostic begins with the name.
            let message = refusal.detail.trim_start_matches("certFile ").to_owned();
            unusable.push(source.diagnostic(&at, &["certFile"], message));
        }
    }
    let (mut diagnostics, wrong) = match view(source) {
        Ok((_, _, warnings)) => (warnings, !unusable.is_empty()),
        Err(mistakes) => (mistakes, true),
    };
    diagnostics.append(&mut unusable);
    diagnostics.sort_by_key(|one| (one.line, one.column));
    if wrong { Err(diagnostics) } else { Ok(diagnostics) }
}

type Viewed = (Object, Settings, Vec<Diagnostic>);

/// The typed view of a tree that was read without errors; a contradiction between attributes is an error of the file.
fn view(source: file::Source) -> Result<Viewed, Vec<Diagnostic>> {
    let found = contradictions(&source.object);
    let contrary: Vec<Diagnostic> = found
        .into_iter()
        .map(|one| source.diagnostic(&one.at, &one.attributes, one.message))
        .collect();
    let settings = Settings::try_from(&source.object);
    let unknown_place = |refusal: Refusal| source.diagnostic(&[], &[], refusal.detail);
    let settings = settings.map_err(unknown_place);
    let file::Source {
        object,
        mut diagnostics,
        ..
    } = source;
    diagnostics.extend(contrary.iter().cloned());
    diagnostics.sort_by_key(|one| (one.line, one.column));
    let failed = diagnostics.iter().any(|one| one.severity == Severity::Error);
    match settings {
        Ok(settings) if !failed => Ok((object, settings, diagnostics)),
        Ok(_) => Err(diagnostics),
        Err(other) => {
            // The first contradiction is what the view is refused for, and it is said already.
            diagnostics.extend(contrary.is_empty().then_some(other));
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
