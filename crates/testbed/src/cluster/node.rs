//! What one node says of the cluster.

use crate::{Result, Server};

/// The answer to `CLUSTER NODES`: a line for each node that is known.
pub(super) struct View(Vec<Line>);

struct Line {
    id: String,
    flags: Vec<String>,
    follows: String,
    epoch: u64,
    is_connected: bool,
    /// As `first-last`, or one alone.
    slots: Vec<(u16, u16)>,
}

impl View {
    /// `None` while the node does not run, or answers nobody.
    pub(super) fn of(node: &Server) -> Option<Self> {
        node.pid()?;
        let text = node.command(["CLUSTER", "NODES"]).ok()?;
        let text: String = redis::from_redis_value(text).ok()?;
        let view = Self(text.lines().filter_map(Line::read).collect());
        view.own().is_some().then_some(view)
    }

    fn own(&self) -> Option<&Line> {
        self.0.iter().find(|line| line.is("myself"))
    }

    pub(super) fn id(&self) -> &str {
        self.own().map_or("", |own| &own.id)
    }

    pub(super) fn epoch(&self) -> u64 {
        self.own().map_or(0, |own| own.epoch)
    }

    pub(super) fn is_primary(&self) -> bool {
        self.own().is_some_and(|own| own.is("master"))
    }

    pub(super) fn follows(&self, id: &str) -> bool {
        self.own().is_some_and(|own| own.follows == id)
    }

    pub(super) fn has(&self, slot: u16) -> bool {
        self.own().is_some_and(|own| own.has(slot))
    }

    /// How many nodes it is in touch with, itself included.
    pub(super) fn connected(&self) -> usize {
        let is_known = |line: &&Line| line.is_connected && !line.is("handshake");
        self.0.iter().filter(is_known).count()
    }

    /// Who owns which slots.
    pub(super) fn owners(&self) -> Vec<(String, Vec<(u16, u16)>)> {
        let owners = self.0.iter().filter(|line| !line.slots.is_empty());
        let mut owners: Vec<_> = owners
            .map(|line| (line.id.clone(), line.slots.clone()))
            .collect();
        owners.sort();
        owners
    }
}

impl Line {
    /// Reads `id address flags followed ping pong epoch link slots…`. Slots on their way stand in
    /// brackets, and are still the owner's.
    fn read(text: &str) -> Option<Self> {
        let words: Vec<_> = text.split_whitespace().collect();
        let [id, _, flags, follows, _, _, epoch, link, slots @ ..] = &words[..] else {
            return None;
        };
        let range = |text: &&str| {
            let (first, last) = text.split_once('-').unwrap_or((text, text));
            Some((first.parse().ok()?, last.parse().ok()?))
        };
        Some(Self {
            id: (*id).to_owned(),
            flags: flags.split(',').map(str::to_owned).collect(),
            follows: (*follows).to_owned(),
            epoch: epoch.parse().ok()?,
            is_connected: *link == "connected",
            slots: slots.iter().filter_map(range).collect(),
        })
    }

    fn is(&self, flag: &str) -> bool {
        self.flags.iter().any(|own| own == flag)
    }

    fn has(&self, slot: u16) -> bool {
        self.slots
            .iter()
            .any(|(first, last)| (*first..=*last).contains(&slot))
    }
}

impl Server {
    /// By what a cluster knows this node.
    pub(super) fn node_id(&self) -> Result<String> {
        let id = self.command(["CLUSTER", "MYID"])?;
        Ok(redis::from_redis_value(id).unwrap_or_default())
    }
}
