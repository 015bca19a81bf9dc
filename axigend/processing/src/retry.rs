//! Retry times of queued mail (services-core 3.2.2, "Retry schedule worked out").
//!
//! Pure: the time is handed in. The delay starts at `schedInterval` and doubles up to `maxSchedInterval`; RFC 5321,
//! 4.5.4.1 asks for at least 30 minutes, which the administrator may lower.

use std::time::Duration;

/// Failed attempts after which the sender is told of the delay, once (services-core 3.2.2, "NDR and delay reports").
pub(crate) const DELAY_REPORT_AFTER: u32 = 4;
/// Shortest delay, so that a `schedInterval` of 0 is not a busy loop.
const SHORTEST: u64 = 1;

/// When to try again after `tries` failed attempts (at least 1), the last of them at `now` (unix seconds).
pub fn next_try(now: i64, tries: u32, sched_interval: Duration, max_sched_interval: Duration) -> i64 {
    let doublings = tries.saturating_sub(1).min(63);
    let delay = sched_interval
        .as_secs()
        .max(SHORTEST)
        .saturating_mul(1 << doublings);
    let delay = delay.min(max_sched_interval.as_secs().max(SHORTEST));
    now.saturating_add(i64::try_from(delay).unwrap_or(i64::MAX))
}

/// Whether `tries` failed attempts are the first and all retries: the message is given up.
pub fn is_given_up(tries: u32, max_retry_count: u32) -> bool {
    tries > max_retry_count
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: u64 = 60;

    #[test]
    fn the_documented_schedule() {
        let expected = [
            5, 10, 20, 40, 80, 160, 320, 480, 480, 480, 480, 480, 480, 480, 480, 480, 480, 480, 480, 480,
        ];
        let (sched, max) = (Duration::from_secs(5 * MINUTE), Duration::from_secs(480 * MINUTE));
        let mut sum = 0;
        for (tries, minutes) in (1..).zip(expected) {
            assert_eq!(
                next_try(1000, tries, sched, max),
                1000 + minutes * 60,
                "after {tries}"
            );
            assert!(!is_given_up(tries, 20));
            sum += minutes;
        }
        assert!(is_given_up(21, 20));
        assert_eq!(sum, 6875, "4 days 18 h 35 min");
    }

    #[test]
    fn odd_settings_neither_spin_nor_overflow() {
        for (tries, sched, max, delay) in [
            (1, 0, 0, 1),
            (9, 0, 100, 100),
            (1, 300, 60, 60),
            (u32::MAX, 1, 86400, 86400),
            (0, 300, 28800, 300),
        ] {
            let at = next_try(0, tries, Duration::from_secs(sched), Duration::from_secs(max));
            assert_eq!(at, delay, "{tries} {sched} {max}");
        }
        assert_eq!(next_try(i64::MAX, 1, Duration::MAX, Duration::MAX), i64::MAX);
        assert!(is_given_up(1, 0));
    }
}
