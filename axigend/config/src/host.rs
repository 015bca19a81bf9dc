//! What the host calls itself.

use axigen_shared::value::domain_name;

/// The domain of the host: the result of the system's domain-name call, else what follows the first dot of its name;
/// empty when it has neither (services-core 3.1.2, `primaryDomain`).
pub(crate) fn domain() -> String {
    let uname = rustix::system::uname();
    let known = uname.domainname().to_string_lossy().into_owned();
    let of_name = name().split_once('.').map(|(_, domain)| domain.to_owned());
    [Some(known), of_name]
        .into_iter()
        .flatten()
        .filter(|domain| domain != "(none)")
        .find_map(|domain| domain_name(&domain).ok())
        .unwrap_or_default()
}

/// The name of the host, as far as it can be one in mail; `localhost` otherwise.
pub fn name() -> String {
    let uname = rustix::system::uname();
    domain_name(&uname.nodename().to_string_lossy()).unwrap_or_else(|_| "localhost".to_owned())
}
