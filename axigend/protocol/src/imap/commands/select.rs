//! SELECT and EXAMINE (RFC 9051, 6.3.2 and 6.3.3; CONDSTORE and QRESYNC: RFC 7162, 3.1.8 and 3.2.5; MAILBOXID: RFC
//! 8474, 4.2).

use super::super::{
    cursor::{Bad, Cursor, Parsed},
    dialogue::{Call, Dialogue, Fail, Fine},
    resync::Resync,
    selected::Selected,
    write,
};

pub(super) struct Arguments {
    name: String,
    condstore: bool,
    resync: Option<Resync>,
}

pub(super) fn parse(cursor: &mut Cursor<'_>, _: &Call) -> Parsed<Arguments> {
    cursor.space()?;
    let name = cursor.mailbox()?;
    let mut arguments = Arguments {
        name,
        condstore: false,
        resync: None,
    };
    if cursor.eat(b' ') {
        cursor.list(|cursor| parameter(cursor, &mut arguments))?;
    }
    Ok(arguments)
}

fn parameter(cursor: &mut Cursor<'_>, arguments: &mut Arguments) -> Parsed<()> {
    match cursor.keyword("a parameter")?.as_str() {
        "CONDSTORE" => arguments.condstore = true,
        "QRESYNC" => {
            cursor.space()?;
            arguments.resync = Some(Resync::parse(cursor)?);
        }
        other => return Err(Bad::new(format!("unknown SELECT parameter {other}"))),
    }
    Ok(())
}

pub(super) async fn run(dialogue: &mut Dialogue, call: &Call, arguments: Arguments) -> Result<Fine, Fail> {
    let read_only = call.name == "EXAMINE";
    if arguments.resync.is_some() && !dialogue.enabled.qresync {
        return Err(Bad::new("QRESYNC must be enabled first: ENABLE QRESYNC").into());
    }
    if dialogue.selected.is_some() {
        dialogue.leave().await;
        dialogue.wire.say(b"* OK [CLOSED] Previous mailbox closed\r\n");
    }
    if arguments.condstore {
        dialogue.enable_condstore();
    }
    let claim_recent = !read_only && !dialogue.enabled.rev2;
    let opened = dialogue.wire.select(&arguments.name, claim_recent).await?;
    let selected = Selected::load(&dialogue.wire, opened, read_only).await?;
    announce(dialogue, &selected);
    dialogue.selected = Some(selected);
    if let Some(resync) = &arguments.resync
        && let Err(fail) = dialogue.resync(resync).await
    {
        dialogue.leave().await;
        return Err(fail);
    }
    Ok(if read_only {
        Fine::with_code("READ-ONLY", "EXAMINE completed")
    } else {
        Fine::with_code("READ-WRITE", "SELECT completed")
    })
}

fn announce(dialogue: &Dialogue, selected: &Selected) {
    let rev2 = dialogue.enabled.rev2;
    let mut lines = selected.flag_lines();
    let mut say = |line: String| {
        lines.push_str(&line);
        lines.push_str("\r\n");
    };
    say(format!("* {} EXISTS", selected.count()));
    if !rev2 {
        say(format!("* {} RECENT", selected.recent()));
        if let Some(number) = selected.first_unseen.and_then(|uid| selected.number(uid)) {
            say(format!("* OK [UNSEEN {number}] First unseen"));
        }
    }
    say(format!("* OK [UIDVALIDITY {}] UIDs valid", selected.uid_validity));
    say(format!("* OK [UIDNEXT {}] Predicted next UID", selected.uid_next));
    say(format!(
        "* OK [MAILBOXID ({})] Stays through renames",
        selected.mailbox_id
    ));
    say(format!("* OK [HIGHESTMODSEQ {}] Highest", selected.modseq));
    if rev2 {
        say(format!(
            "* LIST () \"/\" {}",
            write::mailbox(&selected.name, true)
        ));
    }
    dialogue.wire.say(lines.as_bytes());
}
