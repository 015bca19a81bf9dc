//! Mailbox names: modified UTF-7 and UTF-8, INBOX, levels, LIST patterns (RFC 3501, 5.1.3; RFC 9051, 5.1 and 6.3.9).

use super::bounds::{NAME_MAX, WILDCARDS_MAX};

/// The hierarchy separator of every mailbox.
pub(crate) const SEPARATOR: char = '/';

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";

/// Decodes modified UTF-7; the error says what is wrong with the name.
pub(crate) fn from_utf7(name: &[u8]) -> Result<String, &'static str> {
    let mut text = String::new();
    let mut rest = name;
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        match byte {
            b'&' => {
                let end = memchr::memchr(b'-', rest).ok_or("'&' without '-' in modified UTF-7")?;
                let (encoded, tail) = rest.split_at(end);
                rest = tail.get(1..).unwrap_or_default();
                if encoded.is_empty() {
                    text.push('&');
                } else {
                    text.push_str(&shifted(encoded)?);
                    if rest.starts_with(b"&") && rest.get(1) != Some(&b'-') {
                        return Err("two runs of modified UTF-7 side by side");
                    }
                }
            }
            0x20..=0x7e => text.push(char::from(byte)),
            _ => return Err("not ASCII: use modified UTF-7, or ENABLE IMAP4rev2"),
        }
    }
    Ok(text)
}

/// One run between `&` and `-`: UTF-16 in base64.
fn shifted(encoded: &[u8]) -> Result<String, &'static str> {
    let (mut bits, mut count) = (0_u32, 0_u32);
    let mut units = Vec::new();
    for byte in encoded {
        let value = ALPHABET
            .iter()
            .position(|letter| letter == byte)
            .ok_or("not modified base64 after '&'")?;
        bits = (bits << 6) | value as u32;
        count += 6;
        if count >= 16 {
            count -= 16;
            units.push((bits >> count) as u16);
            bits &= (1 << count) - 1;
        }
    }
    if count >= 6 || bits != 0 {
        return Err("modified base64 ends amid a character");
    }
    let text = String::from_utf16(&units).map_err(|_| "modified UTF-7 holds half a surrogate pair")?;
    if text.chars().any(|letter| matches!(letter, ' '..='~')) {
        return Err("modified UTF-7 holds a character that stands for itself");
    }
    Ok(text)
}

/// Encodes in modified UTF-7.
pub(crate) fn to_utf7(name: &str) -> String {
    let mut text = String::new();
    let mut run: Vec<u16> = Vec::new();
    for letter in name.chars() {
        if matches!(letter, ' '..='~') {
            flush(&mut run, &mut text);
            text.push(letter);
            if letter == '&' {
                text.push('-');
            }
        } else {
            run.extend_from_slice(letter.encode_utf16(&mut [0; 2]));
        }
    }
    flush(&mut run, &mut text);
    text
}

fn flush(run: &mut Vec<u16>, text: &mut String) {
    if run.is_empty() {
        return;
    }
    text.push('&');
    let (mut bits, mut count) = (0_u32, 0_u32);
    let mut put = |value: u32| {
        let letter = ALPHABET.get((value & 63) as usize).copied().unwrap_or(b'A');
        text.push(char::from(letter));
    };
    for unit in run.drain(..) {
        bits = ((bits & 0x3f) << 16) | u32::from(unit);
        count += 16;
        while count >= 6 {
            count -= 6;
            put(bits >> count);
        }
    }
    if count > 0 {
        put(bits << (6 - count));
    }
    text.push('-');
}

/// Checks a name and spells INBOX right; a trailing separator, which CREATE may carry, is dropped.
pub(crate) fn canonical(name: &str) -> Result<String, &'static str> {
    let name = name.strip_suffix(SEPARATOR).unwrap_or(name);
    if name.is_empty() {
        return Err("the mailbox name is empty");
    }
    if name.len() > NAME_MAX {
        return Err("the mailbox name is too long");
    }
    if name.chars().any(char::is_control) {
        return Err("the mailbox name holds a control character");
    }
    if name.split(SEPARATOR).any(str::is_empty) {
        return Err("the mailbox name holds an empty level");
    }
    Ok(match name.get(..5) {
        Some(first)
            if first.eq_ignore_ascii_case("INBOX") && matches!(name.as_bytes().get(5), None | Some(b'/')) =>
        {
            format!("INBOX{}", name.get(5..).unwrap_or_default())
        }
        _ => name.to_owned(),
    })
}

/// A LIST pattern: `*` is anything, `%` anything within one level.
#[derive(Clone, Debug)]
pub(crate) struct Pattern(Vec<char>);

