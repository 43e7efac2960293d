//! The operations of a device, in order of their numbers.
//!
//! New ones come at the end and old ones go from the front, so they stand in one row: less code in a
//! browser than a tree of them, and quicker to walk over.

use crate::{ChainValue, Op, OpId};

use super::StoredOp;

/// One operation of the log with what follows from its bytes.
#[derive(Clone, Debug)]
pub(super) struct LogEntry {
    pub(super) stored: StoredOp,
    pub(super) id: OpId,
    pub(super) chain: ChainValue,
    /// None if this version cannot read its own log any more.
    pub(super) op: Option<Op>,
}

/// All of them that are kept.
#[derive(Clone, Debug, Default)]
pub(super) struct Log(Vec<LogEntry>);

impl Log {
    /// All operations.
    pub(super) fn entries(&self) -> &[LogEntry] {
        &self.0
    }

    /// Those up to a number, and those after it.
    #[cfg_attr(target_family = "wasm", inline(never))]
    fn split(&self, seq: u64) -> (&[LogEntry], &[LogEntry]) {
        let place = self.0.partition_point(|entry| entry.stored.seq <= seq);
        self.0.split_at(place)
    }

    /// The operations after a number.
    pub(super) fn after(&self, seq: u64) -> &[LogEntry] {
        self.split(seq).1
    }

    /// The operation of a number.
    pub(super) fn get(&self, seq: u64) -> Option<&LogEntry> {
        self.split(seq).0.last().filter(|entry| entry.stored.seq == seq)
    }

    /// The last operation before a number.
    pub(super) fn before(&self, seq: u64) -> Option<&LogEntry> {
        let mut upto = self.split(seq).0.iter().rev();
        upto.find(|entry| entry.stored.seq < seq)
    }

    /// Puts an operation in its place; the one that has its number goes.
    pub(super) fn put(&mut self, entry: LogEntry) {
        let (upto, _) = self.split(entry.stored.seq);
        let (place, last) = (upto.len(), upto.last());
        if last.is_some_and(|last| last.stored.seq == entry.stored.seq) {
            self.0[place - 1] = entry;
        } else {
            self.0.insert(place, entry);
        }
    }

    /// Forgets the operations up to a number.
    pub(super) fn forget(&mut self, upto: u64) {
        let forgotten = self.split(upto).0.len();
        self.0.drain(..forgotten);
    }

    /// Forgets all operations.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Bytes, Disposition};

    fn entry(seq: u64, set_aside: Option<Disposition>) -> LogEntry {
        LogEntry {
            stored: StoredOp {
                seq,
                raw: Bytes::default(),
                set_aside,
            },
            id: OpId::default(),
            chain: ChainValue::default(),
            op: None,
        }
    }

    fn log(numbers: &[u64]) -> Log {
        let mut log = Log::default();
        for seq in numbers {
            log.put(entry(*seq, None));
        }
        log
    }

    fn numbers(entries: &[LogEntry]) -> Vec<u64> {
        entries.iter().map(|entry| entry.stored.seq).collect()
    }

    #[test]
    fn operations_stand_in_order_however_they_come() {
        let mut log = log(&[5, 3, 9, 4]);
        assert_eq!(numbers(log.entries()), [3, 4, 5, 9]);
        log.put(entry(4, Some(Disposition::Late)));
        assert_eq!(
            numbers(log.entries()),
            [3, 4, 5, 9],
            "the same number is not kept twice"
        );
        let set_aside = log.get(4).and_then(|entry| entry.stored.set_aside);
        assert_eq!(set_aside, Some(Disposition::Late));
    }

    #[test]
    fn numbers_are_found_where_they_are_and_where_they_are_not() {
        let log = log(&[3, 4, 9]);
        assert_eq!(numbers(log.after(0)), [3, 4, 9]);
        assert_eq!(numbers(log.after(4)), [9]);
        assert_eq!(numbers(log.after(5)), [9]);
        assert!(log.after(u64::MAX).is_empty());
        assert!(log.get(5).is_none() && log.get(0).is_none());
        let before = |seq| log.before(seq).map(|entry| entry.stored.seq);
        assert_eq!(
            [before(3), before(4), before(8), before(9)],
            [None, Some(3), Some(4), Some(4)]
        );
        assert_eq!(before(u64::MAX), Some(9));
    }

    #[test]
    fn what_is_forgotten_goes_from_the_front() {
        let mut log = log(&[3, 4, 9]);
        log.forget(0);
        assert_eq!(numbers(log.entries()), [3, 4, 9]);
        log.forget(5);
        assert_eq!(numbers(log.entries()), [9]);
        log.forget(9);
        assert!(log.entries().is_empty());
    }
}
