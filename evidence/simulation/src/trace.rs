//! What happened in a run, in order: as a number that tells two runs apart, and to be read.

use std::fmt;
use std::sync::Arc;

use parking_lot::Mutex;

use crate::clock::Clock;

/// Takes down everything that happens.
pub(crate) struct Trace {
    clock: Arc<Clock>,
    taken: Mutex<Taken>,
}

struct Taken {
    hash: u64,
    events: u64,
    lines: Option<Vec<(u64, String)>>,
}

impl Taken {
    /// FNV-1a, a word at a time.
    fn mix(&mut self, numbers: &[u64]) {
        for number in numbers {
            self.hash = (self.hash ^ number).wrapping_mul(0x0000_0100_0000_01b3);
            self.hash ^= self.hash >> 29;
        }
    }
}

impl Trace {
    pub(crate) fn new(clock: &Arc<Clock>, to_be_read: bool) -> Self {
        let taken = Taken {
            hash: 0xcbf2_9ce4_8422_2325,
            events: 0,
            lines: to_be_read.then(Vec::new),
        };
        Self {
            clock: clock.clone(),
            taken: Mutex::new(taken),
        }
    }

    /// Takes down one event: the numbers tell it from others, the words are for people.
    pub(crate) fn note(&self, numbers: &[u64], words: fmt::Arguments<'_>) {
        let mut taken = self.taken.lock();
        let now = self.clock.now();
        taken.events += 1;
        taken.mix(&[now]);
        taken.mix(numbers);
        if let Some(lines) = &mut taken.lines {
            let millis = now as f64 / 1e6;
            lines.push((now, format!("{millis:>10.3} ms  {words}")));
        }
    }

    /// What tells this run from others.
    pub(crate) fn hash(&self) -> u64 {
        let mut taken = self.taken.lock();
        taken.mix(&[self.clock.now()]);
        taken.hash
    }

    /// How many events were taken down.
    pub(crate) fn events(&self) -> u64 {
        self.taken.lock().events
    }

    /// What happened until then, to be read.
    pub(crate) fn lines(&self, until: u64) -> Vec<String> {
        let taken = self.taken.lock();
        let lines = taken.lines.iter().flatten();
        lines
            .filter(|(at, _)| *at <= until)
            .map(|(_, line)| line.clone())
            .collect()
    }
}