impl Pattern {
    /// Takes a pattern as far as its wildcards are bounded.
    pub(crate) fn new(text: &str) -> Result<Self, String> {
        let mut letters: Vec<char> = Vec::new();
        for letter in text.chars() {
            match (letters.last(), letter) {
                (Some('*'), '*' | '%') | (Some('%'), '%') => {}
                (Some('%'), '*') => {
                    letters.pop();
                    letters.push('*');
                }
                _ => letters.push(letter),
            }
        }
        if letters
            .iter()
            .filter(|letter| matches!(letter, '*' | '%'))
            .count()
            > WILDCARDS_MAX
        {
            return Err(format!("a pattern has at most {WILDCARDS_MAX} wildcards"));
        }
        if text.len() > NAME_MAX {
            return Err(format!("a pattern has at most {NAME_MAX} bytes"));
        }
        Ok(Self(letters))
    }

    /// Whether a name fits. INBOX fits in any case. Works on the set of places in the pattern where the name can
    /// stand, which holds at most one place more than there are wildcards: never exponential.
    pub(crate) fn fits(&self, name: &str) -> bool {
        let inbox = name == "INBOX" || name.starts_with("INBOX/");
        let mut places = Vec::new();
        self.arrive(0, &mut places);
        for (index, letter) in name.chars().enumerate() {
            let mut next = Vec::new();
            for &place in &places {
                match self.0.get(place) {
                    Some('*') => self.arrive(place, &mut next),
                    Some('%') if letter != SEPARATOR => self.arrive(place, &mut next),
                    Some(&own)
                        if own == letter || inbox && index < 5 && own.eq_ignore_ascii_case(&letter) =>
                    {
                        self.arrive(place + 1, &mut next);
                    }
                    _ => {}
                }
            }
            places = next;
            if places.is_empty() {
                return false;
            }
        }
        places.contains(&self.0.len())
    }

    /// Adds a place, and the one behind a wildcard, which may match nothing.
    fn arrive(&self, place: usize, places: &mut Vec<usize>) {
        if places.contains(&place) {
            return;
        }
        places.push(place);
        if matches!(self.0.get(place), Some('*' | '%')) {
            self.arrive(place + 1, places);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Pattern, canonical, from_utf7, to_utf7};
    use proptest::prelude::{any, prop_assert_eq, proptest};

    #[test]
    fn utf7() {
        for (encoded, text) in [
            ("INBOX", "INBOX"),
            ("Tom &- Jerry", "Tom & Jerry"),
            ("~peter/mail/&U,BTFw-/&ZeVnLIqe-", "~peter/mail/台北/日本語"),
            ("&AOQ-", "ä"),
            ("&2D3eAA-", "😀"),
        ] {
            assert_eq!(from_utf7(encoded.as_bytes()).as_deref(), Ok(text));
            assert_eq!(to_utf7(text), encoded);
        }
        for bad in [
            "&",
            "&AOQ",
            "&AGE-",
            "&A-",
            "ä",
            "&AOQ-&AOQ-",
            "&!!-",
            "&2D0-",
            "a\tb",
        ] {
            assert!(from_utf7(bad.as_bytes()).is_err(), "{bad}");
        }
    }

    #[test]
    fn names() {
        assert_eq!(canonical("inbox").as_deref(), Ok("INBOX"));
        assert_eq!(canonical("Inbox/a").as_deref(), Ok("INBOX/a"));
        assert_eq!(canonical("inboxes").as_deref(), Ok("inboxes"));
        assert_eq!(canonical("a/b/").as_deref(), Ok("a/b"));
        for bad in ["", "/", "/a", "a//b", "a\u{7}", &"x".repeat(2000)] {
            assert!(canonical(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn patterns() {
        for (pattern, name, fits) in [
            ("*", "a/b", true),
            ("%", "a/b", false),
            ("%", "a", true),
            ("a/%", "a/b", true),
            ("a/%", "a/b/c", false),
            ("a*c", "a/b/c", true),
            ("%/%", "a/b", true),
            ("inbox", "INBOX", true),
            ("inB*", "INBOX/x", true),
            ("A", "a", false),
            ("", "a", false),
            ("a%b*c", "axxb/yc", true),
            ("%*%", "a/b", true),
        ] {
            assert_eq!(
                Pattern::new(pattern).unwrap().fits(name),
                fits,
                "{pattern} {name}"
            );
        }
        assert!(Pattern::new(&"*a".repeat(40)).is_err());
        let hard = Pattern::new(&"*a".repeat(32)).unwrap();
        assert!(!hard.fits(&"a".repeat(31)));
    }

    proptest! {
        #[test]
        fn utf7_reads_back(name in "\\PC{0,20}") {
            let encoded = to_utf7(&name);
            prop_assert_eq!(from_utf7(encoded.as_bytes()), Ok(name));
        }

        #[test]
        fn any_bytes_are_names_or_not(name in proptest::collection::vec(any::<u8>(), 0..40)) {
            if let Ok(text) = from_utf7(&name) {
                prop_assert_eq!(to_utf7(&text).into_bytes(), name);
            }
        }
    }
}
