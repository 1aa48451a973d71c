//! 64 tasks that remove one key after the other, on a cluster and on one server.
//!
//! The cluster has three primaries and no replicas, on the same processors as everything else: what is
//! compared is what dividing the keys costs, and not what more machines bring.

use std::time::Duration;

use anyhow::Result;
use testbed::{Cluster, Server};
use unstale::Cache;

use super::Row;
use super::crowd::{Crowd, RATE, Removed, TASKS, ours};
use crate::measure::{Contender, Figure, Outcome, Target};
use crate::setup::{Bed, Calls, Log, Run, cache, config, config_at};

pub(super) const ROW: Row = Row {
    name: "remove-cluster",
    title: "64 tasks that remove at once, on a cluster",
    measure,
};

const ONE_SERVER: &str = "one server";
const IN_THREE: &str = "cluster, 3 partitions";
const IN_SIX: &str = "cluster, 6 partitions";
const FOR_EACH: &str = "cluster, 3 partitions, 64 tasks for each";

const SCRIPTS: &str = "scripts per removal";
const COMMANDS: &str = "commands per removal";
const ALONE: &str = "commands per removal, one task";

fn measure(run: &Run) -> Result<Outcome> {
    let bed = Bed::start()?;
    let cluster = Cluster::without_replicas(&Server::builder())?;
    let nodes = cluster.nodes().iter();
    let nodes: Vec<_> = nodes.map(|node| node.addr().to_string()).collect();
    let nodes = nodes.join(",");
    let divided = |partitions| {
        let mut config = config_at(&nodes, Log::Stream)?;
        config.redis.partitions = Some(partitions);
        bed.block_on(cache(&config, "removing"))
    };
    let one = bed.block_on(cache(&config(&bed, Log::Stream)?, "removing"))?;
    let (three, six) = (divided(3)?, divided(6)?);
    let span = run.span(Duration::from_secs(2));
    let crowd = |tasks| Crowd::new(&bed, tasks, span);
    let (alone, few, many) = (crowd(1), crowd(TASKS), crowd(3 * TASKS));
    let turn = |crowd, cache, servers: &[&Server]| -> Result<Vec<Figure>> {
        let (removed, calls) = counted(crowd, cache, servers)?;
        let (removed_alone, calls_alone) = counted(&alone, cache, servers)?;
        Ok(vec![
            removed.rate(),
            removed.each(SCRIPTS, calls.scripts),
            removed.each(COMMANDS, calls.all),
            removed_alone.each(ALONE, calls_alone.all),
        ])
    };
    let (server, nodes) = ([bed.server()], Vec::from_iter(cluster.nodes()));
    let contenders = vec![
        Contender::new(ONE_SERVER, |_| turn(&few, &one, &server)),
        Contender::new(IN_THREE, |_| turn(&few, &three, &nodes)),
        Contender::new(IN_SIX, |_| turn(&few, &six, &nodes)),
        Contender::new(FOR_EACH, |_| turn(&many, &three, &nodes)),
    ];
    let mut outcome = Outcome::of(run.rounds().interleave(contenders)?);
    let (enough, no_more) = (Target::AtLeast(0.8), Target::AtMost(1.05));
    // Six show what more partitions than primaries cost, and more tasks what it comes from: that each
    // script is about fewer keys.
    for (who, what, rate, commands) in [
        (IN_THREE, "64 tasks, 3 partitions", enough, no_more),
        (IN_SIX, "64 tasks, 6 partitions", Target::None, Target::None),
        (
            FOR_EACH,
            "192 tasks, 3 partitions",
            Target::None,
            Target::None,
        ),
    ] {
        let mut claim = |counted: &str, measure, target| {
            let what = format!("{counted}, {what}");
            outcome.claim_ratio(&what, [who, measure], [ONE_SERVER, measure], target);
        };
        claim("remove", RATE, rate);
        claim("scripts for each key", SCRIPTS, Target::None);
        claim("commands for each key", COMMANDS, commands);
    }
    for (who, partitions) in [(IN_THREE, "3 partitions"), (IN_SIX, "6 partitions")] {
        let what = format!("commands for each key, one task, {partitions}");
        outcome.claim_ratio(&what, [who, ALONE], [ONE_SERVER, ALONE], no_more);
    }
    outcome.remark(
        "The cluster is three primaries without replicas, on the same two processors as the one server \
         and the tasks. The one server has 64 tasks in each of these.",
    );
    Ok(outcome)
}

/// What these tasks remove, and what these servers are asked to do meanwhile.
fn counted(crowd: &Crowd<'_>, cache: &Cache, servers: &[&Server]) -> Result<(Removed, Calls)> {
    let before = Calls::of(servers.iter().copied())?;
    let removed = crowd.remove(|task| ours(task, cache.clone()))?;
    Ok((removed, Calls::of(servers.iter().copied())? - before))
}
