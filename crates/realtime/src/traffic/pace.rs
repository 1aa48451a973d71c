use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior, interval};

/// How often a faster pace is checked; what has come due meanwhile is done at once.
const SHORTEST_TICK: Duration = Duration::from_millis(5);

/// Lets an amount of work come due evenly over time. What was missed by more than a second is not
/// made up for.
pub(crate) struct Pace {
    per_second: f64,
    ticks: tokio::time::Interval,
    last: Instant,
    due: f64,
}

impl Pace {
    pub(crate) fn new(per_second: f64) -> Self {
        let mut ticks = interval(SHORTEST_TICK.max(Duration::from_secs_f64(1.0 / per_second)));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self {
            per_second,
            ticks,
            last: Instant::now(),
            due: 0.0,
        }
    }

    /// Waits until `amount` of work is due and takes it.
    pub(crate) async fn take(&mut self, amount: f64) {
        while self.due < amount {
            let now = self.ticks.tick().await;
            let passed = now.saturating_duration_since(self.last).as_secs_f64();
            self.last = self.last.max(now);
            self.due = (self.due + passed * self.per_second).min(self.per_second.max(amount));
        }
        self.due -= amount;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn work_comes_due_at_its_rate() {
        for (rate, amount) in [(40.0, 5.0), (2_000.0, 1.0), (1.0, 1.0)] {
            let mut pace = Pace::new(rate);
            let began = Instant::now();
            for _ in 0..20 {
                pace.take(amount).await;
            }
            let expected = 20.0 * amount / rate;
            let took = began.elapsed().as_secs_f64();
            assert!(
                (took - expected).abs() < 0.05 + expected * 0.1,
                "{rate}: {took} instead of {expected}"
            );
        }
    }
}
