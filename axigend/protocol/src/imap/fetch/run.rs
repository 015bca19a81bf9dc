//! FETCH, page by page and message by message.

use axigen_shared::{Cause, Refusal};
use axigend_message::{Summary, email_id};

use super::{
    super::{
        backend::{Request, Row},
        bounds::ROWS_PAGE,
        cursor::Bad,
        date::print_date_time,
        dialogue::{Call, Dialogue, Enabled, Fail, Fine},
        flags::{Flag, FlagOp, Flags},
        resync::say_vanished,
        wire::{Stop, Wire},
        write,
    },
    items::{Arguments, Item, Label},
    literal,
    message::Message,
    print::{self, Form},
    section::{Partial, Section},
};

/// Runs FETCH or UID FETCH.
pub(crate) async fn run(dialogue: &mut Dialogue, call: &Call, arguments: Arguments) -> Result<Fine, Fail> {
    if arguments.vanished && !dialogue.enabled.qresync {
        return Err(Bad::new("VANISHED must be enabled first: ENABLE QRESYNC").into());
    }
    let uids = dialogue.selected()?.resolve(&arguments.set, call.by_uid)?;
    if arguments.items.contains(&Item::ModSeq) {
        dialogue.enable_condstore();
    }
    let uids = narrow(dialogue, &arguments, uids).await?;
    let marks_seen = arguments.items.iter().any(Item::marks_seen) && !dialogue.selected()?.read_only;
    let mut missing = false;
    for page in uids.chunks(ROWS_PAGE) {
        let rows = rows(dialogue, &arguments, page).await?;
        missing |= rows.len() < page.len();
        let rows = match arguments.changed_since {
            Some(modseq) => rows.into_iter().filter(|row| row.modseq > modseq).collect(),
            None => rows,
        };
        let seen = if marks_seen {
            mark_seen(dialogue, &rows).await?
        } else {
            Vec::new()
        };
        let summaries = summaries(dialogue, &arguments, &rows).await?;
        let mut summaries = summaries.iter().map(Option::as_ref);
        for row in rows {
            let summary = summaries.next().flatten();
            let (row, shows_flags) = match seen.iter().find(|seen| seen.uid == row.uid) {
                Some(seen) => (seen, true),
                None => (&row, false),
            };
            missing |= !one(dialogue, &arguments, (row, summary), shows_flags).await?;
            dialogue.wire.pace().await;
        }
    }
    Ok(if missing && !call.by_uid {
        Fine::with_code("EXPUNGEISSUED", "Some messages are no longer there")
    } else {
        Fine::new("FETCH completed")
    })
}

/// What the modifiers leave of the messages; says which went.
async fn narrow(dialogue: &Dialogue, arguments: &Arguments, mut uids: Vec<u32>) -> Result<Vec<u32>, Fail> {
    if let Some(modseq) = arguments.changed_since
        // A few messages are sooner looked at than all that happened.
        && (uids.len() > ROWS_PAGE || arguments.vanished || arguments.partial.is_some())
    {
        let since = dialogue.wire.since(modseq).await?;
        if arguments.vanished {
            let selected = dialogue.selected()?;
            let gone = selected.gone(&since, &selected.possible(&arguments.set));
            say_vanished(&dialogue.wire, true, &gone).await;
        }
        uids.retain(|uid| since.changed.binary_search(uid).is_ok());
    }
    Ok(match arguments.partial {
        Some(window) => window.of(&uids).to_vec(),
        None => uids,
    })
}

/// The rows of a page; UIDs alone are known without asking.
async fn rows(dialogue: &Dialogue, arguments: &Arguments, page: &[u32]) -> Result<Vec<Row>, Fail> {
    if arguments.changed_since.is_none() && arguments.items.iter().all(|item| *item == Item::Uid) {
        return Ok(page
            .iter()
            .map(|uid| Row {
                uid: *uid,
                ..Row::default()
            })
            .collect());
    }
    Ok(dialogue.wire.rows(page.to_vec()).await?)
}

/// What is remembered of the messages of a page, if anything is asked that it helps with.
async fn summaries(
    dialogue: &Dialogue,
    arguments: &Arguments,
    rows: &[Row],
) -> Result<Vec<Option<Summary>>, Fail> {
    if rows.is_empty() || !arguments.items.iter().any(Item::uses_summary) {
        return Ok(Vec::new());
    }
    let uids = rows.iter().map(|row| row.uid).collect();
    Ok(dialogue.wire.summaries(uids).await?)
}

