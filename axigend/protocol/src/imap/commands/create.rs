//! CREATE (RFC 9051, 6.3.4), with USE (RFC 6154, 3); MAILBOXID: RFC 8474, 4.1.

use super::super::{
    cursor::{Cursor, Parsed},
    dialogue::{Call, Dialogue, Fail, Fine},
    folder::SpecialUse,
};

pub(super) struct Arguments {
    name: String,
    uses: Vec<String>,
}

pub(super) fn parse(cursor: &mut Cursor<'_>, _: &Call) -> Parsed<Arguments> {
    cursor.space()?;
    let name = cursor.mailbox()?;
    let mut uses = Vec::new();
    if cursor.eat(b' ') {
        cursor.expect(b'(')?;
        if !cursor.eat_word("USE") {
            return cursor.bad("USE");
        }
        cursor.space()?;
        uses = cursor.list(|cursor| {
            cursor.expect(b'\\')?;
            cursor.atom("a special use")
        })?;
        cursor.expect(b')')?;
    }
    Ok(Arguments { name, uses })
}

pub(super) async fn run(dialogue: &mut Dialogue, _: &Call, arguments: Arguments) -> Result<Fine, Fail> {
    let special_use = match arguments.uses.as_slice() {
        [] => None,
        [one] => {
            Some(special_use(one).ok_or_else(|| Fail::no("USEATTR", "Unknown or unsupported special use"))?)
        }
        _ => return Err(Fail::no("USEATTR", "A mailbox has one special use at most")),
    };
    if arguments.name == "INBOX" {
        return Err(Fail::no("ALREADYEXISTS", "INBOX exists always"));
    }
    let folder = dialogue.wire.create(arguments.name, special_use).await?;
    let code = format!("MAILBOXID ({})", folder.mailbox_id);
    Ok(Fine::with_code(code, "CREATE completed"))
}

/// \All and \Flagged are views, which are not offered.
fn special_use(name: &str) -> Option<SpecialUse> {
    SpecialUse::ALL
        .into_iter()
        .filter(|known| !matches!(known, SpecialUse::All | SpecialUse::Flagged))
        .find(|known| {
            known
                .attribute()
                .get(1..)
                .is_some_and(|word| word.eq_ignore_ascii_case(name))
        })
}
