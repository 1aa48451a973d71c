//! One strike: break something, hold it, mend it, wait until all is well, and see who noticed.

use std::{fmt, time::Duration};

use anyhow::{Context as _, Result};
use tokio::time::sleep;

use crate::{
    clock,
    detection::{self, Detection},
    fault::{Draw, Expectation, Whom},
    field::{Field, Setup},
    instance::Observation,
    schedule::Strike,
    settings::MAX_STALENESS,
    watch::Watch,
};

/// By then every instance has to be as if nothing had been.
const RECOVERY: Duration = Duration::from_secs(15);

/// For so long it is looked whether a loss was noticed, counted from when it took effect.
const LOOKOUT: Duration = MAX_STALENESS.saturating_add(Duration::from_millis(60));

/// At least so much is read before the next fault.
const REST: Duration = Duration::from_millis(200);

/// What came of it.
#[derive(Debug)]
pub(crate) struct Aftermath {
    /// What it was, as far as its name does not say it.
    pub(crate) detail: String,
    /// Who noticed, and when, of those who had to.
    pub(crate) detections: Vec<(String, Detection)>,
    /// How long it took from its mending until all was well.
    pub(crate) recovery: Duration,
    /// Who was not well by then.
    pub(crate) ill: Option<String>,
}

impl Aftermath {
    /// What did not hold.
    pub(crate) fn problems(&self, fault: &str) -> Vec<String> {
        let missed = self.detections.iter().filter_map(|(instance, detection)| {
            let Detection::Missed(after) = detection else {
                return None;
            };
            let after = Duration::from_nanos(*after);
            Some(format!(
                "F4 is broken: {instance} still relied on its copies {after:?} after `{fault}`{}, \
                 as if nothing had been lost",
                self.detail
            ))
        });
        let ill = self.ill.iter().map(|ill| {
            format!(
                "not everything was well again after `{fault}`{}: {ill}",
                self.detail
            )
        });
        missed.chain(ill).collect()
    }
}

impl fmt::Display for Aftermath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: recovered in {:?}", self.detail, self.recovery)?;
        for (instance, detection) in &self.detections {
            match detection {
                Detection::InTime(after) => {
                    write!(
                        f,
                        "; {instance} noticed after {:?}",
                        Duration::from_nanos(*after)
                    )?;
                }
                Detection::Missed(_) => write!(f, "; {instance} noticed nothing")?,
            }
        }
        Ok(())
    }
}

/// Strikes.
pub(crate) async fn strike(field: &Field, setup: &Setup, strike: &Strike) -> Result<Aftermath> {
    let name = strike.kind.name;
    let mut fault = (strike.kind.make)(&mut Draw::new(strike.seed, setup));
    let watch = Watch::start(field.instances(Whom::All)).await;
    let effect = fault
        .inject(field)
        .await
        .with_context(|| format!("cannot inject `{name}`{}", fault.detail()))?;
    let expectation = fault.expects();
    sleep(fault.hold()).await;
    fault
        .heal(field)
        .await
        .with_context(|| format!("cannot heal `{name}`{}", fault.detail()))?;
    let healed = clock::now();
    let concerned = match expectation {
        Expectation::Nothing => None,
        Expectation::Silence(whom) | Expectation::Loss(whom) => Some(whom),
    };
    if concerned.is_some() {
        sleep(LOOKOUT.saturating_sub(effect.elapsed())).await;
    }
    let ill = field.recover(RECOVERY).await.err();
    let seen = watch.stop().await?;
    sleep(REST).await;

    let mut detections = Vec::new();
    for (place, instance) in field.instances(Whom::All).iter().enumerate() {
        let is_concerned = match concerned {
            None => false,
            Some(Whom::All) => true,
            Some(Whom::One(one)) => one == place,
        };
        let judged = seen
            .get(place)
            .filter(|_| is_concerned)
            .and_then(|seen| detection::judge(expectation, fault.partitions(), effect, seen));
        detections.extend(judged.map(|detection| (instance.name().to_owned(), detection)));
    }
    Ok(Aftermath {
        detail: fault.detail(),
        detections,
        recovery: recovery(healed, &seen),
        ill,
    })
}

/// How long somebody was not well after everything was mended.
fn recovery(healed: u64, seen: &[Vec<Observation>]) -> Duration {
    let ill = seen.iter().flatten().filter(|seen| !seen.is_well());
    let last = ill.map(|seen| seen.at).max().unwrap_or(healed);
    Duration::from_nanos(last.saturating_sub(healed))
}