/// Sets \Seen where it is missing; the rows as they are afterwards.
async fn mark_seen(dialogue: &mut Dialogue, rows: &[Row]) -> Result<Vec<Row>, Fail> {
    let uids: Vec<u32> = rows
        .iter()
        .filter(|row| !row.flags.has(Flag::Seen))
        .map(|row| row.uid)
        .collect();
    if uids.is_empty() {
        return Ok(Vec::new());
    }
    let request = Request::SetFlags {
        uids,
        op: FlagOp::Add,
        flags: Flags::of([Flag::Seen]),
        unchanged_since: None,
    };
    match dialogue.wire.set_flags(request).await {
        Ok(changed) => {
            let selected = dialogue.selected_mut()?;
            changed.rows.iter().for_each(|row| selected.tell(row));
            Ok(changed.rows)
        }
        // Reading must work when writing does not: the disk may be full.
        Err(refusal) => {
            Wire::log_refusal("setting \\Seen", &refusal);
            Ok(Vec::new())
        }
    }
}

/// `* n FETCH (…)` for one message; false when it is no longer there.
async fn one(
    dialogue: &mut Dialogue,
    arguments: &Arguments,
    (row, summary): (&Row, Option<&Summary>),
    shows_flags: bool,
) -> Result<bool, Fail> {
    let enabled = dialogue.enabled;
    let wire = dialogue.wire.clone();
    let selected = dialogue.selected_mut()?;
    let Some(number) = selected.number(row.uid) else {
        return Ok(false);
    };
    if selected.learn_keywords(row) {
        wire.say(selected.flag_lines().as_bytes());
    }
    let recent = !enabled.rev2 && selected.is_recent(row.uid);
    let mut message = Message::new(&wire, row, summary);
    // What can be refused is found out before the answer begins: a NO cannot stand amid it.
    for item in &arguments.items {
        match prepare(item, &mut message).await {
            Ok(()) => {}
            Err(Fail::Refused(refusal, _)) if refusal.cause == Cause::NoSuchMessage => return Ok(false),
            Err(fail) => return Err(fail),
        }
    }
    wire.say(format!("* {number} FETCH (").as_bytes());
    let mut first = true;
    for item in &arguments.items {
        if !std::mem::take(&mut first) {
            wire.say(b" ");
        }
        say_item(&wire, item, &mut message, (enabled, recent))
            .await
            .map_err(|fail| cut(&fail))?;
        wire.pace().await;
    }
    for extra in extras(arguments, row, enabled, recent, shows_flags) {
        wire.say(format!(" {extra}").as_bytes());
    }
    wire.say(b")\r\n");
    Ok(true)
}

/// An answer that has begun cannot be taken back: when the rest of it cannot be read, the connection ends.
fn cut(fail: &Fail) -> Fail {
    if let Fail::Refused(refusal, _) = fail {
        tracing::error!("a message cannot be read to its end, closing: {refusal}");
    }
    Fail::Stop(Stop::Gone)
}

/// What is told although it was not asked for: flags that this FETCH changed.
fn extras(
    arguments: &Arguments,
    row: &Row,
    enabled: Enabled,
    recent: bool,
    shows_flags: bool,
) -> Vec<String> {
    let mut extras = Vec::new();
    if shows_flags && enabled.qresync && !arguments.items.contains(&Item::Uid) {
        extras.push(format!("UID {}", row.uid));
    }
    if shows_flags && !arguments.items.contains(&Item::Flags) {
        extras.push(format!("FLAGS {}", write::flags(&row.flags, recent)));
    }
    if shows_flags && enabled.condstore && !arguments.items.contains(&Item::ModSeq) {
        extras.push(format!("MODSEQ ({})", row.modseq));
    }
    extras
}

/// Asks what the item needs, so that a failure comes before the answer has begun.
async fn prepare(item: &Item, message: &mut Message<'_>) -> Result<(), Fail> {
    match item {
        Item::Uid
        | Item::Flags
        | Item::InternalDate
        | Item::SaveDate
        | Item::Size
        | Item::ModSeq
        | Item::EmailId => {}
        Item::ThreadId => {
            message.know_thread().await?;
        }
        Item::Envelope => {
            message.know_envelope().await?;
        }
        Item::Structure { .. } => {
            message.know_root().await?;
        }
        Item::Preview { lazy } => {
            message.preview(*lazy).await?;
        }
        Item::Section { section, partial, .. } => {
            let bytes = message.section(section).await?;
            if let Some((offset, end)) = literal::stored(&bytes, *partial) {
                message.look_ahead(offset, end).await?;
            }
            message.found.push_back(bytes);
        }
        Item::Binary { part, .. } | Item::BinarySize { part } => {
            if let Some(part) = message.part(&part.0).await? {
                literal::transfer(&part)?;
            }
        }
    }
    Ok(())
}

