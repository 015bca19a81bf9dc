//! Applying content tests to a message, without reading it: the service brings the bytes.
//!
//! First the header, then, if that did not decide all, the text parts in pieces; text is decoded from its transfer
//! encoding and character set on the way, so memory does not grow with the message. Attachments that are not text are
//! not looked into; headers of enclosed messages are.

use axigend_message::{
    Matcher, PartText, SearchedHeader, Structure, TextPart, address_texts, civil_date, decode_field,
    feed_header, fields, fold, text_parts, unfold,
};

use super::{super::date::days, keys::Test};

/// Tests on their way through one message.
#[derive(Debug)]
pub struct Inspection<'a> {
    tests: &'a [Test],
    passed: Vec<bool>,
    header: SearchedHeader,
    /// For `Text` tests, in the header.
    in_header: Matcher,
    /// The day of the Date field.
    sent: Sent,
    /// For `Body` and `Text` tests, in their order.
    matcher: Matcher,
    /// Where the matcher's needles stand in `tests`.
    places: Vec<usize>,
    part: Option<PartText>,
}

/// The day in the Date field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sent {
    /// There is none so far.
    NoField,
    /// It holds no date.
    NoDate,
    /// Days since 1970.
    Day(i64),
}

impl<'a> Inspection<'a> {
    /// Starts with these tests.
    pub fn new(tests: &'a [Test]) -> Self {
        Self {
            tests,
            passed: vec![false; tests.len()],
            header: SearchedHeader::default(),
            in_header: Matcher::new(tests.iter().filter_map(|test| match test {
                Test::Text { needle } => Some(needle.as_str()),
                _ => None,
            })),
            sent: Sent::NoField,
            matcher: Matcher::new([]),
            places: Vec::new(),
            part: None,
        }
    }

    /// The next bytes of the message's header; `last` when it ends with them. Of one field the first
    /// [`axigend_message::SEARCHED_FIELD_MAX`] bytes are looked into.
    pub fn header(&mut self, bytes: &[u8], last: bool) {
        self.header.feed(bytes);
        while let Some(fields) = self.header.next(last) {
            self.look_into(&fields);
        }
        if last {
            self.end_header();
        }
    }

    /// Applies the tests to whole fields.
    fn look_into(&mut self, header: &[u8]) {
        feed_header(&mut self.in_header, header);
        if self.sent == Sent::NoField {
            self.sent = sent_day(header);
        }
        for (test, passed) in self.tests.iter().zip(&mut self.passed) {
            if let Test::Field { name, needle } = test {
                *passed = *passed || has_field(header, name, needle);
            }
        }
    }

    /// What the header did not decide is looked for in the text.
    fn end_header(&mut self) {
        let sent = match self.sent {
            Sent::Day(day) => Some(day),
            Sent::NoField | Sent::NoDate => None,
        };
        let mut in_header = self.in_header.found().into_iter();
        for (test, passed) in self.tests.iter().zip(&mut self.passed) {
            match test {
                Test::Field { .. } | Test::Body { .. } => {}
                Test::Sent { test, day } => *passed = sent.is_some_and(|sent| test.holds(sent, *day)),
                Test::Text { .. } => *passed = in_header.next().unwrap_or(false),
            }
        }
        let open = |place: &usize| self.passed.get(*place) == Some(&false);
        let (places, needles): (Vec<usize>, Vec<&str>) = self
            .tests
            .iter()
            .enumerate()
            .filter_map(|(place, test)| match test {
                Test::Body { needle } | Test::Text { needle } => Some((place, needle.as_str())),
                Test::Field { .. } | Test::Sent { .. } => None,
            })
            .filter(|(place, _)| open(place))
            .unzip();
        (self.places, self.matcher) = (places, Matcher::new(needles));
    }

    /// Whether the text parts must be looked into, or looked into further.
    pub fn wants_text(&self) -> bool {
        !self.places.is_empty() && !self.matcher.is_settled()
    }

    /// The parts to be looked into, in order.
    pub fn parts(structure: &Structure) -> Vec<TextPart> {
        text_parts(structure)
    }

    /// Begins a part.
    pub fn begin(&mut self, part: &TextPart) {
        self.part = Some(PartText::begin(part, &mut self.matcher));
    }

    /// The next bytes of the part; `last` when it ends with them.
    pub fn feed(&mut self, bytes: &[u8], last: bool) {
        if let Some(part) = &mut self.part {
            part.feed(bytes, last, &mut self.matcher);
        }
    }

