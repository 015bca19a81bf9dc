//! domain/PUBLIC-FOLDER (domains-groupware, "Public folders"). Stored; the folders themselves are not built.

use crate::schema::{Attr, Child, Command, Context, Leave, Unit};
use crate::value::Kind;

static ATTRS: [Attr; 1] = [Attr::new(
    "name",
    Kind::Text { max: 255 },
    "Public Folders",
    "name under which users see the folders",
)
.usage("<name>")];

static COMMANDS: [Command; 6] = [
    Command::not_built("LIST MBoxes [details]", "lists public folders"),
    Command::not_built(
        "ADD Mbox <name> [type <mail|events|tasks|journal|notes|contacts>]",
        "adds a public folder",
    ),
    Command::not_built("REMOVE Mbox <name>", "removes a public folder"),
    Command::not_built(
        "SHOW SearchIndexInformation [diag] [allfolders] [folder <folderName>]",
        "shows the search index",
    ),
    Command::not_built(
        "SHOW SortIndexInformation [allfolders] [folder <folderName>]",
        "shows the sort index",
    ),
    Command::not_built(
        "PURGE calendarMetadata [folder <folderName>]",
        "drops cached data of calendars",
    ),
];

static INDEX_COMMANDS: [Command; 2] = [
    Command::not_built(
        "SHOW CalendarSearchIndexInformation [diag] [allfolders] [folder <folderName>]",
        "shows the search index of calendars",
    ),
    Command::not_built(
        "SHOW ContactSearchIndexInformation [diag] [allfolders] [folder <folderName>]",
        "shows the search index of contacts",
    ),
];

/// The quotas of a mailbox, none of which has an effect here.
static QUOTA_ATTRS: [Attr; 5] = [
    Attr::new("mboxCount", Kind::COUNT, "1000", "most folders, 0 for no limit").usage("<count>"),
    Attr::new(
        "totalMessageCount",
        Kind::COUNT,
        "0",
        "most messages in all folders, 0 for no limit",
    )
    .usage("<count>"),
    Attr::new(
        "totalMessageSize",
        Kind::SIZE,
        "1048576",
        "size of all folders, 0 for no limit",
    )
    .usage("<size>")
    .unit(Unit::Kilobytes),
    Attr::new(
        "messageCount",
        Kind::COUNT,
        "0",
        "most messages in a folder, 0 for no limit",
    )
    .usage("<count>"),
    Attr::new("messageSize", Kind::SIZE, "0", "size of a folder, 0 for no limit")
        .usage("<size>")
        .unit(Unit::Kilobytes),
];

static QUOTA_COMMANDS: [Command; 3] = [
    Command::not_built("LIST Mboxes", "lists public folders"),
    Command::not_built(
        "SET MboxQuota mboxName <name> messageCount <count> messageSize <size>",
        "sets the quota of one folder, sizes in KB",
    ),
    Command::not_built("SHOW MboxQuota mboxName <name>", "shows the quota of one folder"),
];

static QUOTAS: Context = Context {
    path: "domain/PUBLIC-FOLDER/QUOTAS",
    prompt: "domain-publicFolder-quotas",
    title: "Quotas",
    leave: Leave::Done,
    attrs: &[&QUOTA_ATTRS],
    commands: &[&QUOTA_COMMANDS],
    ..Context::EMPTY
};

pub(super) static PUBLIC_FOLDER: Context = Context {
    path: "domain/PUBLIC-FOLDER",
    prompt: "domain-publicFolder",
    title: "PublicFolder",
    leave: Leave::Commit,
    attrs: &[&ATTRS],
    children: &[Child::part("QUOTAS", "quotas", &QUOTAS)
        .called("quotas of public folders", "")
        .without_effect()],
    commands: &[&COMMANDS, &INDEX_COMMANDS],
    ..Context::EMPTY
};
