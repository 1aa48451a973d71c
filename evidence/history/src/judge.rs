//! The judge: events in, verdicts out.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use crate::register::Register;
use crate::watermark::Watermarks;
use crate::{Contract, Event, Moment, Read, Violation};

/// What is to be said of one read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The read.
    pub read: Read,
    /// How long ago, when the read began, the version that it was answered with had ceased to be
    /// good: since the first acknowledged removal that it missed. Zero if it missed none. At least
    /// this, where it is more than the contract's horizon.
    pub staleness: Duration,
    /// The rule that it broke, and the history that shows it.
    pub violation: Option<Violation>,
}

/// Judges reads while they happen.
///
/// Reporters report events when they are over, late and out of order among each other. A read
/// waits until every reporter's watermark has passed its beginning: then every write that it could
/// have missed is known. What no later read can miss any more is forgotten.
///
/// The judge has no clock and does no I/O: the same reports give the same verdicts.
#[derive(Debug)]
pub struct Judge {
    contract: Contract,
    watermarks: Watermarks,
    registers: HashMap<u32, Register>,
    /// Reads, by when they began; the number tells those apart that began at once.
    waiting: BTreeMap<(Moment, u64), Read>,
    heard: u64,
    late: u64,
}

impl Judge {
    /// A judge who has heard nothing yet.
    pub fn new(contract: Contract) -> Self {
        Self {
            contract,
            watermarks: Watermarks::default(),
            registers: HashMap::new(),
            waiting: BTreeMap::new(),
            heard: 0,
            late: 0,
        }
    }

    /// Announces a reporter, before anything that it will report has begun. No read that begins
    /// from now on is judged before the reporter's watermark has passed it.
    pub fn expect(&mut self, reporter: u32) {
        self.watermarks.expect(reporter);
    }

    /// Hears what is over. The watermark is a promise: everything that this reporter reports from
    /// now on *began* at or after it. For one who does one thing at a time, that is the time of
    /// the report.
    pub fn report(
        &mut self,
        reporter: u32,
        events: impl IntoIterator<Item = Event>,
        watermark: Moment,
    ) {
        let promised = self.watermarks.of(reporter);
        let settled = self.settled();
        for event in events {
            if event.began() < promised {
                self.late += 1;
            }
            match event {
                Event::Read(read) => {
                    self.heard += 1;
                    self.waiting.insert((read.began, self.heard), read);
                }
                Event::Write(write) => {
                    let register = self.registers.entry(write.key).or_default();
                    register.forget(settled, &self.contract);
                    register.write(write);
                }
            }
        }
        self.watermarks.promise(reporter, watermark);
    }

    /// A reporter has ended, or was killed: nothing more is to be expected of it.
    pub fn retire(&mut self, reporter: u32) {
        self.watermarks.retire(reporter);
    }

    /// Everything has been reported: the reads that still wait can be judged.
    pub fn finish(&mut self) {
        self.watermarks.finish();
    }

    /// The verdicts on all reads that can be judged by now, in the order in which they began.
    pub fn verdicts(&mut self) -> impl Iterator<Item = Verdict> + '_ {
        std::iter::from_fn(|| self.next_verdict())
    }

    /// How many reads wait to be judged.
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// How many events broke the promise of their reporter's watermark. Unless this is zero, the
    /// judge may have missed violations. It cannot have made one up: it knew fewer writes than
    /// there were.
    pub fn late(&self) -> u64 {
        self.late
    }

    /// How many writes are remembered, counted once for each way in which they can still matter.
    pub fn remembered(&self) -> usize {
        self.registers.values().map(Register::remembered).sum()
    }

    fn next_verdict(&mut self) -> Option<Verdict> {
        let next = self.waiting.first_entry()?;
        // At the watermark is far enough: what is still to be reported cannot have ended before.
        if next.get().began > self.watermarks.lowest() {
            return None;
        }
        let read = next.remove();
        let register = self.registers.entry(read.key).or_default();
        Some(register.judge(read, &self.contract))
    }

    /// No read that is still to be judged began before this.
    fn settled(&self) -> Moment {
        let next = self.waiting.values().next();
        let next = next.map_or(Moment::NEVER, |next| next.began);
        next.min(self.watermarks.lowest())
    }
}
