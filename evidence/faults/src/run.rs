//! A run: calm, faults, calm again, and the report.

use std::{convert::Infallible, time::Duration};

use anyhow::{Context as _, Result, bail};
use tokio::time::sleep;

use crate::{
    fault::{Kind, Whom, catalogue},
    field::{Field, Setup},
    footprint::Footprint,
    judging::Judging,
    lineup,
    options::{Budget, Options, SubjectKind, Topology},
    progress::Progress,
    report::Reports,
    schedule::Schedule,
    strike::strike,
    summary::{Propagation, Summary},
};

/// The phases without a fault.
pub(crate) const BEFORE: &str = "no fault, before";
pub(crate) const AFTER: &str = "no fault, after";

/// How long those take: a part of the run, within bounds.
const CALM_SHARE: f64 = 0.12;
const SHORTEST_CALM: Duration = Duration::from_secs(2);
const LONGEST_CALM: Duration = Duration::from_secs(10);

/// How often the progress is shown.
const SHOW: Duration = Duration::from_millis(200);

/// By then every instance is in service at first.
const WARM_UP: Duration = Duration::from_secs(15);

/// A run under way.
struct Run {
    field: Field,
    setup: Setup,
    judging: Judging,
    summary: Summary,
    progress: Progress,
}

/// Runs, and says whether everything held.
pub(crate) async fn run(options: &Options) -> Result<bool> {
    let seed = options.seed.unwrap_or_else(|| u64::from(fastrand::u32(..)));
    let setup = options.setup();
    if setup.subject == SubjectKind::CacheAside && setup.topology != Topology::Single {
        bail!("`--subject cache-aside` knows one server: leave out `--topology`");
    }
    if setup.partitions > 1 && setup.topology != Topology::Cluster {
        bail!(
            "the faults of this topology are about the only partition: leave out `--partitions`, or \
             give `--topology cluster`"
        );
    }
    let mut kinds = catalogue(&setup);
    kinds.retain(|kind| options.wants(kind.name));
    if kinds.is_empty() {
        bail!("no fault has a name that `--only` and `--except` leave over: `--list` lists them");
    }
    let field = Field::prepare(&setup).await?;
    let (reports, inbox) = Reports::channel();
    let judging = Judging::start(inbox)?;
    let mut run = Run {
        summary: Summary::new(seed, &setup, &field),
        field,
        setup,
        judging,
        progress: Progress::new(),
    };
    run.progress.say(&run.summary.header());
    run.judging.begin(BEFORE);
    run.summary.table.phase(BEFORE);
    lineup::start(&run.field, &setup, seed, reports).await?;
    run.field
        .recover(WARM_UP)
        .await
        .map_err(anyhow::Error::msg)
        .context("an instance did not get into service")?;

    let calm = match options.budget() {
        Budget::Time(time) => time.mul_f64(CALM_SHARE).clamp(SHORTEST_CALM, LONGEST_CALM),
        Budget::Reads(_) => LONGEST_CALM,
    };
    run.pass(calm).await;
    run.summary.propagation = run.propagation().await;
    let before = Footprint::take(&run.field).await?;
    run.break_things(seed, kinds, options.budget(), calm, options.verbose)
        .await;
    run.judging.begin(AFTER);
    run.summary.table.phase(AFTER);
    run.pass(calm).await;
    let after = Footprint::back_to(&before, &run.field).await?;
    run.summary.compare(before, after);
    run.report().await
}

impl Run {
    /// One fault after the other, until the budget is used up.
    async fn break_things(
        &mut self,
        seed: u64,
        kinds: Vec<&'static Kind>,
        budget: Budget,
        calm: Duration,
        verbose: bool,
    ) {
        for next in Schedule::new(seed, kinds) {
            let is_over = match budget {
                Budget::Time(time) => self.summary.began.elapsed() + calm >= time,
                Budget::Reads(reads) => self.judging.counts().0 >= reads,
            };
            if is_over {
                break;
            }
            let name = next.kind.name;
            self.judging.begin(name);
            let aftermath = tokio::select! {
                aftermath = strike(&self.field, &self.setup, &next) => aftermath,
                never = show(&self.judging, &self.summary, &mut self.progress, name) => match never {},
                () = interrupted() => break,
            };
            let ends = aftermath
                .as_ref()
                .map_or(true, |aftermath| aftermath.ill.is_some());
            if let (Ok(aftermath), true) = (&aftermath, verbose) {
                self.progress.say(&format!("{name}{aftermath}"));
            }
            for problem in self.summary.record(&next, aftermath) {
                self.progress.say(&problem);
            }
            if ends {
                // What comes next would say nothing about itself.
                break;
            }
        }
    }

    /// Lets the workload run.
    async fn pass(&mut self, time: Duration) {
        tokio::select! {
            () = sleep(time) => {}
            never = show(&self.judging, &self.summary, &mut self.progress, "no fault") => match never {},
            () = interrupted() => {}
        }
    }

    /// The slowest instance's.
    async fn propagation(&self) -> Propagation {
        let mut slowest = Propagation::default();
        for instance in self.field.instances(Whom::All) {
            if let Some(seen) = instance.observe().await {
                slowest = slowest.slower(seen.propagation);
            }
        }
        slowest
    }

    /// Ends everything, hears the judge, and prints.
    async fn report(self) -> Result<bool> {
        let Run {
            field,
            judging,
            mut summary,
            mut progress,
            ..
        } = self;
        for instance in field.instances(Whom::All) {
            instance.stop().await;
        }
        drop(field);
        let judged = judging.finish()?;
        progress.say("");
        summary.took = summary.began.elapsed();
        println!("{}", summary.with(&judged));
        Ok(summary.holds(&judged))
    }
}

/// Shows how far it is, and every violation as soon as it is known.
async fn show(
    judging: &Judging,
    summary: &Summary,
    progress: &mut Progress,
    doing: &str,
) -> Infallible {
    loop {
        sleep(SHOW).await;
        for violation in judging.news() {
            progress.say(&violation);
        }
        progress.status(&summary.status(judging.counts(), doing));
    }
}

/// Ends when somebody presses Ctrl-C; never, where that cannot be noticed.
async fn interrupted() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending().await
    }
}
