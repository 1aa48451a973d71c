//! Own entries of the log, told apart from those that were given up.

use std::collections::BTreeMap;

use super::position::Position;

/// More than this are not remembered: whatever is forgotten is applied once more, which costs a
/// copy at most.
const REMEMBERED: usize = 1024;

/// Own entries of the log that were acknowledged and have not been received yet.
///
/// What such an entry says was applied when it was sent and when it was acknowledged. One that was
/// given up, and is executed late, was not: in the meantime this instance may have copied what it
/// makes void.
#[derive(Clone, Default, Debug)]
pub struct Confirmed(BTreeMap<Position, u64>);

impl Confirmed {
    /// What was sent under this id is acknowledged: it was executed there.
    pub fn add(&mut self, position: Position, id: u64) {
        if self.0.len() >= REMEMBERED {
            self.0.clear();
        }
        self.0.insert(position, id);
    }

    /// An entry is received: whether it is an own one of which all was applied before. Entries come in
    /// their order, so none before it is waited for any longer.
    pub fn take(&mut self, position: Position, id: u64) -> bool {
        while let Some(first) = self.0.first_entry()
            && *first.key() <= position
        {
            let (at, confirmed) = first.remove_entry();
            if at == position {
                return confirmed == id;
            }
        }
        false
    }
}
