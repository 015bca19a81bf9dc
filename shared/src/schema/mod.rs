//! The schema: every context, attribute and command, declared once.
//!
//! The declarations are in `contexts` (one file per area) and `groups` (what recurs); everything else here is functions over
//! them: [`Object`] holds explicit values, [`Change`] is what drafts are made of, `file` is the syntax of the configuration
//! file. Adding a context means adding a declaration; no function knows one by name.

mod apply;
mod attr;
mod change;
mod child;
mod command;
mod context;
mod contexts;
mod difference;
mod document;
mod file;
mod groups;
mod names;
mod object;
#[cfg(test)]
mod tests;

pub use crate::value::{Kind, Value};
pub use apply::{MAX_CHILDREN, MAX_NAMES};
pub use attr::{Access, Attr, Effect, Live, Unit};
pub use change::{Action, Change, Step};
pub use child::{Child, ChildVerb, Layout, Shape};
pub use command::{Command, Verb};
pub use context::{Context, Leave};
pub use contexts::{context, contexts, login, root};
pub use difference::{Difference, Rest, difference};
pub use file::{Diagnostic, Scope, Severity, place, print};
pub use names::Names;
pub use object::{Object, Origin, Shown, Unknown};
