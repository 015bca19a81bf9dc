//! SERVER/FTP-BACKUP (services-other, "FTP backup").

use super::connectivity;
use crate::schema::{Attr, Command};
use crate::value::{Choices, Kind};

connectivity!("SERVER/FTP-BACKUP", "server-ftpBackup", idle: "300", more: &[], built: false);

static OWN: [Attr; 2] = [
    Attr::new(
        "messagesTarEnabled",
        Kind::Bool,
        "no",
        "gives the messages of a folder as one archive",
    ),
    Attr::new(
        "nameEncoding",
        Kind::Choice(Choices::of(&["utf7", "utf8"])),
        "utf7",
        "how names of folders are written",
    )
    .usage("<utf7|utf8>"),
];

static BACKUPS: [Command; 8] = [
    Command::not_built(
        "FILESYSTEM mount <mountPoint> [since <backupLabel>] [backup <backupLabel>] [noremoved] [domain <name>]",
        "shows domains as a file system",
    ),
    Command::not_built(
        "FILESYSTEM mount <mountPoint> [since <backupLabel>] [backup <backupLabel>] [noremoved] domain <name> publicFolder [<folderPath>]",
        "shows public folders as a file system",
    ),
    Command::not_built(
        "FILESYSTEM mount <mountPoint> [since <backupLabel>] [backup <backupLabel>] [noremoved] domain <name> object <name> [folder <folderPath>]",
        "shows an account as a file system",
    ),
    Command::not_built("FILESYSTEM unmount <mountPoint>", "ends a mount"),
    Command::not_built("FILESYSTEM status [<mountPoint>]", "shows the mounts"),
    Command::not_built(
        "REMOVE BACKUP <backupLabel> [from domain <name>]",
        "forgets a backup",
    ),
    Command::not_built("LIST BACKUPS [from domain <name>]", "lists every backup"),
    Command::not_built("PURGE BACKUPS [from domain <name>]", "forgets every backup"),
];

/// Backup by FTP.
pub(super) static FTP_BACKUP: Context = Context {
    path: "SERVER/FTP-BACKUP",
    prompt: "server-ftpBackup",
    title: "FTP-Backup",
    leave: Leave::Commit,
    attrs: &[&groups::ERROR_LIMITS, &groups::THREADS, &groups::LOGGING, &OWN],
    children: &[
        groups::access_control(&ACCESS_CONTROL),
        groups::listeners(&LISTENER, "{ address = 127.0.0.1:21 }"),
    ],
    commands: &[&groups::UNBUILT_SERVICE, &groups::RESET, &BACKUPS],
    built: false,
    ..Context::EMPTY
};
