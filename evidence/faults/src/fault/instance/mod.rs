//! Faults of an instance itself.

mod killed;
mod loaders;
mod stopped;
mod wall_clock;

use anyhow::{Context as _, Result};

use super::{Draw, Fault, Kind, Whom, always};
use crate::{
    field::{Field, Setup},
    process::Process,
    workload::Mood,
};

use killed::Killed;
use loaders::Loaders;
use stopped::{Stopped, Stuttering, Trimmed};
use wall_clock::WallClock;

/// Everything that can go wrong there.
pub(crate) const KINDS: &[Kind] = &[
    of_process("process stopped beyond every timeout", |draw| {
        Box::new(Stopped::long(draw))
    }),
    of_process("process stopped for a moment", |draw| {
        Box::new(Stopped::short(draw))
    }),
    of_process("process stuttering", |draw| Box::new(Stuttering::new(draw))),
    Kind {
        applies: |setup| has_processes(setup) && Trimmed::applies(setup),
        ..of_process("process stopped while the log is trimmed", |draw| {
            Box::new(Trimmed::new(draw))
        })
    },
    of_process("kill -9 in the middle of a removal", |draw| {
        Box::new(Killed::new(draw))
    }),
    of_process("wall clock jumps an hour", |draw| {
        Box::new(WallClock::new(draw))
    }),
    of_loaders("loaders hang", |draw| {
        Box::new(Loaders::new(draw, Mood::Hanging))
    }),
    of_loaders("loaders panic", |draw| {
        Box::new(Loaders::new(draw, Mood::Panicking))
    }),
    of_loaders("loaders fail", |draw| {
        Box::new(Loaders::new(draw, Mood::Failing))
    }),
    of_loaders("loads cancelled", |draw| {
        Box::new(Loaders::new(draw, Mood::Abandoned))
    }),
];

/// For instances that are processes of their own.
const fn of_process(name: &'static str, make: fn(&mut Draw<'_>) -> Box<dyn Fault>) -> Kind {
    Kind {
        name,
        applies: has_processes,
        make,
    }
}

/// For any instance.
const fn of_loaders(name: &'static str, make: fn(&mut Draw<'_>) -> Box<dyn Fault>) -> Kind {
    Kind {
        name,
        applies: always,
        make,
    }
}

fn has_processes(setup: &Setup) -> bool {
    setup.processes > 0
}

/// Does something to the process in this place.
async fn with_process<T>(
    field: &Field,
    place: usize,
    act: impl AsyncFnOnce(&Process) -> Result<T>,
) -> Result<T> {
    let instances = field.instances(Whom::One(place));
    let process = instances.first().and_then(|instance| instance.process());
    act(process.context("there is no process in this place")?).await
}
