//! The administration engine: one command language, whoever types it.
//!
//! [`Engine`] holds what one administrator has open: a stack of contexts, each with a draft (a list of changes, never a
//! copy of the object), and runs commands against it. It knows contexts only through their declarations in
//! `axigen_shared::schema` and the server only through [`Backend`]; no service, domain or account is named here.
//!
//! Two sessions bring commands in and replies out, both without I/O: [`TextSession`] speaks the AXIGEN CLI over TCP,
//! [`ControlSession`] the JSON lines of the control socket. Both ask the same [`Request`]s and get the same [`Answer`]s.

mod answer;
mod backend;
mod engine;
mod session;
mod wildcard;

pub use answer::{Answer, Options, Request};
pub use backend::{Acted, Answered, Backend, Deferred, Follow, Held, Job, Look, Page, Place, Source, Target};
pub use engine::{Engine, Identity, Limits};
pub use session::{ControlSession, MAX_TEXT, TextSession};
pub use wildcard::fits;
