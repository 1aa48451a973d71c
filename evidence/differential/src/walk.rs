//! One walk: step after step on both sides.

use std::collections::BTreeMap;
use std::fmt;

use anyhow::{Context as _, Result};
use unstale::evidence::steps::{Answer, State, Step};

use crate::Site;
use crate::choices::Choices;
use crate::pair::Pair;
use crate::trouble::{Earlier, Trouble};

/// So many of the steps before one that differs are told.
const TOLD: usize = 12;

/// What carries the log.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
#[expect(missing_docs)]
pub enum Transport {
    Streams,
    PubSub,
}

/// How often what was asked was answered how.
#[derive(Default, Debug)]
pub struct Tally(pub BTreeMap<String, u64>);

impl Tally {
    fn count(&mut self, what: impl fmt::Display) {
        *self.0.entry(what.to_string()).or_default() += 1;
    }
}

/// Takes so many steps, decided by a seed, and fails at the first that the two sides do not take
/// alike.
///
/// # Errors
///
/// What differs, after which steps; or what went wrong with the server.
pub fn walk(
    site: &Site,
    transport: Transport,
    seed: u64,
    steps: usize,
    tally: &mut Tally,
) -> Result<()> {
    let mut told = vec![];
    let walked: Result<()> = site.runtime.block_on(async {
        site.clock.hang();
        site.turn_to(crate::clock::START)?;
        site.clock.next_number(seed);
        let pair = Pair::start(site, transport).await?;
        let choices = Choices::new(seed, &pair.config);
        let mut walk = Walk {
            site,
            pair,
            choices,
            earlier: None,
            state: State::default(),
        };
        walk.state = walk.pair.state().await?;
        for _ in 0..steps {
            walk.go_on(tally, &mut told).await?;
        }
        Ok(())
    });
    unstale::evidence::surround(None);
    walked.with_context(|| {
        let last = told.len().saturating_sub(TOLD);
        format!(
            "seed {seed} over {transport:?}, at step {}:\n{}",
            told.len(),
            told[last..].join("\n")
        )
    })
}

struct Walk<'a> {
    site: &'a Site,
    pair: Pair,
    choices: Choices,
    earlier: Option<Earlier>,
    state: State,
}

impl Walk<'_> {
    async fn go_on(&mut self, tally: &mut Tally, told: &mut Vec<String>) -> Result<()> {
        let caller = self.choices.caller();
        if self.choices.chance(20) {
            let trouble = self.choices.trouble(self.site.clock.now());
            self.trouble(&trouble, tally, told)?;
        } else if self.choices.chance(5) {
            // By one entry: the next one would be given its position.
            self.trouble(&Trouble::Keep, tally, told)?;
            let step = self.choices.invalidation();
            self.step(caller, step, tally, told).await?;
            self.trouble(&Trouble::MetaGoesBack, tally, told)?;
        } else {
            let step = self.choices.step(caller, &self.state);
            self.step(caller, step, tally, told).await?;
        }
        self.state = self.pair.state().await?;
        Ok(())
    }

    fn trouble(
        &mut self,
        trouble: &Trouble,
        tally: &mut Tally,
        told: &mut Vec<String>,
    ) -> Result<()> {
        told.push(format!("{trouble:?}"));
        tally.count(name(trouble));
        trouble.befall(self.site, &self.pair, &mut self.earlier)
    }

    async fn step(
        &mut self,
        caller: usize,
        step: Step,
        tally: &mut Tally,
        told: &mut Vec<String>,
    ) -> Result<()> {
        self.site.clock.next_number(self.choices.number());
        let caller = self.choices.callers[caller].clone();
        let witness = caller.witness();
        told.push(format!("{step:?} by {witness:?}"));
        let answer = self.pair.take(&caller, &step).await?;
        tally.count(format_args!("{}: {}", name(&step), kind(&answer)));
        let fenced = match answer {
            Answer::Fenced(fenced) => {
                if fenced.history != witness.history {
                    tally.count("another history");
                }
                fenced
            }
            Answer::Appended(appended) => appended.fenced(),
            _ => return Ok(()),
        };
        self.choices.remember(fenced);
        // Whoever does not take note of it stays behind.
        if self.choices.chance(85) {
            caller.adopt(fenced);
        }
        Ok(())
    }
}

/// The first word of what is written down.
fn name(what: &impl fmt::Debug) -> String {
    let written = format!("{what:?}");
    let end = written.find(|c: char| !c.is_alphanumeric());
    written[..end.unwrap_or(written.len())].to_owned()
}

fn kind(answer: &Answer) -> String {
    match answer {
        Answer::Guarded(found, snapshot) => {
            let said = |there: bool| if there { "something" } else { "nothing" };
            format!(
                "{} found, {} said",
                said(found.is_some()),
                said(snapshot.is_some())
            )
        }
        Answer::Filled { stored, awaited } => {
            let is_stored = if *stored { "stored" } else { "refused" };
            let is_awaited = if *awaited { "awaited" } else { "not awaited" };
            format!("{is_stored}, {is_awaited}")
        }
        Answer::Awaited(handed, _) => match handed {
            None => "nobody waited".to_owned(),
            Some(bytes) if bytes.is_empty() => "nothing yet".to_owned(),
            Some(_) => "handed over".to_owned(),
        },
        other => name(other),
    }
}
