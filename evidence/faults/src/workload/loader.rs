//! Loaders: they read the database, and take the time that real ones take.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
    time::Duration,
};

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

use super::PATIENCE;
use crate::{
    database::Database,
    keyspace::Key,
    subject::{LoadFailed, Row},
};

/// What is the matter with the loaders of an instance.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[repr(u8)]
pub(crate) enum Mood {
    /// Nothing.
    Well,
    /// Half of them take longer than anybody waits.
    Hanging,
    /// Half of them panic.
    Panicking,
    /// Half of them fail.
    Failing,
    /// Nothing, but half of their callers give up after a moment: the load ends with its leader.
    Abandoned,
}

/// The mood of the loaders of an instance, to be changed while they work.
#[derive(Default)]
pub(crate) struct Moods(AtomicU8);

impl Moods {
    pub(crate) fn set(&self, mood: Mood) {
        self.0.store(mood as u8, Ordering::Relaxed);
    }

    fn get(&self) -> Mood {
        const ALL: [Mood; 5] = [
            Mood::Well,
            Mood::Hanging,
            Mood::Panicking,
            Mood::Failing,
            Mood::Abandoned,
        ];
        let stored = self.0.load(Ordering::Relaxed);
        ALL.into_iter()
            .find(|mood| *mood as u8 == stored)
            .unwrap_or(Mood::Well)
    }
}

/// Loads rows for one task.
pub(crate) struct Loader {
    database: Arc<dyn Database>,
    moods: Arc<Moods>,
    random: Mutex<fastrand::Rng>,
}

/// A caller who gives up does so within so many microseconds: before, during or after the load.
const ABANDONED_AFTER: u64 = 3_000;

/// How one load goes.
struct Course {
    /// Until the database reads the row.
    before: Duration,
    /// Until the row arrives here: whatever is written meanwhile makes it an old one.
    after: Duration,
    mood: Mood,
}

impl Loader {
    pub(super) fn new(database: Arc<dyn Database>, moods: Arc<Moods>, seed: u64) -> Self {
        Self {
            database,
            moods,
            random: Mutex::new(fastrand::Rng::with_seed(seed)),
        }
    }

    /// The row of this key, as it was at some time during the call.
    pub(crate) async fn load(&self, key: Key) -> Result<Option<Row>, LoadFailed> {
        let course = self.course();
        pass(course.before).await;
        let version = self.database.read(key).await;
        pass(course.after).await;
        match course.mood {
            Mood::Well | Mood::Abandoned => {}
            Mood::Hanging => std::future::pending().await,
            Mood::Panicking => std::panic::resume_unwind(Box::new("a loader panicked on purpose")),
            Mood::Failing => return Err(LoadFailed),
        }
        Ok(Some(Row::new(key, version)))
    }

    /// How long a caller of this loader is ready to wait.
    pub(super) fn patience(&self) -> Duration {
        let mut random = self.random.lock();
        if self.moods.get() == Mood::Abandoned && random.bool() {
            Duration::from_micros(random.u64(..ABANDONED_AFTER))
        } else {
            PATIENCE
        }
    }

    fn course(&self) -> Course {
        let mut random = self.random.lock();
        let mut micros = |range| Duration::from_micros(random.u64(range));
        // Most are fast; some are slower than what they race with; a few are slower than
        // `LeaseWait`, a few slower than `MaxStaleness`.
        let (before, after) = match micros(0..1000).as_micros() {
            0..800 => (micros(0..300), micros(0..1500)),
            800..960 => (micros(0..3_000), micros(0..15_000)),
            960..996 => (micros(0..10_000), micros(0..120_000)),
            _ => (micros(0..100_000), micros(0..700_000)),
        };
        let mood = if random.bool() {
            self.moods.get()
        } else {
            Mood::Well
        };
        Course {
            before,
            after,
            mood,
        }
    }
}

/// Lets time pass: with the precision of the timer, or by letting others go first.
async fn pass(span: Duration) {
    if span < Duration::from_micros(500) {
        tokio::task::yield_now().await;
    } else {
        tokio::time::sleep(span).await;
    }
}
