//! Tickets: the right to insert one value into L1, once.

use smallvec::SmallVec;

/// Names one ticket of one partition.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Ticket(pub(super) u64);

/// The live tickets of one key: mostly one, or two. A ticket that is not listed has been spent or revoked.
#[derive(Clone, Default, Debug)]
pub(super) struct Tickets(SmallVec<[Ticket; 2]>);

impl Tickets {
    pub(super) fn open(&mut self, ticket: Ticket) {
        self.0.push(ticket);
    }

    pub(super) fn is_alive(&self, ticket: Ticket) -> bool {
        self.0.contains(&ticket)
    }

    /// Spends the ticket: true once, if nothing revoked it before.
    pub(super) fn spend(&mut self, ticket: Ticket) -> bool {
        match self.0.iter().position(|live| *live == ticket) {
            Some(index) => {
                self.0.swap_remove(index);
                true
            }
            None => false,
        }
    }

    pub(super) fn revoke_all(&mut self) {
        self.0.clear();
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(feature = "evidence")]
impl Tickets {
    /// The live ones.
    pub(super) fn iter(&self) -> impl Iterator<Item = Ticket> {
        self.0.iter().copied()
    }
}
