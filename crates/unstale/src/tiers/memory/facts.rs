//! What is seldom asked about a copy, in four bytes: every entry of L1 pays for what is here.

use std::time::Duration;

use crate::core::Tick;
use crate::policy::Priority;
use crate::read::Source;

/// Two bits for the priority, one for the source, and the rest for when it was inserted.
#[derive(Copy, Clone)]
pub(super) struct Facts(u32);

const FROM_L2: u32 = 1 << 2;
const FLAGS: u32 = 3;

/// Insertions are told apart by as many bits of their nanoseconds less: to within 17 ms.
const COARSENESS: u32 = 24;

impl Facts {
    /// A copy comes from L2 or from a load.
    pub(super) fn new(priority: Priority, source: Source, now: Tick) -> Self {
        let from_l2 = if source == Source::L2 { FROM_L2 } else { 0 };
        Self(moment(now) << FLAGS | from_l2 | u32::from(priority.level()))
    }

    pub(super) fn priority(self) -> Priority {
        let level = (self.0 & (FROM_L2 - 1)) as u8;
        Priority::from_level(level).unwrap_or_default()
    }

    pub(super) fn source(self) -> Source {
        if self.0 & FROM_L2 == 0 {
            Source::Load
        } else {
            Source::L2
        }
    }

    /// For how long it has been held. Moments repeat themselves after 104 days, and so does this.
    pub(super) fn age(self, now: Tick) -> Duration {
        let moments = (moment(now) << FLAGS).wrapping_sub(self.0 >> FLAGS << FLAGS) >> FLAGS;
        Duration::from_nanos(u64::from(moments) << COARSENESS)
    }
}

/// The lower bits are all that is kept.
fn moment(at: Tick) -> u32 {
    (at.as_nanos() >> COARSENESS) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_of_it_comes_back() {
        let now = Tick::from_nanos(123_456_789_012_345_678);
        for level in 0..4 {
            let priority = Priority::from_level(level).unwrap();
            for source in [Source::L2, Source::Load] {
                let facts = Facts::new(priority, source, now);
                assert_eq!((facts.priority(), facts.source()), (priority, source));
                assert_eq!(facts.age(now), Duration::ZERO);
            }
        }
    }

    #[test]
    fn an_age_is_right_whenever_the_copy_came() {
        let off_by = Duration::from_millis(17);
        let days = |days: u64| Duration::from_secs(days * 24 * 60 * 60);
        for came in [0, 50, 103, 104, 105, 2000].map(days) {
            let came = Tick::default() + came + Duration::from_millis(5);
            let facts = Facts::new(Priority::High, Source::L2, came);
            for age in [Duration::from_secs(7), days(1), days(100)] {
                let told = facts.age(came + age);
                assert!(told.abs_diff(age) <= off_by, "{age:?} as {told:?}");
            }
        }
    }
}
