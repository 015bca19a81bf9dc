//! ID (RFC 2971): who is at the other end.

use super::super::{
    cursor::{Bad, Cursor, Parsed},
    dialogue::{Call, Dialogue, Fail, Fine},
    write::{one_line, quoted_or_atom},
};

/// Most fields of a client's ID (RFC 2971, 3.3).
const FIELDS_MAX: usize = 30;
/// Longest value of a field.
const VALUE_MAX: usize = 1024;

type Fields = Vec<(Vec<u8>, Option<Vec<u8>>)>;

pub(super) fn parse(cursor: &mut Cursor<'_>, _: &Call) -> Parsed<Fields> {
    cursor.space()?;
    if cursor.eat_word("NIL") {
        return Ok(Vec::new());
    }
    let mut fields = Vec::new();
    cursor.expect(b'(')?;
    while !cursor.eat(b')') {
        if !fields.is_empty() {
            cursor.space()?;
        }
        let name = cursor.string()?;
        cursor.space()?;
        let value = if cursor.eat_word("NIL") {
            None
        } else {
            Some(cursor.string()?)
        };
        if fields.len() >= FIELDS_MAX || value.as_ref().is_some_and(|value| value.len() > VALUE_MAX) {
            return Err(Bad::new(format!(
                "ID has at most {FIELDS_MAX} fields of {VALUE_MAX} bytes"
            )));
        }
        fields.push((name, value));
    }
    Ok(fields)
}

#[expect(clippy::unused_async, reason = "every row runs in the same way")]
pub(super) async fn run(dialogue: &mut Dialogue, _: &Call, fields: Fields) -> Result<Fine, Fail> {
    let told: Vec<String> = fields
        .iter()
        .map(|(name, value)| {
            let value = value.as_deref().unwrap_or_default();
            format!(
                "{}={}",
                String::from_utf8_lossy(name),
                String::from_utf8_lossy(value)
            )
        })
        .collect();
    tracing::info!("client: {}", one_line(&told.join(" ")));
    let version = quoted_or_atom(&dialogue.settings.version);
    let version = version.trim_matches('"');
    dialogue
        .wire
        .say(format!("* ID (\"name\" \"axigend\" \"version\" \"{version}\")\r\n").as_bytes());
    Ok(Fine::new("ID completed"))
}
