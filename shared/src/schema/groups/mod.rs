//! Groups of attributes and commands that recur in many contexts, each declared once.
//!
//! A context names the groups it has; where its default differs it says so in [`super::Context::defaults`].

mod account;
mod connectivity;
mod service;

pub(super) use account::{CONTACT, LIMITS, LIMITS_OF_ACCOUNT, QUOTAS, USER_SERVICES};
pub(super) use connectivity::{
    ACCESS_LIMITS, ALLOW_RULE_LIMITS, LISTENER, LISTENER_LIMITS, LISTENER_TAIL, LISTENER_TLS, MAPPING,
    PLAIN_LISTENER, RULE, SSL, access_control, allow_rules, deny_rules, listeners,
};
pub(super) use service::{
    ERROR_LIMITS, GREETING, LOGGING, LOGIN, RESET, SAVE, SERVICE, THREADS, UNBUILT_SERVICE, USERDB,
};
