//! The services: each joins a protocol to the parts that answer it. Services never import one another.
//!
//! [`Services`] is what administration sees of them: which are built, which run, how to start, stop and change them.

mod cli;
mod control;
mod imap;
mod log;
mod pop3;
mod registry;
mod smtp_incoming;

pub use log::LogService;
pub use registry::{Change, Services, Started};

use crate::parts::Parts;
use axigend_config::ServiceName;
use axigend_net::{Service, ServiceHost, TlsStore};
use std::sync::Arc;

/// The services that are reached over the network, by name; all stopped.
pub fn hosts(parts: &Arc<Parts>, tls: &Arc<TlsStore>) -> Vec<(ServiceName, Arc<ServiceHost>)> {
    let parts = || Arc::clone(parts);
    let host = |service: Arc<dyn Service>| ServiceHost::new(service, Arc::clone(tls));
    vec![
        (
            ServiceName::SmtpIncoming,
            host(Arc::new(smtp_incoming::SmtpIncomingService::new(parts()))),
        ),
        (ServiceName::Imap, host(Arc::new(imap::ImapService::new(parts())))),
        (ServiceName::Pop3, host(Arc::new(pop3::Pop3Service::new(parts())))),
        (ServiceName::Cli, host(Arc::new(cli::CliService::new(parts())))),
    ]
}

/// The service behind the control socket, stopped. Not among the others: nobody starts or stops it alone.
pub fn control(parts: &Arc<Parts>, tls: &Arc<TlsStore>) -> Arc<ServiceHost> {
    ServiceHost::new(
        Arc::new(control::ControlService::new(Arc::clone(parts))),
        Arc::clone(tls),
    )
}
