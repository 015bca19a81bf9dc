//! SERVER/CLUSTER (cluster.md).

use crate::schema::{Access, Attr, Child, ChildVerb, Command, Context, Leave};
use crate::value::{Choices, Kind};

static OWN: [Attr; 2] = [
    Attr::new(
        "runMode",
        Kind::Choice(Choices::of(&["standAlone", "frontEnd", "backEnd"])),
        "standAlone",
        "what this server is in the cluster",
    )
    .usage("<standAlone|frontEnd|backEnd>"),
    Attr::new(
        "clusterKey",
        Kind::PASSWORD,
        "",
        "secret that all servers of the cluster know",
    )
    .usage("<string>")
    .access(Access::WriteOnly),
];

static WORK: [Command; 9] = [
    Command::not_built("SHOW STATUS", "shows the servers of the cluster"),
    Command::not_built(
        "SHOW configSynchronizer <configSynchronizerName>",
        "shows how far a synchronisation is",
    ),
    Command::not_built("LIST userMap cache", "lists users whose host is known"),
    Command::not_built("LIST hostDefinition cache", "lists hosts that are known"),
    Command::not_built("LIST configSynchronizers", "lists what is synchronised"),
    Command::not_built(
        "UPDATE userMap cache [<userAddress>...]",
        "asks again for the hosts of users",
    ),
    Command::not_built(
        "UPDATE hostDefinition cache [<hostAddress>...]",
        "asks again for hosts",
    ),
    Command::not_built("UPDATE config <configSynchronizerName>", "synchronises at once"),
    Command::not_built(
        "JOIN <clusterKey> runMode <frontEnd|backEnd> [via <hostAddress>] [as <selfHostAddress>] [waitSync]",
        "makes this server one of a cluster",
    ),
];

/// The cluster.
pub(super) static CLUSTER: Context = Context {
    path: "SERVER/CLUSTER",
    prompt: "server-cluster",
    title: "Cluster",
    leave: Leave::Done,
    attrs: &[&OWN],
    children: &[Child::names(
        ("clusterAddress", "clusterAddresses"),
        "clusterAddresses",
        "<address>",
        Kind::Text { max: 255 },
    )
    .called("address", "The list of cluster addresses:")
    .verbs(&[ChildVerb::List, ChildVerb::Add, ChildVerb::Remove])
    .without_effect()],
    commands: &[&WORK],
    built: false,
    ..Context::EMPTY
};
