//! What the accounts of a domain inherit: quotas and limits, and what belongs to these wherever they are declared
//! (domains-groupware, "Quotas", "Limits").

use crate::schema::{Child, ChildVerb, Command, Context, Leave, groups};
use crate::value::Kind;

pub(super) static ACCOUNT_DEFAULT_QUOTAS: Context = Context {
    path: "domain/accountDefaultQuotas",
    prompt: "domain-accountDefaultQuotas",
    title: "AccountDefaultQuotas",
    leave: Leave::Done,
    attrs: &[&groups::QUOTAS],
    commands: &[&NOTIFICATION],
    ..Context::EMPTY
};

pub(super) static ACCOUNT_DEFAULT_LIMITS: Context = Context {
    path: "domain/accountDefaultLimits",
    prompt: "domain-accountDefaultLimits",
    title: "AccountDefaultLimits",
    leave: Leave::Done,
    attrs: &[&groups::LIMITS],
    children: &[exceptions(&[ChildVerb::List, ChildVerb::Add, ChildVerb::Remove])],
    ..Context::EMPTY
};

pub(super) const fn exceptions(verbs: &'static [ChildVerb]) -> Child {
    Child::names(
        ("sentRecipientsExceptions", "sentRecipientsExceptions"),
        "sentRecipientsExceptions",
        "<pattern>",
        Kind::Text { max: 255 },
    )
    .called(
        "exception of the limit of recipients",
        "The list of exceptions of the limit of recipients:",
    )
    .verbs(verbs)
    .without_effect()
}

pub(super) static NOTIFICATION: [Command; 1] = [Command::not_built(
    "ESET quotaLimitNotificationBody",
    "text of the warning, for old scripts",
)
.legacy()];
