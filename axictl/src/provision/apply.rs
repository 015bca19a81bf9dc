//! `axictl diff` and `axictl apply`: a file sent to the daemon, object by object.
//!
//! Objects go in requests of many, in the order of the file; one that hangs on another (a list on an account) and was refused is
//! tried once more at the end. Nothing is kept here: what was applied is found unchanged when the same file is applied again,
//! so an apply that was cut off is simply repeated.

use super::export::read as read_row;
use super::report::Report;
use super::{Entry, file, spoken};
use crate::client::Client;
use crate::render::Form;
use crate::session::{End, show_progress};
use axigen_shared::control::{Body, Effect, MAX_APPLIED, Outcome, Reply, Status, Subject, Wanted};
use axigen_shared::schema::{Object, context};
use serde_json::Value as Json;
use std::collections::HashSet;
use std::path::Path;

/// Bytes of documents in one request.
const MAX_BYTES: usize = 1024 * 1024;
/// Objects that are not in the file and named; of more only the number is told.
const NAMED: usize = 20;
/// The account that every domain begins with.
const POSTMASTER: &str = "postmaster";

/// What is to be done.
#[derive(Clone, Copy)]
pub struct Job<'a> {
    /// The file.
    pub file: &'a Path,
    /// Only tell what would be done.
    pub check: bool,
    /// Remove what the daemon has and the file has not, in the domains of the file.
    pub prune: bool,
    /// How it is told.
    pub form: Form,
}

/// Does it; whether all is, or was, as the file says. A message when the file cannot be used at all.
pub fn apply(client: &mut Client, job: Job<'_>) -> Result<Result<bool, String>, End> {
    let name = job.file.display().to_string();
    let text = match crate::input::whole_file(job.file) {
        Ok(text) => text,
        Err(error) => return Ok(Err(format!("{name}: {error}"))),
    };
    let mut entries = match file::read(&text) {
        Ok(entries) => entries,
        Err(why) => return Ok(Err(format!("{name}: {why}"))),
    };
    with_passwords_of_postmasters(&mut entries);
    let mut sender = Sender::new(client, Report::new(job.form, &name, job.check), false, job.check);
    let said = sender.send_all(&entries)?;
    if let Some(why) = said {
        return Ok(Err(why));
    }
    if (job.prune || job.check)
        && let Some(why) = sender.prune(&entries, job.prune)?
    {
        return Ok(Err(why));
    }
    let report = sender.report;
    report.sum()?;
    let as_wanted = if job.check {
        !report.differs()
    } else {
        report.refused == 0
    };
    Ok(Ok(as_wanted))
}

/// A new domain needs the password of its postmaster, which stands with that account.
fn with_passwords_of_postmasters(entries: &mut [Entry]) {
    let mut passwords = std::collections::HashMap::new();
    for entry in entries.iter() {
        if let [_, domain, word, name] = entry.way.as_slice()
            && word == "Account"
            && name.eq_ignore_ascii_case(POSTMASTER)
            && let Some(password) = entry.document.get("password")
        {
            passwords.insert(domain.to_ascii_lowercase(), password.clone());
        }
    }
    for entry in entries {
        if let ([_, domain], Json::Object(fields)) = (entry.way.as_slice(), &mut entry.document)
            && let Some(password) = passwords.get(&domain.to_ascii_lowercase())
        {
            fields
                .entry("postmasterPassword")
                .or_insert_with(|| password.clone());
        }
    }
}

/// Sends objects and tells how it went.
pub(super) struct Sender<'client> {
    client: &'client mut Client,
    pub(super) report: Report,
    keep: bool,
    check: bool,
    /// Ways of objects that would be made: what is below them cannot be asked about.
    would_be: HashSet<Vec<String>>,
}

impl<'client> Sender<'client> {
    pub(super) fn new(client: &'client mut Client, report: Report, keep: bool, check: bool) -> Self {
        Self {
            client,
            report,
            keep,
            check,
            would_be: HashSet::new(),
        }
    }

    /// Sends everything, what was refused once more at the end; what the daemon said when it refused all.
    pub(super) fn send_all(&mut self, entries: &[Entry]) -> Result<Option<String>, End> {
        let mut again: Vec<(&Entry, Outcome)> = Vec::new();
        let mut rest = entries;
        while !rest.is_empty() {
            let (now, later) = rest.split_at(batch(rest));
            rest = later;
            let outcomes = match self.send(now)? {
                Ok(outcomes) => outcomes,
                Err(why) => return Ok(Some(why)),
            };
            for (entry, outcome) in now.iter().zip(outcomes) {
                if outcome.effect == Effect::Refused {
                    again.push((entry, outcome));
                } else {
                    self.report.tell(entry, &outcome)?;
                }
            }
            show_progress(&format!("{} of {}", entries.len() - rest.len(), entries.len()));
        }
        show_progress("");
        for (entry, first) in again {
            let outcome = if self.check {
                first
            } else {
                match self.send(std::slice::from_ref(entry))? {
                    Ok(outcomes) => outcomes.into_iter().next().unwrap_or(first),
                    Err(why) => return Ok(Some(why)),
                }
            };
            self.report.tell(entry, &outcome)?;
        }
        Ok(None)
    }

