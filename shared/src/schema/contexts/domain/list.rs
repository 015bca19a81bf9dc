//! domain/list and its parts (domains-groupware, "Mailing lists").

use super::filters::filters;
use super::list_parts::{LIMITS, QUOTAS, WEBMAIL_DATA};
use crate::schema::{Access, Attr, Child, Command, Context, Leave, groups};
use crate::value::{Choices, Kind};

/// Most members of a list. They are part of the list's object, which is written whole with each change.
const USERS_MOST: usize = 20_000;

filters!(FILTERS, "domain/list/FILTERS", "domain-list-filters");

static LIST_ATTRS: [Attr; 15] = [
    Attr::new(
        "name",
        Kind::LocalPart,
        "",
        "name of the list, the part of its address before the @",
    )
    .access(Access::Key)
    .works(),
    Attr::new(
        "services",
        Kind::ChoiceSet(groups::USER_SERVICES),
        "(smtpIncoming smtpOutgoing pop3 imap webmail rpop)",
        "services that may be used with its mailbox",
    )
    .usage("(list of services)")
    .works(),
    Attr::new(
        "password",
        Kind::PASSWORD,
        "",
        "password of its mailbox, or {SCHEME}hash of one",
    )
    .usage("<string>")
    .access(Access::WriteOnly)
    .works(),
    Attr::new(
        "subscribeRcpt",
        Kind::LocalPart,
        "",
        "name of the address where any mail subscribes",
    )
    .usage("<rcpt>")
    .works(),
    Attr::new(
        "unsubscribeRcpt",
        Kind::LocalPart,
        "",
        "name of the address where any mail unsubscribes",
    )
    .usage("<rcpt>")
    .works(),
    Attr::new(
        "requestRcpt",
        Kind::LocalPart,
        "",
        "name of the address that reads commands",
    )
    .usage("<rcpt>")
    .works(),
    Attr::new(
        "enabledRcpts",
        Kind::ChoiceSet(Choices::of(&["subscribe", "unsubscribe", "request"])),
        "(subscribe unsubscribe request)",
        "which of the three are there",
    )
    .usage("(choice set)")
    .works(),
    Attr::new("description", Kind::TEXT, "", "what members see as its name")
        .usage("<description>")
        .works(),
    Attr::new(
        "adminConfirm",
        Kind::Bool,
        "no",
        "the administrator has to approve who subscribes",
    )
    .works(),
    Attr::new(
        "senderAllow",
        Kind::Choice(Choices::of(&["all", "subscribers", "moderator"])),
        "all",
        "who may post",
    )
    .usage("<choice>")
    .works(),
    Attr::new(
        "moderate",
        Kind::Choice(Choices::of(&["none", "all", "nonSubscribers"])),
        "none",
        "which posts wait for the moderator",
    )
    .usage("<choice>")
    .works(),
    Attr::new(
        "ctypeAllow",
        Kind::Choice(Choices::of(&["text", "html", "attachments", "all"])),
        "all",
        "richest content that is accepted",
    )
    .usage("<choice>")
    .works(),
    Attr::new(
        "adminEmail",
        Kind::EmailAddress,
        "",
        "address of who administers and moderates it",
    )
    .usage("<email>")
    .works(),
    Attr::new(
        "publishContactInfo",
        Kind::Bool,
        "yes",
        "appears among the contacts of the domain",
    ),
    Attr::new(
        "rewriteFrom",
        Kind::Bool,
        "no",
        "members see the list as author, so that DMARC holds",
    )
    .works(),
];

/// A text of several lines: set by ESET only.
const fn lines(name: &'static str, help: &'static str) -> Attr {
    Attr::new(name, Kind::List, "()", help)
        .access(Access::FileOnly)
        .works()
}

static LIST_TEXTS: [Attr; 15] = [
    lines("addHeader", "header fields added to posts"),
    lines("bodyBegin", "text put before posts"),
    lines("bodyEnd", "text put after posts"),
    lines("unknownCommand", "answer to a command that is none"),
    lines("invalidUserName", "answer to a name that cannot be taken"),
    lines("notAUser", "answer to one who leaves and is no member"),
    lines("badConfirmation", "answer to a code that is wrong or too old"),
    lines("userAlreadySubscribed", "answer to one who is a member already"),
    lines("invalidFormat", "answer to a post whose content is not accepted"),
    lines(
        "requestNeedsConfirmation",
        "asks whoever subscribes to confirm it",
    ),
    lines(
        "requestNeedsAdminConfirmation",
        "says that the administrator has to approve",
    ),
    lines("autoRejectResponse", "answer to a post that is not published"),
    lines("welcome", "greets a new member"),
    lines("goodbye", "takes leave of a member"),
    lines("subscribeDenied", "says that the administrator did not approve"),
];

