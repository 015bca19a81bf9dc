//! STORE and UID STORE (RFC 9051, 6.4.6; UNCHANGEDSINCE: RFC 7162, 3.1.3).

use super::super::{
    answer::Situation,
    backend::{FlagsChanged, Request},
    bounds::STORE_PAGE,
    cursor::{Cursor, Parsed},
    dialogue::{Call, Dialogue, Fail, Fine},
    flags::{FlagOp, Flags},
    set::{Set, print_ascending},
    write::FlagsFetch,
};

pub(super) struct Arguments {
    set: Set,
    unchanged_since: Option<u64>,
    op: FlagOp,
    silent: bool,
    flags: Flags,
}

pub(super) fn parse(cursor: &mut Cursor<'_>, _: &Call) -> Parsed<Arguments> {
    cursor.space()?;
    let set = cursor.set()?;
    cursor.space()?;
    let mut unchanged_since = None;
    if cursor.eat(b'(') {
        if !cursor.eat_word("UNCHANGEDSINCE ") {
            return cursor.bad("UNCHANGEDSINCE and a number");
        }
        unchanged_since = Some(cursor.number64()?);
        cursor.expect(b')')?;
        cursor.space()?;
    }
    let op = if cursor.eat(b'+') {
        FlagOp::Add
    } else if cursor.eat(b'-') {
        FlagOp::Remove
    } else {
        FlagOp::Set
    };
    if !cursor.eat_word("FLAGS") {
        return cursor.bad("FLAGS");
    }
    let silent = cursor.eat_word(".SILENT");
    cursor.space()?;
    let flags = if cursor.peek() == Some(b'(') {
        cursor.flag_list()?
    } else {
        bare_flags(cursor)?
    };
    Ok(Arguments {
        set,
        unchanged_since,
        op,
        silent,
        flags,
    })
}

/// Flags without parentheses.
fn bare_flags(cursor: &mut Cursor<'_>) -> Parsed<Flags> {
    let mut flags = Flags::default();
    cursor.flag(&mut flags)?;
    while cursor.eat(b' ') {
        cursor.flag(&mut flags)?;
    }
    Ok(flags)
}

pub(super) async fn run(dialogue: &mut Dialogue, call: &Call, arguments: Arguments) -> Result<Fine, Fail> {
    let uids = dialogue.writable()?.resolve(&arguments.set, call.by_uid)?;
    if arguments.unchanged_since.is_some() {
        dialogue.enable_condstore();
    }
    let (mut modified, mut missing) = (Vec::new(), false);
    for page in uids.chunks(STORE_PAGE) {
        let request = Request::SetFlags {
            uids: page.to_vec(),
            op: arguments.op,
            flags: arguments.flags.clone(),
            unchanged_since: arguments.unchanged_since,
        };
        let changed = dialogue.wire.set_flags(request).await;
        let mut changed = changed.map_err(|refusal| Fail::Refused(refusal, Situation::Flags))?;
        changed.modified.sort_unstable();
        modified.extend_from_slice(&changed.modified);
        missing |= page.iter().any(|uid| changed.lacks(*uid));
        tell(dialogue, call, &arguments, &changed).await?;
    }
    if modified.is_empty() && missing && !call.by_uid {
        // RFC 5530, 3: another session has removed some of them, which cannot be told during STORE.
        return Ok(Fine::with_code(
            "EXPUNGEISSUED",
            "Some messages are no longer there",
        ));
    }
    if modified.is_empty() {
        return Ok(Fine::new("STORE completed"));
    }
    modified.sort_unstable();
    let selected = dialogue.selected()?;
    let refused: Vec<u32> = if call.by_uid {
        modified
    } else {
        modified.iter().filter_map(|uid| selected.number(*uid)).collect()
    };
    Ok(Fine::with_code(
        format!("MODIFIED {}", print_ascending(refused)),
        "Conditional STORE failed",
    ))
}

impl FlagsChanged {
    /// Whether nothing is said of this message: it is no longer there.
    fn lacks(&self, uid: u32) -> bool {
        self.rows.binary_search_by_key(&uid, |row| row.uid).is_err()
            && self.modified.binary_search(&uid).is_err()
    }
}

/// The FETCH answers. Even a silent STORE tells the new MODSEQ to a client that counts in it.
async fn tell(
    dialogue: &mut Dialogue,
    call: &Call,
    arguments: &Arguments,
    changed: &FlagsChanged,
) -> Result<(), Fail> {
    let enabled = dialogue.enabled;
    let wire = dialogue.wire.clone();
    let selected = dialogue.selected_mut()?;
    for row in &changed.rows {
        // A message left alone is as others made it, which is told as news.
        if changed.modified.binary_search(&row.uid).is_ok() {
            continue;
        }
        selected.tell(row);
        if arguments.silent && !enabled.condstore {
            continue;
        }
        let Some(number) = selected.number(row.uid) else {
            continue;
        };
        if selected.learn_keywords(row) {
            wire.say(selected.flag_lines().as_bytes());
        }
        let fetch = FlagsFetch {
            number,
            row,
            recent: !enabled.rev2 && selected.is_recent(row.uid),
            uid: call.by_uid || enabled.qresync,
            flags: !arguments.silent,
            modseq: enabled.condstore,
        };
        wire.say(fetch.line().as_bytes());
        wire.pace().await;
    }
    Ok(())
}