    /// One request; what the daemon said when it refused it whole.
    fn send(&mut self, entries: &[Entry]) -> Result<Result<Vec<Outcome>, String>, End> {
        if let Some(first) = entries.first()
            && self
                .would_be
                .iter()
                .any(|made| first.way.len() > made.len() && first.way.starts_with(made))
        {
            return Ok(Ok(entries.iter().map(read_only).collect()));
        }
        let objects = entries
            .iter()
            .map(|entry| Wanted {
                way: entry.way.clone(),
                document: entry.document.clone(),
            })
            .collect();
        let reply = self.client.ask(Subject::Apply {
            objects,
            check: self.check,
            keep: self.keep,
        })?;
        let outcomes = match outcomes(reply) {
            Ok(outcomes) if outcomes.len() == entries.len() => outcomes,
            Ok(_) => return Ok(Err("axigend did not answer for every object".to_owned())),
            Err(why) => return Ok(Err(why)),
        };
        if self.check {
            let made = entries.iter().zip(&outcomes);
            let made = made.filter(|(_, outcome)| outcome.effect == Effect::Created);
            self.would_be.extend(made.map(|(entry, _)| entry.way.clone()));
        }
        Ok(Ok(outcomes))
    }

    /// What the daemon has beyond the file, in the domains of the file: removed, or only told.
    fn prune(&mut self, entries: &[Entry], remove: bool) -> Result<Option<String>, End> {
        let lower =
            |way: &[String]| -> Vec<String> { way.iter().map(|word| word.to_ascii_lowercase()).collect() };
        let known: HashSet<Vec<String>> = entries.iter().map(|entry| lower(&entry.way)).collect();
        let domains: Vec<String> = entries
            .iter()
            .filter(|entry| entry.way.len() == 2 && !self.would_be.contains(&entry.way))
            .filter_map(|entry| entry.way.last().cloned())
            .collect();
        if domains.is_empty() {
            return Ok(None);
        }
        let mut surplus = Vec::new();
        let reply = self.client.ask(Subject::Export {
            domains,
            server: false,
            hashes: false,
        })?;
        if reply.status != Status::Ok {
            return Ok(Some(reply.message));
        }
        let Body::Table(table) = reply.body else {
            return Ok(None);
        };
        for (way, _) in table.rows.iter().filter_map(|row| read_row(row)) {
            let postmaster = way
                .last()
                .is_some_and(|name| name.eq_ignore_ascii_case(POSTMASTER));
            if !known.contains(&lower(&way)) && !postmaster {
                surplus.push(Entry {
                    way,
                    document: Json::Null,
                    line: 0,
                });
            }
        }
        // What is inside goes before what holds it.
        surplus.reverse();
        if remove {
            return self.send_all(&surplus);
        }
        for entry in surplus.iter().take(NAMED) {
            eprintln!(
                "axictl: {} is not in the file; axictl apply --prune would remove it",
                spoken(&entry.way)
            );
        }
        if surplus.len() > NAMED {
            eprintln!("axictl: {} more are not in the file", surplus.len() - NAMED);
        }
        Ok(None)
    }
}

/// An object below one that would be made: the document is read, more cannot be known.
fn read_only(entry: &Entry) -> Outcome {
    let word = entry.way.iter().step_by(2).next_back().map_or("", String::as_str);
    let mut path = String::from("domain/");
    path.push_str(&word.get(..1).unwrap_or_default().to_ascii_lowercase());
    path.push_str(word.get(1..).unwrap_or_default());
    let mut document = entry.document.clone();
    if let Json::Object(fields) = &mut document {
        fields.remove(file::NAME);
    }
    let read = context(&path).map(|context| Object::from_document(context, &document));
    match read {
        Some(Err(why)) => Outcome::refused(why.join("; ")),
        _ => Outcome::of(Effect::Created),
    }
}

/// How many of the entries go in one request: objects side by side in one holder, so that none waits for another.
fn batch(entries: &[Entry]) -> usize {
    let holder = |entry: &Entry| {
        entry
            .way
            .split_last()
            .map_or(Vec::new(), |(_, holder)| holder.to_vec())
    };
    let Some(first) = entries.first().map(holder) else {
        return 0;
    };
    let mut bytes = 0;
    let fits = entries.iter().take(MAX_APPLIED).take_while(|entry| {
        bytes += entry.document.to_string().len();
        holder(entry) == first && bytes <= MAX_BYTES
    });
    fits.count().max(1)
}

fn outcomes(reply: Reply) -> Result<Vec<Outcome>, String> {
    if reply.status != Status::Ok {
        return Err(reply.message);
    }
    match reply.body {
        Body::Json { value } => serde_json::from_value(value)
            .map_err(|error| format!("axigend sent outcomes that cannot be read: {error}")),
        _ => Err("axigend did not tell how it went".to_owned()),
    }
}
