//! Drawing runs in which bans are forgotten: a value that they forbid lives for longer, or nearly.
//!
//! A ban is forgotten two seconds and some more after whatever it may forbid has expired, so in the
//! middle of such a run nobody does anything for seconds.

use super::MILLI;
use crate::keyspace::{KEYS, Key};
use crate::plan::{Client, End, Fault, FaultKind, Loader, LoaderEnd, Plan, Step, Target, Verb};
use crate::random::Random;
use crate::setting::Setting;

/// Bans are kept for so much longer than everything that is known to live longer than they do.
const MARGIN: u64 = 2_000 * MILLI;

/// A second ban and a new instance take so long.
const AGAIN: u64 = 150 * MILLI;

/// What may outlive a ban.
#[derive(Copy, Clone, PartialEq, Eq)]
enum Outliving {
    /// A load that had begun before it, and goes on for seconds.
    Load,
    /// A value that lives for longer than others do, of an instance that is gone soon.
    Value,
    /// One that was loaded before the ban, and stored after it.
    Late,
    /// Any value, on a server whose clock steps back.
    Record,
}

impl Plan {
    pub(super) fn forgetting(seed: u64, mut setting: Setting, random: &mut Random) -> Self {
        let outliving = random.one_of(&[
            Outliving::Load,
            Outliving::Value,
            Outliving::Late,
            Outliving::Record,
        ]);
        setting.storm = 0;
        setting.slides = false;
        setting.max_staleness = random.within(200..=600) * MILLI;
        setting.poll_interval = setting.max_staleness / 2;
        setting.max_log_length = 1000;
        setting.l1_size = 100;
        setting.ttl = match outliving {
            Outliving::Load => random.within(600..=1_500),
            _ => random.within(30..=200),
        } * MILLI;
        if outliving == Outliving::Load {
            setting.lease_ttl = 5_000 * MILLI;
            setting.load_timeout = 5_000 * MILLI;
        }
        if outliving == Outliving::Late {
            // The second ban has no room beside the first, unless that is forgotten.
            setting.max_bans = 1;
            setting.keys = KEYS;
        }
        let keeps = setting.ttl + MARGIN + setting.lease_ttl.max(setting.max_staleness);
        let nap = match outliving {
            // As if nobody had thought of the lease.
            Outliving::Load => setting.ttl + MARGIN,
            _ => keeps,
        } + random.within(10..=700) * MILLI;
        let mut scene = Scene {
            loads: random.index(setting.instances),
            random,
            setting: &setting,
            outliving,
            nap,
        };
        let clients = scene.clients();
        let faults = scene.faults();
        Self {
            seed,
            setting,
            clients,
            faults,
        }
    }
}

struct Scene<'a> {
    /// The instance that loads.
    loads: usize,
    random: &'a mut Random,
    setting: &'a Setting,
    outliving: Outliving,
    nap: u64,
}

impl Scene<'_> {
    /// Somebody loads, somebody bans, and after the nap everybody reads.
    fn clients(&mut self) -> Vec<Client> {
        let one = (0..self.setting.instances).map(|instance| {
            let mut steps = Vec::new();
            if instance == self.loads {
                steps.push(self.loads());
            }
            let mut pause = self.nap;
            if self.random.chance(300) {
                steps.push(self.bans(pause));
                pause = 0;
            }
            // By then an instance that is replaced has started again.
            if self.outliving == Outliving::Late {
                pause += AGAIN;
            }
            steps.push(self.reads(pause));
            steps.push(self.reads(0));
            Client { instance, steps }
        });
        let mut clients: Vec<_> = one.collect();
        // A ban waits for no load.
        let pause = self.random.within(0..=30) * MILLI;
        let mut steps = vec![self.bans(pause)];
        if self.outliving == Outliving::Late {
            let target = self.random.one_of(&[Target::Tag, Target::Glob]);
            steps.push(step(self.nap, Verb::Write { target, lag: 0 }));
        }
        let instance = self.instance();
        clients.push(Client { instance, steps });
        clients
    }

    fn loads(&mut self) -> Step {
        let goes_on = match self.outliving {
            Outliving::Load => self.random.within(self.nap - 800 * MILLI..=self.nap),
            Outliving::Late => self.random.within(20..=60) * MILLI,
            _ => self.random.one_of(&[0, 0, 5, 40]) * MILLI,
        };
        let ttl = match self.outliving {
            Outliving::Value | Outliving::Late => Some(self.nap * 2),
            _ => None,
        };
        let loader = Loader {
            before: 0,
            after: goes_on,
            end: LoaderEnd::Row,
            ttl,
            slides: false,
        };
        let key = self.key();
        let verb = match self.random.chance(400) {
            true => Verb::Lookup {
                key,
                loader,
                fills: true,
            },
            false => Verb::Load {
                key,
                loader,
                with_token: false,
            },
        };
        step(0, verb)
    }

    fn bans(&mut self, pause: u64) -> Step {
        let target = self
            .random
            .one_of(&[Target::All, Target::Tag, Target::Group, Target::Glob]);
        step(pause, Verb::Write { target, lag: 0 })
    }

    /// So long after, and a little more.
    fn reads(&mut self, pause: u64) -> Step {
        let pause = pause + self.random.within(0..=20) * MILLI;
        let key = self.key();
        let verb = match self.random.chance(500) {
            true => Verb::Get {
                key,
                with_token: false,
            },
            false => Verb::Load {
                key,
                loader: Loader::plain(),
                with_token: false,
            },
        };
        step(pause, verb)
    }

    fn key(&mut self) -> Key {
        match self.outliving {
            // The one that the second ban does not cover.
            Outliving::Late => Key(KEYS - 1),
            _ => Key(self.random.index(self.setting.keys)),
        }
    }

    fn instance(&mut self) -> usize {
        self.random.index(self.setting.instances)
    }

    fn faults(&mut self) -> Vec<Fault> {
        let mut faults = Vec::new();
        if self.outliving == Outliving::Record {
            let at = self.random.within(0..=60) * MILLI;
            let kind = FaultKind::ClockJump(self.random.one_of(&[-3_600_000, -60_000, -700]));
            faults.push(Fault { at, kind });
        }
        let (at, instance) = match self.outliving {
            Outliving::Value => (self.random.within(10..=120) * MILLI, self.loads),
            Outliving::Late => (
                self.nap + self.random.within(40..=100) * MILLI,
                self.instance(),
            ),
            _ if self.random.chance(400) => (
                self.nap - self.random.within(0..=100) * MILLI,
                self.instance(),
            ),
            _ => return faults,
        };
        let kind = FaultKind::Replace {
            instance,
            how: self.random.one_of(&[End::Killed, End::Closed]),
            gap: self.random.within(0..=20) * MILLI,
        };
        faults.push(Fault { at, kind });
        faults
    }
}

fn step(pause: u64, verb: Verb) -> Step {
    Step {
        pause,
        verb,
        patience: None,
    }
}
