use futures_util::FutureExt as _;

use super::super::unanswered::Asking;
use super::*;
use crate::core::{Fenced, History, Partition, Position};
use crate::partitions::PartitionId;
use crate::tiers::{Hub, Memory};

const HISTORY: History = History { epoch: 5, nonce: 6 };

/// The place of the next entry.
const NEXT: Position = Position { epoch: 5, seq: 2 };

/// Of an instance that has fenced a history with one entry.
fn sender() -> Sender {
    let config = Config::default();
    let partition = Partition::new(config.limits(), config.longest_ttl());
    let memory = Arc::new(Memory::new(&config.memory));
    let local = Arc::new(Local::new(PartitionId::ONLY, partition, memory));
    assert!(local.adopt(told_last(11)));
    let shared = Arc::new(Hub::new().tier(&config, local.clone(), 1));
    let invalidations = Arc::new(Invalidations::new(false));
    Sender::new(&config, local, shared, 1, invalidations, "one".into())
}

/// What a fence tells where the only entry has this id.
fn told_last(last: u64) -> Fenced {
    Fenced {
        history: HISTORY,
        tail: 1,
        last,
        ..Fenced::default()
    }
}

/// Removes a key, and goes as far as to ask the server.
fn ask(sender: &Sender) -> (Arc<Message>, Asking<'_>) {
    let (receipt, _answer) = Receipt::new(1);
    sender.submit(vec![Change::Key("a:1".into())], &receipt);
    assert!(sender.due.notified().now_or_never().is_some());
    let batch = InFlight::take(&sender.outbox, BATCH);
    let message = sender.message(&batch).unwrap();
    let asking = sender.unanswered.add(&message, batch);
    (message, asking)
}

fn waiting(sender: &Sender) -> usize {
    sender.outbox.lock().waiting()
}

/// ! Between reading an own entry and taking it for the answer, an instance may learn that its history
/// was broken. Whoever has sent it may have had the server's answer by then, and nothing left to do.
#[tokio::test]
async fn what_the_log_answers_in_a_history_that_was_broken_is_sent_again() {
    let sender = sender();
    let (message, _asking) = ask(&sender);
    let adopted = sender.local.adopt(told_last(12));
    assert!(!adopted, "another entry stands there");
    sender.appeared(NEXT, message.id);
    assert_eq!(waiting(&sender), 1);
    assert!(
        sender.due.notified().now_or_never().is_some(),
        "nobody sends it"
    );
}

/// ! Who sends may be cancelled, or panic. What he has sent is put back at once, and an entry that is read
/// after that is no answer to it: what was asked for meanwhile may have joined it.
#[tokio::test]
async fn what_nobody_waits_for_any_longer_is_put_back() {
    let sender = sender();
    let (message, asking) = ask(&sender);
    assert_eq!(waiting(&sender), 0);
    drop(asking);
    assert_eq!(waiting(&sender), 1);
    sender.appeared(NEXT, message.id);
    assert_eq!(waiting(&sender), 1);
}
