//! Dates of the protocol: INTERNALDATE and search dates (RFC 9051, 2.3.3 and 9). Always UTC here; RFC 9051 lets the
//! server choose the zone.

use jiff::{Timestamp, civil::Date, tz::Offset};

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];
const DAY: i64 = 86_400;

/// `01-Feb-2026 10:20:30 +0000`; a time that no calendar holds prints as the epoch.
pub(crate) fn print_date_time(seconds: i64) -> String {
    let time = Offset::UTC.to_datetime(Timestamp::from_second(seconds).unwrap_or(Timestamp::UNIX_EPOCH));
    let month = usize::try_from(time.month())
        .ok()
        .and_then(|month| MONTHS.get(month.checked_sub(1)?))
        .unwrap_or(&"Jan");
    format!(
        "{:02}-{month}-{:04} {:02}:{:02}:{:02} +0000",
        time.day(),
        time.year(),
        time.hour(),
        time.minute(),
        time.second()
    )
}

/// `1-Feb-2026` as days since 1970.
pub(crate) fn parse_date(text: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(text).ok()?;
    let mut words = text.split('-');
    let (day, month, year) = (words.next()?, words.next()?, words.next()?);
    if words.next().is_some() || year.len() != 4 || day.is_empty() || day.len() > 2 {
        return None;
    }
    let month = MONTHS.iter().position(|name| name.eq_ignore_ascii_case(month))?;
    days(number(year)?, i8::try_from(month).ok()? + 1, number(day)?)
}

/// ` 1-Feb-2026 10:20:30 +0100` as seconds since 1970.
pub(crate) fn parse_date_time(text: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(text).ok()?;
    let mut words = text.trim_start().split(' ');
    let (date, time, zone) = (words.next()?, words.next()?, words.next()?);
    if words.next().is_some() || time.len() != 8 || zone.len() != 5 || !zone.is_ascii() {
        return None;
    }
    let days = parse_date(date.as_bytes())?;
    let mut clock = time.split(':').map(number::<i64>);
    let (hour, minute, second) = (clock.next()??, clock.next()??, clock.next()??);
    if hour > 23 || minute > 59 || second > 60 || clock.next().is_some() {
        return None;
    }
    let (sign, digits) = zone.split_at(1);
    let offset: i64 = number(digits)?;
    let offset = (offset / 100 * 60 + offset % 100) * 60;
    let offset = match sign {
        "+" => offset,
        "-" => -offset,
        _ => return None,
    };
    Some(days * DAY + hour * 3600 + minute * 60 + second - offset)
}

/// Days since 1970 of a civil date.
pub(crate) fn days(year: i16, month: i8, day: i8) -> Option<i64> {
    let midnight = Date::new(year, month, day).ok()?.at(0, 0, 0, 0);
    Some(
        Offset::UTC
            .to_timestamp(midnight)
            .ok()?
            .as_second()
            .div_euclid(DAY),
    )
}

/// The day, since 1970 in UTC, of a time.
pub(crate) fn day_of(seconds: i64) -> i64 {
    seconds.div_euclid(DAY)
}

fn number<T: std::str::FromStr>(digits: &str) -> Option<T> {
    (!digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())).then(|| digits.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::{day_of, parse_date, parse_date_time, print_date_time};

    #[test]
    fn dates() {
        for (text, days) in [
            ("1-Jan-1970", Some(0)),
            ("02-jan-1970", Some(1)),
            ("31-Dec-1969", Some(-1)),
            ("30-Feb-2026", None),
            ("1-Jan-70", None),
            ("1-1-1970", None),
            ("-Jan-1970", None),
            ("1-Jan-1970-1", None),
        ] {
            assert_eq!(parse_date(text.as_bytes()), days, "{text}");
        }
        assert_eq!(day_of(-1), -1);
    }

    #[test]
    fn date_times() {
        for text in ["01-Feb-2026 10:20:30 +0000", "29-Feb-2024 23:59:59 +0000"] {
            let seconds = parse_date_time(text.as_bytes()).unwrap();
            assert_eq!(print_date_time(seconds), text);
        }
        assert_eq!(parse_date_time(b" 1-Jan-1970 01:00:00 +0100"), Some(0));
        for text in [
            "1-Jan-1970 24:00:00 +0000",
            "1-Jan-1970 1:00:00 +0000",
            "1-Jan-1970 01:00:00 0100",
            "x",
        ] {
            assert_eq!(parse_date_time(text.as_bytes()), None, "{text}");
        }
        assert_eq!(print_date_time(i64::MAX), "01-Jan-1970 00:00:00 +0000");
    }
}
