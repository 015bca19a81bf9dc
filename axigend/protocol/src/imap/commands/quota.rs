//! GETQUOTA, GETQUOTAROOT and SETQUOTA (RFC 9208). There is one quota root, "", the account.

use super::super::{
    cursor::{Cursor, Parsed},
    dialogue::{Call, Dialogue, Fail, Fine},
    write,
};

pub(super) enum Arguments {
    Root(Vec<u8>),
    Mailbox(String),
    Set,
}

pub(super) fn parse(cursor: &mut Cursor<'_>, call: &Call) -> Parsed<Arguments> {
    cursor.space()?;
    match call.name {
        "GETQUOTAROOT" => cursor.mailbox().map(Arguments::Mailbox),
        "GETQUOTA" => cursor.astring().map(Arguments::Root),
        _ => {
            cursor.astring()?;
            cursor.space()?;
            let mut value = false;
            cursor.list(|cursor| {
                value = !value;
                if value {
                    cursor.atom("a resource").map(drop)
                } else {
                    cursor.number64().map(drop)
                }
            })?;
            Ok(Arguments::Set)
        }
    }
}

pub(super) async fn run(dialogue: &mut Dialogue, call: &Call, arguments: Arguments) -> Result<Fine, Fail> {
    match arguments {
        Arguments::Set => return Err(Fail::no("NOPERM", "Quotas are set by the administrator")),
        Arguments::Root(root) if !root.is_empty() => {
            return Err(Fail::no("NONEXISTENT", "No such quota root"));
        }
        Arguments::Root(_) => {}
        Arguments::Mailbox(name) => {
            let folder = dialogue.wire.folder(&name).await?;
            let name = write::mailbox(&folder.name, call.utf8_names);
            dialogue
                .wire
                .say(format!("* QUOTAROOT {name} \"\"\r\n").as_bytes());
        }
    }
    let quota = dialogue.wire.quota().await?;
    let mut resources = String::new();
    for (name, used, limit) in [
        ("STORAGE", quota.storage_used, quota.storage_limit),
        ("MESSAGE", quota.messages_used, quota.messages_limit),
        ("MAILBOX", quota.folders_used, quota.folders_limit),
    ] {
        if limit > 0 {
            write::pair(&mut resources, &format!("{name} {used}"), limit);
        }
    }
    dialogue
        .wire
        .say(format!("* QUOTA \"\" ({resources})\r\n").as_bytes());
    Ok(Fine::new(format!("{} completed", call.name)))
}
