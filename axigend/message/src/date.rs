//! The date of a Date field (RFC 5322, 3.3): the civil one for SEARCH SENTBEFORE, SENTON and SENTSINCE, the moment for SORT.
//!
//! SEARCH disregards time and zone, so only day, month and year are read for it. Own code, because it must accept any
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

/// Zones by name that are not a plain offset (RFC 5322, 4.3), in hours.
const ZONES: [(&str, i64); 11] = [
    ("EDT", -4),
    ("EST", -5),
    ("CDT", -5),
    ("CST", -6),
    ("MDT", -6),
    ("MST", -7),
    ("PDT", -7),
    ("PST", -8),
    ("UT", 0),
    ("GMT", 0),
    ("Z", 0),
];

/// The moment of an RFC 5322 date in Unix seconds. A time that cannot be read is 00:00:00, a missing or unknown zone is
/// UTC (RFC 5256, 2.2).
pub(crate) fn sent_time(value: &[u8]) -> Option<i64> {
    let (year, month, day) = civil_date(value)?;
    let days = days_since_1970(year.into(), month.into(), day.into());
    let text = std::str::from_utf8(value.get(..value.len().min(100))?).ok()?;
    let (seconds, rest) = time_of_day(text).unwrap_or((0, ""));
    Some(days * 86_400 + seconds - zone(rest))
}

/// Seconds of `hh:mm[:ss]`, and what follows it.
fn time_of_day(text: &str) -> Option<(i64, &str)> {
    let (before, rest) = text.split_once(':')?;
    let digits = before.len() - before.trim_end_matches(|c: char| c.is_ascii_digit()).len();
    let hours = number(before.get(before.len() - digits..)?, 24)?;
    let minutes = number(rest.get(..2)?, 60)?;
    let rest = rest.get(2..)?;
    let (seconds, rest) = match rest.strip_prefix(':') {
        // 60 is a leap second.
        Some(rest) => (number(rest.get(..2)?, 61)?, rest.get(2..)?),
        None => (0, rest),
    };
    Some((hours * 3600 + minutes * 60 + seconds, rest))
}

/// A number of one or two digits below `end`.
fn number(text: &str, end: i64) -> Option<i64> {
    let is_number = (1..=2).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|number| is_number && *number < end)
}

/// Seconds east of UTC of `+hhmm` or a name.
fn zone(text: &str) -> i64 {
    let word = text.split_ascii_whitespace().next().unwrap_or_default();
    let sign = match word.as_bytes().first() {
        Some(b'+') => 1,
        Some(b'-') => -1,
        _ => {
            let named = ZONES.iter().find(|(name, _)| name.eq_ignore_ascii_case(word));
            return named.map_or(0, |(_, hours)| hours * 3600);
        }
    };
    let part = |from: usize| word.get(from..from + 2).and_then(|digits| number(digits, 100));
    match (part(1), part(3)) {
        (Some(hours), Some(minutes)) => sign * (hours * 3600 + minutes * 60),
        _ => 0,
    }
}

/// Days of a date of the Gregorian calendar; years begin in March here, so that leap days come last.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * month + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::{civil_date, sent_time};

    #[test]
    fn moments() {
        for (text, moment) in [
            ("Thu, 1 Jan 1970 00:00:00 +0000", Some(0)),
            ("Fri, 21 Nov 1997 09:55:06 -0600", Some(880_127_706)),
            ("29 Feb 2000 23:59:60 +0100 (CET)", Some(951_865_200)),
            ("1 Mar 2026 7:05 EST", Some(1_772_366_700)),
            ("1 Jan 70 00:00:00 Foo", Some(0)),
            ("1 Jan 1970 25:00:00 +0100", Some(0)),
            ("1 Jan 1970", Some(0)),
            ("31 Dec 1969 23:59:59", Some(-1)),
            ("yesterday 10:00", None),
        ] {
            assert_eq!(sent_time(text.as_bytes()), moment, "{text}");
        }
    }

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
