//! Values of attributes: what may be written, what it means, how it is printed.
//!
//! [`Kind`] is the type of an attribute or argument and parses words into a [`Value`]; a value prints itself as AXIGEN
//! text ([`Value::text`]) and as JSON ([`Value::json`]). Knows no attribute and no context.

mod date;
mod ip_set;
mod kind;
mod location;
mod names;
mod path;
mod print;
mod secret;
mod word;

pub use ip_set::IpSet;
pub use kind::{Choices, Kind};
pub use location::{Location, MAX_FILES};
pub use names::{domain_name, email_address, local_part};
pub use path::working_path;
pub use print::quoted;
pub use secret::Secret;
pub use word::Word;

use std::net::{IpAddr, SocketAddr};

/// Longest value of one attribute, in bytes (services-core, "Lexical rules and limits").
pub const MAX_VALUE: usize = 8192;

/// The value of an attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// Not set; printed `none`. Only kinds that allow it (addresses) take it.
    None,
    /// `yes` or `no`.
    Bool(bool),
    /// A number, in the unit of its attribute.
    Number(u64),
    /// Free text, a path, a name, a date.
    Text(String),
    /// One of a fixed list, in the spelling of the list.
    Choice(&'static str),
    /// A subset of a fixed list, in the order of the list.
    Set(Vec<&'static str>),
    /// An IP address and a port.
    Address(SocketAddr),
    /// An IP address.
    Ip(IpAddr),
    /// A range of IP addresses.
    IpSet(IpSet),
    /// Something to be kept from eyes and logs.
    Secret(Secret),
    /// Several texts.
    List(Vec<String>),
}

impl Value {
    /// `yes`/`no` as a truth; anything else is `false`.
    pub fn truth(&self) -> bool {
        matches!(self, Self::Bool(true))
    }

    /// The number; 0 for anything that is none.
    pub fn number(&self) -> u64 {
        match self {
            Self::Number(number) => *number,
            _ => 0,
        }
    }

    /// The text of texts, choices and secrets; empty for anything else.
    pub fn str(&self) -> &str {
        match self {
            Self::Text(text) => text,
            Self::Choice(choice) => choice,
            Self::Secret(secret) => secret.reveal(),
            _ => "",
        }
    }

    /// The chosen elements; empty for anything that is no set.
    pub fn set(&self) -> &[&'static str] {
        match self {
            Self::Set(set) => set,
            _ => &[],
        }
    }

    /// The texts of a list; empty for anything else.
    pub fn list(&self) -> &[String] {
        match self {
            Self::List(list) => list,
            _ => &[],
        }
    }

    /// Address and port, when it is one.
    pub fn address(&self) -> Option<SocketAddr> {
        match self {
            Self::Address(address) => Some(*address),
            _ => None,
        }
    }

    /// The IP address, when it is one.
    pub fn ip(&self) -> Option<IpAddr> {
        match self {
            Self::Ip(ip) => Some(*ip),
            _ => None,
        }
    }

    /// The range of addresses, when it is one.
    pub fn ip_set(&self) -> Option<&IpSet> {
        match self {
            Self::IpSet(set) => Some(set),
            _ => None,
        }
    }
}
