//! Drawing a run from a seed.
//!
//! Not every run has some of everything: each seed also decides what it is about, what there is
//! much of and what is missing altogether, so that rare things meet often enough in some runs. Runs
//! are short: what is wrong in the end is still there when everything has come to rest, and has not
//! been removed once more.

mod faults;
mod forgetting;

use self::faults::Wrong;
use crate::keyspace::{Key, SETTABLE};
use crate::plan::{Client, Loader, LoaderEnd, Plan, Step, Target, Verb};
use crate::random::Random;
use crate::setting::Setting;

const MILLI: u64 = 1000;

/// What a run is about.
#[derive(Copy, Clone, PartialEq, Eq)]
enum Theme {
    /// Whatever may happen.
    Anything,
    /// A server that loses its history again and again.
    Resets,
    /// Things that are on their way at the same time, and overtake each other.
    Crossing,
    /// One key, and one instance whose answers come late.
    Hot,
    /// An instance that hears nothing for longer than `MaxStaleness`.
    Unproven,
    /// The key that is `set`.
    Sets,
    /// Bans that are forgotten while something lives that they forbid.
    Forgetting,
}

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

impl Plan {
    /// The run of this seed.
    pub fn draw(seed: u64) -> Self {
        let mut random = Random::of(&[seed, 1]);
        let theme = random.weighted(&[
            (39, Theme::Anything),
            (6, Theme::Resets),
            (24, Theme::Crossing),
            (6, Theme::Hot),
            (10, Theme::Unproven),
            (8, Theme::Sets),
            (7, Theme::Forgetting),
        ]);
        let mut setting = Setting::draw(&mut random);
        match theme {
            Theme::Forgetting => return Self::forgetting(seed, setting, &mut random),
            Theme::Crossing => setting.cross(&mut random),
            Theme::Hot => setting.make_hot(&mut random),
            Theme::Unproven => setting.tighten(&mut random),
            Theme::Sets => setting.storm = random.one_of(&[20, 60, 150]),
            Theme::Anything | Theme::Resets => {}
        }
        let mut drawing = Drawing::of(theme, &setting, &mut random);
        let clients = drawing.clients();
        let count = match theme {
            Theme::Anything => drawing.random.one_of(&[0, 1, 1, 1, 2, 2, 3]),
            Theme::Resets => drawing.random.one_of(&[3, 4, 5]),
            Theme::Unproven => 1,
            Theme::Hot => 0,
            _ => drawing.random.one_of(&[0, 0, 1, 1, 2]),
        };
        let faults = drawing.faults(count);
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

impl<'a> Drawing<'a> {
    fn of(theme: Theme, setting: &'a Setting, random: &'a mut Random) -> Self {
        let asked = match theme {
            Theme::Sets => vec![(9, Asked::Set), (1, Asked::Load), (1, Asked::Remove)],
            Theme::Hot => vec![
                (3, Asked::Load),
                (1, Asked::LoadWithToken),
                (3, Asked::Remove),
            ],
            _ => vary(
                &[
                    (40, Asked::Load),
                    (14, Asked::LoadWithToken),
                    (8, Asked::Lookup),
                    (6, Asked::Get),
                    (3, Asked::GetMany),
                    (3, Asked::Set),
                    (18, Asked::Remove),
                    (14, Asked::Ban),
                ],
                random,
            ),
        };
        let wrong = match theme {
            Theme::Crossing | Theme::Hot => faults::DELAYS.to_vec(),
            Theme::Unproven => faults::SILENCES.to_vec(),
            Theme::Resets => faults::RESETS.to_vec(),
            _ => faults::kinds(random),
        };
        Self {
            asked,
            wrong,
            span: match theme {
                Theme::Crossing | Theme::Hot => random.within(5..=60) * MILLI,
                Theme::Unproven => setting.max_staleness * random.within(2..=5),
                _ => random.within(10..=120) * MILLI,
            },
            slowest_load: match theme {
                Theme::Unproven => setting.max_staleness * random.within(1..=4),
                Theme::Hot => MILLI,
                _ => random.one_of(&[1, 4, 4, 20, 80]) * MILLI,
            },
            impatience: match theme {
                Theme::Crossing => random.one_of(&[0, 100, 400, 700]),
                _ => random.one_of(&[0, 0, 30, 100, 400]),
            },
            random,
            setting,
        }
    }

    fn clients(&mut self) -> Vec<Client> {
        let mut clients = Vec::new();
        for instance in 0..self.setting.instances {
            for _ in 0..self.random.within(1..=2) {
                let count = self.random.within(2..=9);
                let pace = self.span / count;
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
}
