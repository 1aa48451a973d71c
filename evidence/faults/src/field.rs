//! What is there to be broken: a server, and the instances in front of it.

use std::{sync::Arc, time::Duration};

use anyhow::{Context as _, Result};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use testbed::{Server, ServerBuilder, Value, WallClock, WallClocks};

use crate::{
    fault::Whom,
    instance::Instance,
    options::{SubjectKind, Topology, Transport},
    servers::Servers,
};

/// What a run consists of.
#[derive(Copy, Clone, Debug)]
pub(crate) struct Setup {
    pub(crate) topology: Topology,
    pub(crate) transport: Transport,
    pub(crate) partitions: u32,
    pub(crate) subject: SubjectKind,
    pub(crate) tasks: u32,
    pub(crate) processes: u32,
}

/// What each instance of a run is.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct InstanceKind {
    pub(crate) subject: SubjectKind,
    pub(crate) transport: Transport,
    pub(crate) partitions: u32,
}

impl Setup {
    pub(crate) fn of_each(&self) -> InstanceKind {
        InstanceKind {
            subject: self.subject,
            transport: self.transport,
            partitions: self.partitions,
        }
    }

    /// In how many places there is an instance: first those in this process.
    pub(crate) fn places(&self) -> usize {
        (self.tasks + self.processes) as usize
    }

    #[cfg(test)]
    pub(crate) fn example() -> Self {
        Self {
            topology: Topology::Single,
            transport: Transport::Streams,
            partitions: 1,
            subject: SubjectKind::Unstale,
            tasks: 3,
            processes: 1,
        }
    }
}

/// The servers and the instances.
pub(crate) struct Field {
    servers: Arc<Servers>,
    instances: Mutex<Vec<Arc<dyn Instance>>>,
    clocks: Arc<WallClocks>,
    /// By which every server goes.
    server_clock: WallClock,
}

impl Field {
    /// Starts the servers. Instances take their places afterwards.
    pub(crate) async fn prepare(setup: &Setup) -> Result<Self> {
        let (topology, partitions) = (setup.topology, setup.partitions);
        let clocks = Arc::new(blocking(|| Ok(WallClocks::make()?)).await?);
        let server_clock = clocks.clock("server")?;
        let builder = Server::builder().wall_clock(&server_clock);
        let servers = blocking(move || Servers::start(topology, partitions, &builder)).await?;
        Ok(Self {
            servers: Arc::new(servers),
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

    /// The server that is the primary now, where there is one server.
    pub(crate) fn server(&self) -> Result<Arc<Server>> {
        Ok(Arc::clone(&self.servers.single()?.lock()))
    }

    pub(crate) fn servers(&self) -> &Arc<Servers> {
        &self.servers
    }

    /// Another server is the primary from now on: new connections lead to it. Answers the old one.
    pub(crate) fn hand_over(&self, server: Server) -> Result<Arc<Server>> {
        for instance in self.instances(Whom::All) {
            instance.proxy().redirect(server.addr());
        }
        let single = self.servers.single()?;
        Ok(std::mem::replace(&mut single.lock(), Arc::new(server)))
    }

    /// Connections of instances.
    pub(crate) async fn connections(&self) -> Result<u64> {
        let servers = Arc::clone(&self.servers);
        let instances = self.instances(Whom::All);
        let names = instances.iter().map(|instance| instance.name().to_owned());
        let names: Vec<_> = names.collect();
        blocking(move || servers.connections(&names)).await
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

    /// Does something to servers that keeps its thread waiting.
    pub(crate) async fn on_servers<T: Send + 'static>(
        &self,
        act: impl FnOnce(&Servers) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let servers = Arc::clone(&self.servers);
        blocking(move || act(&servers)).await
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
