//! FETCH and UID FETCH: the command's row; the work is in `imap::fetch`.

use super::super::{
    cursor::{Cursor, Parsed},
    dialogue::{Call, Dialogue, Fail, Fine},
    fetch::{self, Arguments},
};

pub(super) fn parse(cursor: &mut Cursor<'_>, call: &Call) -> Parsed<Arguments> {
    Arguments::parse(cursor, call.by_uid)
}

pub(super) async fn run(dialogue: &mut Dialogue, call: &Call, arguments: Arguments) -> Result<Fine, Fail> {
    fetch::run(dialogue, call, arguments).await
}
