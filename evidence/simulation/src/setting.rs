//! How the caches of a run are configured, and how rough their way to the hub is.

use std::ops::RangeInclusive;
use std::time::Duration;

use unstale::Config;

use crate::keyspace::KEYS;
use crate::random::Random;

/// Everything but what happens. Spans are microseconds.
#[derive(Clone, Debug)]
pub(crate) struct Setting {
    pub(crate) instances: usize,
    pub(crate) keys: usize,
    /// The log is published instead of kept.
    pub(crate) publishes: bool,
    pub(crate) max_staleness: u64,
    pub(crate) poll_interval: u64,
    pub(crate) command_timeout: u64,
    pub(crate) lease_ttl: u64,
    pub(crate) lease_wait: u64,
    pub(crate) load_timeout: u64,
    pub(crate) ttl: u64,
    /// How often what has expired is dropped.
    pub(crate) scan: u64,
    pub(crate) slides: bool,
    pub(crate) l1_size: u64,
    pub(crate) max_log_length: u64,
    pub(crate) max_pending: usize,
    pub(crate) max_bans: usize,
    pub(crate) coarse_step: u64,
    /// How long a message takes, in nanoseconds.
    pub(crate) latency: (u64, u64),
    /// So many messages of a thousand meet with an accident.
    pub(crate) storm: u64,
}

const MILLI: u64 = 1000;

impl Setting {
    pub(crate) fn draw(random: &mut Random) -> Self {
        // Where `MaxStaleness` is little more than a few messages take, every rule about it counts.
        let is_tight = random.chance(400);
        let mut millis = |range: RangeInclusive<u64>| random.within(range) * MILLI;
        let max_staleness = millis(if is_tight { 14..=40 } else { 60..=300 });
        let command_timeout = millis(10..=60);
        let lease_ttl = millis(20..=400);
        let lease_wait = millis(0..=40);
        let load_timeout = millis(20..=300);
        let ttl = millis(30..=1500);
        let scan = millis(5..=100);
        let slowest = random.one_of(&[300, 1_000, 3_000, 8_000]) * MILLI;
        Self {
            instances: random.one_of(&[2, 2, 3]),
            keys: random.one_of(&[1, 1, 1, 2, KEYS]),
            publishes: random.chance(350),
            max_staleness,
            poll_interval: max_staleness / random.one_of(&[2, 2, 3, 4]),
            command_timeout,
            lease_ttl,
            lease_wait: lease_wait.min(lease_ttl),
            load_timeout,
            ttl,
            scan,
            slides: random.chance(150),
            l1_size: random.one_of(&[1, 2, 100, 100, 100, 100]),
            max_log_length: random.one_of(&[1, 2, 5, 1000, 1000]),
            max_pending: random.one_of(&[1, 2, 1000, 1000]),
            max_bans: random.one_of(&[1, 2, 1000, 1000]),
            coarse_step: random.one_of(&[1, 4, 10, 100]) * MILLI,
            latency: (20 * MILLI, slowest),
            storm: random.one_of(&[0, 0, 5, 20, 60]),
        }
    }

    /// The settings of a cache.
    pub(crate) fn config(&self, defaults: &Config) -> Config {
        let mut config = defaults.clone();
        config.memory.size_limit = self.l1_size;
        config.memory.expiration_scan_frequency = micros(self.scan);
        config.stream.poll_interval = micros(self.poll_interval);
        config.stream.ack_timeout = micros(self.max_staleness * 3);
        config.stream.max_stream_length = self.max_log_length;
        config.redis.command_timeout = Some(micros(self.command_timeout));
        config.redis.connect_timeout = Some(micros(self.command_timeout * 2));
        config.breaker.failure_threshold = 2;
        config.breaker.open_duration = Duration::from_millis(10);
        config.breaker.max_open_duration = Duration::from_millis(80);
        config.default_absolute_expiration = micros(self.ttl);
        config.default_sliding_expiration = self.slides.then(|| micros(self.ttl / 4));
        config.enable_effectiveness_metrics = false;
        config.max_staleness = micros(self.max_staleness);
        config.lease_ttl = micros(self.lease_ttl);
        config.lease_wait = micros(self.lease_wait);
        config.load_timeout = micros(self.load_timeout);
        config.max_pending = self.max_pending;
        config.max_bans = self.max_bans;
        config.use_streams_for_invalidation = !self.publishes;
        config
    }
}

pub(crate) fn micros(count: u64) -> Duration {
    Duration::from_micros(count)
}
