//! The server's wall clock jumps, and with it everything that expires there.

use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context as _, Result, ensure};
use async_trait::async_trait;
use testbed::Value;
use tokio::time::sleep;

use crate::{
    clock,
    fault::{Draw, Effect, Expectation, Fault, Whom},
    field::{Field, text},
    settings::META,
};

const HOUR: i64 = 3600;
/// What a busy machine may need to tell the time.
const PRECISION: u64 = 60;
/// How long it may go on by another time than it was set to, and how often that is looked at.
const PATIENCE: Duration = Duration::from_secs(5);
const LOOK: Duration = Duration::from_millis(1);

/// One jump, and the way back.
pub(super) struct Clock {
    /// Where the clock is before it steps back, in seconds.
    from: i64,
    to: i64,
    /// For so long it is ahead.
    ahead_for: Duration,
    hold: Duration,
}

impl Clock {
    /// An hour back; it is set right later.
    pub(super) fn back(draw: &mut Draw<'_>) -> Self {
        Self {
            from: 0,
            to: -HOUR,
            ahead_for: Duration::ZERO,
            hold: draw.millis(300..=1200),
        }
    }

    /// An hour ahead: whatever expires does so at once. Then it steps back.
    pub(super) fn ahead(draw: &mut Draw<'_>) -> Self {
        Self {
            from: HOUR,
            to: 0,
            ahead_for: draw.millis(50..=800),
            hold: Duration::ZERO,
        }
    }
}

#[async_trait]
impl Fault for Clock {
    /// Records would outlive the bans that instances remember by their own clocks.
    fn expects(&self) -> Expectation {
        Expectation::Loss(Whom::All)
    }

    fn hold(&self) -> Duration {
        self.hold
    }

    async fn inject(&mut self, field: &Field) -> Result<Effect> {
        if self.from != 0 {
            turn(field, self.from).await?;
            sleep(self.ahead_for).await;
            is_seen(field, self.from).await?;
        }
        let began = clock::now();
        turn(field, self.to).await?;
        Ok(Effect::since(began))
    }

    async fn heal(&mut self, field: &Field) -> Result<()> {
        turn(field, 0).await
    }
}

/// Turns the server's clock, and waits until it goes by it: Valkey looks at the clock now and then, and
/// answers with what it saw.
async fn turn(field: &Field, ahead: i64) -> Result<()> {
    field.server_clock().set(ahead)?;
    says("the server", ahead, || seconds_of(field)).await
}

/// Waits until a fence has seen the clock there: where nobody has, it does not step back for anybody.
async fn is_seen(field: &Field, ahead: i64) -> Result<()> {
    let noted = || async {
        let noted: u64 = field.text(&["HGET", META, "time"]).await?.parse()?;
        Ok(noted / 1000)
    };
    says("meta", ahead, noted).await
}

/// Waits until somebody says that it is so much later than it is.
async fn says<Told: Future<Output = Result<u64>>>(
    who: &str,
    ahead: i64,
    seconds: impl Fn() -> Told,
) -> Result<()> {
    let right = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?;
    let wanted = right.as_secs().saturating_add_signed(ahead);
    let began = Instant::now();
    while let seconds = seconds().await?
        && seconds.abs_diff(wanted) > PRECISION
    {
        ensure!(
            began.elapsed() < PATIENCE,
            "the server's clock is not where it was set: {who} says {seconds}, not {wanted}"
        );
        sleep(LOOK).await;
    }
    Ok(())
}

/// What time the server has.
async fn seconds_of(field: &Field) -> Result<u64> {
    let told = field.command(&["TIME"]).await?;
    let Value::Array(parts) = &told else {
        anyhow::bail!("TIME was answered with {told:?}");
    };
    let seconds = parts
        .first()
        .and_then(text)
        .and_then(|text| text.parse().ok());
    seconds.with_context(|| format!("TIME was answered with {told:?}"))
}
