//! SORT and UID SORT: the command's row; the work is in `imap::sort`.

use super::super::{
    cursor::{Cursor, Parsed},
    dialogue::{Call, Dialogue, Fail, Fine},
    sort::{self, Arguments},
};

pub(super) fn parse(cursor: &mut Cursor<'_>, _: &Call) -> Parsed<Arguments> {
    Arguments::parse(cursor)
}

pub(super) async fn run(dialogue: &mut Dialogue, call: &Call, arguments: Arguments) -> Result<Fine, Fail> {
    sort::run(dialogue, call, arguments).await
}
