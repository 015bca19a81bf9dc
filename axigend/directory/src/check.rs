//! Checks a directory that nobody uses: the list of domains, and for each domain its objects and names.
//!
//! Says too where the mail of each domain lies and who its accounts are, for whoever checks that next.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use axigen_shared::Refusal;
use axigend_storage::{AccountId, Disk, Ledger, LedgerOptions};

use crate::credential::Credential;
use crate::identity::{FILE, Found, Identity};
use crate::objects::names_of;
use crate::paths;
use crate::record::{DomainRecord, DomainState};
use crate::server::AdminRecord;
use crate::tables::{
    ADMIN, CREDENTIAL, DOMAIN, Kind, NAME, NAMES_END, NameRecord, OBJECT, OBJECTS_FORMAT, SERVER_FORMAT,
};
use crate::tables::{OBJECT_TABLES, SERVER_TABLES, decode_object, object_key};

/// What was looked at and what is wrong with it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DirectoryReport {
    /// Domains that are or should be in service.
    pub domains: Vec<CheckedDomain>,
    /// Problems found, in words for the administrator, each with the directory it is in; empty when all is well.
    pub problems: Vec<(PathBuf, String)>,
}

/// A domain of the list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CheckedDomain {
    /// Its name.
    pub name: String,
    /// Where its mail is.
    pub messages: Vec<PathBuf>,
    /// Names of its accounts.
    pub accounts: BTreeMap<AccountId, String>,
}

/// Checks the server storage in `server_dir` and the objects of all its domains. `fresh_disk` gives a disk for each
/// ledger; on a `ReadOnlyDisk` nothing is changed.
pub fn check(
    server_dir: &Path,
    workdir: &Path,
    fresh_disk: &dyn Fn() -> Arc<dyn Disk>,
) -> Result<DirectoryReport, Refusal> {
    let mut report = DirectoryReport::default();
    let mut problems = Vec::new();
    let options = LedgerOptions::new("directory", SERVER_TABLES, SERVER_FORMAT);
    let Some(ledger) = Ledger::open_checked(server_dir, fresh_disk(), options, &mut problems)? else {
        return Ok(report);
    };
    problems.append(&mut ledger.check_books(&HashMap::new())?);
    for (key, value) in ledger.read(|at| at.scan(ADMIN, &[], NAMES_END, usize::MAX))? {
        if AdminRecord::decode(&value).is_err() {
            let name = String::from_utf8_lossy(&key);
            problems.push(format!("the administrative user {name} cannot be read"));
        }
    }
    let domains = ledger.read(|at| at.scan(DOMAIN, &[], &[0xFF; 5], usize::MAX))?;
    for (key, value) in domains {
        match DomainRecord::decode(&key, &value) {
            Ok(record) if matches!(record.state, DomainState::Enabled | DomainState::Disabled) => {
                domain(&record, workdir, fresh_disk(), &mut report);
            }
            // The next start finishes what was begun.
            Ok(_) => {}
            Err(_) => problems.push(format!("domain number {key:02X?} cannot be read")),
        }
    }
    let place = |problem| (server_dir.to_owned(), problem);
    report.problems.extend(problems.into_iter().map(place));
    Ok(report)
}

fn domain(record: &DomainRecord, workdir: &Path, disk: Arc<dyn Disk>, report: &mut DirectoryReport) {
    let objects = paths::absolute(workdir, record.objects.path());
    let mut problems = Vec::new();
    check_identities(record, workdir, &*disk, report);
    let accounts = check_objects(&objects, disk, &mut problems).unwrap_or_else(|refusal| {
        problems.push(format!("cannot be opened: {}", refusal.detail));
        BTreeMap::new()
    });
    report
        .problems
        .extend(problems.into_iter().map(|problem| (objects.clone(), problem)));
    let messages = record
        .messages
        .iter()
        .map(|place| paths::absolute(workdir, place.path()));
    report.domains.push(CheckedDomain {
        name: record.name.clone(),
        messages: messages.collect(),
        accounts,
    });
}

