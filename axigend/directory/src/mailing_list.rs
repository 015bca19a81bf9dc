//! Mailing lists as services see them (domains-groupware, "Mailing lists"): a mailbox, addresses that take commands,
//! members that are plain addresses.
//!
//! What becomes of a message to one is decided by processing; this says only who the list is.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use axigen_shared::schema::Object;
use axigen_shared::value::Value;

use crate::account::Account;
use crate::names::{local_key, split_address};

/// Attributes that hold texts of several lines: fixed parts of posts and the mails that a list sends.
pub const LIST_TEXTS: [&str; 15] = [
    "addHeader",
    "bodyBegin",
    "bodyEnd",
    "unknownCommand",
    "invalidUserName",
    "notAUser",
    "badConfirmation",
    "userAlreadySubscribed",
    "invalidFormat",
    "requestNeedsConfirmation",
    "requestNeedsAdminConfirmation",
    "autoRejectResponse",
    "welcome",
    "goodbye",
    "subscribeDenied",
];

/// The three addresses with an attribute of their own, and how they are made from the name of the list.
const GENERATED: [(&str, &str); 3] = [
    ("requestRcpt", "request"),
    ("subscribeRcpt", "subscribe"),
    ("unsubscribeRcpt", "unsubscribe"),
];
/// The two that every list has.
const FIXED: [&str; 2] = ["owner", "bounces"];

/// Which address of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListAddress {
    /// The list itself: what comes here is for all members.
    Post,
    /// Reads commands.
    Request,
    /// Any mail subscribes its sender.
    Subscribe,
    /// Any mail unsubscribes its sender.
    Unsubscribe,
    /// Whoever administers the list.
    Owner,
    /// Reports about what the list sent.
    Bounces,
}

/// Who may post (`senderAllow`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SenderAllow {
    /// Anyone.
    All,
    /// Members and the moderator.
    Subscribers,
    /// The moderator.
    Moderator,
}

/// Which posts wait for the moderator (`moderate`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moderate {
    /// None.
    None,
    /// All but his own.
    All,
    /// Those of others than members.
    NonSubscribers,
}

/// The richest content that is accepted (`ctypeAllow`), rising.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ContentAllow {
    /// text/plain only.
    Text,
    /// Text with an HTML form of it.
    Html,
    /// With attachments.
    Attachments,
    /// Anything.
    All,
}

/// A member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListUser {
    /// Address.
    pub email: String,
    /// Name.
    pub name: String,
}

/// A mailing list. A snapshot, like [`Account`].
#[derive(Clone, Debug)]
pub struct MailingList {
    /// Its mailbox: name, domain, quotas, services.
    pub mailbox: Arc<Account>,
    /// What members see as its name.
    pub description: String,
    /// Who administers and moderates it.
    pub admin_email: String,
    /// Whether he has to approve who subscribes.
    pub admin_confirm: bool,
    /// Who may post.
    pub sender_allow: SenderAllow,
    /// Which posts wait for him.
    pub moderate: Moderate,
    /// The richest content that is accepted.
    pub content_allow: ContentAllow,
    /// Header fields taken out of posts.
    pub remove_headers: Vec<String>,
    /// Whether posts carry the list's address as author (DMARC).
    pub rewrite_from: bool,
    /// Members in the order of their subscription.
    pub users: Vec<ListUser>,
    /// Local parts of its addresses for commands.
    pub request: String,
    /// As `request`.
    pub subscribe: String,
    /// As `request`.
    pub unsubscribe: String,
    /// Texts that are set, by attribute.
    texts: BTreeMap<&'static str, String>,
    /// Which of `users` has an address, by its lookup form.
    index: HashMap<(String, String), usize>,
    enabled: Vec<ListAddress>,
}

