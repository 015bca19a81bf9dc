//! Groups: a name with members and no mailbox (domains-groupware, "Groups").
//!
//! Members are read when a message is expanded, so a change is felt by whatever was not expanded yet. Nested groups are
//! followed to a bounded depth, each once.

use std::collections::HashSet;
use std::sync::Arc;

use axigen_shared::schema::Object;
use axigen_shared::{Cause, Refusal};

use crate::account::AccountKey;
use crate::directory::{Directory, Resolution};
use crate::domain::Domain;
use crate::names::split_address;

/// Groups within groups that are followed (domains-groupware: 16).
const DEPTH_MOST: usize = 16;
/// Most members that a message to a group goes to; above it the message is refused rather than sent to some of them.
pub const MEMBERS_MOST: usize = 50_000;
/// Names of accounts read at once for a group that means all of them.
const PAGE: usize = 1000;

/// Who gets what is sent to a group (`distributeEmailTo`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DistributeTo {
    /// The addresses in it.
    Members,
    /// Every account of its domain.
    Domain,
    /// Every account of this server; a cluster of one node is the same.
    Server,
    /// Nobody: it is for permissions only.
    Nobody,
}

/// Who may write to a group (`receiveEmailFrom`). A sender is known by having logged in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReceiveFrom {
    /// Everybody.
    Anybody,
    /// Users of this server.
    Server,
    /// Users of its domain.
    Domain,
    /// Its members, those of groups in it included.
    Members,
    /// Its members.
    DirectMembers,
    /// Nobody.
    Nobody,
}

/// A group as services see it.
#[derive(Clone, Debug)]
pub struct Group {
    /// Number in its domain.
    pub id: u64,
    /// Local part, as written by the administrator.
    pub name: String,
    /// Its domain.
    pub domain: Arc<Domain>,
    /// Whether it takes mail.
    pub enabled: bool,
    /// Who gets what is sent to it.
    pub distribute_to: DistributeTo,
    /// Who may write to it.
    pub receive_from: ReceiveFrom,
    /// The addresses in it.
    pub addresses: Vec<String>,
}

/// One member of a group, no group itself.
#[derive(Clone, Debug)]
pub struct Member {
    /// Its address.
    pub address: String,
    /// What it leads to; an error is trouble of the directory, or a group within that does not take from this sender.
    pub resolution: Result<Resolution, Refusal>,
}

impl Group {
    pub(crate) fn of(domain: &Arc<Domain>, id: u64, object: &Object) -> Self {
        let distribute_to = match object.get("distributeEmailTo").str() {
            "domain" => DistributeTo::Domain,
            "server" | "cluster" => DistributeTo::Server,
            "nobody" => DistributeTo::Nobody,
            _ => DistributeTo::Members,
        };
        let receive_from = match object.get("receiveEmailFrom").str() {
            "server" => ReceiveFrom::Server,
            "domain" => ReceiveFrom::Domain,
            "members" => ReceiveFrom::Members,
            "directMembers" => ReceiveFrom::DirectMembers,
            "nobody" => ReceiveFrom::Nobody,
            _ => ReceiveFrom::Anybody,
        };
        Self {
            id,
            name: object.get("name").str().to_owned(),
            domain: Arc::clone(domain),
            enabled: object.get("enable").truth(),
            distribute_to,
            receive_from,
            addresses: object.names("addresses").to_vec(),
        }
    }

    /// `name@domain`.
    pub fn address(&self) -> String {
        format!("{}@{}", self.name, self.domain.name)
    }

    /// Whether mail to it is refused as to nobody: it is off, for permissions only, or has no address in it.
    pub fn takes_nothing(&self) -> bool {
        let empty = self.distribute_to == DistributeTo::Members && self.addresses.is_empty();
        !self.enabled || self.distribute_to == DistributeTo::Nobody || empty
    }
}

/// For whom a group is walked through.
#[derive(Clone, Copy)]
enum Walker {
    /// To know who is in it.
    Nobody,
    /// To send something: groups within have to take mail from this account, if the sender has logged in as one.
    Sender(Option<AccountKey>),
}

/// How a walk through a group goes on.
struct Walk<'a> {
    directory: &'a Directory,
    walker: Walker,
    groups: HashSet<(u32, u64)>,
    seen: HashSet<(String, String)>,
    members: Vec<Member>,
}

impl Directory {
    /// Whether the sender that logged in as `sender` may write to a group.
    pub fn may_post(&self, group: &Group, sender: Option<&str>) -> Result<bool, Refusal> {
        self.takes_from(group, self.sender_key(sender)?)
    }

    /// The members of a group, each once, groups within it replaced by theirs; those that take nothing are left out.
    /// `TooLarge` for more than [`MEMBERS_MOST`].
    pub fn expand_group(&self, group: &Group, sender: Option<&str>) -> Result<Vec<Member>, Refusal> {
        let sender = self.sender_key(sender)?;
        self.walk(group, Walker::Sender(sender))
    }

