//! Waiting until several servers agree.

use std::thread;
use std::time::{Duration, Instant};

use crate::{Error, Result, Server};

/// How long they may take: far more than they need, for machines that are slow or busy. Sentinels that
/// were starved do nothing for half a minute.
const WITHIN: Duration = Duration::from_secs(120);
const POLL: Duration = Duration::from_millis(20);

/// Waits until nothing is missing any more.
pub(crate) fn wait(mut missing: impl FnMut() -> Option<String>) -> Result<()> {
    let began = Instant::now();
    while let Some(awaited) = missing() {
        if began.elapsed() > WITHIN {
            let after = WITHIN;
            return Err(Error::NoAgreement { after, awaited });
        }
        thread::sleep(POLL);
    }
    Ok(())
}

/// Whether an answer in lines has this one.
pub(crate) fn says(server: &Server, line: &str, words: &[&str]) -> bool {
    let text = server.command(words).ok();
    let text = text.and_then(|text| redis::from_redis_value::<String>(text).ok());
    text.is_some_and(|text| text.lines().any(|own| own.trim_end() == line))
}
