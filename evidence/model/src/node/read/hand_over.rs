//! What another's load has brought and L2 has refused, handed over to those who had seen its lease.

use unstale_core::Reach;

use super::{Around, Fill, Node, tags};
use crate::promise::Violation;
use crate::scope::KEYS;
use crate::site::Record;
use crate::tale::{Mark, say};

impl Node {
    /// Whoever has seen its lease may take it from now on, sooner or later or never: which is more than
    /// those may do whose waiting the server knows of.
    pub(crate) fn is_handed(&mut self, record: &Record) {
        let waiting = self.reads.iter_mut();
        for read in waiting.filter(|read| read.has_seen(record.token)) {
            read.handed_over = Some(record.clone());
        }
    }

    /// It waits for the load of a lease that was refused before.
    pub(super) fn is_handed_at_once(&mut self, index: usize, around: &Around<'_>) {
        let read = &mut self.reads[index];
        let mut handed = around.site.handed_before.iter();
        if read.is_waiting()
            && read.handed_over.is_none()
            && let Some(record) = handed.find(|record| read.has_seen(record.token))
        {
            read.handed_over = Some(record.clone());
        }
    }

    /// Whether somebody would take it.
    pub(crate) fn awaits(&self, record: &Record) -> bool {
        self.reads.iter().any(|read| read.has_seen(record.token))
    }

    /// A read that waits takes it, if it may be used.
    pub(crate) fn share(&mut self, index: usize, around: &mut Around<'_>) -> Result<(), Violation> {
        let Some(record) = self.reads[index].handed_over.take() else {
            return Ok(());
        };
        let read = self.reads[index].clone();
        let name = KEYS[read.key];
        let reach = self.partition.reach(name, read.at_least, around.now);
        let accepts = self.partition.accepts(name, &tags(read.key), record.stamp);
        let Some(value) = record.value.filter(|_| reach == Reach::Direct && accepts) else {
            return Ok(());
        };
        around.tale.mark(Mark::HandedOver);
        say!(around.tale, "its read is handed version {value}");
        let fill = Fill {
            value,
            stamp: record.stamp,
            lives_until: around.now,
            long: false,
        };
        self.return_kept(index, &read, fill, false, around)
    }
}
