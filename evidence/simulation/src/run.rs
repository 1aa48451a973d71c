//! One run, from its plan to its verdict.

use std::fmt;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::OnceLock;
use std::sync::atomic::AtomicU32;
use std::time::Duration;

use history::{Contract, Judge, Moment};
use unstale::Config;
use unstale::evidence::surround;

use crate::client::User;
use crate::clock::{Clock, Nature};
use crate::node::Node;
use crate::plan::{End, Plan};
use crate::random::Random;
use crate::rest::come_to_rest;
use crate::setting::micros;
use crate::site::Site;
use crate::tally::{Tally, Totals};
use crate::trace::Trace;
use crate::trouble::Trouble;

/// No run takes longer, in virtual time: whoever still waits then waits for ever.
const LIMIT: Duration = Duration::from_secs(120);

/// Whatever was on its way when the last instance ended has arrived after this, in nanoseconds.
const GRACE: u64 = 100_000_000;

/// What came of a run.
#[derive(Debug)]
pub struct Outcome {
    /// Tells runs apart: the same for two runs in which the same happened.
    pub hash: u64,
    /// What happened, to be read: up to the read that broke a rule; empty unless asked for.
    pub trace: Vec<String>,
    /// How much of everything there was.
    pub totals: Totals,
    /// What broke, if anything: the shortest history that shows it.
    pub violation: Option<Violation>,
}

impl Outcome {
    fn not_run(error: &std::io::Error) -> Self {
        Self {
            hash: 0,
            trace: Vec::new(),
            totals: Totals::default(),
            violation: Some(Violation::Rest(format!("the run did not begin: {error}"))),
        }
    }
}

/// What broke.
#[derive(Clone, Debug)]
pub enum Violation {
    /// A read was answered with what it must not have been answered with.
    Read(Box<history::Violation>),
    /// The caches did not come to rest, or something was left behind.
    Rest(String),
    /// Somebody waits for ever.
    Stuck,
    /// Run once more, something else happened: something is not decided by the seed.
    Chance,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Violation::Read(violation) => violation.fmt(f),
            Violation::Rest(words) => f.write_str(words),
            Violation::Stuck => write!(f, "the run is not over after {LIMIT:?}"),
            Violation::Chance => f.write_str("run once more, something else happened"),
        }
    }
}

impl Plan {
    /// Runs it. The trace is written down if somebody is to read it.
    pub fn run(&self, to_be_read: bool) -> Outcome {
        let clock = Clock::new();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .on_thread_unpark({
                let clock = clock.clone();
                move || clock.look()
            })
            .build();
        let outcome = match runtime {
            Ok(runtime) => runtime.block_on(self.play(&clock, to_be_read)),
            // Only an operating system out of resources refuses; then nothing can be shown.
            Err(error) => Outcome::not_run(&error),
        };
        surround(None);
        outcome
    }

    async fn play(&self, clock: &Arc<Clock>, to_be_read: bool) -> Outcome {
        clock.look();
        fastrand::seed(self.seed);
        let chance = Random::of(&[self.seed, 3]);
        surround(Some(Rc::new(Nature::new(
            clock,
            micros(self.setting.coarse_step),
            chance,
        ))));
        let trace = Arc::new(Trace::new(clock, to_be_read));
        let site = Site::new(self.seed, &self.setting, clock, &trace);
        let tally = Arc::new(Tally::default());
        let network = tokio::spawn(site.network.clone().drive());
        let broken = match tokio::time::timeout(LIMIT, self.happen(&site, &tally)).await {
            Ok(Ok(())) => None,
            Ok(Err(words)) => Some(Violation::Rest(words)),
            Err(_) => Some(Violation::Stuck),
        };
        network.abort();
        let mut totals = tally.totals();
        let mut worst: Option<history::Violation> = None;
        for history in site.ledger.histories() {
            let mut judge = Judge::new(Contract::new(site.ledger.max_staleness()));
            judge.expect(0);
            judge.report(0, history, Moment::from_nanos(0));
            judge.finish();
            for verdict in judge.verdicts() {
                totals.figures.record(&verdict);
                if let Some(violation) = verdict.violation
                    && worst
                        .as_ref()
                        .is_none_or(|worst| violation.span() < worst.span())
                {
                    worst = Some(violation);
                }
            }
        }
        totals.runs = 1;
        totals.events = trace.events();
        totals.accidents = site.accidents();
        totals.nanos = u128::from(clock.now());
        Outcome {
            hash: trace.hash(),
            trace: trace.lines(
                worst
                    .as_ref()
                    .map_or(u64::MAX, |worst| worst.read.ended.as_nanos()),
            ),
            totals,
            violation: worst
                .map(|violation| Violation::Read(Box::new(violation)))
                .or(broken),
        }
    }

    async fn happen(&self, site: &Arc<Site>, tally: &Arc<Tally>) -> Result<(), String> {
        let tasks = tokio::runtime::Handle::current().metrics();
        let before = tasks.num_alive_tasks();
        let config = self.setting.config(defaults());
        let numbers = Arc::new(AtomicU32::new(0));
        let nodes: Vec<_> = (0..self.setting.instances)
            .map(|slot| Node::new(slot, site, config.clone(), &numbers))
            .collect();
        let trouble = Trouble {
            site: site.clone(),
            nodes: nodes.clone(),
            tally: tally.clone(),
        };
        let mut busy = Vec::new();
        for slot in 0..nodes.len() {
            let trouble = trouble.clone();
            busy.push(tokio::spawn(async move { trouble.start(slot).await }));
        }
        for fault in &self.faults {
            busy.push(tokio::spawn(trouble.clone().make(fault.clone())));
        }
        for (number, client) in self.clients.iter().enumerate() {
            let user = User {
                site: site.clone(),
                node: nodes[client.instance].clone(),
                tally: tally.clone(),
                number,
            };
            busy.push(tokio::spawn(user.run(client.clone())));
        }
        for task in busy {
            task.await
                .map_err(|error| format!("a task ended: {error}"))?;
        }
        come_to_rest(site, &nodes, tally, self.goes_wrong()).await?;
        for node in &nodes {
            node.end(End::Dropped, tally).await;
        }
        // The hub keeps reads of the log waiting for a while.
        let give_up = site.clock.now() + self.setting.poll_interval * 1000 + GRACE;
        while site.clock.now() < give_up {
            if tasks.num_alive_tasks() <= before {
                return Ok(());
            }
            site.network.sleep(GRACE / 10).await;
        }
        let left = tasks.num_alive_tasks() - before;
        Err(format!("{left} tasks are left behind"))
    }
}

/// The settings that no run changes. Reading the machine's name costs a call of the system.
fn defaults() -> &'static Config {
    static DEFAULTS: OnceLock<Config> = OnceLock::new();
    DEFAULTS.get_or_init(Config::default)
}
