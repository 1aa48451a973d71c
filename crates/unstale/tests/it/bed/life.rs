//! How long a value is served, told apart from how long a slow machine takes to ask for it.

use std::ops::RangeInclusive;
use std::time::{Duration, Instant};

/// A call, from its start to its end.
#[derive(Copy, Clone)]
pub(crate) struct Span {
    pub(crate) began: Instant,
    pub(crate) ended: Instant,
}

impl Span {
    /// How long after this call a later one can have done its work: at least, and at most.
    pub(crate) fn age_at(&self, later: &Span) -> RangeInclusive<Duration> {
        later.began.duration_since(self.ended)..=later.ended.duration_since(self.began)
    }
}

/// When the call was made, and what it answered.
pub(crate) async fn timed<T>(call: impl Future<Output = T>) -> (Span, T) {
    let began = Instant::now();
    let answer = call.await;
    let ended = Instant::now();
    (Span { began, ended }, answer)
}

/// The life of a value that was stored at some time within a call. A read that ends before the life
/// can be over has to find it, and one that begins when it is certainly over must not.
pub(crate) struct Life {
    stored: Span,
    last_read: Span,
    absolute: Duration,
    sliding: Option<Duration>,
    margin: Duration,
}

impl Life {
    pub(crate) fn new(stored: Span, absolute: Duration) -> Self {
        Self {
            stored,
            last_read: stored,
            absolute,
            sliding: None,
            margin: Duration::ZERO,
        }
    }

    pub(crate) fn sliding(self, span: Duration) -> Self {
        let sliding = Some(span);
        Self { sliding, ..self }
    }

    /// Another's clock ends it, which differs from ours by no more than this.
    pub(crate) fn give_or_take(self, margin: Duration) -> Self {
        Self { margin, ..self }
    }

    /// Fails where the read is served too late, or misses the value too early. Returns how long it
    /// came after the last one that found the value.
    pub(crate) fn judge(&mut self, read: &Span, found: bool) -> RangeInclusive<Duration> {
        let (age, idle) = (self.stored.age_at(read), self.last_read.age_at(read));
        if found {
            let latest = self.absolute + self.margin;
            assert!(*age.start() < latest, "served after {age:?}");
            self.last_read = *read;
        } else {
            let is_over = |life, passed: Duration| passed + self.margin >= life;
            assert!(
                is_over(self.absolute, *age.end())
                    || self.sliding.is_some_and(|span| is_over(span, *idle.end())),
                "gone after {age:?}, {idle:?} after the last read"
            );
        }
        idle
    }

    /// Reads again and again until the value is gone, and judges each read. Whether any found it.
    pub(crate) async fn lived_out(&mut self, read: impl AsyncFn() -> bool) -> bool {
        let mut served = false;
        loop {
            let (read, found) = timed(read()).await;
            self.judge(&read, found);
            if !found {
                return served;
            }
            served = true;
            // What ends a life may be a task of the same thread.
            tokio::task::yield_now().await;
        }
    }

    /// How long the value was served at least.
    pub(crate) fn served(&self) -> Duration {
        *self.stored.age_at(&self.last_read).start()
    }
}

/// Repeats a round, which is told how often it was begun, until it could tell what it is about: it
/// cannot where the machine stalls for as long as a life.
pub(crate) async fn until_told(round: impl AsyncFn(u32) -> bool) {
    for attempt in 1..=20 {
        if round(attempt).await {
            return;
        }
    }
    panic!("this machine stalls too often to tell");
}
