//! Drawing a run from a seed.
//!
//! Not every run has some of everything: each seed also decides what there is much of and what is
//! missing altogether, so that rare things meet often enough in some runs.

use crate::keyspace::{Key, SETTABLE};
use crate::plan::{
    Client, End, Fault, FaultKind, Loader, LoaderEnd, Memory, Plan, Step, Target, Verb, Which,
};
use crate::random::Random;
use crate::setting::Setting;

const MILLI: u64 = 1000;

/// Kinds of things that are asked for.
#[derive(Copy, Clone)]
enum Asked {
    Load,
    LoadWithToken,
    Lookup,
    Get,
    GetMany,
    Set,
    Remove,
    Ban,
}

/// Kinds of things that go wrong.
#[derive(Copy, Clone)]
enum Wrong {
    Flush,
    Trim,
    Evict,
    LoseMeta,
    LoseLog,
    Restart,
    FailOver,
    Hang,
    Full,
    ClockJump,
    Partition,
    Cut,
    Deaf,
    Pause,
    Replace,
}

impl Plan {
    /// The run of this seed.
    pub fn draw(seed: u64) -> Self {
        let mut random = Random::of(&[seed, 1]);
        let setting = Setting::draw(&mut random);
        let mut drawing = Drawing {
            asked: vary(
                &[
                    (40, Asked::Load),
                    (14, Asked::LoadWithToken),
                    (8, Asked::Lookup),
                    (6, Asked::Get),
                    (3, Asked::GetMany),
                    (6, Asked::Set),
                    (18, Asked::Remove),
                    (10, Asked::Ban),
                ],
                &mut random,
            ),
            wrong: vary(
                &[
                    (2, Wrong::Flush),
                    (2, Wrong::Trim),
                    (2, Wrong::Evict),
                    (1, Wrong::LoseMeta),
                    (1, Wrong::LoseLog),
                    (3, Wrong::Restart),
                    (4, Wrong::FailOver),
                    (2, Wrong::Hang),
                    (1, Wrong::Full),
                    (2, Wrong::ClockJump),
                    (3, Wrong::Partition),
                    (4, Wrong::Cut),
                    (2, Wrong::Deaf),
                    (3, Wrong::Pause),
                    (3, Wrong::Replace),
                ],
                &mut random,
            ),
            span: random.within(40..=300) * MILLI,
            slowest_load: random.one_of(&[2, 4, 4, 20, 80]) * MILLI,
            impatience: random.one_of(&[0, 30, 100, 400]),
            random: &mut random,
            setting: &setting,
        };
        let mut clients = drawing.clients();
        let mut faults = drawing.faults();
        if drawing.random.chance(60) {
            drawing.nap(&mut clients, &mut faults);
        }
        Self {
            seed,
            setting,
            clients,
            faults,
        }
    }
}

/// There is more or less of each, or nothing at all.
fn vary<T: Copy>(choices: &[(u64, T)], random: &mut Random) -> Vec<(u64, T)> {
    let vary = |(weight, choice): &(u64, T)| (weight * random.one_of(&[0, 1, 1, 4]), *choice);
    let mut varied: Vec<_> = choices.iter().map(vary).collect();
    if varied.iter().all(|(weight, _)| *weight == 0) {
        varied[0].0 = 1;
    }
    varied
}

struct Drawing<'a> {
    random: &'a mut Random,
    setting: &'a Setting,
    asked: Vec<(u64, Asked)>,
    wrong: Vec<(u64, Wrong)>,
    /// About so long something goes on.
    span: u64,
    slowest_load: u64,
    /// So many users of a thousand do not wait for an answer.
    impatience: u64,
}

