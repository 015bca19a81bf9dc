//! SERVER/USERDB: directories that users are looked up in, and maps of users to hosts (cluster.md, "User databases").

use crate::schema::{Access, Attr, Child, Command, Context, Leave, Unit, groups};
use crate::value::{Choices, Kind};

static OWN: [Attr; 1] =
    [Attr::new("maxThreads", Kind::SOME, "5", "threads that ask directories").usage("<no.>")];

static LDAP_ATTRS: [Attr; 23] = [
    Attr::new("name", Kind::Text { max: 255 }, "", "name of the connector")
        .usage("<name>")
        .access(Access::Key),
    Attr::new("bindDN", Kind::TEXT, "", "whom to log in as").usage("<str>"),
    Attr::new("bindPass", Kind::PASSWORD, "", "password for that")
        .usage("<str>")
        .access(Access::WriteOnly),
    Attr::new(
        "axigenHostField",
        Kind::TEXT,
        "axigenHost",
        "attribute with the host of a mailbox",
    )
    .usage("<field>"),
    Attr::new(
        "ldapURI1",
        Kind::Text { max: 1024 },
        "",
        "directory that is asked first",
    )
    .usage("<uri>"),
    Attr::new(
        "ldapURI2",
        Kind::Text { max: 1024 },
        "",
        "directory that is asked when the first is not there",
    )
    .usage("<uri>"),
    Attr::new("ldapURI3", Kind::Text { max: 1024 }, "", "the next one").usage("<uri>"),
    Attr::new("ldapURI4", Kind::Text { max: 1024 }, "", "the next one").usage("<uri>"),
    Attr::new("ldapURI5", Kind::Text { max: 1024 }, "", "the last one").usage("<uri>"),
    Attr::new(
        "synchronizationDirection",
        Kind::Choice(Choices::of(&["axigenToLdap", "ldapToAxigen", "bothWays"])),
        "ldapToAxigen",
        "which side is written to",
    )
    .usage("<choice>"),
    Attr::new(
        "synchronizationConflictResolution",
        Kind::Choice(Choices::of(&["axigenWins", "ldapWins", "noChange"])),
        "ldapWins",
        "what happens when both sides changed",
    )
    .usage("<choice>"),
    Attr::new(
        "serverType",
        Kind::Choice(Choices::of(&["OpenLdap", "ActiveDirectory"])),
        "OpenLdap",
        "kind of directory",
    )
    .usage("<choice>"),
    Attr::new("timeout", Kind::COUNT, "30", "how long the directory may take")
        .usage("<no>")
        .unit(Unit::Seconds),
    Attr::new("accountBaseDN", Kind::TEXT, "", "where accounts are").usage("<DN>"),
    Attr::new("groupBaseDN", Kind::TEXT, "", "where groups are").usage("<DN>"),
    Attr::new(
        "useCustomSchema",
        Kind::Bool,
        "no",
        "takes names of attributes from a file",
    ),
    Attr::new("customSchemaFile", Kind::Path, "", "that file").usage("<path>"),
    Attr::new(
        "pollingInterval",
        Kind::COUNT,
        "60",
        "how often changes are looked for",
    )
    .usage("<no.>")
    .unit(Unit::Seconds),
    Attr::new(
        "transientErrorRetryInterval",
        Kind::COUNT,
        "60",
        "when the directory is asked again after a failure",
    )
    .usage("<no.>")
    .unit(Unit::Seconds),
    Attr::new(
        "clusteredSetup",
        Kind::Bool,
        "no",
        "accounts of other hosts are there too",
    ),
    Attr::new(
        "searchDomainAliases",
        Kind::Bool,
        "no",
        "looks for aliases of domains too",
    ),
    Attr::new(
        "ignoreLDAPDeletes",
        Kind::Bool,
        "no",
        "keeps accounts that are gone from the directory",
    ),
    Attr::new(
        "replicaId",
        Kind::Uint { min: 0, max: 999 },
        "0",
        "number of this server among its replicas",
    )
    .usage("<number>"),
];

static LDAP_URI: [Attr; 1] =
    [Attr::new("ldapUri", Kind::Text { max: 1024 }, "", "as ldapURI1").usage("<uri>")];

