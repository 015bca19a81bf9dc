//! What an administrator does in a domain beside its attributes: information, other objects, parts
//! (domains-groupware, "Domains").

use crate::schema::Command;

pub(super) static DOMAIN_COMMANDS: [Command; 17] = [
    Command::not_built("SET [name <name>]", "renames the domain"),
    Command::act(
        "SHOW postmasterAccount",
        "ShowPostmasterAccount",
        "shows which account is postmaster",
    ),
    Command::act(
        "RESET postmasterAccount",
        "ResetPostmasterAccount",
        "gives the role back to postmaster, at once",
    ),
    Command::not_built("RESET ldapSynchronization", "begins the synchronisation anew"),
    Command::act(
        "RESET maintenanceDate",
        "ResetMaintenanceDate",
        "runs the daily maintenance now: old mail goes from the folders of accounts that are purged",
    ),
    Command::act(
        "SHOW RegistryInformation",
        "ShowRegistryInformation",
        "shows number and dates",
    ),
    Command::act(
        "SHOW StorageInformation [details]",
        "ShowStorageInformation",
        "shows what the storages take, in KB",
    ),
    Command::act(
        "SHOW StorageStatistics [details|summary][average][raw][mboxDetails][mboxReset]",
        "ShowStorageStatistics",
        "shows what storages did since counting began",
    ),
    Command::not_built(
        "SHOW AccountingStatistics [since <date>][until <date>]",
        "shows use",
    ),
    Command::act(
        "SHOW DisposableMetadataInformation",
        "ShowDisposableMetadata",
        "shows cached metadata of messages",
    ),
    Command::not_built(
        "SHOW BrandingElement <element>",
        "shows an image of the product's look",
    ),
    Command::act(
        "SHOW SearchIndexInformation [diag] [details] [allfolders]",
        "ShowSearchIndexInformation",
        "shows the search index of the domain; allfolders and details: how many messages of each account are in it",
    ),
    Command::not_built(
        "SHOW CalendarSearchIndexInformation [diag] [details | allfolders]",
        "shows search indexes of calendars",
    ),
    Command::not_built(
        "SHOW ContactSearchIndexInformation [diag] [details | allfolders]",
        "shows search indexes of contacts",
    ),
    Command::not_built(
        "SHOW SortIndexInformation [details | allfolders]",
        "shows sort indexes",
    ),
    Command::not_built(
        "SHOW ConversationIndexInformation [diag] [details]",
        "shows indexes of conversations",
    ),
    Command::not_built("LIST SearchFolders [details]", "lists folders that are searches"),
];

pub(super) static DOMAIN_OBJECTS: [Command; 7] = [
    Command::not_built(
        "LIST AccountClasses [wildcard (ex: account*)]",
        "lists every account class",
    ),
    Command::not_built(
        "ADD accountClass [name] <accountClassName>",
        "adds the account class",
    )
    .enters(),
    Command::not_built(
        "UPDATE accountClass [name] <accountClassName>",
        "changes the account class",
    )
    .enters(),
    Command::not_built(
        "REMOVE accountClass [name] <accountClassName>",
        "removes the account class",
    ),
    Command::not_built(
        "LIST Ghosts [wildcard (ex: account*)]",
        "lists accounts that left the directory",
    ),
    Command::not_built(
        "REMOVE GHOSTS [wildcard (ex: g*)]",
        "removes accounts that left the directory",
    ),
    Command::act(
        "LIST DomainObjectsInfo [wildcard (ex: account*)]",
        "ListDomainObjectsInfo",
        "lists every object with its kind",
    ),
];

pub(super) static DOMAIN_PARTS: [Command; 11] = [
    Command::not_built("ESET appenderHtml", "sets the text that is added to mail"),
    Command::not_built(
        "ESET BrandingElement <element>",
        "sets an image of the product's look",
    ),
    Command::not_built("CONFIG MIGRATIONDATA", "configures automatic migration").enters(),
    Command::not_built("CONFIG FILTERS", "configures message rules").enters(),
    Command::not_built("CONFIG adminLimits", "configures limits of domain administrators").enters(),
    Command::not_built(
        "CONFIG accountDefaultFilters",
        "configures message rules that accounts inherit",
    )
    .enters(),
    Command::not_built("CONFIG autodiscovery", "configures automatic set-up of clients").enters(),
    Command::not_built(
        "CONFIG accountDefaultSendRecvRestrictions",
        "configures restrictions that accounts inherit",
    )
    .enters(),
    Command::not_built(
        "CONFIG accountDefaultWebmailAdvertising",
        "configures advertising that accounts inherit",
    )
    .enters(),
    Command::not_built("CONFIG PERMISSIONS", "configures rights of administrators").enters(),
    Command::not_built(
        "CONFIG initialAccountSettings",
        "configures what new accounts begin with",
    )
    .enters(),
];

pub(super) static DOMAIN_REST: [Command; 1] = [Command::not_built(
    "REMOVE TmpSearchFolders <all | account>",
    "removes temporary searches",
)];
