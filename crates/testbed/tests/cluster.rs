//! What a started cluster can be put through.

use std::{error::Error as StdError, time::Duration};

use testbed::{Cluster, Error, Server, Value, eventually};

type TestResult = Result<(), Box<dyn StdError>>;

const SOON: Duration = Duration::from_secs(60);

fn refusal(node: &Server, key: &str) -> Option<String> {
    match node.command(["GET", key]) {
        Err(Error::Command { source, .. }) => source.code().map(str::to_owned),
        _ => None,
    }
}

#[test]
fn a_slot_is_moved_key_by_key() -> TestResult {
    let cluster = Cluster::start()?;
    let slot = cluster.slot_of("{a}:1")?;
    assert_eq!(slot, cluster.slot_of("{a}:2")?);
    let owner = cluster.owner(slot).ok_or("nobody owns it")?;
    owner.command(["MSET", "{a}:1", "one", "{a}:2", "two"])?;
    let primaries = cluster.primaries();
    assert_eq!(primaries.len(), 3);
    let other = primaries
        .into_iter()
        .find(|node| node.port() != owner.port());
    let other = other.ok_or("no other primary")?;
    assert_eq!(refusal(other, "{a}:1").as_deref(), Some("MOVED"));

    let on_its_way = cluster.begin_move(slot, other)?;
    on_its_way.keys(["{a}:1"])?;
    assert_eq!(refusal(owner, "{a}:1").as_deref(), Some("ASK"));
    assert_eq!(
        owner.command(["GET", "{a}:2"])?,
        Value::BulkString("two".into())
    );
    assert_eq!(cluster.owner(slot).map(Server::port), Some(owner.port()));

    on_its_way.all_keys()?;
    on_its_way.finish()?;
    cluster.until_agreed()?;
    assert_eq!(cluster.owner(slot).map(Server::port), Some(other.port()));
    assert_eq!(refusal(owner, "{a}:1").as_deref(), Some("MOVED"));
    assert_eq!(
        other.command(["GET", "{a}:1"])?,
        Value::BulkString("one".into())
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replica_takes_the_place_of_a_primary_that_comes_back_as_its_replica() -> TestResult {
    let cluster = Cluster::start()?;
    let killed = cluster.owner(0).ok_or("nobody owns it")?;
    let replicas = cluster.replicas_of(killed);
    let [replica] = replicas[..] else {
        return Err(format!("{replicas:?} are not one").into());
    };
    killed.kill()?;
    eventually("the replica is promoted", SOON, || async {
        cluster.owner(0).map(Server::port) == Some(replica.port())
    })
    .await;
    killed.restart()?;
    cluster.until_agreed()?;
    let ports = |nodes: Vec<&Server>| nodes.into_iter().map(Server::port).collect::<Vec<_>>();
    assert_eq!(ports(cluster.replicas_of(replica)), [killed.port()]);
    Ok(())
}

#[test]
fn a_cluster_without_replicas_serves_all_of_its_slots() -> TestResult {
    let cluster = Cluster::without_replicas(&Server::builder())?;
    assert_eq!(cluster.nodes().len(), 3);
    assert_eq!(cluster.primaries().len(), 3);
    for (key, owner) in [("{b}", 0), ("{c}", 1), ("{a}", 2)] {
        let owner = &cluster.nodes()[owner];
        assert_eq!(owner.command(["SET", key, "1"])?, Value::Okay);
        assert!(cluster.replicas_of(owner).is_empty());
    }
    Ok(())
}
