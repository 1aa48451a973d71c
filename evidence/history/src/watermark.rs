//! Until when everything has been reported.

use std::collections::HashMap;

use crate::Moment;

/// The watermarks of all who report.
///
/// A reporter's watermark is a promise: every event that it reports from now on *began* at or
/// after it. Since nothing ends before it begins, whatever ended before the lowest watermark has
/// been reported; and no read that is still to come began before it. So one number says both which
/// reads can be judged, and what can be forgotten.
#[derive(Debug, Default)]
pub(crate) struct Watermarks {
    reporters: HashMap<u32, Moment>,
    lowest: Moment,
}

impl Watermarks {
    /// A reporter that will report events, none of which has begun. It holds everything back until
    /// it reports.
    pub(crate) fn expect(&mut self, reporter: u32) {
        self.reporters.entry(reporter).or_insert(self.lowest);
    }

    /// What a reporter has promised so far.
    pub(crate) fn of(&self, reporter: u32) -> Moment {
        let promised = self.reporters.get(&reporter);
        promised.copied().unwrap_or(self.lowest)
    }

    /// A reporter's new promise. One cannot be taken back.
    pub(crate) fn promise(&mut self, reporter: u32, watermark: Moment) {
        let promised = self.reporters.entry(reporter).or_insert(self.lowest);
        *promised = watermark.max(*promised);
        self.rise();
    }

    /// A reporter that will report nothing any more.
    pub(crate) fn retire(&mut self, reporter: u32) {
        self.reporters.remove(&reporter);
        self.rise();
    }

    /// Nobody will report anything any more.
    pub(crate) fn finish(&mut self) {
        self.reporters.clear();
        self.lowest = Moment::NEVER;
    }

    /// Everything that ended before this has been reported, and every read to come began at or
    /// after it.
    pub(crate) fn lowest(&self) -> Moment {
        self.lowest
    }

    fn rise(&mut self) {
        if let Some(lowest) = self.reporters.values().min() {
            self.lowest = self.lowest.max(*lowest);
        }
    }
}
