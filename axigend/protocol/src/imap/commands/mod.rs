//! The commands: one row each, their work in a file each (RFC 9051, 6).
//!
//! A row says in which state a command may come and what it does with message numbers; the dispatcher checks and obeys
//! that once for all. The file parses the arguments and runs the command.

mod append;
mod authenticate;
mod capability;
mod close;
mod copy;
mod create;
mod delete;
mod enable;
mod expunge;
mod fetch;
mod id;
mod idle;
mod list;
mod login;
mod logout;
mod namespace;
mod noop;
mod quota;
mod rename;
mod search;
mod select;
mod sort;
mod starttls;
mod status;
mod store;
mod subscribe;
mod thread;
mod unselect;

use std::{future::Future, pin::Pin};

use super::{
    cursor::{Cursor, Parsed},
    dialogue::{Call, Dialogue, Fail, Fine},
};

/// When a command may come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum InState {
    Any,
    NotLoggedIn,
    /// With or without a selected mailbox.
    LoggedIn,
    Selected,
}

/// What a command does with message numbers, and so what may be told after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Numbers {
    /// It uses none: everything may be told.
    Unused,
    /// It uses them, unless in its UID form: EXPUNGE must wait (RFC 9051, 7.5.1).
    Used,
    /// Nothing is told after it: it opens or closes the mailbox, or tells by itself.
    Silent,
}

type Running<'a> = Pin<Box<dyn Future<Output = Result<Fine, Fail>> + 'a>>;

/// A command.
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) in_state: InState,
    pub(crate) numbers: Numbers,
    pub(crate) has_uid_form: bool,
    pub(crate) run: for<'a> fn(&'a mut Dialogue, Call) -> Running<'a>,
}

macro_rules! rows {
    ($($name:literal $state:ident $numbers:ident $uid:literal $module:ident;)*) => {
        &[$(Row {
            name: $name,
            in_state: InState::$state,
            numbers: Numbers::$numbers,
            has_uid_form: $uid,
            run: |dialogue, call| Box::pin(async move {
                let mut cursor = call.cursor();
                let parsed = match $module::parse(&mut cursor, &call).and_then(|parsed| cursor.end().map(|()| parsed)) {
                    Ok(parsed) => parsed,
                    Err(bad) => {
                        dialogue.refuse_literal(call.literal).await?;
                        return Err(bad.into());
                    }
                };
                $module::run(dialogue, &call, parsed).await
            }),
        }),*]
    };
}

/// Every command; the order is that of RFC 9051, 6.
static ROWS: &[Row] = rows! {
    "CAPABILITY"   Any         Unused false capability;
    "NOOP"         Any         Unused false noop;
    "CHECK"        Selected    Unused false noop;
    "LOGOUT"       Any         Silent false logout;
    "ID"           Any         Unused false id;
    "STARTTLS"     NotLoggedIn Silent false starttls;
    "AUTHENTICATE" NotLoggedIn Silent false authenticate;
    "LOGIN"        NotLoggedIn Silent false login;
    "ENABLE"       LoggedIn    Unused false enable;
    "SELECT"       LoggedIn    Silent false select;
    "EXAMINE"      LoggedIn    Silent false select;
    "CREATE"       LoggedIn    Unused false create;
    "DELETE"       LoggedIn    Unused false delete;
    "RENAME"       LoggedIn    Unused false rename;
    "SUBSCRIBE"    LoggedIn    Unused false subscribe;
    "UNSUBSCRIBE"  LoggedIn    Unused false subscribe;
    "LIST"         LoggedIn    Unused false list;
    "LSUB"         LoggedIn    Unused false list;
    "NAMESPACE"    LoggedIn    Unused false namespace;
    "STATUS"       LoggedIn    Unused false status;
    "APPEND"       LoggedIn    Unused false append;
    "IDLE"         LoggedIn    Silent false idle;
    "GETQUOTA"     LoggedIn    Unused false quota;
    "GETQUOTAROOT" LoggedIn    Unused false quota;
    "SETQUOTA"     LoggedIn    Unused false quota;
    "CLOSE"        Selected    Silent false close;
    "UNSELECT"     Selected    Silent false unselect;
    "EXPUNGE"      Selected    Unused true  expunge;
    "SEARCH"       Selected    Used   true  search;
    "SORT"         Selected    Used   true  sort;
    "THREAD"       Selected    Used   true  thread;
    "FETCH"        Selected    Used   true  fetch;
    "STORE"        Selected    Used   true  store;
    "COPY"         Selected    Unused true  copy;
    "MOVE"         Selected    Unused true  copy;
};

/// The arguments of a command that has none.
#[expect(clippy::unnecessary_wraps, reason = "every row parses in the same way")]
fn nothing(_: &mut Cursor<'_>, _: &Call) -> Parsed<()> {
    Ok(())
}

/// The command of that name, in capitals.
pub(crate) fn find(name: &str) -> Option<&'static Row> {
    ROWS.iter().find(|row| row.name == name)
}
