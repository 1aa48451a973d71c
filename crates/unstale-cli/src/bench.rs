//! `unstale bench`: the workload generator against a server, in a namespace of its own.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use unstale::operate::Operator;
use workload::{Offer, Plan, Preset, Progress, Report, Unstale, WorkloadError};

use crate::arguments::{Load, Target};
use crate::confirm::confirm;
use crate::doctor::obstacle;
use crate::failure::{Failure, Verdict};
use crate::output::{self, Output};
use crate::settings;
use crate::wording::count;

pub(crate) async fn run(
    target: &Target,
    load: &Load,
    output: &mut Output,
) -> Result<Verdict, Failure> {
    let mut config = settings::read(target)?;
    let plan = plan(load)?;
    let number = getrandom::u32().map_err(|error| Failure::Usage(error.to_string()))?;
    config.redis.instance_name = format!("unstale-bench-{number:08x}");
    config.heartbeat.enabled = false;
    let operator = Operator::connect(&config).await?;
    // Instances go on without a server that refuses them, and would measure the database.
    if let Some(obstacle) = obstacle(&operator).await? {
        return Err(obstacle);
    }
    let what = format!(
        "Runs `{}` on {} for {} against {}, in the namespace `{}`, and deletes that namespace \
         afterwards.",
        plan.preset.name,
        count(load.instances.into(), "instance", "instances"),
        count(plan.span.as_secs(), "second", "seconds"),
        operator.endpoint(),
        config.redis.namespace(),
    );
    confirm(&what, load.yes)?;
    let subjects = Unstale::start(config, load.instances.into(), plan.preset.ttl);
    let subjects = subjects.await.map_err(unusable)?;
    let measured = tokio::select! {
        measured = measure(&plan, &subjects) => measured,
        _ = tokio::signal::ctrl_c() => Err(Failure::Interrupted),
    };
    for subject in &subjects {
        subject.cache().close().await;
    }
    let erased = erase(&operator).await?;
    if !output.is_json() {
        output::note(format!(
            "{} deleted again.",
            count(erased, "key was", "keys were")
        ));
    }
    let report = measured?;
    output.answer(&report, &report)?;
    Ok(match report.staleness.violations() {
        0 => Verdict::Well,
        _ => Verdict::Findings,
    })
}

fn plan(load: &Load) -> Result<Plan, Failure> {
    let mut preset = Preset::named(&load.preset).map_err(unusable)?;
    if let Some(ratio) = &load.ratio {
        preset = preset.with_ratio(ratio).map_err(unusable)?;
    }
    let mut plan = Plan::new(preset);
    plan.span = Duration::from_secs(load.seconds);
    plan.offer = match load.rate {
        Some(rate) => Offer::Rate(rate.into()),
        None => Offer::Workers(load.workers.into()),
    };
    Ok(plan)
}

/// Deletes the namespace, and what was on its way into it when the workload was interrupted.
async fn erase(operator: &Operator) -> Result<u64, Failure> {
    let mut erased = 0;
    loop {
        match operator.erase().await? {
            0 => return Ok(erased),
            more => erased += more,
        }
    }
}

/// Runs the workload.
async fn measure(plan: &Plan, subjects: &[Unstale]) -> Result<Report, Failure> {
    let bar = ProgressBar::new(plan.span.as_millis() as u64);
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {wide_msg}") {
        bar.set_style(style);
    }
    let watch = |progress: &Progress| {
        bar.set_position(progress.elapsed.as_millis() as u64);
        bar.set_message(progress.to_string());
    };
    let report = workload::run(plan, subjects, watch).await;
    bar.finish_and_clear();
    report.map_err(unusable)
}

fn unusable(error: WorkloadError) -> Failure {
    match error {
        WorkloadError::Cache(error) => error.into(),
        other => Failure::Usage(other.to_string()),
    }
}
