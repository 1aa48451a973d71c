//! How long the database takes.

use std::time::Duration;

use rand_distr::{Distribution, LogNormal};

use crate::error::WorkloadError;

/// The standard normal distribution's 99th percentile.
const Z_99: f64 = 2.326_347_874;

/// How long the database takes: log-normal, as service times of queries are, or always the same.
///
/// The timer that waits has a resolution of one millisecond.
#[derive(Copy, Clone, Debug, PartialEq)]
pub struct Delay {
    median: Duration,
    spread: Option<LogNormal<f64>>,
}

impl Delay {
    /// Half of all take longer than `median`, one in a hundred longer than `p99`.
    ///
    /// # Errors
    /// When `median` is zero, or longer than `p99`.
    pub fn between(median: Duration, p99: Duration) -> Result<Self, WorkloadError> {
        if median.is_zero() || p99 < median {
            return Err(WorkloadError::Plan(format!(
                "a delay's median is above zero and at most its 99th percentile, \
                 and not {median:?} and {p99:?}"
            )));
        }
        let location = median.as_secs_f64().ln();
        let sigma = (p99.as_secs_f64().ln() - location) / Z_99;
        let spread = LogNormal::new(location, sigma)
            .map_err(|error| WorkloadError::Plan(format!("a delay of {median:?}: {error}")))?;
        Ok(Self {
            median,
            spread: Some(spread),
        })
    }

    /// Always the same.
    pub const fn fixed(span: Duration) -> Self {
        Self {
            median: span,
            spread: None,
        }
    }

    /// What half of all do not exceed.
    pub fn median(&self) -> Duration {
        self.median
    }

    /// The next one.
    pub(crate) fn draw(&self, random: &mut impl rand::Rng) -> Duration {
        self.spread.map_or(self.median, |spread| {
            Duration::from_secs_f64(spread.sample(random))
        })
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand::rngs::StdRng;

    use super::*;

    #[test]
    fn delays_have_the_percentiles_asked_for() {
        let millis = Duration::from_millis;
        let delay = Delay::between(millis(15), millis(50)).unwrap();
        let mut random = StdRng::seed_from_u64(1);
        let mut drawn: Vec<_> = (0..100_000).map(|_| delay.draw(&mut random)).collect();
        drawn.sort();
        let near = |part: usize, expected: f64| {
            let got = drawn[part].as_secs_f64() * 1000.0;
            assert!((got / expected - 1.0).abs() < 0.05, "{got} ms");
        };
        near(50_000, 15.0);
        near(99_000, 50.0);
    }

    #[test]
    fn a_fixed_delay_is_always_the_same() {
        let delay = Delay::fixed(Duration::from_millis(20));
        let mut random = StdRng::seed_from_u64(1);
        assert!((0..10).all(|_| delay.draw(&mut random) == Duration::from_millis(20)));
    }

    #[test]
    fn a_median_above_the_99th_percentile_is_refused() {
        let millis = Duration::from_millis;
        assert!(Delay::between(millis(50), millis(15)).is_err());
        assert!(Delay::between(millis(0), millis(15)).is_err());
    }
}
