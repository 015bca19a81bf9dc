//! A message's parts in a summary: each one where it begins (from the beginning of the part around it), what its header
//! says, and the parts inside it.

use super::{
    code::{In, Out},
    envelope,
};
use crate::{
    content::{Disposition, Parameter},
    part::{Content, DEPTH_MAX, PARTS_MAX, Part, Structure},
};

const LEAF: u64 = 0;
const MULTIPART: u64 = 1;
const MESSAGE: u64 = 2;

/// Writes the parts; the envelope of the message itself stands elsewhere.
pub(super) fn write(out: &mut Out, root: &Part) {
    part(out, root, 0);
}

fn part(out: &mut Out, part: &Part, from: u64) {
    let Part { header, body, .. } = part;
    out.signed(header.start.wrapping_sub(from).cast_signed());
    out.number(header.end.wrapping_sub(header.start));
    out.number(body.start.wrapping_sub(header.end));
    out.number(body.end.wrapping_sub(body.start));
    out.number(part.lines);
    out.text(part.media_type.as_bytes());
    out.text(part.subtype.as_bytes());
    parameters(out, &part.parameters);
    for text in [
        &part.encoding,
        &part.id,
        &part.description,
        &part.md5,
        &part.location,
    ] {
        out.optional(text.as_deref());
    }
    let disposition = part.disposition.as_ref();
    out.optional(disposition.map(|disposition| disposition.kind.as_slice()));
    if let Some(disposition) = disposition {
        parameters(out, &disposition.parameters);
    }
    out.number(part.languages.len() as u64);
    for language in &part.languages {
        out.text(language);
    }
    content(out, part);
}

fn content(out: &mut Out, whole: &Part) {
    match &whole.content {
        Content::Leaf => out.number(LEAF),
        Content::Multipart(parts) => {
            out.number(MULTIPART);
            out.number(parts.len() as u64);
            for child in parts {
                part(out, child, whole.header.start);
            }
        }
        Content::Message(inner) => {
            out.number(MESSAGE);
            envelope::write(out, &inner.envelope);
            part(out, &inner.root, whole.header.start);
        }
    }
}

fn parameters(out: &mut Out, list: &[Parameter]) {
    out.number(list.len() as u64);
    for (name, value) in list {
        out.text(name);
        out.text(value);
    }
}

/// Reads the parts.
pub(super) fn read(bytes: &mut In<'_>) -> Option<Part> {
    read_part(bytes, 0, 0, &mut 0)
}

fn read_part(bytes: &mut In<'_>, from: u64, depth: usize, parts: &mut usize) -> Option<Part> {
    *parts += 1;
    // An empty part stands in each multipart that has none, beyond those that were told apart.
    if depth > DEPTH_MAX + 1 || *parts > 2 * PARTS_MAX {
        return None;
    }
    let start = from.wrapping_add(bytes.signed()?.cast_unsigned());
    let end = start.wrapping_add(bytes.number()?);
    let body = end.wrapping_add(bytes.number()?);
    let mut part = Part {
        header: start..end,
        body: body..body.wrapping_add(bytes.number()?),
        lines: bytes.number()?,
        media_type: bytes.string()?,
        subtype: bytes.string()?,
        parameters: read_parameters(bytes)?,
        encoding: bytes.owned()?,
        id: bytes.owned()?,
        description: bytes.owned()?,
        md5: bytes.owned()?,
        location: bytes.owned()?,
        ..Part::default()
    };
    if part.header.end < start || part.body.end < part.body.start {
        return None;
    }
    if let Some(kind) = bytes.owned()? {
        let parameters = read_parameters(bytes)?;
        part.disposition = Some(Disposition { kind, parameters });
    }
    for _ in 0..bytes.count()? {
        part.languages.push(bytes.text()?.to_vec());
    }
    part.content = read_content(bytes, start, depth, parts)?;
    Some(part)
}

fn read_content(bytes: &mut In<'_>, from: u64, depth: usize, parts: &mut usize) -> Option<Content> {
    match bytes.number()? {
        LEAF => Some(Content::Leaf),
        MULTIPART => {
            let count = bytes.count()?;
            let mut children = Vec::new();
            for _ in 0..count {
                children.push(read_part(bytes, from, depth + 1, parts)?);
            }
            Some(Content::Multipart(children))
        }
        MESSAGE => {
            let envelope = envelope::read(bytes)?.into_owned();
            let root = read_part(bytes, from, depth + 1, parts)?;
            Some(Content::Message(Box::new(Structure { root, envelope })))
        }
        _ => None,
    }
}

fn read_parameters(bytes: &mut In<'_>) -> Option<Vec<Parameter>> {
    let count = bytes.count()?;
    let mut list = Vec::new();
    for _ in 0..count {
        list.push((bytes.text()?.to_vec(), bytes.text()?.to_vec()));
    }
    Some(list)
}
