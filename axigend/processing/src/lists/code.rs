//! Codes by which a mail proves that its sender has read another: no state is kept for them, so that asking costs the
//! server nothing and a restart forgets none.
//!
//! `<action>.<day>.<argument>.<mac>`: what is confirmed, the last day on which it is taken, of what, and an HMAC over
//! all of these, the list and the address it was sent to.

use std::fmt::Write;

use axigen_shared::Refusal;
use axigend_directory::{Directory, MailingList};

/// Days that a code is valid (domains-groupware: 7).
const VALID_DAYS: i64 = 7;
const DAY: i64 = 24 * 60 * 60;
/// Bytes of the HMAC that go into a code: 80 bits cannot be guessed by mail.
const MAC_LEN: usize = 10;
/// Longest code that is looked at.
const CODE_MOST: usize = 256;

/// What a code confirms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    Subscribe,
    Unsubscribe,
    /// A post that waits.
    Publish,
    Reject,
    /// A subscription that waits.
    Approve,
    Deny,
}

const LETTERS: [(Action, &str); 6] = [
    (Action::Subscribe, "s"),
    (Action::Unsubscribe, "u"),
    (Action::Publish, "p"),
    (Action::Reject, "r"),
    (Action::Approve, "a"),
    (Action::Deny, "d"),
];

impl Action {
    fn letter(self) -> &'static str {
        LETTERS
            .iter()
            .find(|(action, _)| *action == self)
            .map_or("", |(_, letter)| letter)
    }

    /// The address that a code is good for. Whoever holds a code of the moderator was sent it: he may answer from any
    /// of his addresses.
    fn bound_to(self, address: &str) -> &str {
        match self {
            Self::Subscribe | Self::Unsubscribe => address,
            _ => "",
        }
    }
}

/// A code for `address` about `argument` (letters, digits and `-`).
pub(super) async fn make(
    directory: &Directory,
    list: &MailingList,
    (action, argument): (Action, &str),
    address: &str,
    now: i64,
) -> Result<String, Refusal> {
    let day = now.div_euclid(DAY).saturating_add(VALID_DAYS);
    let letter = action.letter();
    let mac = mac(directory, list, (letter, day, argument), action.bound_to(address)).await?;
    Ok(format!("{letter}.{day}.{argument}.{mac}"))
}

/// What a code confirms when it comes from `address`; `None` for one that is wrong or too old.
pub(super) async fn check(
    directory: &Directory,
    list: &MailingList,
    code: &str,
    address: &str,
    now: i64,
) -> Result<Option<(Action, String)>, Refusal> {
    let mut pieces = code.split('.');
    let (Some(letter), Some(day), Some(argument), Some(given), None) = (
        pieces.next(),
        pieces.next(),
        pieces.next(),
        pieces.next(),
        pieces.next(),
    ) else {
        return Ok(None);
    };
    let action = LETTERS.iter().find(|(_, known)| *known == letter);
    let (Some((action, letter)), Ok(day)) = (action, day.parse::<i64>()) else {
        return Ok(None);
    };
    if day < now.div_euclid(DAY) || code.len() > CODE_MOST {
        return Ok(None);
    }
    let right = mac(directory, list, (letter, day, argument), action.bound_to(address)).await?;
    // The comparison takes the same time wherever they differ.
    let differs = right
        .bytes()
        .zip(given.bytes())
        .fold(u8::from(right.len() != given.len()), |all, (one, other)| {
            all | (one ^ other)
        });
    Ok((differs == 0).then(|| (*action, argument.to_owned())))
}

async fn mac(
    directory: &Directory,
    list: &MailingList,
    (letter, day, argument): (&str, i64, &str),
    address: &str,
) -> Result<String, Refusal> {
    let address = address.to_lowercase();
    let data = format!("{}\n{letter}\n{day}\n{argument}\n{address}", list.mailbox.id);
    let mac = directory.sign(list, &data).await?;
    Ok(digits(mac.get(..MAC_LEN).unwrap_or_default()))
}

/// Bytes as hexadecimal digits.
pub(super) fn digits(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            // A string takes everything.
            let _ = write!(text, "{byte:02x}");
            text
        })
}

/// The code in a line or subject: what follows the word `confirm`.
pub(super) fn find(text: &str) -> Option<&str> {
    let mut words = text.split_ascii_whitespace();
    words.find(|word| word.eq_ignore_ascii_case("confirm"))?;
    words
        .next()
        .filter(|code| code.len() <= CODE_MOST && code.contains('.'))
}

#[cfg(test)]
mod tests {
    use super::find;

    #[test]
    fn codes_are_found_in_replies() {
        for (text, code) in [
            ("confirm s.1.-.ab", Some("s.1.-.ab")),
            ("Re: confirm s.1.-.ab", Some("s.1.-.ab")),
            ("AW: Re: CONFIRM  s.1.-.ab trailing", Some("s.1.-.ab")),
            ("confirm", None),
            ("please confirm this", None),
            ("s.1.-.ab", None),
        ] {
            assert_eq!(find(text), code, "{text}");
        }
    }
}
