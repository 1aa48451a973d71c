//! Filling: compare-and-set on a lease.
//!
//! Under the key of a lease stands its text and nothing else, until a value or another lease takes its
//! place. So a server that compares what it holds with the lease (`SET … IFEQ`) decides as `fill.lua`
//! does, at a fraction of its cost. Only the script can ask for the server's time, on which the deadline
//! of a value that slides depends.

use ::redis::{Pipeline, RedisResult, Value as Reply};
use bytes::Bytes;

use super::call::Call;
use super::connection::Session;
use super::keyspace::Name;
use super::{Redis, RedisLine, lives, refusal, scripts};
use crate::protect::Supervised;
use crate::tiers::Unavailable;
use crate::tiers::record::{self, Traits, Value};
use crate::tiers::shared::Fill;

impl Redis {
    pub(crate) async fn fill(
        &self,
        key: &str,
        lease: &Bytes,
        value: &Value,
        rest: &[u8],
    ) -> Result<Fill, Unavailable> {
        let fill = Filling {
            record: self.keyspace.record(key),
            hand_over: self.keyspace.hand_over(lease),
            lease,
            value,
            rest,
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

/// What became of it; a hand-over that is not awaited has less than no time left.
fn fill(stored: bool, awaited: i64) -> Fill {
    Fill {
        stored,
        awaited: awaited >= 0,
    }
}

#[derive(Copy, Clone)]
struct Filling<'a> {
    record: Name<'a>,
    hand_over: Name<'a>,
    lease: &'a [u8],
    value: &'a Value,
    rest: &'a [u8],
}

impl Filling<'_> {
    async fn send(self, session: &Session) -> RedisResult<Fill> {
        if is_comparable(&self.value.traits, session) {
            match self.by_command(session).await {
                // The command was not executed, so the script decides.
                Err(error) if refusal::is_misunderstanding(&error) => session.compares_no_longer(),
                answer => return answer,
            }
        }
        self.by_script(session).await
    }

    /// Whether somebody waits is asked for last: nobody begins to who has seen the lease after it went.
    async fn by_command(self, session: &Session) -> RedisResult<Fill> {
        let condition = [&b"IFEQ"[..], self.lease];
        let life = self.value.traits.ttl;
        let mut both = Pipeline::with_capacity(2);
        both.add_command(self.record.set(
            &record::value(self.value.stamp, 0, self.rest),
            &condition,
            life,
        ));
        both.add_command(self.hand_over.command("PTTL"));
        let (answer, awaited): (Reply, i64) = both.query_async(&mut session.commands()).await?;
        Ok(fill(answer == Reply::Okay, awaited))
    }

    async fn by_script(self, session: &Session) -> RedisResult<Fill> {
        let (life, absolute) = lives(&self.value.traits);
        let keys = self.record.len() + self.hand_over.len();
        let bytes = keys + self.lease.len() + self.rest.len();
        let mut call = Call::with_room(&scripts::FILL, 2, bytes);
        call.arg(self.record)
            .arg(self.hand_over)
            .arg(self.lease)
            .arg(self.value.stamp.epoch)
            .arg(self.value.stamp.seq)
            .arg(life)
            .arg(absolute)
            .arg(self.rest);
        let (stored, awaited): (bool, i64) = call.send(session.commands()).await?;
        Ok(fill(stored, awaited))
    }
}
