//! First step: who is meant by each recipient (domains-groupware, "Recipient resolution order").
//!
//! One recipient may lead to several places: a group is replaced by its members, each of which then has a state of its
//! own. A mailbox that is reached in several ways gets one copy. What a mailing list does with a message is in `lists`.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;

use axigen_shared::{Cause, Refusal};
use axigend_directory::{Account, Directory, Group, ListAddress, MailingList, Resolution, ServiceSwitch};
use axigend_queue::Envelope;
use axigend_storage::{AccountId, DeliverTo, MailboxLimits};

use crate::verdict::Verdict;

/// The folder of mail that is not filed anywhere else.
const INBOX: &str = "INBOX";

/// Where a recipient's copy goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// Message storage of the domain.
    pub(crate) store: PathBuf,
    pub(crate) account: AccountId,
    pub(crate) folder: String,
    pub(crate) limits: MailboxLimits,
    /// Address of the account, for the log.
    pub(crate) shown: String,
}

impl Place {
    pub(crate) fn of(account: &Account, folder: String) -> Self {
        Self {
            store: account.message_dir.to_path_buf(),
            account: account.id,
            folder,
            limits: account.mailbox_limits,
            shown: account.address(),
        }
    }

    /// As the store wants it.
    pub(crate) fn deliver_to(&self) -> DeliverTo {
        DeliverTo {
            account: self.account,
            folder: self.folder.clone(),
            limits: self.limits,
        }
    }
}

/// What a recipient has become.
#[derive(Clone, Debug)]
pub(crate) enum Destination {
    Local(Place),
    /// A mailing list decides.
    List(Arc<MailingList>, ListAddress),
    /// A mailing list has dealt with it, in these words.
    Handled(String),
    /// Not ours: for SMTP sending.
    Relay,
    /// Nothing can be delivered now or ever; with the detail for the log.
    Refused(Verdict, String),
}

/// A recipient after expansion.
#[derive(Clone, Debug)]
pub(crate) struct Expanded {
    /// Its address: as accepted, or that of a member.
    pub(crate) address: String,
    pub(crate) destination: Destination,
    /// Which recipient of the envelope it comes from.
    pub(crate) of: usize,
}

/// Expands those recipients of a message of `size` bytes that are `wanted`.
pub(crate) fn expand_all(
    directory: &Directory,
    envelope: &Envelope,
    wanted: impl Fn(usize) -> bool,
    primary_domain: &str,
    size: u64,
) -> Vec<Expanded> {
    let recipients = envelope.recipients.iter().enumerate();
    let resolved: Vec<(usize, &str, Result<Resolution, Refusal>)> = recipients
        .filter(|(at, _)| wanted(*at))
        .map(|(at, recipient)| {
            let address = recipient.address.as_str();
            (at, address, directory.resolve(address, primary_domain))
        })
        .collect();
    let mut expansion = Expansion {
        directory,
        size,
        seen: HashSet::new(),
        expanded: Vec::with_capacity(resolved.len()),
    };
    // Whoever is named by the sender comes before whoever is only in a group, so that the copy is his.
    let (groups, single): (Vec<_>, Vec<_>) = resolved
        .into_iter()
        .partition(|(_, _, resolution)| matches!(resolution, Ok(Resolution::Group(_))));
    for (of, address, resolution) in single {
        if let Ok(Resolution::List(list, ListAddress::Owner | ListAddress::Bounces)) = &resolution {
            expansion.administrator(of, address, list, primary_domain);
            continue;
        }
        let destination = destination(resolution, size);
        expansion.seen.insert(Reached::of(address, &destination));
        expansion.expanded.push(Expanded {
            address: address.to_owned(),
            destination,
            of,
        });
    }
    for (of, address, resolution) in groups {
        if let Ok(Resolution::Group(group)) = resolution {
            expansion.group(of, address, &group, envelope.authenticated.as_deref());
        }
    }
    expansion.expanded.sort_by_key(|expanded| expanded.of);
    expansion.expanded
}

/// What tells whether a member has been reached already.
#[derive(PartialEq, Eq, Hash)]
enum Reached {
    Mailbox(PathBuf, AccountId),
    Address(String),
}

impl Reached {
    fn of(address: &str, destination: &Destination) -> Self {
        match destination {
            Destination::Local(place) => Self::Mailbox(place.store.clone(), place.account),
            Destination::List(list, which) => Self::Address(list.address_of(*which).to_lowercase()),
            Destination::Relay | Destination::Handled(_) | Destination::Refused(..) => {
                Self::Address(lower_domain(address))
            }
        }
    }
}

/// Local parts of other servers may differ by letter case (RFC 5321, 2.4), domains do not.
fn lower_domain(address: &str) -> String {
    match address.rsplit_once('@') {
        Some((local, domain)) => format!("{local}@{}", domain.to_ascii_lowercase()),
        None => address.to_owned(),
    }
}

struct Expansion<'a> {
    directory: &'a Directory,
    size: u64,
    seen: HashSet<Reached>,
    expanded: Vec<Expanded>,
}

