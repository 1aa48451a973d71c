//! What one instance is put to: tasks that read, and tasks that write and remove, as fast as they
//! can be judged.

mod loader;
mod reader;
mod writer;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::task::JoinSet;

pub(crate) use loader::{Loader, Mood, Moods};

use crate::{
    database::Database,
    report::{Reporter, Reports},
    subject::Subject,
};

/// Tasks of one instance.
const READERS: u32 = 8;
const WRITERS: u32 = 1;

/// Reporters have numbers of their own: the instance's, and the task's in the last byte.
const TASK_BITS: u32 = 8;

/// The reporters of an instance, all of them.
pub(crate) fn reporters(instance: u32) -> impl Iterator<Item = u32> {
    (0..READERS + WRITERS).map(move |task| reporter(instance, task))
}

fn reporter(instance: u32, task: u32) -> u32 {
    instance << TASK_BITS | task
}

/// Nobody waits longer for a read or a removal; the future is dropped then.
const PATIENCE: Duration = Duration::from_millis(1500);

/// What is put to work.
pub(crate) struct Work<S> {
    pub(crate) subject: S,
    /// The instance's number, never used again for another.
    pub(crate) instance: u32,
    pub(crate) database: Arc<dyn Database>,
    pub(crate) reports: Reports,
    pub(crate) seed: u64,
}

impl Work<()> {
    /// The same for this subject.
    pub(crate) fn on<S>(self, subject: S) -> Work<S> {
        Work {
            subject,
            instance: self.instance,
            database: self.database,
            reports: self.reports,
            seed: self.seed,
        }
    }
}

/// The tasks of one instance, until they are stopped.
pub(crate) struct Workload {
    tasks: JoinSet<()>,
    stopped: Arc<AtomicBool>,
    moods: Arc<Moods>,
}

impl Workload {
    pub(crate) fn start<S: Subject>(work: Work<S>) -> Self {
        let stopped = Arc::new(AtomicBool::new(false));
        let moods = Arc::new(Moods::default());
        let mut seeds = fastrand::Rng::with_seed(work.seed);
        let mut tasks = JoinSet::new();
        for task in 0..READERS + WRITERS {
            let actor = Actor {
                subject: work.subject.clone(),
                instance: work.instance,
                database: Arc::clone(&work.database),
                loader: Loader::new(
                    Arc::clone(&work.database),
                    Arc::clone(&moods),
                    seeds.u64(..),
                ),
                reporter: Reporter::new(reporter(work.instance, task), work.reports.clone()),
                random: seeds.fork(),
                stopped: Arc::clone(&stopped),
            };
            if task < READERS {
                tasks.spawn(reader::run(actor));
            } else {
                tasks.spawn(writer::run(actor));
            }
        }
        Self {
            tasks,
            stopped,
            moods,
        }
    }

    /// What is the matter with the loaders of this instance.
    pub(crate) fn moods(&self) -> Arc<Moods> {
        Arc::clone(&self.moods)
    }

    /// Ends the tasks, each behind what it is doing.
    pub(crate) async fn stop(&mut self) {
        self.stopped.store(true, Ordering::Relaxed);
        while self.tasks.join_next().await.is_some() {}
    }
}

/// What a task of the workload has.
struct Actor<S> {
    subject: S,
    instance: u32,
    database: Arc<dyn Database>,
    loader: Loader,
    reporter: Reporter,
    random: fastrand::Rng,
    stopped: Arc<AtomicBool>,
}

impl<S> Actor<S> {
    fn goes_on(&self) -> bool {
        !self.stopped.load(Ordering::Relaxed)
    }

    /// Waits about so long; between two operations only.
    async fn pause(&mut self, around: Duration) {
        self.reporter.send_if_due();
        let spread = 0.5 + self.random.f64();
        tokio::time::sleep(around.mul_f64(spread)).await;
        self.reporter.send_if_due();
    }
}
