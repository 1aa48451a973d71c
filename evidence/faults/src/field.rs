//! What is there to be broken: a server, and the instances in front of it.

use std::{sync::Arc, time::Duration};

use anyhow::{Context as _, Result, bail};
use parking_lot::Mutex;
use testbed::{Cluster, Proxy, Server, ServerBuilder, Value, WallClock, WallClocks};

use crate::{
    fault::Whom,
    instance::Instance,
    options::{SubjectKind, Topology, Transport},
    settings::META,
};

/// What a run consists of.
#[derive(Copy, Clone, Debug)]
pub(crate) struct Setup {
    pub(crate) topology: Topology,
    pub(crate) transport: Transport,
    pub(crate) subject: SubjectKind,
    pub(crate) tasks: u32,
    pub(crate) processes: u32,
}

impl Setup {
    /// In how many places there is an instance: first those in this process.
    pub(crate) fn places(&self) -> usize {
        (self.tasks + self.processes) as usize
    }

    #[cfg(test)]
    pub(crate) fn example() -> Self {
        Self {
            topology: Topology::Single,
            transport: Transport::Streams,
            subject: SubjectKind::Unstale,
            tasks: 3,
            processes: 1,
        }
    }
}

/// What the instances keep their things on.
enum Servers {
    /// One, which others may take the place of.
    Single(Mutex<Arc<Server>>),
    /// Many, of which one owns this slot, where everything is.
    Cluster(Arc<Cluster>, u16),
}

/// The servers and the instances.
pub(crate) struct Field {
    servers: Servers,
    instances: Mutex<Vec<Arc<dyn Instance>>>,
    clocks: Arc<WallClocks>,
    /// By which every server goes.
    server_clock: WallClock,
}

impl Field {
    /// Starts the servers. Instances take their places afterwards.
    pub(crate) async fn prepare(topology: Topology) -> Result<Self> {
        let clocks = Arc::new(blocking(|| Ok(WallClocks::make()?)).await?);
        let server_clock = clocks.clock("server")?;
        let builder = Server::builder().wall_clock(&server_clock);
        let servers = blocking(move || {
            Ok(match topology {
                Topology::Single => Servers::Single(Mutex::new(Arc::new(builder.start()?))),
                Topology::Cluster => {
                    let cluster = Cluster::of(&builder)?;
                    let slot = cluster.slot_of(META)?;
                    Servers::Cluster(Arc::new(cluster), slot)
                }
            })
        });
        Ok(Self {
            servers: servers.await?,
            instances: Mutex::default(),
            clocks,
            server_clock,
        })
    }

    /// For another server that goes by the same clock.
    pub(crate) fn server_builder(&self) -> ServerBuilder {
        Server::builder().wall_clock(&self.server_clock)
    }

    /// Turns the clock of the server.
    pub(crate) fn server_clock(&self) -> &WallClock {
        &self.server_clock
    }

    /// Where wall clocks are made.
    pub(crate) fn clocks(&self) -> Arc<WallClocks> {
        Arc::clone(&self.clocks)
    }

    /// The server that is the primary now, where there is one.
    pub(crate) fn server(&self) -> Result<Arc<Server>> {
        match &self.servers {
            Servers::Single(server) => Ok(Arc::clone(&server.lock())),
            Servers::Cluster(..) => bail!("a cluster is not one server"),
        }
    }

    /// What the report says of the servers.
    pub(crate) fn described(&self) -> String {
        let program = |server: &Server| format!("{} {}", server.kind(), server.version());
        match &self.servers {
            Servers::Single(server) => program(&server.lock()),
            Servers::Cluster(cluster, _) => match cluster.nodes() {
                [one, ..] => format!("{}, a cluster", program(one)),
                [] => "a cluster".to_owned(),
            },
        }
    }

    /// Another server is the primary from now on: new connections lead to it. Answers the old one.
    pub(crate) fn hand_over(&self, server: Server) -> Result<Arc<Server>> {
        for instance in self.instances(Whom::All) {
            instance.proxy().redirect(server.addr());
        }
        match &self.servers {
            Servers::Single(old) => Ok(std::mem::replace(&mut old.lock(), Arc::new(server))),
            Servers::Cluster(..) => bail!("a cluster hands over by itself"),
        }
    }

    /// A proxy for an instance to come, and the address by which it reaches the servers. Nodes of a
    /// cluster point to each other, and past any proxy: there it leads nowhere that matters.
    pub(crate) async fn proxy(&self) -> Result<(Proxy, String)> {
        match &self.servers {
            Servers::Single(server) => {
                let to = server.lock().addr();
                let proxy = Proxy::start(to).await?;
                let address = proxy.url();
                Ok((proxy, address))
            }
            Servers::Cluster(cluster, _) => {
                let nodes = cluster.nodes().iter().map(Server::addr);
                let nodes: Vec<_> = nodes.collect();
                let first = *nodes.first().context("a cluster without nodes")?;
                let named: Vec<_> = nodes.iter().map(ToString::to_string).collect();
                Ok((Proxy::start(first).await?, named.join(",")))
            }
        }
    }

