//! What is to be seen of the search indexes: `SHOW SearchIndexInformation`, `SHOW SearchIndexJobs`.

use super::{Administration, registry_information::bare, table};
use axigen_shared::control::{Body, Section};
use axigen_shared::grammar::Args;
use axigen_shared::{Cause, Refusal};
use axigend_console::{Acted, Place};
use axigend_directory::Role;
use axigend_search::{IndexStatus, JobState, SearchIndex, Sieve};
use axigend_storage::{FolderInfo, Mailbox};
use std::path::Path;
use std::sync::Arc;

/// Messages looked at between two looks at other commands.
const AT_ONCE: usize = 4096;
/// Accounts asked for at a time.
const ACCOUNTS_AT_ONCE: usize = 1000;
/// Columns of tables that count messages.
const COUNTS: [(&str, usize); 3] = [("name", 28), ("messages", 10), ("indexed", 0)];

impl Administration {
    /// `SHOW SearchIndexInformation` of an account or a domain.
    pub(super) async fn search_index_information(
        &self,
        place: &Place,
        args: &Args,
    ) -> Result<Acted, Refusal> {
        match place.target.keys.as_slice() {
            [domain] => self.domain_index(domain, args).await,
            [_, _] => self.account_index(place, args).await,
            _ => Err(super::no_target(&place.target)),
        }
    }

    async fn domain_index(&self, domain: &str, args: &Args) -> Result<Acted, Refusal> {
        let storages = self.parts.directory.storages(domain)?;
        let storages = storages.iter().filter(|storage| storage.role == Role::Messages);
        let dirs: Vec<&Path> = storages.map(|storage| storage.dir.as_path()).collect();
        for dir in &dirs {
            // Opened, so that there is an index to look at.
            self.parts.stores.get(dir)?;
        }
        if !args.flag("details") && !args.flag("allfolders") {
            return Ok(self.status(&dirs, args.flag("diag")));
        }
        let mut rows = Vec::new();
        let mut after = None;
        loop {
            let directory = &self.parts.directory;
            let names = directory.accounts(domain, after.as_deref(), ACCOUNTS_AT_ONCE, None)?;
            for name in &names {
                let mailbox = self.mailbox_of(self.account(domain, name)?.as_ref())?;
                let index = self.parts.searches.index(mailbox.store().dir());
                let mut sum = (0, 0);
                for folder in mailbox.folders()? {
                    let counted = count(&mailbox, &folder, index.as_ref()).await?;
                    sum = (sum.0 + counted.0, sum.1 + counted.1);
                }
                rows.push(vec![name.clone(), sum.0.to_string(), sum.1.to_string()]);
            }
            match names.last() {
                Some(last) if names.len() >= ACCOUNTS_AT_ONCE => after = Some(last.clone()),
                _ => break,
            }
        }
        let table = table("The search index by accounts:", &COUNTS, rows);
        Ok(Acted::with(Body::Table(table)))
    }

    async fn account_index(&self, place: &Place, args: &Args) -> Result<Acted, Refusal> {
        let mailbox = self.mailbox(&place.target)?;
        let dir = mailbox.store().dir().to_owned();
        if args.flag("diag") {
            return Ok(self.status(&[&dir], true));
        }
        let folders = match args.text("folder") {
            Some(name) => vec![mailbox.folder(name)?],
            None => mailbox.folders()?,
        };
        let index = self.parts.searches.index(&dir);
        let mut rows = Vec::new();
        for folder in folders {
            let (messages, indexed) = count(&mailbox, &folder, index.as_ref()).await?;
            rows.push(vec![folder.name, messages.to_string(), indexed.to_string()]);
        }
        let table = table("The search index by folders:", &COUNTS, rows);
        Ok(Acted::with(Body::Table(table)))
    }

    /// The indexes of stores, a section each.
    fn status(&self, dirs: &[&Path], diag: bool) -> Acted {
        let sections = dirs.iter().map(|dir| self.section(dir, diag)).collect();
        Acted::with(Body::Attributes { sections })
    }

    fn section(&self, dir: &Path, diag: bool) -> Section {
        let job = self.parts.searches.job(dir);
        let (status, state) = job.map_or((IndexStatus::default(), "closed"), |job| {
            (job.index.status(), word(job.state))
        });
        let mut rows = vec![
            ("Search index status", state.to_owned()),
            ("Stored messages", status.bodies.to_string()),
            ("Indexed messages", status.documents.to_string()),
            ("Search index size", status.bytes.div_ceil(1024).to_string()),
        ];
        if diag {
            rows.push(("Search index parts", status.segments.to_string()));
            rows.push(("Search index entries", status.entries.to_string()));
        }
        let attributes = rows.into_iter().map(|(name, text)| bare(name.to_owned(), text));
        Section {
            title: "Search index information".to_owned(),
            attributes: attributes.collect(),
            lines: Vec::new(),
        }
    }

    /// `SHOW SearchIndexJobs`.
    pub(super) fn search_index_jobs(&self) -> Acted {
        let home = &self.parts.working_directory;
        let rows = self.parts.searches.jobs().into_iter().map(|job| {
            let status = job.index.status();
            let dir = job.dir.strip_prefix(home).unwrap_or(&job.dir);
            vec![
                dir.display().to_string(),
                word(job.state).to_owned(),
                status.bodies.to_string(),
                status.documents.to_string(),
            ]
        });
        let columns = [("storage", 40), ("state", 8), ("messages", 10), ("indexed", 0)];
        Acted::with(Body::Table(table(
            "The list of search index jobs:",
            &columns,
            rows.collect(),
        )))
    }
}

/// Messages of a folder, and how many of them the index holds.
async fn count(
    mailbox: &Mailbox,
    folder: &FolderInfo,
    index: Option<&Arc<SearchIndex>>,
) -> Result<(usize, usize), Refusal> {
    let mut sieve = index.and_then(Sieve::for_counting);
    let (mut messages, mut indexed) = (0, 0);
    let mut from = 0;
    loop {
        let rows = mailbox.messages(folder.id, from, AT_ONCE)?;
        messages += rows.len();
        let next = rows.last().map(|row| row.uid.saturating_add(1));
        let counting = tokio::task::spawn_blocking(move || {
            let held = sieve
                .as_mut()
                .map_or(0, |sieve| rows.iter().filter(|row| sieve.holds(row.body)).count());
            (held, rows.len(), sieve)
        });
        let (held, read, left) = counting
            .await
            .map_err(|error| Refusal::new(Cause::Internal, format!("counting: {error}")))?;
        sieve = left;
        indexed += held;
        match next {
            Some(next) if read >= AT_ONCE => from = next,
            _ => return Ok((messages, indexed)),
        }
    }
}

const fn word(state: JobState) -> &'static str {
    match state {
        JobState::Idle => "idle",
        JobState::Waiting => "waiting",
        JobState::Running => "running",
        JobState::Failed => "failed",
    }
}
