//! Log lines for those who look on while they are written (`axictl logs`).
//!
//! Nobody waits for a reader: one that is slow loses the oldest lines and is told how many. Without readers nothing is kept.

use parking_lot::Mutex;
use std::collections::VecDeque;
use std::sync::Arc;
use tokio::sync::Notify;

/// Lines kept for readers that are behind.
const KEPT: usize = 4096;
/// Lines handed over at a time.
const AT_ONCE: usize = 256;

/// Where the writer leaves its lines.
#[derive(Default)]
pub struct Feed {
    kept: Mutex<Kept>,
    news: Notify,
}

#[derive(Default)]
struct Kept {
    lines: VecDeque<Arc<str>>,
    /// Number of the first line kept.
    first: u64,
    readers: usize,
}

impl Feed {
    /// Hands a line to those who read.
    pub(crate) fn add(&self, line: &str) {
        {
            let mut kept = self.kept.lock();
            if kept.readers == 0 {
                return;
            }
            kept.lines.push_back(Arc::from(line.trim_end()));
            if kept.lines.len() > KEPT {
                kept.lines.pop_front();
                kept.first += 1;
            }
        }
        self.news.notify_waiters();
    }

    /// Reads what is written from now on.
    pub fn follow(self: &Arc<Self>) -> Reader {
        let mut kept = self.kept.lock();
        kept.readers += 1;
        let next = kept.first + kept.lines.len() as u64;
        Reader {
            feed: Arc::clone(self),
            next,
        }
    }
}

/// Reads the log as it is written; from [`Feed::follow`].
pub struct Reader {
    feed: Arc<Feed>,
    /// Number of the next line.
    next: u64,
}

impl Reader {
    /// The lines written since; waits for some. Dropping the future loses nothing.
    pub async fn lines(&mut self) -> Vec<String> {
        let feed = Arc::clone(&self.feed);
        loop {
            let news = feed.news.notified();
            let mut news = std::pin::pin!(news);
            // From here on news are noticed, so that nothing is missed between the look and the wait.
            news.as_mut().enable();
            let lines = self.look();
            if !lines.is_empty() {
                return lines;
            }
            news.await;
        }
    }

    fn look(&mut self) -> Vec<String> {
        let kept = self.feed.kept.lock();
        let mut lines = Vec::new();
        let lost = kept.first.saturating_sub(self.next);
        if lost > 0 {
            lines.push(format!("... {lost} lines came faster than they were read"));
            self.next = kept.first;
        }
        let skip = usize::try_from(self.next.saturating_sub(kept.first)).unwrap_or(usize::MAX);
        let new = kept.lines.iter().skip(skip).take(AT_ONCE);
        let before = lines.len();
        lines.extend(new.map(ToString::to_string));
        self.next += (lines.len() - before) as u64;
        lines
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        let mut kept = self.feed.kept.lock();
        kept.readers = kept.readers.saturating_sub(1);
        if kept.readers == 0 {
            kept.first += kept.lines.len() as u64;
            kept.lines = VecDeque::new();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now(reader: &mut Reader) -> Vec<String> {
        reader.look()
    }

    #[test]
    fn a_slow_reader_is_told_what_it_lost() {
        let feed = Arc::new(Feed::default());
        feed.add("nobody reads");
        let mut reader = feed.follow();
        assert!(now(&mut reader).is_empty());
        feed.add("one\n");
        assert_eq!(now(&mut reader), ["one"]);
        for number in 0..KEPT + 10 {
            feed.add(&number.to_string());
        }
        let lines = now(&mut reader);
        assert_eq!(lines[..2], ["... 10 lines came faster than they were read", "10"]);
        assert_eq!(lines.len(), AT_ONCE + 1);
        assert_eq!(now(&mut reader)[0], (10 + AT_ONCE).to_string());
        drop(reader);
        assert!(feed.kept.lock().lines.is_empty());
    }
}
