//! Filling: compare-and-set on a lease.
//!
//! Under the key of a lease stands its text and nothing else, until a value or another lease takes its
//! place. So a server that compares what it holds with the lease (`SET … IFEQ`) decides as `fill.lua`
//! does, at a fraction of its cost. Only the script can ask for the server's time, on which the deadline
//! of a value that slides depends.

use ::redis::{RedisResult, Value as Reply};
use bytes::Bytes;

use super::call::Call;
use super::connection::Session;
use super::{Redis, RedisLine, lives, refusal, scripts};
use crate::protect::Supervised;
use crate::tiers::record::{self, Traits, Value};
use crate::tiers::shared::Unavailable;

impl Redis {
    pub(crate) async fn fill(
        &self,
        key: &str,
        lease: &Bytes,
        value: &Value,
        rest: Vec<u8>,
    ) -> Result<bool, Unavailable> {
        let fill = Fill {
            record: &self.keyspace.record(key).to_text(),
            lease,
            value,
            rest: &rest,
        };
        self.link()
            .run(|line: RedisLine| async move { fill.send(&line.connection).await })
            .await
    }

    /// Whether a value like this is filled with a command of the server, and not with the script.
    pub(crate) fn fills_by_command(&self, traits: &Traits) -> bool {
        let line = self.link().line();
        line.is_some_and(|line| is_comparable(traits, &line.connection))
    }
}

fn is_comparable(traits: &Traits, session: &Session) -> bool {
    traits.sliding.is_none() && session.compares()
}

#[derive(Copy, Clone)]
struct Fill<'a> {
    record: &'a str,
    lease: &'a [u8],
    value: &'a Value,
    rest: &'a [u8],
}

impl Fill<'_> {
    async fn send(self, session: &Session) -> RedisResult<bool> {
        if is_comparable(&self.value.traits, session) {
            match self.by_command(session).await {
                // The command was not executed, so the script decides.
                Err(error) if refusal::is_misunderstanding(&error) => session.compares_no_longer(),
                answer => return answer,
            }
        }
        self.by_script(session).await
    }

    async fn by_command(self, session: &Session) -> RedisResult<bool> {
        let (life, _) = lives(&self.value.traits);
        let answer: Reply = ::redis::cmd("SET")
            .arg(self.record)
            .arg(&record::value(self.value.stamp, 0, self.rest)[..])
            .arg("IFEQ")
            .arg(self.lease)
            .arg("PX")
            .arg(life)
            .query_async(&mut session.commands())
            .await?;
        Ok(answer == Reply::Okay)
    }

    async fn by_script(self, session: &Session) -> RedisResult<bool> {
        let (life, absolute) = lives(&self.value.traits);
        let mut call = Call::new(&scripts::FILL, 1);
        call.arg(self.record)
            .arg(self.lease)
            .arg(self.value.stamp.epoch)
            .arg(self.value.stamp.seq)
            .arg(life)
            .arg(absolute)
            .arg(self.rest);
        call.send(session.commands()).await
    }
}
