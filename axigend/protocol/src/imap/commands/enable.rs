//! ENABLE (RFC 9051, 6.3.1; RFC 5161).

use super::super::{
    capability::ENABLE,
    cursor::{Bad, Cursor, Parsed},
    dialogue::{Call, Dialogue, Fail, Fine},
};

pub(super) fn parse(cursor: &mut Cursor<'_>, _: &Call) -> Parsed<Vec<String>> {
    let mut names = Vec::new();
    while cursor.eat(b' ') {
        names.push(cursor.keyword("a capability")?);
    }
    if names.is_empty() {
        Err(Bad::new("ENABLE needs a capability"))
    } else {
        Ok(names)
    }
}

#[expect(clippy::unused_async, reason = "every row runs in the same way")]
pub(super) async fn run(dialogue: &mut Dialogue, _: &Call, names: Vec<String>) -> Result<Fine, Fail> {
    let mut line = String::from("* ENABLED");
    for known in ENABLE {
        if !names.iter().any(|name| name == known) {
            continue;
        }
        line.push(' ');
        line.push_str(if known == "IMAP4REV2" { "IMAP4rev2" } else { known });
        match known {
            "CONDSTORE" => dialogue.enable_condstore(),
            "IMAP4REV2" => dialogue.enabled.rev2 = true,
            "QRESYNC" => {
                dialogue.enabled.qresync = true;
                dialogue.enable_condstore();
            }
            _ => dialogue.enabled.utf8 = true,
        }
    }
    dialogue.wire.say(format!("{line}\r\n").as_bytes());
    Ok(Fine::new("ENABLE completed"))
}

impl Dialogue {
    /// Switches MODSEQ on; a mailbox that is already open shows its HIGHESTMODSEQ now (RFC 7162, 3.1).
    pub(in crate::imap) fn enable_condstore(&mut self) {
        if !std::mem::replace(&mut self.enabled.condstore, true)
            && let Some(selected) = &self.selected
        {
            self.wire
                .say(format!("* OK [HIGHESTMODSEQ {}] Highest\r\n", selected.modseq).as_bytes());
        }
    }
}
