//! Maintenance of a domain (services-other 3.2.9).

use crate::schema::Command;

const ACCOUNTS: &[(&str, &str)] = &[("accountName", "Account")];

pub(super) static DOMAIN_JOBS: [Command; 32] = [
    Command::act(
        "PURGE disposableMetadata",
        "PurgeDisposableMetadata",
        "drops cached metadata of messages, which is made again when it is wanted",
    ),
    Command::act(
        "PURGE public|account folders <folderName> [<folderName or purgeCondition>...]",
        "PurgeFolders",
        "removes mail from folders of all users: names with commas between, then [older than <days>] [larger than <KB>] [seen|unseen]",
    ),
    Command::not_built(
        "MIGRATE account <accountName> remoteHost <host> remotePort <port> remoteUser <imap-user> remotePass <imap-pass> [ignoreFolders (folders)] [overrideQuota <yes|no>] [deleteOriginal <yes|no>] [structureOnly <yes|no>] [verbose <yes|no>]",
        "copies mail from another server",
    ),
    Command::not_built("MIGRATE LIST", "lists running migrations"),
    Command::not_built(
        "MIGRATE ATTACH|PEEK|ABORT <accountName> [<timeout>]",
        "follows or ends a migration",
    ),
    Command::act("LIST Storages", "ListStorages", "lists the storages"),
    Command::act(
        "LIST activeStorageTransactions [details]",
        "ListTransactions",
        "lists long work on storages",
    ),
    Command::act(
        "READLOCK Storages",
        "ReadLock",
        "lets storages only be read, until READUNLOCK or the end of this session",
    ),
    Command::act(
        "READUNLOCK Storages",
        "ReadUnlock",
        "lets storages be written again",
    ),
    Command::act(
        "COMPACT All [forced] [splitAfter <max_size> into <split_storage_usid>]",
        "Compact",
        "gives back space of all storages; forced also where it is little; splitAfter cuts files at a size in KB",
    ),
    Command::act(
        "COMPACT Storage usid <storage_usid> [forced] [splitAfter <max_size> into <split_storage_usid>]",
        "Compact",
        "gives back space of a storage",
    ),
    Command::act(
        "COMPACT attach | peek | abort [<timeout>]",
        "CompactJob",
        "follows, shows or ends a compaction",
    ),
    Command::act(
        "SCAN ALL [purge|softPurge][verbose][readOnly][imapLeaks][cachedOnly][clearCache][analyzeStructure][recoverTo <accountName>]",
        "Scan",
        "checks all storages; purge removes damaged messages, softPurge marks them as deleted",
    ),
    Command::act(
        "SCAN Storage usid <storage_usid>... [purge|softPurge][verbose][readOnly][imapLeaks][cachedOnly][clearCache][analyzeStructure][recoverTo <accountName>]",
        "Scan",
        "checks storages",
    ),
    Command::act(
        "SCAN DomainContainer",
        "ScanContainer",
        "checks the objects of the domain",
    ),
    Command::not_built("SCAN PublicFolders", "checks public folders"),
    Command::act("SCAN Account <accountName>", "ScanAccount", "checks one account").names(ACCOUNTS),
    Command::act(
        "SCAN attach | peek | abort [<timeout>]",
        "ScanJob",
        "follows, shows or ends a check",
    ),
    Command::act(
        "ENABLE [detailed] StorageStatistics",
        "EnableStorageStatistics",
        "begins to count what storages do",
    ),
    Command::not_built("ENABLE traceLog <what>", "begins a trace"),
    Command::act(
        "DISABLE StorageStatistics",
        "DisableStorageStatistics",
        "ends counting what storages do",
    ),
    Command::not_built("DISABLE traceLog <what>", "ends a trace"),
    Command::act(
        "UPGRADE Storage",
        "UpgradeStorage",
        "brings storages to the newest format",
    ),
    Command::act(
        "REPAIR Accounts <accountName>... [skip-stage-3]",
        "Repair",
        "counts everything of accounts and their storages again and puts right what disagrees; skip-stage-3 leaves out the storages' own books",
    )
    .names(ACCOUNTS),
    Command::act(
        "REPAIR attach | peek | abort [<timeout>]",
        "RepairJob",
        "follows, shows or ends a repair",
    ),
    Command::not_built("SYNCCONTACTS", "rebuilds the contacts of the domain"),
    Command::act(
        "FINDINVALIDMSG attach | peek | abort [<timeout>]",
        "FindInvalidJob",
        "follows, shows or ends a search for damaged messages",
    ),
    Command::act(
        "FINDINVALIDMSG <accountName>... [purge] [details]",
        "FindInvalid",
        "finds damaged messages; purge removes those that cannot be read",
    )
    .names(ACCOUNTS),
    Command::act(
        "RECOVER domain <domainName> [clearpassword] [setpassword <newPasswd>] [defaultpassword <defaultPasswd>] [dryrun]",
        "RecoverDomain",
        "takes over what another domain has and this one lacks: accounts with their passwords, unless others are given, and mail",
    ),
    Command::act(
        "RECOVER accounts [setpassword <passwd>] [dryrun]",
        "RecoverAccounts",
        "gives mailboxes without account one again, recovered- and its number",
    ),
    Command::act(
        "RECOVER attach | peek | abort [<timeout>]",
        "RecoverJob",
        "follows, shows or ends a recovery",
    ),
    Command::not_built("PURGEMAPIPROPS <options>", "drops properties of Outlook"),
];
