//! Dates as administrators write them: `20 Jun 2018` or `Wed, 20 Jun 2018 02:15:34 +0300`.
//!
//! Only the form is checked; the text is kept as written, because scripts compare it literally.

const MONTHS: [&str; 12] = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];
const WEEKDAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// Whether the text is a date in one of the two forms.
pub(super) fn is_date(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let mut words: Vec<&str> = lower.split_whitespace().collect();
    if let Some(day) = words.first().and_then(|word| word.strip_suffix(',')) {
        if !WEEKDAYS.contains(&day) {
            return false;
        }
        words.remove(0);
    }
    match words[..] {
        [day, month, year] => calendar(day, month, year),
        [day, month, year, time, zone] => calendar(day, month, year) && is_time(time) && is_zone(zone),
        _ => false,
    }
}

fn calendar(day: &str, month: &str, year: &str) -> bool {
    let Some(month) = MONTHS.iter().position(|name| *name == month) else {
        return false;
    };
    let (Ok(day), Ok(year)) = (day.parse::<u32>(), year.parse::<u32>()) else {
        return false;
    };
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month + 1 {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    (1..=days).contains(&day) && (1900..=9999).contains(&year)
}

fn is_time(text: &str) -> bool {
    let parts: Vec<Option<u32>> = text.split(':').map(|part| part.parse().ok()).collect();
    matches!(parts[..], [Some(hour), Some(minute), Some(second)] if hour < 24 && minute < 60 && second <= 60)
}

fn is_zone(text: &str) -> bool {
    let digits = text.strip_prefix(['+', '-']).unwrap_or("");
    digits.len() == 4 && digits.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::is_date;

    #[test]
    fn forms() {
        for right in [
            "20 Jun 2018",
            "Wed, 20 Jun 2018 02:15:34 +0300",
            "29 Feb 2024",
            "1 jan 1970",
        ] {
            assert!(is_date(right), "{right}");
        }
        for wrong in [
            "",
            "20.6.2018",
            "29 Feb 2023",
            "Xyz, 20 Jun 2018",
            "20 Jun 2018 02:15",
            "31 Apr 2020",
        ] {
            assert!(!is_date(wrong), "{wrong}");
        }
    }
}
