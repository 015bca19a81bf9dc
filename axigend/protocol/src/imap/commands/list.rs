//! LIST and LSUB: the command's row; the work is in `imap::list`.

use super::super::{
    cursor::{Cursor, Parsed},
    dialogue::{Call, Dialogue, Fail, Fine},
    list::{self, Arguments},
};

pub(super) fn parse(cursor: &mut Cursor<'_>, call: &Call) -> Parsed<Arguments> {
    if call.name == "LSUB" {
        Arguments::parse_lsub(cursor)
    } else {
        Arguments::parse(cursor)
    }
}

pub(super) async fn run(dialogue: &mut Dialogue, call: &Call, arguments: Arguments) -> Result<Fine, Fail> {
    list::run(dialogue, &arguments).await?;
    Ok(Fine::new(format!("{} completed", call.name)))
}
