//! Storages as administrators see them: which there are, where they are, what they take.

use super::{Administration, table};
use crate::jobs::Running;
use axigen_shared::control::{Body, Form, Table};
use axigen_shared::grammar::Args;
use axigen_shared::{Cause, Refusal};
use axigend_console::{Acted, Answered, Place, fits};
use axigend_directory::{Role, Usid};
use axigend_storage::{Ledger, LedgerFacts, Store};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What stands for the server itself where a domain could be named.
pub(super) const SERVER: &str = "the server";

/// A storage of a domain or of the server.
#[derive(Clone)]
pub(super) struct Storage {
    /// Which one it is, if it belongs to a domain.
    pub usid: Option<Usid>,
    /// What it holds: `objects` or `messages`.
    pub role: &'static str,
    /// Its directory.
    pub dir: PathBuf,
    pub ledger: Arc<Ledger>,
    /// The mailboxes in it, if it has some.
    pub store: Option<Arc<Store>>,
}

impl Storage {
    /// How administrators name it.
    pub fn usid(&self) -> String {
        // The server's own storage is known by its ledger.
        self.usid.map_or_else(
            || format!("{:016x}", self.ledger.identity()),
            |usid| usid.to_string(),
        )
    }
}

/// Does what waits for the disk away from the connection's thread.
pub(super) async fn apart<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Refusal> + Send + 'static,
) -> Result<T, Refusal> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|_| Err(Refusal::new(Cause::Internal, "a task of maintenance panicked")))
}

impl Administration {
    /// The storages of a domain in service.
    pub(super) fn storages(&self, domain: &str) -> Result<Vec<Storage>, Refusal> {
        let objects = self.parts.directory.domain_ledger(domain)?;
        let mut storages = Vec::new();
        for known in self.parts.directory.storages(domain)? {
            let usid = Some(known.usid);
            match known.role {
                Role::DomainObjects => storages.push(Storage {
                    usid,
                    role: "objects",
                    dir: objects.facts()?.dir,
                    ledger: Arc::clone(&objects),
                    store: None,
                }),
                Role::Messages => {
                    let store = self.parts.stores.get(&known.dir)?;
                    storages.push(Storage {
                        usid,
                        role: "messages",
                        dir: known.dir,
                        ledger: store.ledger(),
                        store: Some(store),
                    });
                }
                // The domain's own directory holds the others.
                Role::Domain | Role::Server => {}
            }
        }
        Ok(storages)
    }

    /// The storage of the server itself.
    pub(super) fn server_storage(&self) -> Result<Storage, Refusal> {
        let ledger = self.parts.directory.server_ledger();
        Ok(Storage {
            usid: None,
            role: "server",
            dir: ledger.facts()?.dir,
            ledger,
            store: None,
        })
    }

    /// The storages that a command means: those of the domain it was given in, else all, or those that fit a pattern.
    pub(super) async fn meant_storages(&self, place: &Place, args: &Args) -> Result<Vec<Storage>, Refusal> {
        let own = Self::over(&self.parts);
        let domain = domain_of(place).map(str::to_owned);
        let pattern = args.text("matchingURI").map(str::to_owned);
        apart(move || {
            let mut storages = match &domain {
                Some(domain) => own.storages(domain)?,
                None => own.all_storages()?,
            };
            if let Some(pattern) = pattern {
                let bare = pattern.strip_prefix("file://").unwrap_or(&pattern);
                storages.retain(|storage| fits(bare, &storage.dir.to_string_lossy()));
            }
            Ok(storages)
        })
        .await
    }

    fn all_storages(&self) -> Result<Vec<Storage>, Refusal> {
        let mut all = vec![self.server_storage()?];
        for domain in self
            .parts
            .directory
            .domains()
            .iter()
            .filter(|domain| domain.enabled)
        {
            match self.storages(&domain.name) {
                Ok(storages) => all.extend(storages),
                Err(refusal) => tracing::warn!("storages of {} are not known: {refusal}", domain.name),
            }
        }
        Ok(all)
    }

    /// `LIST Storages`: usid first, as clients expect.
    pub(super) async fn list_storages(&self, place: &Place, args: &Args) -> Result<Acted, Refusal> {
        let storages = self.meant_storages(place, args).await?;
        let row = |storage: Storage| format!("{}  {}  {}", storage.usid(), storage.role, uri(&storage.dir));
        // One cell: this form of lists has none (WIRE.md 6.2).
        let rows = storages.into_iter().map(|storage| vec![row(storage)]).collect();
        let columns = [("storage", 0)];
        Ok(Acted::with(Body::Table(Table {
            form: Form::Plain,
            ..table("The list of storages:", &columns, rows)
        })))
    }

