//! `login` and the root context (WIRE.md 4; domains-groupware, "Domains").

use super::{domain, server};
use crate::schema::{Child, ChildVerb, Command, Context, Layout, Leave, Verb};

static LOGIN_COMMANDS: [Command; 5] = [
    Command::new(
        "USER <user>",
        Verb::User,
        "logs in; the next line is the password",
    ),
    Command::new("GET VERSION", Verb::Version, "shows the version"),
    Command::new(
        "SET CONSOLE-CODES on|off",
        Verb::Session("CONSOLE-CODES"),
        "colours and control sequences for terminals",
    ),
    Command::new(
        "SET QUIET off|on",
        Verb::Session("QUIET"),
        "replies without titles and blank lines",
    ),
    Command::new(
        "SET CONSOLE_CODES on|off",
        Verb::Session("CONSOLE-CODES"),
        "as SET CONSOLE-CODES",
    )
    .legacy(),
];

/// Before login.
pub(super) static LOGIN: Context = Context {
    path: "login",
    prompt: "login",
    title: "Login",
    leave: Leave::Free,
    commands: &[&LOGIN_COMMANDS],
    ..Context::EMPTY
};

const NAMES: &[(&str, &str)] = &[("name", "Domain")];

static DOMAINS: [Command; 19] = [
    Command::act(
        "LIST AllDomains [wildcard (ex: domain*)]",
        "ListAllDomains",
        "lists every domain, with those that are disabled",
    ),
    Command::new(
        "CREATE Domain name <name> [domainLocation <path>] [wmFilterTemplatePath <sieve file path>] postmasterPassword <pass>",
        Verb::Open("domain-create"),
        "creates the domain at COMMIT",
    )
    .enters(),
    Command::new(
        "CREATE Domain name <name> [domainLocation <path>] [wmFilterTemplatePath <sieve file path>] postmasterPasswd <pass>",
        Verb::Open("domain-create"),
        "creates the domain at COMMIT",
    )
    .enters()
    .legacy(),
    Command::act("ENABLE Domain domainLocation <path>", "EnableDomain", "enables the domain at this place"),
    Command::act("ENABLE Domain name <name>", "EnableDomain", "enables the domain").names(NAMES),
    Command::act("DISABLE Domain [name] <name>", "DisableDomain", "disables the domain: no mail, no logins").names(NAMES),
    Command::act("UNREGISTER Domain [name] <name>", "DisableDomain", "as DISABLE Domain").names(NAMES).legacy(),
    Command::act(
        "DELETE Domain domainLocation <path> [dontKeepCopy]",
        "DeleteDomain",
        "deletes the domain at this place, at once",
    ),
    Command::act("DELETE Domain name <name> [dontKeepCopy]", "DeleteDomain", "deletes the domain, at once").names(NAMES),
    Command::new("EDIT Domain domainLocation <path>", Verb::Edit("domain-edit"), "edits storages of the disabled domain at this place").enters(),
    Command::new("EDIT Domain name <name>", Verb::Edit("domain-edit"), "edits storages of the disabled domain").enters(),
    // Behind those that are built: whatever follows its first words would be taken for it.
    Command::not_built("EDIT Domain wmFilterTemplatePath <sieve file path>", "edits storages of the domain").enters(),
    Command::not_built("CREATE Subdomain prefix <name> parentDomain <name> postmasterPassword <pass>", "creates a domain below another").enters(),
    Command::new("RESTORE Domain name <name>", Verb::Open("domain-restore"), "brings back a deleted domain at COMMIT").enters(),
    Command::new("REGISTER Domain domainLocation <path>", Verb::Open("domain-register"), "as ENABLE Domain, at COMMIT").enters().legacy(),
    Command::new("REGISTER Domain name <name>", Verb::Open("domain-register"), "as ENABLE Domain, at COMMIT").enters().legacy(),
    Command::not_built("LIST domainActivationRequests", "lists requests for activation"),
    Command::not_built("CLEAR domainActivationRequests", "drops requests for activation"),
    Command::not_built("EXPORT DOMAINDB <domainname>", "exports the data of a domain"),
];