    /// Connections of instances, on all servers that run.
    pub(crate) async fn connections(&self) -> Result<u64> {
        let servers = match &self.servers {
            Servers::Single(_) => {
                let info = self.text(&["INFO", "clients"]).await?;
                let mut lines = info.lines();
                let count =
                    |line: &str| line.trim().strip_prefix("connected_clients:")?.parse().ok();
                let connections = lines.find_map(count);
                return connections.context("INFO clients does not tell connected_clients");
            }
            Servers::Cluster(cluster, _) => Arc::clone(cluster),
        };
        let names: Vec<_> = self
            .instances(Whom::All)
            .iter()
            .map(|instance| format!(" name={} ", instance.name()))
            .collect();
        blocking(move || {
            let mut connections = 0;
            for node in servers.nodes() {
                let list = node.command(["CLIENT", "LIST"])?;
                let list = text(&list).context("CLIENT LIST tells nothing")?;
                let is_ours = |line: &&str| names.iter().any(|name| line.contains(name));
                connections += list.lines().filter(is_ours).count() as u64;
            }
            Ok(connections)
        })
        .await
    }

    pub(crate) fn place(&self, instance: Arc<dyn Instance>) {
        self.instances.lock().push(instance);
    }

    /// The instances concerned, in the order of their places.
    pub(crate) fn instances(&self, whom: Whom) -> Vec<Arc<dyn Instance>> {
        let instances = self.instances.lock();
        match whom {
            Whom::All => instances.clone(),
            Whom::One(place) => instances.get(place).cloned().into_iter().collect(),
        }
    }

    /// Runs one command on the server.
    pub(crate) async fn command(&self, words: &[impl AsRef<str>]) -> Result<Value> {
        let words: Vec<_> = words.iter().map(|word| word.as_ref().to_owned()).collect();
        self.on_server(move |server| Ok(server.command(words)?))
            .await
    }

    /// The answer of one command, as text.
    pub(crate) async fn text(&self, words: &[&str]) -> Result<String> {
        let answer = self.command(words).await?;
        text(&answer).with_context(|| format!("{words:?} was answered with {answer:?}"))
    }

    /// Does something to the server that keeps its thread waiting.
    pub(crate) async fn on_server<T: Send + 'static>(
        &self,
        act: impl FnOnce(&Server) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let server = self.server()?;
        blocking(move || act(&server)).await
    }

    /// Does something to the cluster, and to the slot of everything in it, that keeps its thread
    /// waiting.
    pub(crate) async fn on_cluster<T: Send + 'static>(
        &self,
        act: impl FnOnce(&Cluster, u16) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        match &self.servers {
            Servers::Single(_) => bail!("one server is no cluster"),
            Servers::Cluster(cluster, slot) => {
                let (cluster, slot) = (Arc::clone(cluster), *slot);
                blocking(move || act(&cluster, slot)).await
            }
        }
    }

    /// The connections of one instance, as the server lists them.
    pub(crate) async fn clients(&self, instance: &dyn Instance) -> Result<Vec<Client>> {
        let name = format!(" name={} ", instance.name());
        let list = self.text(&["CLIENT", "LIST"]).await?;
        let own = list.lines().filter(|line| line.contains(&name));
        Ok(own.filter_map(Client::parse).collect())
    }

    /// Ends every fault of every proxy.
    pub(crate) fn heal_network(&self) -> Result<()> {
        for instance in self.instances(Whom::All) {
            instance.proxy().heal()?;
        }
        Ok(())
    }

    /// Waits until nothing is left of any fault; answers who is not well when it takes too long.
    pub(crate) async fn recover(&self, patience: Duration) -> Result<(), String> {
        let give_up = tokio::time::Instant::now() + patience;
        loop {
            let mut ill = Vec::new();
            for instance in self.instances(Whom::All) {
                match instance.observe().await {
                    Some(seen) if seen.is_well() => {}
                    seen => ill.push(format!("{}: {seen:?}", instance.name())),
                }
            }
            if ill.is_empty() {
                return Ok(());
            }
            if tokio::time::Instant::now() >= give_up {
                return Err(ill.join("; "));
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

/// A connection as the server sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Client {
    pub(crate) id: String,
    pub(crate) addr: std::net::SocketAddr,
    /// Whether the log is read on it.
    pub(crate) reads_log: bool,
}

impl Client {
    fn parse(line: &str) -> Option<Self> {
        let field = |name: &str| {
            line.split(' ')
                .find_map(|field| field.strip_prefix(name)?.strip_prefix('='))
        };
        let subscribed = field("sub").is_some_and(|count| count != "0");
        let blocked = field("cmd").is_some_and(|command| command == "xread");
        Some(Self {
            id: field("id")?.to_owned(),
            addr: field("addr")?.parse().ok()?,
            reads_log: subscribed || blocked,
        })
    }
}

/// The text of a server's answer.
pub(crate) fn text(answer: &Value) -> Option<String> {
    match answer {
        Value::BulkString(bytes) => Some(String::from_utf8_lossy(bytes).into_owned()),
        Value::SimpleString(text) | Value::VerbatimString { text, .. } => Some(text.clone()),
        Value::Okay => Some("OK".into()),
        Value::Int(number) => Some(number.to_string()),
        Value::Nil => Some(String::new()),
        _ => None,
    }
}

/// Runs what blocks where it keeps nobody waiting.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    tokio::task::spawn_blocking(work).await?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_of_the_log_is_known_by_what_it_does() {
        let line = |sub, cmd| {
            format!(
                "id=7 addr=127.0.0.1:5001 laddr=127.0.0.1:6379 name=one age=3 sub={sub} psub=0 \
                 cmd={cmd} user=default"
            )
        };
        let reads = |sub, cmd| Client::parse(&line(sub, cmd)).map(|client| client.reads_log);
        assert_eq!(reads(0, "xread"), Some(true));
        assert_eq!(reads(1, "evalsha"), Some(true));
        assert_eq!(reads(0, "get"), Some(false));
        let client = Client::parse(&line(0, "get"));
        assert_eq!(client.map(|client| client.id).as_deref(), Some("7"));
        assert_eq!(Client::parse("nonsense"), None);
    }
}