    /// `SHOW StorageInformation [details]`: KB; the header is the first line (WIRE.md 6.3).
    pub(super) async fn storage_information(&self, place: &Place, args: &Args) -> Result<Acted, Refusal> {
        let storages = match domain_of(place) {
            Some(_) => self.meant_storages(place, args).await?,
            None => vec![self.server_storage()?],
        };
        let details = args.flag("details");
        let facts = apart(move || {
            let facts = |storage: Storage| Ok((storage.usid(), storage.role, storage.ledger.facts()?));
            storages
                .into_iter()
                .map(facts)
                .collect::<Result<Vec<_>, Refusal>>()
        });
        let mut rows = vec![header(details)];
        rows.extend(
            facts
                .await?
                .into_iter()
                .map(|(usid, role, facts)| information(usid, role, &facts, details)),
        );
        let lines = aligned(&rows);
        Ok(Acted::with(Body::Text { lines, blank: true }))
    }

    /// `UPGRADE Storage`: opening does that.
    pub(super) async fn upgrade_storage(&self, place: &Place, args: &Args) -> Result<Acted, Refusal> {
        let count = self.meant_storages(place, args).await?.len();
        Ok(said(format!("{count} storages have the newest format")))
    }

    /// `LIST activeStorageTransactions`: the work on storages that takes long.
    pub(super) fn list_transactions(&self, place: &Place, args: &Args) -> Result<Acted, Refusal> {
        let (of, details) = (domain_of(place), args.flag("details"));
        let mut rows = Vec::new();
        for running in self.parts.jobs.running() {
            let Running {
                kind,
                place,
                progress,
                last,
            } = running;
            let meant = of.is_none_or(|domain| domain == place);
            if !meant || !self.lies_at(&place, args.text("matchingURI"))? {
                continue;
            }
            let mut row = vec![kind.to_string(), place, progress];
            row.extend(details.then_some(last));
            rows.push(row);
        }
        let columns = [
            ("work", 16),
            ("storages of", 20),
            ("progress", 0),
            ("last said", 0),
        ];
        let columns = if details { &columns[..] } else { &columns[..3] };
        Ok(Acted::with(Body::Table(table(
            "The list of work on storages:",
            columns,
            rows,
        ))))
    }

    /// Whether one of the storages of a domain, or the server's, fits a pattern; all do where there is none.
    fn lies_at(&self, place: &str, pattern: Option<&str>) -> Result<bool, Refusal> {
        let Some(pattern) = pattern else {
            return Ok(true);
        };
        let bare = pattern.strip_prefix("file://").unwrap_or(pattern);
        if place == SERVER {
            return Ok(fits(bare, &self.server_storage()?.dir.to_string_lossy()));
        }
        let known = self.parts.directory.storages(place)?;
        Ok(known.iter().any(|known| fits(bare, &known.dir.to_string_lossy())))
    }
}

/// The domain that a command was given in.
pub(super) fn domain_of(place: &Place) -> Option<&str> {
    place.target.keys.first().map(String::as_str)
}

/// The domain, or the server, that a command was given in, in words.
pub(super) fn place_name(place: &Place) -> String {
    domain_of(place).unwrap_or(SERVER).to_owned()
}

/// Done, with a sentence.
pub(super) fn said(message: String) -> Acted {
    Acted::Done(Answered {
        message: Some(message),
        ..Answered::default()
    })
}

/// A location without blanks, so that it stays one column.
fn uri(dir: &Path) -> String {
    format!(
        "file://{}",
        dir.to_string_lossy().replace('%', "%25").replace(' ', "%20")
    )
}

fn header(details: bool) -> Vec<String> {
    let mut header = vec!["usid", "kind", "total", "used"];
    if details {
        header.extend([
            "live",
            "free",
            "index",
            "files",
            "maxFiles",
            "maxFileSize",
            "readOnly",
            "location",
        ]);
    }
    header.into_iter().map(str::to_owned).collect()
}

/// One row, sizes in KB: what may be used and is used on disk; of that what lives and what compaction can give back.
fn information(usid: String, role: &str, facts: &LedgerFacts, details: bool) -> Vec<String> {
    let kb = |bytes: u64| bytes.div_ceil(1024).to_string();
    let usage = facts.usage;
    let limited = facts.max_files < u32::MAX;
    let total = facts.max_file_size.saturating_mul(u64::from(facts.max_files));
    let mut row = vec![
        usid,
        role.to_owned(),
        if limited { kb(total) } else { "0".to_owned() },
        kb(usage.container_bytes.saturating_add(usage.index_bytes)),
    ];
    if details {
        row.extend([
            kb(usage.live_bytes),
            kb(usage.container_bytes.saturating_sub(usage.live_bytes)),
            kb(usage.index_bytes),
            facts.files.to_string(),
            if limited {
                facts.max_files.to_string()
            } else {
                "0".to_owned()
            },
            kb(facts.max_file_size),
            if facts.read_only { "yes" } else { "no" }.to_owned(),
            uri(&facts.dir),
        ]);
    }
    row
}

/// Columns one below the other, two blanks between.
fn aligned(rows: &[Vec<String>]) -> Vec<String> {
    let width = |at: usize| rows.iter().filter_map(|row| row.get(at)).map(String::len).max();
    let line = |row: &Vec<String>| {
        let cell =
            |(at, text): (usize, &String)| format!("{text:<width$}", width = width(at).unwrap_or_default());
        let line: Vec<String> = row.iter().enumerate().map(cell).collect();
        line.join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}
