//! How soon the reader asks again, when there is much to read.

use std::time::Duration;

use crate::core::Tick;

/// Over so long the entries are counted: several ticks of the coarse clock.
const WINDOW: Duration = Duration::from_millis(16);

/// With fewer entries in a window, about 2,000 a second, each is read as soon as it is there.
const MANY: usize = 32;

/// What gathers in this time is read at once.
const PAUSE: Duration = Duration::from_millis(1);

/// Counts what is read. A blocking read costs the server, and waking up the instance, more than
/// another entry in it: with many a second, and an instance for each, reads are all that gets done.
/// So then the reader waits a millisecond for what else comes, and not at all otherwise.
#[derive(Default)]
pub(super) struct Pace {
    window_ends: Option<Tick>,
    entries: usize,
    are_many: bool,
}

impl Pace {
    /// So many entries were read: how long to wait before the next read.
    pub(super) fn after(&mut self, entries: usize, now: Tick) -> Option<Duration> {
        if self.window_ends.is_none_or(|ends| now >= ends) {
            // After a silence there was nothing for longer than that window.
            let follows = self.window_ends.is_some_and(|ends| now < ends + WINDOW);
            self.are_many = follows && self.entries >= MANY;
            self.entries = 0;
            self.window_ends = Some(now + WINDOW);
        }
        self.entries += entries;
        (entries > 0 && self.are_many).then_some(PAUSE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The pauses after reads of so many entries, one a millisecond.
    fn pauses(pace: &mut Pace, from: u64, reads: &[usize]) -> Vec<bool> {
        let at = |place: usize| Tick::from_nanos((from + place as u64) * 1_000_000);
        let reads = reads.iter().enumerate();
        reads
            .map(|(place, entries)| pace.after(*entries, at(place)).is_some())
            .collect()
    }

    #[test]
    fn few_entries_are_never_waited_for() {
        let paused = pauses(&mut Pace::default(), 1, &[1; 200]);
        assert!(!paused.contains(&true));
    }

    #[test]
    fn many_are_from_the_second_window_on_and_reads_that_bring_nothing_do_not_pause() {
        let mut pace = Pace::default();
        let paused = pauses(&mut pace, 1, &[3; 64]);
        assert!(paused[..16].iter().all(|paused| !paused));
        assert!(paused[16..].iter().all(|paused| *paused));
        assert_eq!(pauses(&mut pace, 65, &[0]), [false]);
    }

    #[test]
    fn after_a_silence_the_first_entries_are_read_at_once() {
        let mut pace = Pace::default();
        assert!(pauses(&mut pace, 1, &[9; 40]).contains(&true));
        assert_eq!(pauses(&mut pace, 1000, &[9, 9]), [false, false]);
    }
}