impl MailingList {
    pub(crate) fn of(mailbox: Arc<Account>, object: &Object) -> Self {
        let users: Vec<ListUser> = object
            .children("users")
            .iter()
            .map(|user| ListUser {
                email: user.get("email").str().to_owned(),
                name: user.get("name").str().to_owned(),
            })
            .collect();
        let index = users.iter().enumerate();
        let index = index
            .map(|(at, user)| (split_address(&user.email, ""), at))
            .collect();
        let text = |name: &str| object.get(name).str().to_owned();
        let lines = |name: &&'static str| match object.explicit(name) {
            Some(Value::List(lines)) if !lines.is_empty() => Some((*name, lines.join("\r\n"))),
            _ => None,
        };
        let [request, subscribe, unsubscribe] = GENERATED.map(|(attribute, _)| text(attribute));
        Self {
            description: text("description"),
            admin_email: text("adminEmail"),
            admin_confirm: object.get("adminConfirm").truth(),
            sender_allow: match text("senderAllow").as_str() {
                "subscribers" => SenderAllow::Subscribers,
                "moderator" => SenderAllow::Moderator,
                _ => SenderAllow::All,
            },
            moderate: match text("moderate").as_str() {
                "all" => Moderate::All,
                "nonSubscribers" => Moderate::NonSubscribers,
                _ => Moderate::None,
            },
            content_allow: match text("ctypeAllow").as_str() {
                "text" => ContentAllow::Text,
                "html" => ContentAllow::Html,
                "attachments" => ContentAllow::Attachments,
                _ => ContentAllow::All,
            },
            remove_headers: object.names("removeHeaders").to_vec(),
            rewrite_from: object.get("rewriteFrom").truth(),
            users,
            request,
            subscribe,
            unsubscribe,
            texts: LIST_TEXTS.iter().filter_map(lines).collect(),
            index,
            enabled: enabled(&object.get("enabledRcpts")),
            mailbox,
        }
    }

    /// `name@domain`, where posts go.
    pub fn address(&self) -> String {
        self.mailbox.address()
    }

    /// The full address of one of its addresses.
    pub fn address_of(&self, which: ListAddress) -> String {
        let domain = &self.mailbox.domain.name;
        let name = &self.mailbox.name;
        match which {
            ListAddress::Post => self.mailbox.address(),
            ListAddress::Request => format!("{}@{domain}", self.request),
            ListAddress::Subscribe => format!("{}@{domain}", self.subscribe),
            ListAddress::Unsubscribe => format!("{}@{domain}", self.unsubscribe),
            ListAddress::Owner => format!("{name}-owner@{domain}"),
            ListAddress::Bounces => format!("{name}-bounces@{domain}"),
        }
    }

    /// Whether an address of it takes mail (`enabledRcpts`; the others always do).
    pub fn is_enabled(&self, which: ListAddress) -> bool {
        let optional = matches!(
            which,
            ListAddress::Request | ListAddress::Subscribe | ListAddress::Unsubscribe
        );
        !optional || self.enabled.contains(&which)
    }

    /// The member with this address, in any spelling that means the same.
    pub fn user(&self, address: &str) -> Option<&ListUser> {
        let at = self.index.get(&split_address(address, ""))?;
        self.users.get(*at)
    }

    /// Whether this is the address of who administers it.
    pub fn is_admin(&self, address: &str) -> bool {
        split_address(&self.admin_email, "") == split_address(address, "")
    }

    /// A text that was set, its lines ended by CRLF but the last.
    pub fn text(&self, attribute: &str) -> Option<&str> {
        self.texts.get(attribute).map(String::as_str)
    }

    /// Which of its addresses has this lookup name.
    pub(crate) fn called(&self, key: &str) -> ListAddress {
        let is = |which: &ListAddress| {
            let address = self.address_of(*which);
            address
                .rsplit_once('@')
                .is_some_and(|(local, _)| local_key(local) == key)
        };
        [
            ListAddress::Request,
            ListAddress::Subscribe,
            ListAddress::Unsubscribe,
            ListAddress::Owner,
            ListAddress::Bounces,
        ]
        .into_iter()
        .find(is)
        .unwrap_or(ListAddress::Post)
    }
}

fn enabled(value: &Value) -> Vec<ListAddress> {
    let Value::Set(names) = value else {
        return Vec::new();
    };
    let one = |name: &&'static str| match *name {
        "request" => Some(ListAddress::Request),
        "subscribe" => Some(ListAddress::Subscribe),
        "unsubscribe" => Some(ListAddress::Unsubscribe),
        _ => None,
    };
    names.iter().filter_map(one).collect()
}

/// The local parts of a list beside its name.
pub(crate) fn list_names(object: &Object) -> Vec<String> {
    let name = object.get("name").str().to_owned();
    let own = GENERATED.iter().map(|(attribute, ending)| {
        let given = object.get(attribute).str().to_owned();
        if given.is_empty() {
            format!("{name}-{ending}")
        } else {
            given
        }
    });
    own.chain(FIXED.iter().map(|ending| format!("{name}-{ending}")))
        .collect()
}

/// Writes the addresses that a list has by its name: into a new one, and again after a rename where they still are
/// those of the old name.
pub fn name_list_addresses(
    object: &mut Object,
    old_name: Option<&str>,
) -> Result<(), axigen_shared::Refusal> {
    let name = object.get("name").str().to_owned();
    for (attribute, ending) in GENERATED {
        let present = object.get(attribute).str().to_owned();
        let was_generated = old_name.is_some_and(|old| present == format!("{old}-{ending}"));
        if present.is_empty() || was_generated {
            object.set_text(attribute, &format!("{name}-{ending}"))?;
        }
    }
    Ok(())
}
