//! The civil date of a Date field (RFC 5322, 3.3), for SEARCH SENTBEFORE, SENTON and SENTSINCE.
//!
//! IMAP disregards time and zone there, so only day, month and year are read. Own code, because it must accept any
//! bytes without a panic under overflow checks.

const MONTHS: [&str; 12] = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];

/// Year, month (1-12) and day (1-31) of an RFC 5322 date, obsolete two-digit years included (4.3).
pub fn civil_date(value: &[u8]) -> Option<(i16, u8, u8)> {
    let text = std::str::from_utf8(value.get(..value.len().min(100))?).ok()?;
    let mut words = text
        .split(|c: char| c.is_ascii_whitespace() || c == ',' || c == '-')
        .filter(|w| !w.is_empty());
    let first = words.next()?;
    let day = if first.starts_with(|c: char| c.is_ascii_digit()) {
        first
    } else {
        words.next()?
    };
    let day: u8 = day.parse().ok().filter(|day| (1..=31).contains(day))?;
    let name = words.next()?.to_ascii_lowercase();
    let month = MONTHS.iter().position(|month| name.starts_with(month))?;
    let digits = words.next()?;
    let year: i16 = digits.parse().ok().filter(|year| (0..=9999).contains(year))?;
    let year = match digits.len() {
        2 if year < 50 => year + 2000,
        2 | 3 => year + 1900,
        _ => year,
    };
    Some((year, u8::try_from(month + 1).ok()?, day))
}

#[cfg(test)]
mod tests {
    use super::civil_date;

    #[test]
    fn dates() {
        for (text, date) in [
            ("Fri, 21 Nov 1997 09:55:06 -0600", Some((1997, 11, 21))),
            ("21 Nov 97 09:55:06 GMT", Some((1997, 11, 21))),
            ("1 January 2026 00:00 +0000", Some((2026, 1, 1))),
            ("Fri 01-Feb-05", Some((2005, 2, 1))),
            ("0 Nov 1997", None),
            ("21 Foo 1997", None),
            ("", None),
            ("21 Nov 99999999999", None),
        ] {
            assert_eq!(civil_date(text.as_bytes()), date, "{text}");
        }
    }
}