/// Whether each directory of a domain holds the storage that the list says; those that have no usid yet get it at the
/// next start.
fn check_identities(record: &DomainRecord, workdir: &Path, disk: &dyn Disk, report: &mut DirectoryReport) {
    for (role, place) in record.places().filter(|(_, place)| place.usid.is_known()) {
        let dir = paths::absolute(workdir, place.path());
        let problem = match Identity::read(disk, &dir) {
            Ok(Found::Identity(found)) if found.usid == place.usid && found.role == role => continue,
            Ok(Found::Identity(found)) => format!("holds the storage {}", found.shown()),
            Ok(Found::Damaged) => format!("{FILE} is damaged"),
            Ok(Found::Unmarked | Found::Nothing) => format!("{FILE} is missing"),
            Err(refusal) => refusal.detail,
        };
        let wanted = format!(
            "{problem}; expected {} ({} of domain {})",
            place.usid,
            role.name(),
            record.name
        );
        report.problems.push((dir, wanted));
    }
}

/// Checks the objects of one domain; the names of its accounts.
fn check_objects(
    dir: &Path,
    disk: Arc<dyn Disk>,
    problems: &mut Vec<String>,
) -> Result<BTreeMap<AccountId, String>, Refusal> {
    let options = LedgerOptions::new("objects", OBJECT_TABLES, OBJECTS_FORMAT);
    let Some(ledger) = Ledger::open_checked(dir, disk, options, problems)? else {
        problems.push("the objects of the domain are missing".to_owned());
        return Ok(BTreeMap::new());
    };
    problems.append(&mut ledger.check_books(&HashMap::new())?);
    let domain = ledger.read(|at| at.get(OBJECT, &object_key(Kind::Domain, 0)))?;
    if domain.is_none_or(|bytes| decode_object(Kind::Domain, &bytes).is_err()) {
        problems.push("the domain's own object cannot be read".to_owned());
    }
    let mut names = read_names(&ledger, problems)?;
    let mut accounts = BTreeMap::new();
    for kind in [Kind::Account, Kind::Group, Kind::List, Kind::FolderRcpt] {
        let mut found = check_kind(&ledger, kind, &mut names, problems)?;
        // Both have mailboxes.
        if matches!(kind, Kind::Account | Kind::List) {
            accounts.append(&mut found);
        }
    }
    problems.extend(
        names
            .keys()
            .map(|name| format!("the name {name} leads to nothing")),
    );
    Ok(accounts)
}

/// Checks the objects of one kind, and takes their names off `names`; their numbers and names.
fn check_kind(
    ledger: &Ledger,
    kind: Kind,
    names: &mut HashMap<String, (Kind, u64)>,
    problems: &mut Vec<String>,
) -> Result<BTreeMap<u64, String>, Refusal> {
    let noun = kind.noun();
    let (from, to) = (object_key(kind, 0), object_key(kind, u64::MAX));
    let mut found = BTreeMap::new();
    for (key, value) in ledger.read(|at| at.scan(OBJECT, &from, &to, usize::MAX))? {
        let id = key.last_chunk::<8>().map(|id| u64::from_be_bytes(*id));
        let (Some(id), Ok((object, _))) = (id, decode_object(kind, &value)) else {
            problems.push(format!("{noun} {key:02X?} cannot be read"));
            continue;
        };
        let name = object.get("name").str().to_owned();
        for (lookup, _, shown) in names_of(kind, &object) {
            if names.remove(&lookup) != Some((kind, id)) {
                problems.push(format!("the name {shown} does not lead to {noun} {name}"));
            }
        }
        let credential = ledger.read(|at| at.get(CREDENTIAL, &id.to_be_bytes()))?;
        if credential.is_some_and(|bytes| Credential::decode(&bytes).is_err()) {
            problems.push(format!("the password of {noun} {name} cannot be read"));
        }
        found.insert(id, name);
    }
    Ok(found)
}

/// Lookup names, and kind and number of what bears them.
fn read_names(ledger: &Ledger, problems: &mut Vec<String>) -> Result<HashMap<String, (Kind, u64)>, Refusal> {
    let mut names = HashMap::new();
    for (key, value) in ledger.read(|at| at.scan(NAME, &[], NAMES_END, usize::MAX))? {
        match (String::from_utf8(key), NameRecord::decode(&value)) {
            (Ok(name), Ok(record)) => drop(names.insert(name, (record.kind, record.id))),
            _ => problems.push("a name cannot be read".to_owned()),
        }
    }
    Ok(names)
}
