//! The hub, the state that its host and its network are in, and the connections to it.

use std::sync::Arc;

use parking_lot::Mutex;
use unstale::Hub;
use unstale::evidence::core::Server;
use unstale::evidence::{Bytes, Purpose};

use crate::cable::Cable;
use crate::clock::Clock;
use crate::ledger::Ledger;
use crate::network::Network;
use crate::plan::Which;
use crate::setting::Setting;
use crate::trace::Trace;

/// Where the hub is.
pub(crate) struct Site {
    pub(crate) seed: u64,
    pub(crate) setting: Setting,
    pub(crate) clock: Arc<Clock>,
    pub(crate) network: Arc<Network>,
    pub(crate) trace: Arc<Trace>,
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) hub: Hub,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Nobody answers there.
    down: bool,
    hang_until: u64,
    /// Nothing gets through between an instance and the hub.
    partitions: Vec<(usize, Which, u64)>,
    /// What is published does not reach an instance.
    deaf: Vec<(usize, u64)>,
    /// Which process the connections go to. What was sent to another is lost.
    generation: u64,
    /// How many processes the hub has been.
    processes: u64,
    is_calm: bool,
    cables: Vec<Arc<Cable>>,
    connected: u64,
    accidents: u64,
}

/// What a server had at some time.
pub(crate) struct Kept {
    pub(crate) server: Server<Bytes>,
    pub(crate) processes: u64,
}

impl Which {
    pub(crate) fn is_of(self, purpose: Purpose) -> bool {
        match self {
            Which::Both => true,
            Which::Commands => purpose == Purpose::Commands,
            Which::Log => purpose == Purpose::Log,
        }
    }
}

impl Site {
    pub(crate) fn new(
        seed: u64,
        setting: &Setting,
        clock: &Arc<Clock>,
        trace: &Arc<Trace>,
    ) -> Arc<Self> {
        let hub = Hub::new();
        if setting.publishes {
            hub.publish();
        }
        Arc::new(Self {
            seed,
            setting: setting.clone(),
            clock: clock.clone(),
            network: Network::new(clock),
            trace: trace.clone(),
            ledger: Ledger::new(clock, setting.max_staleness),
            hub,
            state: Mutex::default(),
        })
    }

    /// How many messages of a thousand meet with an accident now.
    pub(crate) fn storm(&self) -> u64 {
        if self.state.lock().is_calm {
            0
        } else {
            self.setting.storm
        }
    }

    /// No accidents any more.
    pub(crate) fn calm_down(&self) {
        self.state.lock().is_calm = true;
    }

    pub(crate) fn count_accident(&self) {
        self.state.lock().accidents += 1;
    }

    pub(crate) fn accidents(&self) -> u64 {
        self.state.lock().accidents
    }

    pub(crate) fn is_down(&self) -> bool {
        self.state.lock().down
    }

    pub(crate) fn generation(&self) -> u64 {
        self.state.lock().generation
    }

    /// When something that is due now gets through between an instance and the hub; now, as a
    /// rule.
    pub(crate) fn passable_at(&self, instance: usize, purpose: Purpose) -> u64 {
        let state = self.state.lock();
        let partitions = state.partitions.iter();
        let blocked = partitions
            .filter(|(cut_off, which, _)| *cut_off == instance && which.is_of(purpose))
            .map(|(.., until)| *until);
        blocked.max().unwrap_or(0)
    }

    /// When the hub goes on with what it has to do.
    pub(crate) fn awake_at(&self) -> u64 {
        self.state.lock().hang_until
    }

    /// Whether what is published reaches an instance.
    pub(crate) fn is_deaf(&self, instance: usize) -> bool {
        let now = self.clock.now();
        let state = self.state.lock();
        state
            .deaf
            .iter()
            .any(|(deaf, until)| *deaf == instance && now < *until)
    }

    pub(crate) fn hang(&self, nanos: u64) {
        let until = self.clock.now() + nanos;
        let mut state = self.state.lock();
        state.hang_until = state.hang_until.max(until);
    }

    pub(crate) fn partition(&self, instance: usize, which: Which, nanos: u64) {
        let until = self.clock.now() + nanos;
        self.state.lock().partitions.push((instance, which, until));
    }

    pub(crate) fn deafen(&self, instance: usize, nanos: u64) {
        let until = self.clock.now() + nanos;
        self.state.lock().deaf.push((instance, until));
    }

    /// The hub's process is gone, and all connections to it.
    pub(crate) fn go_down(&self) {
        self.state.lock().down = true;
        self.replace_process();
    }

    /// Another process answers in its place.
    pub(crate) fn come_up(&self) {
        self.state.lock().down = false;
    }

    /// How many processes the hub has been.
    pub(crate) fn processes(&self) -> u64 {
        self.state.lock().processes
    }

    /// The hub is a process that there never was before, with what it has or with what it had.
    pub(crate) fn become_another(&self, kept: Option<Kept>) {
        let mut state = self.state.lock();
        let had_been = kept.as_ref().map_or(state.processes, |kept| kept.processes);
        state.processes += 1;
        self.hub.befall(|server| {
            if let Some(kept) = kept {
                *server = kept.server;
            }
            (had_been..state.processes).for_each(|_| server.change_owner());
        });
    }

    /// Another process takes over; the connections to the old one end.
    pub(crate) fn replace_process(&self) {
        let cables = {
            let mut state = self.state.lock();
            state.generation += 1;
            std::mem::take(&mut state.cables)
        };
        for cable in cables {
            cable.cut(true, false);
        }
    }

    /// A connection is made, and gets its number.
    pub(crate) fn plug_in(&self, make: impl FnOnce(u64) -> Arc<Cable>) -> Arc<Cable> {
        let mut state = self.state.lock();
        state.connected += 1;
        let cable = make(state.connected);
        state.cables.retain(|cable| cable.is_in_use());
        state.cables.push(cable.clone());
        cable
    }

    /// The connections of an instance that are in use.
    pub(crate) fn cables(&self, instance: usize, which: Which) -> Vec<Arc<Cable>> {
        let state = self.state.lock();
        let cables = state.cables.iter();
        cables
            .filter(|cable| cable.instance == instance && which.is_of(cable.purpose))
            .filter(|cable| cable.is_in_use())
            .cloned()
            .collect()
    }
}