/// The name of the text is part of the action.
static TEXT_COMMANDS: [Command; 15] = [
    Command::act(
        "ESET addHeader",
        "SetListText/addHeader",
        "sets header fields that are added to posts",
    ),
    Command::act(
        "ESET bodyBegin",
        "SetListText/bodyBegin",
        "sets the text before posts",
    ),
    Command::act("ESET bodyEnd", "SetListText/bodyEnd", "sets the text after posts"),
    Command::act(
        "ESET unknownCommand",
        "SetListText/unknownCommand",
        "sets the answer to a command that is none",
    ),
    Command::act(
        "ESET invalidUserName",
        "SetListText/invalidUserName",
        "sets the answer to a name that cannot be taken",
    ),
    Command::act(
        "ESET notAUser",
        "SetListText/notAUser",
        "sets the answer to one who is no member",
    ),
    Command::act(
        "ESET badConfirmation",
        "SetListText/badConfirmation",
        "sets the answer to a wrong code",
    ),
    Command::act(
        "ESET userAlreadySubscribed",
        "SetListText/userAlreadySubscribed",
        "sets the answer to one who is a member",
    ),
    Command::act(
        "ESET invalidFormat",
        "SetListText/invalidFormat",
        "sets the answer to content that is not accepted",
    ),
    Command::act(
        "ESET requestNeedsConfirmation",
        "SetListText/requestNeedsConfirmation",
        "sets the mail that asks to confirm",
    ),
    Command::act(
        "ESET requestNeedsAdminConfirmation",
        "SetListText/requestNeedsAdminConfirmation",
        "sets the mail that says to wait",
    ),
    Command::act(
        "ESET autoRejectResponse",
        "SetListText/autoRejectResponse",
        "sets the answer to a post that is rejected",
    ),
    Command::act(
        "ESET welcome",
        "SetListText/welcome",
        "sets the greeting of new members",
    ),
    Command::act("ESET goodbye", "SetListText/goodbye", "sets the farewell"),
    Command::act(
        "ESET subscribeDenied",
        "SetListText/subscribeDenied",
        "sets the mail that says no",
    ),
];

static LIST_COMMANDS: [Command; 3] = [
    Command::act(
        "LIST MEMBERSHIP [noGroups][noLists][sameDomain][directReference]",
        "ListMembership",
        "lists groups and lists it is in",
    ),
    Command::act(
        "SHOW RegistryInformation",
        "ShowRegistryInformation",
        "shows dates",
    ),
    Command::not_built("RESET folder <folderName> [<folderName>...]", "rebuilds folders"),
];

static USER_ATTRS: [Attr; 2] = [
    Attr::new("email", Kind::EmailAddress, "", "address of the member")
        .usage("<email>")
        .access(Access::Key)
        .works(),
    Attr::new("name", Kind::TEXT, "", "name of the member")
        .usage("<name>")
        .works(),
];

static USER: Context = Context {
    path: "domain/list/User",
    prompt: "domain-list-user",
    title: "User",
    leave: Leave::Done,
    attrs: &[&USER_ATTRS],
    ..Context::EMPTY
};

pub(super) static LIST: Context = Context {
    path: "domain/list",
    prompt: "domain-list",
    title: "List",
    leave: Leave::Commit,
    attrs: &[&LIST_ATTRS, &LIST_TEXTS],
    children: &[
        Child::many(("User", "Users"), "users", ("email", "<email>"), &USER)
            .called("user", "The list of users:")
            .columns(&[("email", 0), ("name", 0)])
            .with(&["name"])
            .most(USERS_MOST),
        Child::names(
            ("RemoveHeader", "RemoveHeaders"),
            "removeHeaders",
            "<name>",
            Kind::Text { max: 255 },
        )
        .called("header", "The list of headers that are removed:"),
        Child::part("QUOTAS", "quotas", &QUOTAS).called("quotas of its mailbox", ""),
        Child::part("LIMITS", "limits", &LIMITS).called("limits of its mailbox", ""),
        Child::part("FILTERS", "filters", &FILTERS)
            .called("message rules of the list", "")
            .without_effect(),
        Child::part("WEBMAILDATA", "webmailData", &WEBMAIL_DATA)
            .called("WebMail settings of its mailbox", "")
            .without_effect(),
    ],
    commands: &[&LIST_COMMANDS, &TEXT_COMMANDS],
    ..Context::EMPTY
};