    /// Which tests the message passes.
    pub fn passed(mut self) -> Vec<bool> {
        for (place, found) in self.places.iter().zip(self.matcher.found()) {
            if let Some(passed) = self.passed.get_mut(*place) {
                *passed |= found;
            }
        }
        debug_assert_eq!(self.passed.len(), self.tests.len(), "one result for each test");
        self.passed
    }
}

fn has_field(header: &[u8], name: &str, needle: &str) -> bool {
    let needle = fold(needle);
    fields(header).filter(|field| field.is(name)).any(|field| {
        needle.is_empty()
            || fold(&decode_field(field.value)).contains(&needle)
            || address_texts(&field)
                .iter()
                .any(|text| fold(text).contains(&needle))
    })
}

/// What the first Date field says.
fn sent_day(header: &[u8]) -> Sent {
    let Some(date) = fields(header).find(|field| field.is("date")) else {
        return Sent::NoField;
    };
    let day = civil_date(&unfold(date.value))
        .and_then(|(year, month, day)| days(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?));
    day.map_or(Sent::NoDate, Sent::Day)
}

#[cfg(test)]
mod tests {
    use super::{Inspection, Test};
    use crate::imap::{DateTest, date::parse_date};
    use axigend_message::{Walker, header_len};

    fn inspect(message: &str, tests: &[Test], piece: usize) -> Vec<bool> {
        let bytes = message.as_bytes();
        let mut walker = Walker::new();
        walker.feed(bytes);
        let structure = walker.finish();
        let header = header_len(bytes).unwrap_or(bytes.len());
        let mut inspection = Inspection::new(tests);
        let mut pieces = bytes[..header].chunks(piece).peekable();
        while let Some(piece) = pieces.next() {
            inspection.header(piece, pieces.peek().is_none());
        }
        for part in Inspection::parts(&structure) {
            if !inspection.wants_text() {
                break;
            }
            inspection.begin(&part);
            let body = &bytes[part.range.start as usize..part.range.end as usize];
            let mut pieces = body.chunks(piece).peekable();
            while let Some(piece) = pieces.next() {
                inspection.feed(piece, pieces.peek().is_none());
            }
        }
        inspection.passed()
    }

    #[test]
    fn addresses_are_found_in_their_envelope_form() {
        let message = "From: \"Bob \\\"B\\\" Doe\" <bob . doe @ (x) example.test>\r\nX-From: bob @ example.test\r\n\r\n";
        for (name, needle, expected) in [
            ("FROM", "bob.doe@EXAMPLE.test", true),
            ("from", "@example.test", true),
            ("from", "bob \"b\" doe", true),
            ("x-from", "bob@example.test", false),
            ("to", "@example.test", false),
        ] {
            let test = Test::Field {
                name: name.into(),
                needle: needle.into(),
            };
            assert_eq!(inspect(message, &[test], 100), [expected], "{name} {needle}");
        }
    }

    #[test]
    fn tests_see_decoded_text() {
        let message = "Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\nDate: Fri, 21 Nov 1997 09:55:06 -0600\r\nX-Empty:\r\n\
             Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain; charset=iso-8859-1\r\n\
             Content-Transfer-Encoding: quoted-printable\r\n\r\nein =DCber=\r\nblick\r\n--b\r\n\
             Content-Type: application/x\r\n\r\nhidden\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n\
             Subject: inner\r\n\r\nenclosed\r\n--b--\r\n";
        let field = |name: &str, needle: &str| Test::Field {
            name: name.into(),
            needle: needle.into(),
        };
        let body = |needle: &str| Test::Body {
            needle: needle.into(),
        };
        let text = |needle: &str| Test::Text {
            needle: needle.into(),
        };
        let sent = |test, day: &str| Test::Sent {
            test,
            day: parse_date(day.as_bytes()).unwrap(),
        };
        let rows = [
            (field("subject", "GRÜ"), true),
            (field("subject", "xyz"), false),
            (field("x-empty", ""), true),
            (field("x-none", ""), false),
            (sent(DateTest::On, "21-Nov-1997"), true),
            (sent(DateTest::Before, "21-Nov-1997"), false),
            (sent(DateTest::Since, "20-Nov-1997"), true),
            (body("überblick"), true),
            (body("grüße"), false),
            (text("grüße"), true),
            (text("ÜBER"), true),
            (body("hidden"), false),
            (body("inner"), true),
            (body("enclosed"), true),
            (body(""), true),
        ];
        let (tests, expected): (Vec<Test>, Vec<bool>) = rows.into_iter().unzip();
        for piece in [1, 5, 1000] {
            assert_eq!(inspect(message, &tests, piece), expected, "by {piece}");
        }
    }
}
