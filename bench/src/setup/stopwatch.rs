//! Tells to the microsecond when a copy leaves an L1: the value itself notices that it is dropped.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

/// There is one, because dropping takes no argument.
static BOARD: Mutex<Vec<(u32, Instant)>> = Mutex::new(Vec::new());

/// Where dropped values are noted.
pub struct Board;

impl Board {
    /// Forgets everything.
    pub fn clear() {
        lock().clear();
    }

    /// What was dropped since [`Board::clear`], and when.
    pub fn drops() -> Vec<(u32, Instant)> {
        lock().clone()
    }

    /// How long after `since` the value was dropped for the first time; `None` while it was not.
    pub fn dropped_after(number: u32, since: Instant) -> Option<Duration> {
        let board = lock();
        let mut drops = board.iter().filter(|(dropped, _)| *dropped == number);
        drops.find_map(|(_, at)| at.checked_duration_since(since))
    }
}

fn lock() -> MutexGuard<'static, Vec<(u32, Instant)>> {
    BOARD.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A value that notes when it is dropped.
#[derive(Debug, Serialize, Deserialize)]
pub struct Watched {
    /// Its number.
    pub number: u32,
}

impl Drop for Watched {
    fn drop(&mut self) {
        lock().push((self.number, Instant::now()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_noted_when_its_last_owner_drops_it() {
        let since = Instant::now();
        let value = std::sync::Arc::new(Watched { number: 7 });
        drop(value.clone());
        assert_eq!(Board::dropped_after(7, since), None);
        drop(value);
        assert!(Board::dropped_after(7, since).is_some());
        assert_eq!(Board::dropped_after(7, Instant::now()), None);
        assert_eq!(Board::drops().len(), 1);
        Board::clear();
        assert!(Board::drops().is_empty());
    }
}
