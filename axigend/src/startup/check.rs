//! `--check`: everything below a working directory that nobody uses is read and compared, and left as it is.
//!
//! Each store is opened on a disk that keeps what is written in memory, so that what a start would repair is seen and not
//! done. One problem is one line on standard output, with the directory it is in; the last line is the sum.

use super::args::Args;
use super::exit::StartError;
use super::workdir;
use axigen_shared::Refusal;
use axigen_shared::value::working_path;
use axigend_config::RunningConfig;
use axigend_directory::{CheckedDomain, check as check_directory};
use axigend_queue::check as check_queue;
use axigend_storage::{ReadOnlyDisk, Store};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// What the process ends with when something is damaged.
const PROBLEMS_FOUND: u8 = 1;

/// What was looked at.
#[derive(Default)]
struct Sum {
    stores: u64,
    domains: u64,
    accounts: u64,
    mailboxes: u64,
    messages: u64,
    queued: u64,
    problems: u64,
}

/// Checks the working directory of these arguments; the exit code says whether all is well.
pub fn check(args: &Args) -> Result<ExitCode, StartError> {
    let given = args.working_directory();
    let path = std::fs::canonicalize(&given)
        .map_err(|error| StartError::Usage(format!("no working directory {}: {error}", given.display())))?;
    let _unused = workdir::lock_existing(&path)?;
    let (config, _) = RunningConfig::load(&args.config_file(&path)).map_err(StartError::Configuration)?;
    let mut check = Check {
        path,
        sum: Sum::default(),
    };
    check.directory();
    check.queue(working_path(&config.settings().processing.queue_path));
    println!("{}", check.sum.line());
    Ok(if check.sum.problems == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(PROBLEMS_FOUND)
    })
}

struct Check {
    path: PathBuf,
    sum: Sum,
}

impl Check {
    /// One line for each problem, with its place below the working directory.
    fn problems(&mut self, place: &Path, problems: &[String]) {
        let place = place.strip_prefix(&self.path).unwrap_or(place).display();
        for problem in problems {
            println!("{place}: {problem}");
        }
        self.sum.problems += problems.len() as u64;
    }

    fn unopened(&mut self, place: &Path, refusal: &Refusal) {
        self.problems(place, &[format!("cannot be opened: {}", refusal.detail)]);
    }

    fn directory(&mut self) {
        let server_data = self.path.join("serverData");
        self.sum.stores += 1;
        let report = match check_directory(&server_data, &self.path, &ReadOnlyDisk::shared) {
            Ok(report) => report,
            Err(refusal) => return self.unopened(&server_data, &refusal),
        };
        for (place, problem) in report.problems {
            self.problems(&place, &[problem]);
        }
        for domain in &report.domains {
            self.sum.domains += 1;
            self.sum.stores += 1;
            self.sum.accounts += domain.accounts.len() as u64;
            for store in &domain.messages {
                self.store(store, domain);
            }
        }
    }

    fn store(&mut self, store: &Path, domain: &CheckedDomain) {
        self.sum.stores += 1;
        let naming = |account| match domain.accounts.get(&account) {
            Some(name) => format!("{name}@{}", domain.name),
            None => format!("number {account}"),
        };
        match Store::check_closed(store, ReadOnlyDisk::shared(), &naming) {
            Ok(report) => {
                self.sum.mailboxes += report.mailboxes;
                self.sum.messages += report.messages;
                self.problems(store, &report.problems);
            }
            Err(refusal) => self.unopened(store, &refusal),
        }
    }

    fn queue(&mut self, kept: &str) {
        let queue = self.path.join(kept);
        self.sum.stores += 1;
        match check_queue(&queue, ReadOnlyDisk::shared()) {
            Ok(report) => {
                self.sum.queued += report.entries;
                self.problems(&queue, &report.problems);
            }
            Err(refusal) => self.unopened(&queue, &refusal),
        }
    }
}

impl Sum {
    fn line(&self) -> String {
        let Self {
            stores,
            domains,
            accounts,
            mailboxes,
            messages,
            queued,
            problems,
        } = self;
        format!(
            "checked {stores} stores: domains {domains}, accounts {accounts}, mailboxes {mailboxes}, \
             messages {messages}, queued {queued}; problems {problems}"
        )
    }
}
