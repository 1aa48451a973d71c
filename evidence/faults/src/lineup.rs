//! Puts the instances of a run into their places.

use std::sync::Arc;

use anyhow::Result;

use crate::{
    database::{Database, Registers},
    field::{Field, Setup},
    process::{Process, Spawner},
    report::Reports,
    task::Task,
    workload::Work,
};

/// Starts them all: first those in this process, then those with a process of their own.
pub(crate) async fn start(field: &Field, setup: &Setup, seed: u64, reports: Reports) -> Result<()> {
    let mut seeds = fastrand::Rng::with_seed(seed);
    let registers = Arc::new(Registers::new());
    for number in 0..setup.tasks {
        let work = Work {
            subject: (),
            instance: number,
            database: Arc::clone(&registers) as Arc<dyn Database>,
            reports: reports.clone(),
            seed: seeds.u64(..),
        };
        let name = format!("task-{number}");
        let way = field.servers().way().await?;
        let task = Task::start(name, way, setup, work);
        field.place(Arc::new(task.await?));
    }
    if setup.processes == 0 {
        return Ok(());
    }
    let spawner = Spawner::new(registers, reports, setup, field.clocks(), seeds.u64(..))?;
    let spawner = Arc::new(spawner);
    for number in 0..setup.processes {
        let name = format!("process-{number}");
        let way = field.servers().way().await?;
        let process = Process::start(name, way, Arc::clone(&spawner));
        field.place(Arc::new(process.await?));
    }
    Ok(())
}
