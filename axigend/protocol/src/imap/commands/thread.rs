//! THREAD and UID THREAD: the command's row; the work is in `imap::thread`.

use super::super::{
    cursor::{Cursor, Parsed},
    dialogue::{Call, Dialogue, Fail, Fine},
    thread::{self, Arguments},
};

pub(super) fn parse(cursor: &mut Cursor<'_>, _: &Call) -> Parsed<Arguments> {
    Arguments::parse(cursor)
}

pub(super) async fn run(dialogue: &mut Dialogue, call: &Call, arguments: Arguments) -> Result<Fine, Fail> {
    thread::run(dialogue, call, arguments).await
}
