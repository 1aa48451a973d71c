//! Carrying out what goes wrong.

use std::sync::Arc;

use crate::node::Node;
use crate::plan::{Fault, FaultKind, Memory};
use crate::site::{Kept, Site};
use crate::tally::Tally;

/// Everything that a fault can be about.
#[derive(Clone)]
pub(crate) struct Trouble {
    pub(crate) site: Arc<Site>,
    pub(crate) nodes: Vec<Arc<Node>>,
    pub(crate) tally: Arc<Tally>,
}

impl Trouble {
    /// Has one fault happen at its time, and waits until it is over.
    pub(crate) async fn make(self, fault: Fault) {
        let site = &self.site;
        // What a server had a while ago has to be kept from then on.
        let lag = match fault.kind {
            FaultKind::FailOver { lag, .. } => lag,
            FaultKind::Restart {
                memory: Memory::Of(lag),
                ..
            } => lag,
            _ => 0,
        };
        site.network
            .sleep(fault.at.saturating_sub(lag) * 1000)
            .await;
        let kept_at = site.clock.now();
        let kept = Kept {
            server: site.hub.befall(|server| server.clone()),
            processes: site.processes(),
        };
        site.network.sleep(lag.min(fault.at) * 1000).await;
        self.tally.fault(name(&fault.kind));
        site.trace.note(
            &[5, site.clock.now()],
            format_args!("trouble: {:?}", fault.kind),
        );
        match fault.kind {
            FaultKind::Flush => site.hub.befall(|server| server.flush()),
            FaultKind::Trim(length) => site.hub.befall(|server| server.trim(length)),
            FaultKind::Evict(key) => site.hub.befall(|server| server.evict(key.name())),
            FaultKind::LoseMeta => site.hub.befall(|server| server.lose_meta()),
            FaultKind::LoseLog => site.hub.befall(|server| server.lose_log()),
            FaultKind::Restart { memory, down } => {
                site.go_down();
                match memory {
                    Memory::Everything => site.become_another(None),
                    Memory::Nothing => {
                        site.hub.befall(|server| server.flush());
                        site.become_another(None);
                    }
                    Memory::Of(_) => site.become_another(Some(kept)),
                }
                site.network.sleep(down * 1000).await;
                site.come_up();
            }
            FaultKind::FailOver { survivors, .. } => {
                if survivors {
                    site.ledger.lapsed(kept_at);
                } else {
                    site.replace_process();
                }
                site.become_another(Some(kept));
            }
            FaultKind::Hang(span) => site.hang(span * 1000),
            FaultKind::Full(span) => {
                site.hub.fill_up(true);
                site.network.sleep(span * 1000).await;
                site.hub.fill_up(false);
            }
            FaultKind::ClockJump(millis) => site.hub.skew(millis * 1_000_000),
            FaultKind::Partition {
                instance,
                which,
                span,
            } => site.partition(instance, which, span * 1000),
            FaultKind::Cut {
                instance,
                which,
                noticed,
            } => {
                let lets_through = kept_at.is_multiple_of(2);
                for cable in site.cables(instance, which) {
                    cable.cut(noticed, lets_through);
                }
            }
            FaultKind::Deaf { instance, span } => site.deafen(instance, span * 1000),
            FaultKind::Pause { instance, span } => {
                let gate = self.nodes[instance].gate();
                gate.close();
                site.network.sleep(span * 1000).await;
                gate.open();
            }
            FaultKind::Replace { instance, how, gap } => {
                let node = &self.nodes[instance];
                node.end(how, &self.tally).await;
                site.network.sleep(gap * 1000).await;
                if node.now().is_none() {
                    self.start(instance).await;
                }
            }
        }
    }

    /// Starts an instance.
    pub(crate) async fn start(&self, slot: usize) {
        if let Err(error) = self.nodes[slot].start().await {
            self.site
                .trace
                .note(&[6], format_args!("an instance cannot be started: {error}"));
        }
    }
}

fn name(kind: &FaultKind) -> &'static str {
    match kind {
        FaultKind::Flush => "flush",
        FaultKind::Trim(_) => "trim",
        FaultKind::Evict(_) => "record evicted",
        FaultKind::LoseMeta => "meta evicted",
        FaultKind::LoseLog => "log evicted",
        FaultKind::Restart { memory, .. } => match memory {
            Memory::Nothing => "restart empty",
            Memory::Everything => "restart with data",
            Memory::Of(_) => "restart with old data",
        },
        FaultKind::FailOver {
            survivors: false, ..
        } => "failover",
        FaultKind::FailOver {
            survivors: true, ..
        } => "failover that connections survive",
        FaultKind::Hang(_) => "server hangs",
        FaultKind::Full(_) => "out of memory",
        FaultKind::ClockJump(millis) if *millis < 0 => "clock steps back",
        FaultKind::ClockJump(_) => "clock jumps ahead",
        FaultKind::Partition { .. } => "partition",
        FaultKind::Cut { noticed: true, .. } => "connection cut",
        FaultKind::Cut { noticed: false, .. } => "connection dead",
        FaultKind::Deaf { .. } => "messages lost",
        FaultKind::Pause { .. } => "instance stopped",
        FaultKind::Replace { how, .. } => match how {
            crate::plan::End::Killed => "instance killed",
            crate::plan::End::Dropped => "instance dropped",
            crate::plan::End::Closed => "instance closed",
        },
    }
}
