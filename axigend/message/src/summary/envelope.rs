//! An envelope in a summary: its fields in the order of ENVELOPE; lists that repeat From are not written again.

use super::code::{In, Out};
use crate::{
    address::{ADDRESSES_MAX, Address},
    envelope::Envelope,
};

/// In place of a list's length: the list of From once more. Real lengths are written one higher.
const SAME: u64 = 0;

pub(super) fn write(out: &mut Out, envelope: &Envelope<'_>) {
    out.unusual(envelope.subject.as_deref());
    out.unusual(envelope.date.as_deref());
    out.unusual(envelope.message_id.as_deref());
    out.unusual(envelope.in_reply_to.as_deref());
    list(out, &envelope.from);
    for with_default in [&envelope.sender, &envelope.reply_to] {
        if *with_default == envelope.from {
            out.number(SAME);
        } else {
            list(out, with_default);
        }
    }
    for plain in [&envelope.to, &envelope.cc, &envelope.bcc] {
        list(out, plain);
    }
}

fn list(out: &mut Out, addresses: &[Address<'_>]) {
    out.number(addresses.len() as u64 + 1);
    for address in addresses {
        for text in [&address.name, &address.route, &address.mailbox, &address.host] {
            out.unusual(text.as_deref());
        }
    }
}

pub(super) fn read<'a>(bytes: &mut In<'a>) -> Option<Envelope<'a>> {
    let subject = bytes.cow()?;
    let date = bytes.cow()?;
    let message_id = bytes.cow()?;
    let in_reply_to = bytes.cow()?;
    let from = read_list(bytes, &[])?;
    Some(Envelope {
        subject,
        date,
        message_id,
        in_reply_to,
        sender: read_list(bytes, &from)?,
        reply_to: read_list(bytes, &from)?,
        from,
        to: read_list(bytes, &[])?,
        cc: read_list(bytes, &[])?,
        bcc: read_list(bytes, &[])?,
    })
}

fn read_list<'a>(bytes: &mut In<'a>, same: &[Address<'a>]) -> Option<Vec<Address<'a>>> {
    let length = bytes.number()?;
    if length == SAME {
        return Some(same.to_vec());
    }
    let length = usize::try_from(length - 1).ok()?;
    // One more than the bound: the end of a group that was cut.
    if length > ADDRESSES_MAX + 1 || length > bytes.0.len() {
        return None;
    }
    let mut list = Vec::with_capacity(length);
    for _ in 0..length {
        list.push(Address {
            name: bytes.cow()?,
            route: bytes.cow()?,
            mailbox: bytes.cow()?,
            host: bytes.cow()?,
        });
    }
    Some(list)
}