static CONFIGURATION: [Command; 15] = [
    Command::act(
        "SAVE CONFIG [<path>]",
        "SaveConfig",
        "writes the running configuration to disk, or beside it",
    ),
    Command::act(
        "SHOW CONFIG",
        "ShowConfig",
        "shows the running configuration as in the file",
    ),
    Command::not_built("SAVE supportInfo [<path>]", "writes what support needs to know"),
    Command::act(
        "SET admin-password <password>",
        "SetAdminPassword",
        "sets the password of this administrator",
    ),
    Command::act(
        "CHANGE password oldPassword <pass> newPassword <pass>",
        "ChangePassword",
        "changes the password of this administrator",
    ),
    Command::new(
        "SET multilineEOF <string>",
        Verb::Session("multilineEOF"),
        "line that ends a text of several lines",
    ),
    Command::new("GET VERSION", Verb::Version, "shows the version"),
    Command::not_built("LIST SecurityMethods", "lists ways of the second login step"),
    Command::not_built(
        "REVOKE securityMethod <methodId>",
        "removes a way of the second login step",
    ),
    Command::not_built(
        "REVOKE all securityMethods",
        "removes all ways of the second login step",
    ),
    Command::not_built("SHOW twoFactorConfigured", "shows whether login takes two steps"),
    Command::not_built(
        "SET twoFactorConfigured <yes|no>",
        "says whether login takes two steps",
    ),
    Command::not_built(
        "SHOW onboardingComplete",
        "shows whether the first set-up is over",
    ),
    Command::not_built(
        "SET onboardingComplete <yes|no>",
        "says whether the first set-up is over",
    ),
    Command::not_built("SHOW MigrationStatus", "shows running migrations"),
];

static PLACES: [Command; 8] = [
    Command::new("ENTER QUEUE", Verb::Open("QUEUE"), "goes to the queue").enters(),
    Command::not_built("ENTER AACL", "goes to administrative users and groups").enters(),
    Command::new("ENTER TRACER", Verb::Open("TRACER"), "goes to the tracer").enters(),
    Command::new(
        "ENTER JSONQUERY",
        Verb::Open("JSONQUERY"),
        "goes to queries in JSON",
    )
    .enters(),
    Command::new("ENTER DEBUG", Verb::Open("DEBUG"), "goes to debugging")
        .enters()
        .legacy(),
    Command::new(
        "ENTER COMMANDS",
        Verb::Open("COMMANDS"),
        "goes to immediate commands",
    )
    .enters()
    .legacy(),
    Command::new("ENTER MIGRATION", Verb::Open("MIGRATION"), "goes to migrations")
        .enters()
        .legacy(),
    Command::new("ENTER REPORTING", Verb::Open("REPORTING"), "goes to counters")
        .enters()
        .legacy(),
];

static OTHER: [Command; 14] = [
    Command::not_built(
        "SEARCH Object <objectNameOrId>[+<folderNameOrId>][@<domainName>] | +<folderNameOrId>[@<domainName>] | @<domainName>",
        "finds an object by name or number",
    ),
    Command::not_built(
        "LOOKUP Index Object <accountName>[+<folderName>]@<domainName>",
        "finds an object in the index",
    ),
    Command::not_built("LOOKUP Index File <path>", "finds a file in the index"),
    Command::not_built(
        "LIST premiumAccounts [domain <name>] [wildcard (ex: account*)]",
        "lists accounts with extensions",
    ),
    Command::not_built(
        "SET premiumAccountAddons name <name> addons (list of addons)",
        "sets extensions of an account",
    ),
    Command::not_built(
        "LIST premiumFolderRcpts [domain <name>] [wildcard (ex: account*)]",
        "lists folder recipients with extensions",
    ),
    Command::not_built(
        "SET premiumFolderRcptsAddons name <name> addons (list of addons)",
        "sets extensions of a folder recipient",
    ),
    Command::not_built("SHOW LicenseInfo", "shows the licence"),
    Command::not_built("SHOW PremiumAddonsStatistics", "shows use of extensions"),
    Command::not_built(
        "SHOW AccountingStatistics [since <date>][until <date>]",
        "shows use of the server",
    ),
    Command::act(
        "PURGE public|account folders <folderName> [<folderName or purgeCondition>...]",
        "PurgeFolders",
        "removes mail from folders of all users: names with commas between, then [older than <days>] [larger than <KB>] [seen|unseen]",
    ),
    Command::not_built("ENABLE ExecutionTrace", "begins a trace"),
    Command::not_built("DISABLE ExecutionTrace", "ends a trace"),
    Command::not_built("ADD DOMAIN name <name>", "as CREATE Domain").legacy(),
];

/// After login.
pub(super) static ROOT: Context = Context {
    path: "root",
    prompt: "",
    title: "Initial",
    leave: Leave::Free,
    children: &[
        Child::part("SERVER", "server", &server::SERVER).called("the server and its services", ""),
        Child::stored(
            ("Domain", "Domains"),
            "domains",
            ("name", "<domainName>"),
            &domain::DOMAIN,
        )
        .called("domain", "The list of domains:")
        .columns(&[("name", 18), ("total", 12), ("used", 0)])
        .layout(Layout::Blanks)
        .wildcard("domain*")
        .verbs(&[ChildVerb::List, ChildVerb::Update, ChildVerb::Show]),
    ],
    commands: &[&DOMAINS, &CONFIGURATION, &PLACES, &OTHER],
    ..Context::EMPTY
};
