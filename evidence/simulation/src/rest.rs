//! After everything that went wrong: the caches have to come to rest, and be of use again.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use unstale::evidence::Purpose;
use unstale::{EntryOptions, Source};

use crate::client::User;
use crate::keyspace::{Key, SETTABLE};
use crate::node::{Live, Node};
use crate::plan::{Loader, Target, Which};
use crate::site::Site;
use crate::tally::Tally;

/// So long it may take, in nanoseconds: the reader's longest pause is four seconds.
const LIMIT: u64 = 20_000_000_000;

const MILLI: u64 = 1_000_000;

/// Waits until everybody is proven and nothing is pending, then reads until L1 answers again.
/// What is not as it should be, in words. Where things went wrong, connections may be dead without
/// anybody having noticed.
pub(crate) async fn come_to_rest(
    site: &Arc<Site>,
    nodes: &[Arc<Node>],
    tally: &Arc<Tally>,
    went_wrong: bool,
) -> Result<(), String> {
    site.calm_down();
    let give_up = site.clock.now() + LIMIT;
    let users = nodes.iter().enumerate().map(|(slot, node)| User {
        site: site.clone(),
        node: node.clone(),
        tally: tally.clone(),
        number: 100 + slot,
    });
    let users: Vec<_> = users.collect();
    wait_for_all(&users, give_up).await?;
    // What is read from now on may not have missed anything at all.
    let staleness = u64::try_from(site.ledger.max_staleness().as_nanos()).unwrap_or(u64::MAX);
    site.network.sleep(staleness + MILLI).await;
    read_all(&users, give_up).await?;
    if site.ledger.has_unnoticed_failover() {
        return Err("a failover was not noticed".into());
    }
    if went_wrong {
        // A removal finds out about connections that are dead.
        join_all(users.iter().map(async |user| {
            user.write(&user.node.live().await, Target::Batch, 0).await;
        }))
        .await;
        wait_for_all(&users, give_up).await?;
        read_all(&users, give_up).await?;
    }
    if site.ledger.was_set() {
        set_and_read(&users, give_up).await?;
    }
    for slot in 0..nodes.len() {
        wait_for_two_connections(site, slot, give_up).await?;
    }
    Ok(())
}

/// Sets a value that outlives the run.
async fn set(user: &User, give_up: u64) -> Result<(), String> {
    let long = Duration::from_nanos(2 * LIMIT);
    let long = EntryOptions::new()
        .absolute_expiration(long)
        .sliding_expiration(long);
    let live = user.node.live().await;
    while !user.set(&live, long.clone()).await {
        if user.site.clock.now() > give_up {
            return Err(format!("instance {} cannot set a value", live.number));
        }
        user.site.network.sleep(MILLI).await;
    }
    Ok(())
}

/// The same, and in which epoch the instance was before it.
async fn set_in_epoch(user: &User, give_up: u64) -> Result<Option<String>, String> {
    let epoch = epoch_of(&user.node.live().await);
    set(user, give_up).await?;
    Ok(epoch)
}

fn epoch_of(live: &Live) -> Option<String> {
    let position = live.cache.health().position?;
    Some(position.split_once('-')?.0.to_owned())
}

/// What is set now can be read everywhere.
async fn set_and_read(users: &[User], give_up: u64) -> Result<(), String> {
    let ledger = &users[0].site.ledger;
    let mut epoch = set_in_epoch(&users[0], give_up).await?;
    for user in users {
        let live = user.node.live().await;
        let mut pause = MILLI;
        loop {
            let found = user.get(&live, SETTABLE, false).await;
            if found.is_some() && found == ledger.newest() {
                break;
            }
            if user.site.clock.now() > give_up {
                let number = live.number;
                return Err(format!("instance {number} cannot read what was set"));
            }
            // A removal that had been on its way for long has got there; or what an instance alone knew
            // was trimmed, by a log that is shorter than its request took.
            if ledger.newest().is_none() || epoch_of(&live) != epoch {
                epoch = set_in_epoch(user, give_up).await?;
            }
            user.site.network.sleep(pause).await;
            pause *= 2;
        }
    }
    Ok(())
}

async fn wait_for_two_connections(site: &Site, slot: usize, give_up: u64) -> Result<(), String> {
    loop {
        let cables = site.cables(slot, Which::Both);
        let are_lines = cables
            .iter()
            .map(|cable| cable.purpose == Purpose::Commands);
        let lines = are_lines.filter(|is_line| *is_line).count();
        if (lines, cables.len()) == (1, 2) {
            return Ok(());
        }
        if site.clock.now() > give_up {
            return Err(format!(
                "the instance at {slot} has {} connections, {lines} of them for commands",
                cables.len()
            ));
        }
        site.network.sleep(5 * MILLI).await;
    }
}

async fn wait_for_all(users: &[User], give_up: u64) -> Result<(), String> {
    for user in users {
        while let Some(unrest) = unrest(&user.node) {
            if user.site.clock.now() > give_up {
                return Err(unrest);
            }
            user.site.network.sleep(5 * MILLI).await;
        }
    }
    Ok(())
}

async fn read_all(users: &[User], give_up: u64) -> Result<(), String> {
    let reading = users.iter().map(async |user| {
        for key in (0..user.site.setting.keys).map(Key) {
            read_until_l1_answers(user, key, give_up).await?;
        }
        if user.site.ledger.was_set() {
            user.get(&user.node.live().await, SETTABLE, false).await;
        }
        Ok(())
    });
    join_all(reading).await.into_iter().collect()
}

fn unrest(node: &Node) -> Option<String> {
    let Some(live) = node.now() else {
        return Some("an instance has not started".into());
    };
    let health = live.cache.health();
    (!health.proven || health.pending > 0 || health.breaker != "closed")
        .then(|| format!("instance {} does not come to rest: {health:?}", live.number))
}

/// A connection that is dead without anybody having noticed is given up in the meantime.
async fn read_until_l1_answers(user: &User, key: Key, give_up: u64) -> Result<(), String> {
    let live = user.node.live().await;
    // Records that slide live for a quarter of a TTL.
    let longest = user.site.setting.ttl * 1000 / 16;
    let mut pause = MILLI;
    loop {
        let source = user.load(&live, key, &Loader::plain(), false).await;
        if source == Some(Source::L1) {
            return Ok(());
        }
        if user.site.clock.now() > give_up {
            return Err(format!(
                "L1 of instance {} does not answer for {}, but {source:?}",
                live.number,
                key.name()
            ));
        }
        user.site.network.sleep(pause).await;
        pause = (pause * 2).min(longest);
    }
}
