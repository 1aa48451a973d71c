//! The connection for commands: connect, fence, send what is pending, catch up, and only then in
//! service. As `protect/` and `tiers/redis/link.rs` do it.

use unstale_core::{Canonical, Fenced, Guard, Position, Tick};

use super::delivery::{Delivery, Slot};
use super::{Around, NAMES, Node};
use crate::ledger::{Group, Ledger};
use crate::promise::{Promise, Violation};
use crate::site::Peer;
use crate::tale::{Mark, say};

/// A history that never becomes ours is asked for this often in one stride.
const PATIENCE: usize = 8;

#[derive(Clone, Default, Debug)]
pub(crate) enum Line {
    #[default]
    Down,
    /// The fence has answered, and nobody has taken note of it yet.
    Fenced { peer: Peer, answer: Fenced },
    /// Fenced; what is pending is sent first.
    Opening {
        peer: Peer,
        epoch: u64,
        tail: Position,
        /// The writes that waited to be sent when it was fenced.
        due: Group,
        /// All that waited after the fence is sent, or under way.
        flushed: bool,
        delivery: Option<Delivery>,
    },
    /// In service.
    Up {
        peer: Peer,
        /// The epoch of its last fence.
        epoch: u64,
    },
}

impl Line {
    pub(crate) fn peer(&self) -> Option<Peer> {
        match self {
            Line::Down => None,
            Line::Fenced { peer, .. } | Line::Opening { peer, .. } | Line::Up { peer, .. } => {
                Some(*peer)
            }
        }
    }

    /// It leads to another server from now on.
    pub(crate) fn redirect(&mut self, to: Peer) {
        match self {
            Line::Down => {}
            Line::Fenced { peer, .. } | Line::Opening { peer, .. } | Line::Up { peer, .. } => {
                *peer = to;
            }
        }
    }

    /// Whom the line in service leads to, and the epoch of its last fence.
    pub(crate) fn in_service(&self) -> Option<(Peer, u64)> {
        match self {
            Line::Up { peer, epoch } => Some((*peer, *epoch)),
            _ => None,
        }
    }

    pub(crate) fn is_up(&self) -> bool {
        matches!(self, Line::Up { .. })
    }

    pub(crate) fn write(&self, to: &mut Canonical) {
        to.option(self.peer(), |to, peer| to.number(peer as u64));
        match self {
            Line::Down => {}
            Line::Fenced { answer, .. } => {
                to.number(1);
                to.fenced(*answer);
            }
            Line::Opening {
                epoch,
                tail,
                due,
                flushed,
                delivery,
                ..
            } => {
                to.number(2);
                to.number(*epoch);
                to.position(*tail);
                due.write(to);
                to.flag(*flushed);
                to.option(delivery.as_ref(), |to, delivery| delivery.write(to));
            }
            Line::Up { epoch, .. } => {
                to.number(3);
                to.number(*epoch);
            }
        }
    }
}

impl Node {
    /// Connects; the fence is the first thing on the connection.
    pub(crate) fn connect(&mut self, peer: Peer, around: &mut Around<'_>) -> Result<(), Violation> {
        if !Guard::FenceOnConnect.holds() {
            self.line = Line::Opening {
                peer,
                epoch: self.history().epoch,
                tail: self.partition.position(),
                due: around.ledger.waiting(around.by),
                flushed: false,
                delivery: None,
            };
            say!(around.tale, "connects for commands to the {peer}");
        } else if let Some(answer) = self.ask_fence(peer, around) {
            self.line = Line::Fenced { peer, answer };
            let at = answer.position();
            say!(
                around.tale,
                "connects for commands to the {peer}, whose fence answers {at}"
            );
        }
        if around.scope.slow.lines {
            return Ok(());
        }
        self.stride(around)
    }

    /// Takes all steps at once that ask the server for nothing but a fence.
    fn stride(&mut self, around: &mut Around<'_>) -> Result<(), Violation> {
        for _ in 0..PATIENCE {
            let asks =
                matches!(self.line, Line::Opening { flushed: false, .. }) && self.must_flush();
            if asks || !self.can_open(around.now) {
                return Ok(());
            }
            self.open(around)?;
        }
        Ok(())
    }