async fn say_item(
    wire: &Wire,
    item: &Item,
    message: &mut Message<'_>,
    (enabled, recent): (Enabled, bool),
) -> Result<(), Fail> {
    let row = message.row;
    match item {
        Item::Uid => wire.say(format!("UID {}", row.uid).as_bytes()),
        Item::Flags => wire.say(format!("FLAGS {}", write::flags(&row.flags, recent)).as_bytes()),
        Item::InternalDate => {
            wire.say(format!("INTERNALDATE \"{}\"", print_date_time(row.internal_date)).as_bytes());
        }
        Item::SaveDate => wire.say(format!("SAVEDATE \"{}\"", print_date_time(row.saved)).as_bytes()),
        Item::Size => wire.say(format!("RFC822.SIZE {}", row.size).as_bytes()),
        Item::ModSeq => wire.say(format!("MODSEQ ({})", row.modseq).as_bytes()),
        Item::EmailId => wire.say(format!("EMAILID ({})", email_id(&row.content)).as_bytes()),
        Item::ThreadId => wire.say(format!("THREADID ({})", message.thread().await?).as_bytes()),
        Item::Envelope => wire.say(&envelope(message).await?),
        Item::Structure { extended } => wire.say(&structure(message, *extended, enabled).await?),
        Item::Preview { lazy } => wire.say(&preview(message, *lazy).await?),
        Item::Section {
            label,
            section,
            partial,
            ..
        } => {
            wire.say(section_name(*label, section, *partial).as_bytes());
            let found = message.found.pop_front();
            let bytes = found.ok_or_else(|| Refusal::new(Cause::Internal, "a section was not prepared"))?;
            literal::section(wire, message, bytes, *partial).await?;
        }
        Item::Binary { part, partial, .. } => {
            let origin = partial
                .map(|partial| format!("<{}>", partial.origin))
                .unwrap_or_default();
            wire.say(format!("BINARY[{part}]{origin}").as_bytes());
            match message.part(&part.0).await? {
                Some(found) => literal::binary(wire, message, &whole(found, &part.0, row), *partial).await?,
                None => wire.say(b" NIL"),
            }
        }
        Item::BinarySize { part } => {
            let size = match message.part(&part.0).await? {
                Some(found) => {
                    let found = whole(found, &part.0, row);
                    literal::decoded_size(message, &found, literal::transfer(&found)?)
                        .await?
                        .0
                }
                None => 0,
            };
            wire.say(format!("BINARY.SIZE[{part}] {size}").as_bytes());
        }
    }
    Ok(())
}

async fn envelope(message: &mut Message<'_>) -> Result<Vec<u8>, Fail> {
    let mut out = b"ENVELOPE ".to_vec();
    print::envelope(&mut out, &message.envelope().await?);
    Ok(out)
}

async fn structure(message: &mut Message<'_>, extended: bool, enabled: Enabled) -> Result<Vec<u8>, Fail> {
    let form = Form {
        extended,
        global: enabled.rev2 || enabled.utf8,
    };
    let mut out = if extended { "BODYSTRUCTURE " } else { "BODY " }.into();
    print::structure(&mut out, &*message.root().await?, form);
    Ok(out)
}

async fn preview(message: &mut Message<'_>, lazy: bool) -> Result<Vec<u8>, Fail> {
    let mut out = b"PREVIEW ".to_vec();
    write::nstring(&mut out, message.preview(lazy).await?.map(str::as_bytes));
    Ok(out)
}

/// `BINARY[]` is the message as stored, header included (RFC 3516, 4.2).
fn whole(mut part: axigend_message::Part, numbers: &[u32], row: &Row) -> axigend_message::Part {
    if numbers.is_empty() {
        part.body = 0..row.size;
        part.encoding = None;
    }
    part
}

fn section_name(label: Label, section: &Section, partial: Option<Partial>) -> String {
    match label {
        Label::Rfc822 => "RFC822".to_owned(),
        Label::Rfc822Header => "RFC822.HEADER".to_owned(),
        Label::Rfc822Text => "RFC822.TEXT".to_owned(),
        Label::Body => {
            let origin = partial
                .map(|partial| format!("<{}>", partial.origin))
                .unwrap_or_default();
            format!("BODY[{section}]{origin}")
        }
    }
}
