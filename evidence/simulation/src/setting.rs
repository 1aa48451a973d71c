//! How the caches of a run are configured, and how rough their way to the hub is.

use std::ops::RangeInclusive;
use std::time::Duration;

use unstale::Config;
use unstale::evidence::Purpose;

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
    /// How slow the ways of each instance to the hub are.
    pub(crate) ways: Vec<Slowest>,
    /// So many messages of a thousand meet with an accident.
    pub(crate) storm: u64,
}

/// The longest that a message takes, in nanoseconds.
#[derive(Copy, Clone, Debug)]
pub(crate) struct Slowest {
    commands: u64,
    log: u64,
}

impl Slowest {
    pub(crate) fn of(self, purpose: Purpose) -> u64 {
        match purpose {
            Purpose::Commands => self.commands,
            Purpose::Log => self.log,
        }
    }

    fn draw(mut one: impl FnMut() -> u64) -> Self {
        Self {
            commands: one() * MILLI,
            log: one() * MILLI,
        }
    }
}

const MILLI: u64 = 1000;

/// The least that a message takes, in nanoseconds.
pub(crate) const FASTEST: u64 = 20_000;

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
        let instances = random.one_of(&[2, 2, 3]);
        Self {
            instances,
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
            ways: {
                let alike = random.one_of(&[300, 1_000, 3_000, 8_000]);
                vec![Slowest::draw(|| alike); instances]
            },
            storm: random.one_of(&[0, 0, 5, 20, 60]),
        }
    }

    /// Makes some ways slow and others fast, so that what is sent on one is overtaken by what is sent
    /// later on another, without anything being given up for it.
    pub(crate) fn cross(&mut self, random: &mut Random) {
        let mut one = || random.one_of(&[300, 3_000, 10_000, 30_000]);
        self.ways = self.ways.iter().map(|_| Slowest::draw(&mut one)).collect();
        self.max_staleness = random.within(100..=300) * MILLI;
        self.poll_interval = self.max_staleness / random.one_of(&[2, 4, 8]);
        self.command_timeout = 100 * MILLI;
        self.lease_ttl = random.within(100..=400) * MILLI;
        self.ttl = random.within(400..=1500) * MILLI;
        self.storm = 0;
    }

    /// One key that everybody wants, and one instance that waits long for its answers.
    pub(crate) fn make_hot(&mut self, random: &mut Random) {
        self.cross(random);
        self.keys = 1;
        self.ways = vec![Slowest::draw(|| 300); self.instances];
        if let Some(first) = self.ways.first_mut() {
            first.commands = 30_000 * MILLI;
        }
    }

    /// `MaxStaleness` is short, and loads may take longer.
    pub(crate) fn tighten(&mut self, random: &mut Random) {
        self.max_staleness = random.within(14..=40) * MILLI;
        self.poll_interval = self.max_staleness / 2;
        self.load_timeout = self.max_staleness * 10;
        self.lease_ttl = self.max_staleness * random.within(1..=10);
        self.lease_wait = self.lease_wait.min(self.lease_ttl);
        self.ttl = random.within(400..=1500) * MILLI;
        self.storm = 0;
        let ways = self.ways.iter().map(|_| Slowest {
            commands: random.one_of(&[300, 3_000]) * MILLI,
            log: random.one_of(&[3_000, 8_000]) * MILLI,
        });
        self.ways = ways.collect();
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