impl Expansion<'_> {
    /// What is for whoever administers a list goes to his address, which is the recipient from now on.
    fn administrator(&mut self, of: usize, address: &str, list: &MailingList, primary_domain: &str) {
        let admin = list.admin_email.as_str();
        match self.directory.resolve(admin, primary_domain) {
            Ok(Resolution::Group(group)) => self.group(of, address, &group, None),
            // A list that administers a list could send its mail in a circle.
            Ok(Resolution::List(..)) => self.expanded.push(Expanded {
                address: address.to_owned(),
                destination: Destination::Refused(
                    Verdict::UNKNOWN_USER,
                    format!("{admin}, who administers it, is a list"),
                ),
                of,
            }),
            resolution => {
                let destination = destination(resolution, self.size);
                if self.seen.insert(Reached::of(admin, &destination)) {
                    self.expanded.push(Expanded {
                        address: admin.to_owned(),
                        destination,
                        of,
                    });
                }
            }
        }
    }

    /// A group that a message is addressed to.
    fn group(&mut self, of: usize, address: &str, group: &Group, sender: Option<&str>) {
        let refused = match self.directory.may_post(group, sender) {
            Ok(true) if group.takes_nothing() => {
                Some((Verdict::UNKNOWN_USER, "the group takes no mail".to_owned()))
            }
            Ok(true) => None,
            Ok(false) => Some((
                Verdict::NOT_FOR_SENDER,
                "this sender may not write to it".to_owned(),
            )),
            Err(refusal) => Some((Verdict::of(refusal.cause), refusal.to_string())),
        };
        let refused = match refused {
            Some(refused) => Some(refused),
            None => match self.directory.expand_group(group, sender) {
                Ok(members) => {
                    let any = self.members(of, members);
                    (!any).then(|| (Verdict::NO_MEMBERS, "no member takes mail".to_owned()))
                }
                Err(refusal) if refusal.cause == Cause::TooLarge => {
                    Some((Verdict::TOO_MANY_MEMBERS, refusal.detail))
                }
                Err(refusal) => Some((Verdict::of(refusal.cause), refusal.to_string())),
            },
        };
        if let Some((verdict, detail)) = refused {
            self.expanded.push(Expanded {
                address: address.to_owned(),
                destination: Destination::Refused(verdict, detail),
                of,
            });
        }
    }

    /// Takes over the members of a group that were not reached yet; whether there is any.
    fn members(&mut self, of: usize, members: Vec<axigend_directory::Member>) -> bool {
        let mut any = false;
        for member in members {
            let destination = match member.resolution {
                Err(refusal) if refusal.cause == Cause::NotPermitted => {
                    Destination::Refused(Verdict::NOT_FOR_SENDER, refusal.detail)
                }
                resolution => destination(resolution, self.size),
            };
            // An account that takes no mail is left out, and nobody has to hear of it.
            if matches!(&destination, Destination::Refused(verdict, _) if *verdict == Verdict::NOT_ACCEPTING)
            {
                continue;
            }
            any = true;
            if self.seen.insert(Reached::of(&member.address, &destination)) {
                self.expanded.push(Expanded {
                    address: member.address,
                    destination,
                    of,
                });
            }
        }
        any
    }
}

/// Where an address that is no group leads.
fn destination(resolution: Result<Resolution, Refusal>, size: u64) -> Destination {
    let (account, folder) = match resolution {
        Ok(Resolution::Account(account)) => (account, INBOX.to_owned()),
        Ok(Resolution::CatchAll { account, folder }) => (account, folder),
        Ok(Resolution::List(list, which)) if list.is_enabled(which) => return Destination::List(list, which),
        Ok(Resolution::Remote) => return Destination::Relay,
        Ok(Resolution::UnknownUser | Resolution::List(..) | Resolution::Group(_)) => {
            return Destination::Refused(Verdict::UNKNOWN_USER, "no such user".to_owned());
        }
        Ok(Resolution::DomainDisabled) => {
            let verdict = Verdict::of(Cause::DomainDisabled);
            return Destination::Refused(verdict, "the domain is disabled".to_owned());
        }
        Err(refusal) => return Destination::Refused(Verdict::of(refusal.cause), refusal.to_string()),
    };
    to_mailbox(&account, folder, size)
}

/// To a folder of a mailbox, if it takes a message of this size.
pub(crate) fn to_mailbox(account: &Account, folder: String, size: u64) -> Destination {
    if !account.services.contains(ServiceSwitch::SmtpIncoming) {
        let why = format!("{} may not receive", account.address());
        return Destination::Refused(Verdict::NOT_ACCEPTING, why);
    }
    let most = account.mailbox_limits.total_size_kb;
    if most != 0 && size > most.saturating_mul(1024) {
        let why = format!("{size} bytes do not fit into {most} KB of {}", account.address());
        return Destination::Refused(Verdict::LARGER_THAN_MAILBOX, why);
    }
    Destination::Local(Place::of(account, folder))
}