static OAUTH_ATTRS: [Attr; 17] = [
    Attr::new("name", Kind::Text { max: 255 }, "", "name of the connector")
        .usage("<name>")
        .access(Access::Key),
    Attr::new(
        "mode",
        Kind::Choice(Choices::of(&["oidc", "oauth2"])),
        "oidc",
        "OpenID Connect or plain OAuth 2",
    )
    .usage("<oidc|oauth2>")
    .access(Access::Key),
    Attr::new(
        "clientId",
        Kind::Text { max: 1024 },
        "",
        "who this server is to the provider",
    )
    .usage("<value>"),
    Attr::new("clientSecret", Kind::PASSWORD, "", "its secret")
        .usage("<value>")
        .access(Access::WriteOnly),
    Attr::new(
        "autoConfigUri",
        Kind::Text { max: 1024 },
        "",
        "where the provider describes itself",
    )
    .usage("<value>"),
    Attr::new("jwksUri", Kind::Text { max: 1024 }, "", "where its keys are").usage("<value>"),
    Attr::new("authzUri", Kind::Text { max: 1024 }, "", "where users log in").usage("<value>"),
    Attr::new(
        "tokenUri",
        Kind::Text { max: 1024 },
        "",
        "where tokens are given out",
    )
    .usage("<value>"),
    Attr::new(
        "introspectUri",
        Kind::Text { max: 1024 },
        "",
        "where tokens are checked",
    )
    .usage("<value>"),
    Attr::new(
        "usernameField",
        Kind::Text { max: 1024 },
        "",
        "claim with the name of the user",
    )
    .usage("<value>"),
    Attr::new(
        "usernamePrefix",
        Kind::Text { max: 1024 },
        "",
        "what is put before that name",
    )
    .usage("<value>"),
    Attr::new(
        "clientScopes",
        Kind::Text { max: 1024 },
        "",
        "scopes that are asked for",
    )
    .usage("<value>"),
    Attr::new(
        "defaultTokenExpiry",
        Kind::COUNT,
        "3600",
        "how long a token without an end is taken",
    )
    .usage("<value>")
    .unit(Unit::Seconds),
    Attr::new(
        "connectTimeout",
        Kind::COUNT,
        "10",
        "how long connecting may take",
    )
    .usage("<value>")
    .unit(Unit::Seconds),
    Attr::new("requestTimeout", Kind::COUNT, "30", "how long an answer may take")
        .usage("<value>")
        .unit(Unit::Seconds),
    Attr::new(
        "endpointsBaseUrl",
        Kind::Text { max: 1024 },
        "",
        "address of this server for the provider",
    )
    .usage("<value>"),
    Attr::new(
        "redirectBaseUrl",
        Kind::Text { max: 1024 },
        "",
        "address that users come back to",
    )
    .usage("<value>"),
];

static LDAP: Context = Context {
    path: "SERVER/USERDB/ldapConnector",
    prompt: "server-userdb-ldap-connector",
    title: "LdapConnector",
    leave: Leave::Commit,
    attrs: &[&LDAP_ATTRS, &LDAP_URI],
    built: false,
    ..Context::EMPTY
};

static OAUTH: Context = Context {
    path: "SERVER/USERDB/oauthConnector",
    prompt: "server-userdb-oauth-connector",
    title: "OauthConnector",
    leave: Leave::Commit,
    attrs: &[&OAUTH_ATTRS],
    built: false,
    ..Context::EMPTY
};

static DEFAULTS: [Command; 3] = [
    Command::not_built(
        "SET defaultOAuthConnector [name] <name>",
        "chooses the connector that logins use",
    ),
    Command::not_built("RESET defaultZoomConnector", "chooses no connector for Zoom"),
    Command::not_built("RESET defaultTeamsConnector", "chooses no connector for Teams"),
];

/// User databases.
pub(super) static USERDB: Context = Context {
    path: "SERVER/USERDB",
    prompt: "server-userdb",
    title: "UserDB",
    leave: Leave::Commit,
    attrs: &[&groups::LOGGING, &OWN],
    children: &[
        Child::many(
            ("ldapConnector", "ldapConnectors"),
            "ldapConnectors",
            ("name", "<name>"),
            &LDAP,
        )
        .called("LDAP connector", "The list of LDAP connectors:")
        .columns(&[("name", 0)])
        .with(&["ldapUri"])
        .without_effect(),
        Child::many(
            ("oauthConnector", "oauthConnectors"),
            "oauthConnectors",
            ("name", "<name>"),
            &OAUTH,
        )
        .called("OAuth connector", "The list of OAuth connectors:")
        .columns(&[("name", 24), ("mode", 0)])
        .with(&["mode"])
        .without_effect(),
    ],
    commands: &[&groups::RESET, &DEFAULTS],
    built: false,
    ..Context::EMPTY
};

static USERMAP_ATTRS: [Attr; 2] = [
    Attr::new("name", Kind::Text { max: 255 }, "", "name of the map")
        .usage("<name>")
        .access(Access::Key),
    Attr::new(
        "type",
        Kind::Choice(Choices::of(&["localFile", "userdb"])),
        "localFile",
        "where the map comes from",
    ),
];

static USERMAP_FILE: [Attr; 1] = [Attr::new(
    "localFile",
    Kind::Path,
    "",
    "file with a user and a host on each line",
)
.usage("<path>")];

/// A map of users to hosts.
pub(super) static USERMAP: Context = Context {
    path: "SERVER/Usermap",
    prompt: "server-usermap",
    title: "Usermap",
    leave: Leave::Done,
    attrs: &[&USERMAP_ATTRS, &groups::USERDB, &USERMAP_FILE],
    built: false,
    ..Context::EMPTY
};
