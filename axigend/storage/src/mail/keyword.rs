//! Keywords of a folder and the bits that stand for them in its message rows.

use std::ops::ControlFlow;

use axigen_shared::{Cause, Refusal};

use super::{KEYWORD_LIMIT, edit::Edit, keys, look, rows::KeywordRow, types::FolderId};

/// Longest keyword in bytes: it stands in one row with all others of the folder.
const KEYWORD_LENGTH: usize = 128;

/// The bits of keywords, learning those the folder does not know yet. When all bits are taken, those that no message
/// uses any more are given back first.
pub(super) fn learn(edit: &mut Edit<'_, '_>, folder: FolderId, names: &[String]) -> Result<u64, Refusal> {
    learn_besides(edit, folder, names, 0)
}

/// As [`learn`]; the bits in `taken` are about to be used and are not given back.
fn learn_besides(
    edit: &mut Edit<'_, '_>,
    folder: FolderId,
    names: &[String],
    taken: u64,
) -> Result<u64, Refusal> {
    if names.is_empty() {
        return Ok(0);
    }
    let mut row = edit.keywords(folder)?;
    let known = row.clone();
    let mut bits = 0;
    for name in names {
        check(name)?;
        let bit = match row.bit(name) {
            Some(bit) => bit,
            None => free_bit(edit, folder, &mut row, taken | bits, name)?,
        };
        bits |= 1 << bit;
    }
    if row != known {
        edit.txn
            .put(keys::KEYWORD, &keys::folder(edit.account, folder), &row.encode())?;
        // Others learn of the new name by the mailbox's change.
        edit.touch();
    }
    Ok(bits)
}

/// As [`learn`], but what does not fit is left out: a copy must not fail because of a label.
pub(super) fn learn_what_fits(
    edit: &mut Edit<'_, '_>,
    folder: FolderId,
    names: &[String],
) -> Result<u64, Refusal> {
    let mut bits = 0;
    for name in names {
        match learn_besides(edit, folder, std::slice::from_ref(name), bits) {
            Ok(bit) => bits |= bit,
            Err(refusal) if matches!(refusal.cause, Cause::Invalid | Cause::TooLarge) => {}
            Err(refusal) => return Err(refusal),
        }
    }
    Ok(bits)
}

/// The bits of those keywords the folder knows.
pub(super) fn known(row: &KeywordRow, names: &[String]) -> u64 {
    names
        .iter()
        .filter_map(|name| row.bit(name))
        .fold(0, |bits, bit| bits | 1 << bit)
}

fn check(name: &str) -> Result<(), Refusal> {
    if name.is_empty() || name.len() > KEYWORD_LENGTH || name.chars().any(|ch| ch.is_control() || ch == ' ') {
        return Err(Refusal::new(
            Cause::Invalid,
            "a keyword must have 1 to 128 bytes, no space, no control",
        ));
    }
    Ok(())
}

fn free_bit(
    edit: &Edit<'_, '_>,
    folder: FolderId,
    row: &mut KeywordRow,
    wanted: u64,
    name: &str,
) -> Result<usize, Refusal> {
    if row.0.len() < KEYWORD_LIMIT {
        row.0.push(name.to_owned());
        return Ok(row.0.len() - 1);
    }
    if let Some(bit) = row.0.iter().position(String::is_empty) {
        name.clone_into(&mut row.0[bit]);
        return Ok(bit);
    }
    let mut used = wanted;
    look::each_message(edit.txn, edit.account, folder, 0, |_, value| {
        used |= value.keywords;
        Ok(ControlFlow::Continue(()))
    })?;
    for (bit, known) in row.0.iter_mut().enumerate() {
        if used >> bit & 1 == 0 {
            known.clear();
        }
    }
    let bit = row.0.iter().position(String::is_empty).ok_or_else(|| {
        Refusal::new(
            Cause::TooLarge,
            format!("the folder has {KEYWORD_LIMIT} keywords in use already"),
        )
    })?;
    name.clone_into(&mut row.0[bit]);
    Ok(bit)
}
