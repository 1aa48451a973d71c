//! What all workers share, and what each of them does.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use parking_lot::Mutex;

use crate::arrivals::Arrival;
use crate::database::Database;
use crate::error::WorkloadError;
use crate::keyspace::Keyspace;
use crate::plan::Plan;
use crate::registers::{Registers, RemovedBy};
use crate::subject::{Origin, Removal, Subject};
use crate::tally::{Did, Done, Tally};
use crate::trace::{Operation, Trace};

/// Higher than any version of an earlier run: what a cache has left of one is found out.
fn first_version() -> u64 {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH);
    u64::try_from(since_1970.unwrap_or_default().as_micros()).unwrap_or(1)
}

pub(super) struct Field<S> {
    pub(super) keyspace: Keyspace,
    pub(super) registers: Arc<Registers>,
    pub(super) database: Database,
    pub(super) trace: Trace,
    pub(super) subjects: Vec<S>,
    fan_out: u32,
    keeps_arrivals: bool,
    warm_up: Duration,
    began: Instant,
    stopped: AtomicBool,
    /// One for each instance. The histograms of a thousand workers would drive whatever is measured
    /// out of the processor's caches.
    tallies: Vec<Mutex<Tally>>,
    operations: AtomicU64,
    violations: AtomicU64,
}

impl<S: Subject> Field<S> {
    pub(super) fn new(plan: &Plan, subjects: Vec<S>) -> Result<Self, WorkloadError> {
        let preset = &plan.preset;
        let keyspace = preset.keyspace();
        let trace = Trace::draw(preset, &keyspace, plan.trace_length.max(1), plan.seed)?;
        let (rows, instances) = (keyspace.len(), subjects.len());
        let removal = match preset.names.pattern {
            Some(_) => RemovedBy::Pattern,
            None => RemovedBy::Key,
        };
        let registers = Registers::new(
            rows,
            instances,
            first_version(),
            plan.max_staleness,
            removal,
        );
        let registers = Arc::new(registers);
        let delays = (plan.database_read, plan.database_write);
        let database = Database::new(
            registers.clone(),
            rows,
            instances,
            preset.value_bytes,
            delays,
        );
        Ok(Self {
            keyspace,
            registers,
            database,
            trace,
            subjects,
            fan_out: preset.fan_out,
            keeps_arrivals: plan.with_oracle,
            warm_up: plan.warm_up,
            began: Instant::now(),
            stopped: AtomicBool::default(),
            tallies: (0..instances).map(|_| Mutex::default()).collect(),
            operations: AtomicU64::default(),
            violations: AtomicU64::default(),
        })
    }

    pub(super) fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }

    pub(super) fn operations(&self) -> u64 {
        self.operations.load(Ordering::Relaxed)
    }

    pub(super) fn violations(&self) -> u64 {
        self.violations.load(Ordering::Relaxed)
    }

    /// Tells that operations were done: seldom, because all workers count here.
    pub(super) fn did(&self, operations: u64) {
        self.operations.fetch_add(operations, Ordering::Relaxed);
    }

    /// What all instances have counted, added up.
    pub(super) fn tally(&self) -> Tally {
        let mut all = Tally::default();
        for counted in &self.tallies {
            all.add(std::mem::take(&mut *counted.lock()));
        }
        all
    }

    /// Does one operation of an instance, and counts it.
    pub(super) async fn perform(&self, instance: usize, operation: Operation) {
        let Operation { key, write } = operation;
        let began = self.began.elapsed();
        let counts = began >= self.warm_up;
        let did = if write {
            self.write(instance, key).await
        } else {
            self.read(instance, key, counts).await
        };
        let at = match did {
            Did::Wrote { committed, .. } => committed,
            _ => began,
        };
        self.tallies[instance].lock().record(Done {
            did,
            counts,
            arrival: self.keeps_arrivals.then_some(Arrival { at, key, write }),
        });
    }

    async fn read(&self, instance: usize, key: u32, counts: bool) -> Did {
        let loaded = AtomicBool::new(false);
        let load = || {
            loaded.store(true, Ordering::Relaxed);
            self.database.load(key, instance, counts)
        };
        let expected = self.registers.expect(key, instance);
        let began = Instant::now();
        let read = self.subjects[instance]
            .read(self.keyspace.name(key), load)
            .await;
        let took = began.elapsed();
        let Some(read) = read else {
            return Did::Failed;
        };
        let origin = match read.origin {
            Origin::Cache if loaded.load(Ordering::Relaxed) => Origin::Source,
            told => told,
        };
        let verdict = self.registers.judge(key, expected, read);
        if verdict.is_violation() {
            self.violations.fetch_add(1, Ordering::Relaxed);
        }
        Did::Read {
            origin,
            took,
            verdict,
            current: expected.is_met_by(read),
        }
    }

    async fn write(&self, instance: usize, key: u32) -> Did {
        let began = Instant::now();
        let concerned: Vec<_> = self.keyspace.concerned(key, self.fan_out).collect();
        let patterns: Option<Vec<_>> = concerned.iter().map(|group| group.pattern).collect();
        let rows = concerned.into_iter().flat_map(|group| group.keys).collect();
        let written = self.database.write(rows).await;
        let committed = self.began.elapsed();
        let removal = match patterns {
            Some(patterns) => Removal::Patterns(patterns),
            None => {
                let keys = written.iter().map(|(key, _)| self.keyspace.name(*key));
                Removal::Keys(keys.collect())
            }
        };
        let removing = Instant::now();
        let acknowledged = self.subjects[instance].invalidate(removal).await;
        for (row, version) in written {
            self.registers.removed(row, instance, version, acknowledged);
        }
        Did::Wrote {
            committed,
            took: began.elapsed(),
            removing: removing.elapsed(),
            acknowledged,
        }
    }
}