    fn sender_key(&self, sender: Option<&str>) -> Result<Option<AccountKey>, Refusal> {
        let Some(sender) = sender else {
            return Ok(None);
        };
        match self.resolve(sender, "")? {
            Resolution::Account(account) => Ok(Some(account.key())),
            _ => Ok(None),
        }
    }

    fn takes_from(&self, group: &Group, sender: Option<AccountKey>) -> Result<bool, Refusal> {
        if group.receive_from == ReceiveFrom::Anybody {
            return Ok(true);
        }
        let Some(sender) = sender else {
            return Ok(false);
        };
        let is_sender = |member: &Member| matches!(&member.resolution, Ok(Resolution::Account(account)) if account.key() == sender);
        Ok(match group.receive_from {
            ReceiveFrom::Anybody | ReceiveFrom::Server => true,
            ReceiveFrom::Nobody => false,
            ReceiveFrom::Domain => sender.domain == group.domain.id,
            ReceiveFrom::Members | ReceiveFrom::DirectMembers => match group.distribute_to {
                DistributeTo::Domain => sender.domain == group.domain.id,
                DistributeTo::Server => true,
                DistributeTo::Members | DistributeTo::Nobody
                    if group.receive_from == ReceiveFrom::DirectMembers =>
                {
                    let found = group.addresses.iter().map(|address| self.member(address));
                    found.into_iter().any(|member| is_sender(&member))
                }
                DistributeTo::Members | DistributeTo::Nobody => {
                    let within = Group {
                        distribute_to: DistributeTo::Members,
                        ..group.clone()
                    };
                    self.walk(&within, Walker::Nobody)?.iter().any(is_sender)
                }
            },
        })
    }

    fn member(&self, address: &str) -> Member {
        Member {
            address: address.to_owned(),
            resolution: self.resolve(address, ""),
        }
    }

    fn walk(&self, group: &Group, walker: Walker) -> Result<Vec<Member>, Refusal> {
        let mut walk = Walk {
            directory: self,
            walker,
            groups: HashSet::new(),
            seen: HashSet::new(),
            members: Vec::new(),
        };
        walk.enter(group, 0)?;
        Ok(walk.members)
    }
}

impl Walk<'_> {
    fn enter(&mut self, group: &Group, depth: usize) -> Result<(), Refusal> {
        if !self.groups.insert((group.domain.id, group.id)) {
            return Ok(());
        }
        if depth > DEPTH_MOST {
            tracing::warn!(
                module = "SERVER",
                "{} is nested more than {DEPTH_MOST} groups deep: left out",
                group.address()
            );
            return Ok(());
        }
        match group.distribute_to {
            DistributeTo::Nobody => Ok(()),
            DistributeTo::Domain => self.accounts_of(&group.domain.name),
            DistributeTo::Server => {
                let domains = self.directory.domains().into_iter();
                domains
                    .filter(|domain| domain.enabled)
                    .try_for_each(|domain| self.accounts_of(&domain.name))
            }
            DistributeTo::Members => group
                .addresses
                .iter()
                .try_for_each(|address| self.address(address, depth)),
        }
    }

    fn accounts_of(&mut self, domain: &str) -> Result<(), Refusal> {
        let mut after: Option<String> = None;
        loop {
            let names = self.directory.accounts(domain, after.as_deref(), PAGE, None)?;
            let Some(last) = names.last() else {
                return Ok(());
            };
            after = Some(last.clone());
            for name in names {
                let member = self.directory.member(&format!("{name}@{domain}"));
                self.take(member)?;
            }
        }
    }

    fn address(&mut self, address: &str, depth: usize) -> Result<(), Refusal> {
        let mut member = self.directory.member(address);
        if let Ok(Resolution::Group(group)) = &member.resolution {
            let group = Arc::clone(group);
            if !group.enabled || group.distribute_to == DistributeTo::Nobody {
                tracing::debug!(module = "SERVER", "{} takes no mail: left out", group.address());
                return Ok(());
            }
            let refused = match self.walker {
                Walker::Sender(sender) => !self.directory.takes_from(&group, sender)?,
                Walker::Nobody => false,
            };
            if !refused {
                return self.enter(&group, depth.saturating_add(1));
            }
            let detail = format!("{}: this sender may not write to it", group.address());
            member.resolution = Err(Refusal::new(Cause::NotPermitted, detail));
        }
        self.take(member)
    }

    fn take(&mut self, member: Member) -> Result<(), Refusal> {
        if !self.seen.insert(split_address(&member.address, "")) {
            return Ok(());
        }
        if self.members.len() >= MEMBERS_MOST {
            let detail = format!("a group has more than {MEMBERS_MOST} members");
            return Err(Refusal::new(Cause::TooLarge, detail));
        }
        self.members.push(member);
        Ok(())
    }
}
