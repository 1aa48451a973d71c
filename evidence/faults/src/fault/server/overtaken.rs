//! Positions are given out again, and others write first: the server goes back to what it was, and
//! has come further than before when anybody who knows more speaks to it.

use std::time::Duration;

use anyhow::{Context as _, Result};
use async_trait::async_trait;
use tokio::time::sleep;

use crate::{
    clock,
    fault::{Draw, Effect, Expectation, Fault, Whom},
    field::Field,
    options::Transport,
    settings::{LOG, META},
};

const KEPT_META: &str = "{faults:0}:kept:meta";
const KEPT_LOG: &str = "{faults:0}:kept:log";

const KEEP: &str = "
redis.call('COPY', KEYS[1], KEYS[3], 'REPLACE')
return redis.call('COPY', KEYS[2], KEYS[4], 'REPLACE')
";

/// Puts earlier states in the place of `meta` and the log, and appends what an instance would that
/// knows no more: as many entries as were lost, and so many more.
const GO_BACK: &str = "
local lost = redis.call('HGET', KEYS[1], 'seq')
redis.call('RENAME', KEYS[3], KEYS[1])
redis.call('RENAME', KEYS[4], KEYS[2])
local meta = redis.call('HMGET', KEYS[1], 'epoch', 'seq', 'last')
lost = tonumber(lost) - tonumber(meta[2])
local seq, last = tonumber(meta[2]), meta[3]
for n = 1, lost + tonumber(ARGV[2]) do
  seq = seq + 1
  local id = string.format('%016x', n)
  local position = meta[1] .. '-' .. string.format('%.0f', seq)
  local entry = id .. ' ' .. last .. ' {\"o\":1}'
  if ARGV[1] == '' then
    redis.call('XADD', KEYS[2], position, 'e', entry)
  else
    redis.call('XADD', KEYS[2], position, 'e', id)
    redis.call('PUBLISH', ARGV[1], position .. ' ' .. entry)
  end
  last = id
end
redis.call('HSET', KEYS[1], 'seq', string.format('%.0f', seq), 'last', last)
return lost
";

/// `meta` and the log are replaced by what they were so long before, and others write at once.
pub(super) struct Overtaken {
    age: Duration,
    more: u64,
    channel: &'static str,
    lost: i64,
}

impl Overtaken {
    pub(super) fn by_others(draw: &mut Draw<'_>) -> Self {
        Self {
            age: draw.millis(100..=400),
            more: draw.random().u64(0..=3),
            channel: match draw.setup().transport {
                Transport::Streams => "",
                // The channel is called as the Stream would be.
                Transport::PubSub => LOG,
            },
            lost: 0,
        }
    }
}

#[async_trait]
impl Fault for Overtaken {
    fn expects(&self) -> Expectation {
        if self.lost != 0 {
            Expectation::Loss(Whom::All)
        } else {
            Expectation::Nothing
        }
    }

    fn detail(&self) -> String {
        format!("{} positions, and {} more", self.lost, self.more)
    }

    fn hold(&self) -> Duration {
        Duration::ZERO
    }

    async fn inject(&mut self, field: &Field) -> Result<Effect> {
        // Of one moment: nothing is appended between the two.
        field
            .command(&["EVAL", KEEP, "4", META, LOG, KEPT_META, KEPT_LOG])
            .await?;
        sleep(self.age).await;
        let more = self.more.to_string();
        let words = [
            "EVAL",
            GO_BACK,
            "4",
            META,
            LOG,
            KEPT_META,
            KEPT_LOG,
            self.channel,
            &more,
        ];
        let began = clock::now();
        let lost = field.text(&words).await.and_then(|lost| Ok(lost.parse()?));
        self.lost = lost.context("cannot put an earlier state in the place of meta")?;
        Ok(Effect::since(began))
    }

    async fn heal(&mut self, _: &Field) -> Result<()> {
        Ok(())
    }
}
