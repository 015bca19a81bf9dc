//! What a service may use to answer its session: every part of the server, built once.

use crate::jobs::Jobs;
use crate::services::Services;
use axigend_config::RunningConfig;
use axigend_directory::Directory;
use axigend_processing::Processing;
use axigend_queue::Queue;
use axigend_search::Searches;
use axigend_storage::Stores;
use std::path::PathBuf;
use std::sync::Arc;

/// The parts of a running server.
pub struct Parts {
    /// The configuration in force.
    pub config: Arc<RunningConfig>,
    /// Domains, accounts, administrative users.
    pub directory: Arc<Directory>,
    /// Mailboxes.
    pub stores: Arc<Stores>,
    /// The search indexes of the open mailboxes' stores.
    pub searches: Arc<Searches>,
    /// The mail queue.
    pub queue: Arc<Queue>,
    /// What delivers from it.
    pub processing: Arc<Processing>,
    /// The services, to be started, stopped and changed.
    pub services: Arc<Services>,
    /// Maintenance that runs.
    pub jobs: Arc<Jobs>,
    /// The working directory, absolute.
    pub working_directory: PathBuf,
}
