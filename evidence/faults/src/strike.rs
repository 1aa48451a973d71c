//! One strike: break something, hold it, mend it, wait until all is well, and see who noticed.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use tokio::time::sleep;

use crate::{
    detection::{self, Detection},
    fault::{Draw, Expectation, Whom},
    field::{Field, Setup},
    schedule::Strike,
    watch::Watch,
};

/// By then every instance has to be as if nothing had been.
const RECOVERY: Duration = Duration::from_secs(15);

/// What came of it.
#[derive(Debug)]
pub(crate) struct Aftermath {
    /// Who noticed, and when, of those who had to.
    pub(crate) detections: Vec<(String, Detection)>,
    /// How long it took from its mending until all was well.
    pub(crate) recovery: Duration,
    /// Who was not well by then.
    pub(crate) ill: Option<String>,
}

/// Strikes.
pub(crate) async fn strike(field: &Field, setup: &Setup, strike: &Strike) -> Result<Aftermath> {
    let name = strike.kind.name;
    let mut fault = (strike.kind.make)(&mut Draw::new(strike.seed, setup));
    let watch = Watch::start(field.instances(Whom::All));
    let effect = fault
        .inject(field)
        .await
        .with_context(|| format!("cannot inject `{name}`"))?;
    let expectation = fault.expects();
    sleep(fault.hold()).await;
    fault
        .heal(field)
        .await
        .with_context(|| format!("cannot heal `{name}`"))?;
    let healed = Instant::now();
    let ill = field.recover(RECOVERY).await.err();
    let recovery = healed.elapsed();
    let seen = watch.stop().await?;

    let concerned = match expectation {
        Expectation::Nothing => None,
        Expectation::Silence(whom) | Expectation::Loss(whom) => Some(whom),
    };
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
            .and_then(|seen| detection::judge(expectation, effect, seen));
        detections.extend(judged.map(|detection| (instance.name().to_owned(), detection)));
    }
    Ok(Aftermath {
        detections,
        recovery,
        ill,
    })
}