impl Drawing<'_> {
    fn clients(&mut self) -> Vec<Client> {
        let mut clients = Vec::new();
        for instance in 0..self.setting.instances {
            for _ in 0..self.random.within(1..=2) {
                let pace = self.random.one_of(&[1, 2, 4, 15]) * MILLI;
                let count = (self.span / pace).clamp(3, 24);
                let steps = (0..count).map(|_| self.step(pace)).collect();
                clients.push(Client { instance, steps });
            }
        }
        clients
    }

    fn step(&mut self, pace: u64) -> Step {
        let pause = match self.random.below(30) {
            0 => self.random.within(0..=2 * self.setting.max_staleness),
            1..10 => 0,
            _ => self.random.within(0..=2 * pace),
        };
        let verb = self.verb();
        let gives_up = self.random.chance(self.impatience);
        Step {
            pause,
            verb,
            patience: gives_up.then(|| self.random.within(0..=6 * MILLI)),
        }
    }

    fn verb(&mut self) -> Verb {
        let key = self.key();
        match self.random.weighted(&self.asked) {
            Asked::Load => Verb::Load {
                key,
                loader: self.loader(),
                with_token: false,
            },
            Asked::LoadWithToken => Verb::Load {
                key,
                loader: self.loader(),
                with_token: true,
            },
            Asked::Lookup => Verb::Lookup {
                key,
                loader: self.loader(),
                fills: self.random.chance(750),
            },
            Asked::Get => Verb::Get {
                key,
                with_token: self.random.chance(300),
            },
            Asked::GetMany => Verb::GetMany,
            Asked::Set => match self.random.below(5) {
                0..2 => Verb::Set,
                2 => Verb::Write {
                    target: Target::Key(SETTABLE),
                    lag: 0,
                },
                _ => Verb::Get {
                    key: SETTABLE,
                    with_token: false,
                },
            },
            Asked::Remove => Verb::Write {
                target: match self.random.below(6) {
                    0 => Target::Batch,
                    _ => Target::Key(key),
                },
                lag: self.lag(),
            },
            Asked::Ban => Verb::Write {
                target: self.random.one_of(&[
                    Target::All,
                    Target::Tag,
                    Target::Group,
                    Target::Glob,
                ]),
                lag: self.lag(),
            },
        }
    }

    fn lag(&mut self) -> u64 {
        self.random.one_of(&[0, 0, 0, 500, 2 * MILLI, 20 * MILLI])
    }

    fn loader(&mut self) -> Loader {
        let before = self.random.within(0..=self.slowest_load);
        let after = self.random.within(0..=self.slowest_load);
        let end = match self.random.below(40) {
            0 => LoaderEnd::Nothing,
            1..3 => LoaderEnd::Error,
            3 => LoaderEnd::Panic,
            _ => LoaderEnd::Row,
        };
        let has_another_life = self.random.chance(120);
        Loader {
            before,
            after,
            end,
            ttl: has_another_life.then(|| self.random.within(0..=3 * self.setting.ttl)),
            slides: self.random.chance(60),
        }
    }

    fn key(&mut self) -> Key {
        Key(self.random.index(self.setting.keys))
    }

    fn faults(&mut self) -> Vec<Fault> {
        let count = self.random.one_of(&[0, 1, 1, 2, 2, 3, 4]);
        let mut faults: Vec<_> = (0..count)
            .map(|_| Fault {
                at: self.random.within(0..=self.span),
                kind: self.fault(),
            })
            .collect();
        faults.sort_by_key(|fault| fault.at);
        faults
    }

    fn fault(&mut self) -> FaultKind {
        let span = self.trouble();
        let lag = self.random.within(0..=40 * MILLI);
        let instance = self.random.index(self.setting.instances);
        let which = self
            .random
            .one_of(&[Which::Commands, Which::Log, Which::Both]);
        match self.random.weighted(&self.wrong) {
            Wrong::Flush => FaultKind::Flush,
            Wrong::Trim => FaultKind::Trim(self.random.index(3)),
            Wrong::Evict => FaultKind::Evict(self.key()),
            Wrong::LoseMeta => FaultKind::LoseMeta,
            Wrong::LoseLog => FaultKind::LoseLog,
            Wrong::Restart => FaultKind::Restart {
                memory: self
                    .random
                    .one_of(&[Memory::Nothing, Memory::Everything, Memory::Of(lag)]),
                down: self.random.within(0..=span),
            },
            Wrong::FailOver => FaultKind::FailOver {
                lag,
                survivors: self.random.chance(400),
            },
            Wrong::Hang => FaultKind::Hang(span),
            Wrong::Full => FaultKind::Full(span),
            Wrong::ClockJump => FaultKind::ClockJump(
                self.random
                    .one_of(&[-3_600_000, -3_600_000, -3_000, -700, -400, 400, 3_000]),
            ),
            Wrong::Partition => FaultKind::Partition {
                instance,
                which,
                span,
            },
            Wrong::Cut => FaultKind::Cut {
                instance,
                which,
                noticed: self.random.chance(600),
            },
            Wrong::Deaf => FaultKind::Deaf { instance, span },
            Wrong::Pause => FaultKind::Pause { instance, span },
            Wrong::Replace => FaultKind::Replace {
                instance,
                how: self
                    .random
                    .one_of(&[End::Killed, End::Dropped, End::Closed]),
                gap: self.random.within(0..=20 * MILLI),
            },
        }
    }

    /// How long trouble lasts: shorter than `MaxStaleness`, or longer.
    fn trouble(&mut self) -> u64 {
        let staleness = self.setting.max_staleness;
        match self.random.below(4) {
            0 => self.random.within(0..=10 * MILLI),
            1 => self.random.within(0..=staleness),
            _ => self.random.within(staleness..=2 * staleness),
        }
    }

    /// In the middle nobody does anything for so long that bans are forgotten, and some values
    /// live through it.
    fn nap(&mut self, clients: &mut [Client], faults: &mut [Fault]) {
        let nap = self.random.within(2_200..=4_500) * MILLI;
        for client in clients {
            let middle = client.steps.len() / 2;
            for (index, step) in client.steps.iter_mut().enumerate() {
                if index == middle {
                    step.pause += nap;
                }
                if let Verb::Load { loader, .. } | Verb::Lookup { loader, .. } = &mut step.verb
                    && self.random.chance(300)
                {
                    loader.ttl = Some(self.random.within(nap..=2 * nap));
                }
            }
        }
        for fault in faults {
            if self.random.chance(400) {
                fault.at += nap;
            }
        }
    }
}
