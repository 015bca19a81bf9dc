//! The ENVELOPE of a message (RFC 9051, 2.3.5 and 7.5.2): header values, unfolded and otherwise raw.

use std::borrow::Cow;

use crate::{
    address::{ADDRESSES_MAX, Address, addresses},
    field::{fields, unfold},
};

/// What ENVELOPE shows. Absent fields are `None` or empty, which IMAP prints as NIL. Borrowed when it comes out of a
/// [`crate::Summary`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Envelope<'a> {
    /// Date field.
    pub date: Option<Cow<'a, [u8]>>,
    /// Subject field.
    pub subject: Option<Cow<'a, [u8]>>,
    /// From.
    pub from: Vec<Address<'a>>,
    /// Sender; the From addresses when absent or empty.
    pub sender: Vec<Address<'a>>,
    /// Reply-To; the From addresses when absent or empty.
    pub reply_to: Vec<Address<'a>>,
    /// To.
    pub to: Vec<Address<'a>>,
    /// Cc.
    pub cc: Vec<Address<'a>>,
    /// Bcc.
    pub bcc: Vec<Address<'a>>,
    /// In-Reply-To field.
    pub in_reply_to: Option<Cow<'a, [u8]>>,
    /// Message-ID field.
    pub message_id: Option<Cow<'a, [u8]>>,
}

impl Envelope<'static> {
    /// Reads the envelope from a header. Of repeated fields the first counts; repeated recipients are joined.
    pub fn parse(header: &[u8]) -> Self {
        let mut envelope = Self::default();
        for field in fields(header) {
            let name = field.name.to_ascii_lowercase();
            match name.as_slice() {
                b"date" => first(&mut envelope.date, field.value),
                b"subject" => first(&mut envelope.subject, field.value),
                b"in-reply-to" => first(&mut envelope.in_reply_to, field.value),
                b"message-id" => first(&mut envelope.message_id, field.value),
                b"from" => join(&mut envelope.from, field.value),
                b"sender" => join(&mut envelope.sender, field.value),
                b"reply-to" => join(&mut envelope.reply_to, field.value),
                b"to" => join(&mut envelope.to, field.value),
                b"cc" => join(&mut envelope.cc, field.value),
                b"bcc" => join(&mut envelope.bcc, field.value),
                _ => {}
            }
        }
        for defaulted in [&mut envelope.sender, &mut envelope.reply_to] {
            if defaulted.is_empty() {
                defaulted.clone_from(&envelope.from);
            }
        }
        envelope
    }
}

impl Envelope<'_> {
    /// The same with texts of its own.
    pub fn into_owned(self) -> Envelope<'static> {
        let owned = |text: Option<Cow<'_, [u8]>>| text.map(|text| Cow::Owned(text.into_owned()));
        let list = |list: Vec<Address<'_>>| list.into_iter().map(Address::into_owned).collect();
        Envelope {
            date: owned(self.date),
            subject: owned(self.subject),
            from: list(self.from),
            sender: list(self.sender),
            reply_to: list(self.reply_to),
            to: list(self.to),
            cc: list(self.cc),
            bcc: list(self.bcc),
            in_reply_to: owned(self.in_reply_to),
            message_id: owned(self.message_id),
        }
    }
}

fn first(slot: &mut Option<Cow<'static, [u8]>>, value: &[u8]) {
    if slot.is_none() {
        *slot = Some(unfold(value).into());
    }
}

fn join(list: &mut Vec<Address<'static>>, value: &[u8]) {
    let room = ADDRESSES_MAX.saturating_sub(list.len());
    if room > 0 {
        list.extend(addresses(value).into_iter().take(room));
    }
}

#[cfg(test)]
mod tests {
    use super::Envelope;

    #[test]
    fn defaults_and_repeats() {
        let envelope = Envelope::parse(
            b"Subject: one\r\nSUBJECT: two\r\nFrom: a@b\r\nSender:\r\nTo: c@d\r\nto: e@f\r\nDate:  x \r\n y\r\n\r\n",
        );
        assert_eq!(envelope.subject.as_deref(), Some(&b"one"[..]));
        assert_eq!(envelope.date.as_deref(), Some(&b"x  y"[..]));
        assert_eq!(envelope.sender, envelope.from);
        assert_eq!(envelope.reply_to.len(), 1);
        assert_eq!(envelope.to.len(), 2);
        assert_eq!(envelope.message_id, None);
    }
}