    /// Whether the next step of the opening can be taken.
    pub(crate) fn can_open(&self, now: Tick) -> bool {
        match &self.line {
            Line::Fenced { .. } => true,
            Line::Opening {
                delivery: Some(_), ..
            } => false,
            Line::Opening { flushed: false, .. } => true,
            Line::Opening { tail, .. } => {
                let is_behind = self.is_proven(now) && self.partition.position() < *tail;
                !Guard::CatchUpBeforeService.forbids(is_behind)
            }
            Line::Down | Line::Up { .. } => false,
        }
    }

    fn must_flush(&self) -> bool {
        Guard::FlushBeforeService.forbids(!self.outbox.is_empty())
    }

    /// What is still to be done before the server may be put into service.
    fn shortfall(&self, ledger: &Ledger, now: Tick) -> Option<&'static str> {
        let Line::Opening { tail, due, .. } = &self.line else {
            return None;
        };
        if !ledger.are_acknowledged(*due) {
            Some("has not sent what waited")
        } else if self.is_proven(now) && self.partition.position() < *tail {
            Some("is proven, and has not caught up with the log")
        } else {
            None
        }
    }

    /// The next step on the way into service.
    pub(crate) fn open(&mut self, around: &mut Around<'_>) -> Result<(), Violation> {
        match self.line.clone() {
            Line::Fenced { peer, answer } => {
                if self.adopt(answer, around) {
                    let (epoch, tail) = (answer.history.epoch, answer.position());
                    self.line = Line::Opening {
                        peer,
                        epoch,
                        tail,
                        due: around.ledger.waiting(around.by),
                        flushed: false,
                        delivery: None,
                    };
                    say!(around.tale, "takes note of the fence's answer {tail}");
                } else {
                    self.line = match self.ask_fence(peer, around) {
                        Some(answer) => Line::Fenced { peer, answer },
                        None => Line::Down,
                    };
                    say!(
                        around.tale,
                        "knows a newer history, and asks the fence again"
                    );
                }
            }
            Line::Opening {
                peer,
                epoch,
                tail,
                due,
                flushed: false,
                ..
            } => {
                let must_flush = self.must_flush();
                self.line = Line::Opening {
                    peer,
                    epoch,
                    tail,
                    due,
                    flushed: true,
                    delivery: must_flush.then(|| self.take_batch(around)),
                };
            }
            Line::Opening { peer, epoch, .. } => {
                say!(around.tale, "puts its connection into service");
                let shortfall = self.shortfall(around.ledger, around.now);
                self.line = Line::Up { peer, epoch };
                if let Some(what) = shortfall {
                    return Err(Violation {
                        promise: Promise::Service,
                        what: format!("{} reads L2 again, and {what}", NAMES[around.by]),
                    });
                }
            }
            Line::Down | Line::Up { .. } => {}
        }
        Ok(())
    }

    /// The line in service, fenced again first where it has to be: `link.rs`'s `attempt`.
    pub(crate) fn use_line(&mut self, around: &mut Around<'_>) -> Option<Peer> {
        let Line::Up { peer, epoch } = self.line else {
            return None;
        };
        if Guard::RefenceWhenBehind.forbids(epoch < self.history().epoch) {
            self.fence_again(peer, around)?;
        }
        Some(peer)
    }

    /// Fences the line again; it is lost where the server refuses.
    pub(crate) fn fence_again(&mut self, peer: Peer, around: &mut Around<'_>) -> Option<()> {
        around.tale.mark(Mark::Refenced);
        let passed = self.pass_fence(peer, around);
        match (&mut self.line, passed) {
            (Line::Up { epoch, .. } | Line::Opening { epoch, .. }, Some(fenced)) => {
                let at = fenced.position();
                say!(around.tale, "fences its connection again: {at}");
                *epoch = (*epoch).max(fenced.history.epoch);
                Some(())
            }
            _ => {
                say!(
                    around.tale,
                    "the server refuses the fence: the connection is given up"
                );
                self.lose_line(around);
                None
            }
        }
    }

    /// The connection is gone, with whatever was on its way.
    pub(crate) fn lose_line(&mut self, around: &mut Around<'_>) {
        if let Line::Opening {
            delivery: Some(delivery),
            ..
        } = std::mem::take(&mut self.line)
        {
            self.put_back(delivery, around);
        }
        self.fail_delivery(Slot::Sender, around);
        self.fail_store(around);
        for index in (0..self.reads.len()).rev() {
            self.fail_read(index);
        }
    }
}
