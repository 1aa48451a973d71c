//! An instance whose two connections meet faults of their own.

use testbed::{Proxy, Value, eventually};
use unstale::{Cache, Config};

use super::{Bed, PATIENCE, Transport};

/// The way from one instance to the server: its commands on one proxy, its readers of the log on
/// the other. Faults are set on either. Connections that the instance makes anew go by the log's.
pub(crate) struct Wires {
    /// Keeps the address that the instance knows.
    _front: Proxy,
    pub(crate) commands: Proxy,
    pub(crate) log: Proxy,
}

impl Bed {
    /// An instance behind a proxy.
    pub(crate) async fn proxied(
        &self,
        name: &str,
        set: impl FnOnce(&mut Config),
    ) -> (Cache, Proxy) {
        let proxy = Proxy::start(self.server().addr()).await.expect("a proxy");
        let mut config = self.config_at(&proxy.url());
        set(&mut config);
        (self.instance_with(name, config).await, proxy)
    }

    /// An instance behind wires, in service and proven.
    pub(crate) async fn wired(&self, name: &str, set: impl FnOnce(&mut Config)) -> (Cache, Wires) {
        let start = async || Proxy::start(self.server().addr()).await.expect("a proxy");
        let (commands, log) = (start().await, start().await);
        let front = Proxy::start(commands.addr()).await.expect("a proxy");
        let mut config = self.config_at(&front.url());
        set(&mut config);
        let cache = self.instance_with(name, config).await;
        let each = self.partitions() as usize;
        // On a slow machine a first connection may take a second attempt, which must not lead elsewhere.
        eventually("both connections are there", PATIENCE, || async {
            let health = cache.health();
            let there = commands.connections() == 2 * each && health.proven && health.healthy;
            there.then_some(()).ok_or(health)
        })
        .await;
        front.redirect(log.addr());
        // The readers connect a second time, and that leads to their own proxy.
        eventually("the readers were cut off", PATIENCE, || async {
            self.kill_readers_of(name)
        })
        .await;
        eventually("the connections are apart", PATIENCE, || async {
            let connections = (commands.connections(), log.connections());
            let apart = connections == (each, each) && cache.health().proven;
            apart.then_some(()).ok_or(connections)
        })
        .await;
        let wires = Wires {
            _front: front,
            commands,
            log,
        };
        (cache, wires)
    }

    /// Closes the connections on which an instance reads the log; false when one is busy with
    /// something else just now, and is not recognised.
    pub(crate) fn kill_readers_of(&self, name: &str) -> bool {
        let clients = text(self.server().command(["CLIENT", "LIST"]).expect("clients"));
        let reads = match self.transport {
            Transport::PubSub => " sub=1 ",
            _ => " cmd=xread ",
        };
        let readers: Vec<_> = clients
            .lines()
            .filter(|line| line.contains(&format!(" name={name} ")) && line.contains(reads))
            .filter_map(|line| line.strip_prefix("id=")?.split(' ').next())
            .collect();
        let kill = |id: &str| self.server().command(["CLIENT", "KILL", "ID", id]);
        readers.len() == self.partitions() as usize && readers.iter().all(|id| kill(id).is_ok())
    }
}

/// The text of a server's answer.
pub(crate) fn text(answer: Value) -> String {
    match answer {
        Value::BulkString(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Value::SimpleString(text) | Value::VerbatimString { text, .. } => text,
        Value::Int(number) => number.to_string(),
        Value::Nil => String::new(),
        other => panic!("no text: {other:?}"),
    }
}
