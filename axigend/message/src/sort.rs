//! What SORT compares of a message (RFC 5256).

use unicode_normalization::UnicodeNormalization;

use crate::{date::sent_time, envelope::Envelope, text::decode_field};

/// Times that the rules of the base subject are gone through again: an endless `Re: [x] Re: [x] …` is cut short.
const ROUNDS_MAX: usize = 100;

/// The keys of one message, in the form in which they are compared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SortKeys {
    /// When it was sent, Unix seconds; `None` when its Date field says nothing readable.
    pub sent: Option<i64>,
    /// Base subject (2.1).
    pub subject: String,
    /// Whether the subject marks it as a reply or a forwarded message.
    pub is_reply: bool,
    /// Mailbox of the first address of From.
    pub from: String,
    /// Of To.
    pub to: String,
    /// Of Cc.
    pub cc: String,
}

impl SortKeys {
    /// The keys of a message with this envelope.
    pub fn parse(envelope: &Envelope<'_>) -> Self {
        let base = base_subject(envelope.subject.as_deref().unwrap_or_default());
        let sent = envelope.date.as_deref().and_then(sent_time);
        Self::new(envelope, sent, base.text, base.is_reply)
    }

    pub(crate) fn new(envelope: &Envelope<'_>, sent: Option<i64>, subject: String, is_reply: bool) -> Self {
        let first = |list: &[crate::Address<'_>]| {
            let mailbox = list.first().and_then(|address| address.mailbox.as_deref());
            casemap(&String::from_utf8_lossy(mailbox.unwrap_or_default()))
        };
        Self {
            sent,
            subject,
            is_reply,
            from: first(&envelope.from),
            to: first(&envelope.to),
            cc: first(&envelope.cc),
        }
    }
}

/// A subject without the marks of replies.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct BaseSubject {
    /// What is left, as it is compared.
    pub(crate) text: String,
    /// Whether any such mark was there.
    pub(crate) is_reply: bool,
}

/// The base subject of a Subject field's value (RFC 5256, 2.1).
pub(crate) fn base_subject(value: &[u8]) -> BaseSubject {
    // Step 1: encoded words become text, runs of white space one space.
    let decoded = decode_field(value);
    let words: Vec<&str> = decoded.split_whitespace().collect();
    let text = words.join(" ");
    let mut rest = text.as_str();
    let mut is_reply = false;
    for _ in 0..ROUNDS_MAX {
        let before = rest;
        rest = strip_trailers(rest, &mut is_reply);
        rest = strip_leaders(rest, &mut is_reply);
        // Step 6.
        if let Some(inner) = strip_word(rest, "[fwd:").and_then(|inner| inner.strip_suffix(']')) {
            rest = inner.trim();
            is_reply = true;
        }
        if rest == before {
            break;
        }
    }
    BaseSubject {
        text: casemap(rest),
        is_reply,
    }
}

/// Step 2: `(fwd)` at the end.
fn strip_trailers<'t>(text: &'t str, is_reply: &mut bool) -> &'t str {
    let mut rest = text.trim_end();
    while let Some(at) = rest.len().checked_sub(5)
        && rest
            .get(at..)
            .is_some_and(|end| end.eq_ignore_ascii_case("(fwd)"))
    {
        rest = rest.get(..at).unwrap_or_default().trim_end();
        *is_reply = true;
    }
    rest
}

/// Steps 3 to 5: `Re:`, `Fwd:`, `[list]` at the start, as long as something is left.
fn strip_leaders<'t>(text: &'t str, is_reply: &mut bool) -> &'t str {
    let mut rest = text.trim_start();
    loop {
        let mut inner = rest;
        while let Some(after) = blob(inner) {
            inner = after;
        }
        if let Some(after) = refwd(inner) {
            rest = after.trim_start();
            *is_reply = true;
        } else {
            match blob(rest) {
                Some(after) if !after.is_empty() => rest = after,
                _ => return rest,
            }
        }
    }
}

/// What follows `[text] `.
fn blob(text: &str) -> Option<&str> {
    let inside = text.strip_prefix('[')?;
    let end = inside.find(['[', ']'])?;
    Some(inside.get(end..)?.strip_prefix(']')?.trim_start())
}

/// What follows `re:`, `fw:` or `fwd:`, in which a blob may stand before the colon.
fn refwd(text: &str) -> Option<&str> {
    let after = ["re", "fwd", "fw"]
        .iter()
        .find_map(|word| strip_word(text, word))?
        .trim_start();
    let after = blob(after).unwrap_or(after);
    after.strip_prefix(':')
}

/// What follows the word, in any case.
fn strip_word<'t>(text: &'t str, word: &str) -> Option<&'t str> {
    let start = text.get(..word.len())?;
    if start.eq_ignore_ascii_case(word) {
        text.get(word.len()..)
    } else {
        None
    }
}

/// The form in which texts are compared byte by byte (i;unicode-casemap, RFC 5051): one case, decomposed.
pub(crate) fn casemap(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_uppercase();
    }
    text.chars().flat_map(char::to_uppercase).nfkd().collect()
}

#[cfg(test)]
mod tests {
    use super::base_subject;
    use proptest::prelude::{any, proptest};

    #[test]
    fn base_subjects() {
        for (subject, base, is_reply) in [
            ("hello", "HELLO", false),
            ("", "", false),
            ("Re: hello", "HELLO", true),
            ("RE : re:  Fwd: [list] hello  world", "HELLO WORLD", true),
            ("[list] hello", "HELLO", false),
            ("[list]", "[LIST]", false),
            ("Re: [list]", "[LIST]", true),
            ("Re[2]: hello", "HELLO", true),
            ("hello (fwd) (FWD)", "HELLO", true),
            ("[Fwd: hello]", "HELLO", true),
            ("[Fwd: Re: [x] hello (fwd)]", "HELLO", true),
            ("[a] [b] Re: [c] hello", "HELLO", true),
            ("Regarding hello", "REGARDING HELLO", false),
            ("=?utf-8?q?Re:_=C3=A4?=", "A\u{308}", true),
            ("Re:", "", true),
            ("fw", "FW", false),
        ] {
            let found = base_subject(subject.as_bytes());
            assert_eq!(
                (found.text.as_str(), found.is_reply),
                (base, is_reply),
                "{subject}"
            );
        }
        base_subject("[x] Re: ".repeat(10_000).as_bytes());
        base_subject("[Fwd: ".repeat(10_000).as_bytes());
    }

    proptest! {
        #[test]
        fn any_subject_has_a_base(subject in proptest::collection::vec(any::<u8>(), 0..100), marks in "([Rr]e|fwd?|[:\\[\\] ä()]){0,30}") {
            base_subject(&subject);
            base_subject(marks.as_bytes());
        }
    }
}
