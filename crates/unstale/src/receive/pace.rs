//! How soon the log is read again, when there is much to read.

use std::time::Duration;

use parking_lot::Mutex;

use crate::core::Tick;

/// Over so long the entries are counted: several ticks of the coarse clock.
const WINDOW: Duration = Duration::from_millis(16);

/// With fewer entries in a window, about 2,000 a second, each is read as soon as it is there.
const MANY: u32 = 32;

/// What gathers in this time is read at once, with many entries; twice as long, with twice as many.
const PAUSE: Duration = Duration::from_millis(1);
const LONGEST_PAUSE: Duration = Duration::from_millis(2);

/// Counts what the readers of an instance read, of all its partitions. A blocking read costs the
/// server, and waking up the instance, more than another entry in it: with many entries a second,
/// and many instances, reads are all that gets done. So then a reader waits for what else comes, and
/// not at all otherwise.
#[derive(Default)]
pub(crate) struct Pace(Mutex<Counted>);

#[derive(Default)]
struct Counted {
    window_began: Option<Tick>,
    /// Since then.
    entries: u32,
    /// In as long before that.
    before: u32,
}

impl Pace {
    /// So many entries were read: how long to wait before the next read.
    pub(super) fn after(&self, entries: usize, now: Tick) -> Option<Duration> {
        let mut counted = self.0.lock();
        let entries = u32::try_from(entries).unwrap_or(u32::MAX);
        // What the first read brings came in nobody knows how long.
        let began = *counted.window_began.get_or_insert(now);
        if now > began {
            counted.entries = counted.entries.saturating_add(entries);
        }
        let lasted = now.since(began);
        if lasted >= WINDOW {
            // A window ends with the read after it: much later after a silence, and a little later where
            // there is so much to do that the reader is late.
            let share = u128::from(counted.entries) * WINDOW.as_nanos() / lasted.as_nanos();
            *counted = Counted {
                window_began: Some(now),
                entries: 0,
                before: u32::try_from(share).unwrap_or(u32::MAX),
            };
        }
        let pause = PAUSE.saturating_mul(counted.before / MANY);
        (entries > 0 && !pause.is_zero()).then(|| pause.min(LONGEST_PAUSE))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The pauses after reads of so many entries, one a millisecond, in milliseconds.
    fn pauses(pace: &Pace, from: u64, reads: &[usize]) -> Vec<u128> {
        let at = |place: usize| Tick::from_nanos((from + place as u64) * 1_000_000);
        let reads = reads.iter().enumerate();
        reads
            .map(|(place, entries)| pace.after(*entries, at(place)))
            .map(|pause| pause.unwrap_or_default().as_millis())
            .collect()
    }

    #[test]
    fn few_entries_are_never_waited_for() {
        assert_eq!(pauses(&Pace::default(), 1, &[1; 200]), [0; 200]);
    }

    #[test]
    fn many_are_from_the_second_window_on_and_reads_that_bring_nothing_do_not_pause() {
        let pace = Pace::default();
        let paused = pauses(&pace, 1, &[3; 64]);
        assert_eq!(paused[..16], [0; 16]);
        assert_eq!(paused[16..], [1; 48]);
        assert_eq!(pauses(&pace, 65, &[0]), [0]);
    }

    #[test]
    fn the_pause_grows_with_the_entries_up_to_its_limit() {
        for (entries, pause) in [(2, 1), (4, 2), (usize::MAX, 2)] {
            let paused = pauses(&Pace::default(), 1, &[entries; 40]);
            assert_eq!(paused[16..], [pause; 24], "{entries}");
        }
    }

    #[test]
    fn a_thousand_a_second_that_come_in_bursts_are_not_many() {
        let pace = Pace::default();
        for burst in 0..10 {
            assert_eq!(pauses(&pace, 1 + 32 * burst, &[32]), [0]);
        }
    }

    /// A machine that has too much to do reads late, and needs the pauses most.
    #[test]
    fn who_reads_late_has_as_many_to_read() {
        let pace = Pace::default();
        let paused: Vec<_> = (0..10)
            .map(|read| pauses(&pace, 1 + 40 * read, &[400])[0])
            .collect();
        assert_eq!(paused, [0, 2, 2, 2, 2, 2, 2, 2, 2, 2]);
    }

    #[test]
    fn after_a_silence_the_first_entries_are_read_at_once() {
        let pace = Pace::default();
        assert!(pauses(&pace, 1, &[9; 40]).contains(&2));
        assert_eq!(pauses(&pace, 1000, &[9, 9]), [0, 0]);
    }
}
