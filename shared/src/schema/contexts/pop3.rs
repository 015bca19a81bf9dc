//! SERVER/POP3 (services-core 3.2.4).

use super::connectivity;

connectivity!("SERVER/POP3", "server-pop3", idle: "600", more: &[]);

/// The POP3 service.
pub(super) static POP3: Context = Context {
    path: "SERVER/POP3",
    prompt: "server-pop3",
    title: "POP3",
    leave: Leave::Commit,
    attrs: &[
        &groups::ERROR_LIMITS,
        &groups::THREADS,
        &groups::LOGGING,
        &groups::LOGIN,
        &groups::USERDB,
        &groups::GREETING,
    ],
    defaults: &[("maxConnThreads", "16"), ("minConnThreads", "2")],
    children: &[
        groups::access_control(&ACCESS_CONTROL),
        groups::listeners(
            &LISTENER,
            "{ address = 0.0.0.0:110 } { address = [::]:110 } \
             { address = 0.0.0.0:995 sslEnable = yes } { address = [::]:995 sslEnable = yes }",
        ),
    ],
    commands: &[&groups::SERVICE, &groups::RESET],
    ..Context::EMPTY
};
