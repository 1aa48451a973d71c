use futures_util::FutureExt as _;

use super::*;
use crate::core::{Fenced, History, Partition, Position};
use crate::partitions::PartitionId;
use crate::tiers::{Hub, Memory};

/// ! Between reading an own entry and taking it for the answer, an instance may learn that its history
/// was broken. Whoever has sent it may have had the server's answer by then, and nothing left to do.
#[tokio::test]
async fn what_the_log_answers_in_a_history_that_was_broken_is_sent_again() {
    let config = Config::default();
    let partition = Partition::new(config.limits(), config.longest_ttl());
    let memory = Arc::new(Memory::new(&config.memory));
    let local = Arc::new(Local::new(PartitionId::ONLY, partition, memory));
    let shared = Arc::new(Hub::new().tier(&config, local.clone(), 1));
    let invalidations = Arc::new(Invalidations::new(false));
    let sender = Sender::new(
        &config,
        local.clone(),
        shared,
        1,
        invalidations,
        "one".into(),
    );
    let history = History { epoch: 5, nonce: 6 };
    let told = |last| Fenced {
        history,
        tail: 1,
        last,
        ..Fenced::default()
    };
    assert!(local.adopt(told(11)));

    let (receipt, _answer) = Receipt::new(1);
    sender.submit(vec![Change::Key("a:1".into())], &receipt);
    assert!(sender.due.notified().now_or_never().is_some());
    let batch = InFlight::take(&sender.outbox, BATCH);
    let message = sender.message(&batch).unwrap();
    let _asking = sender.unanswered.add(&message, batch);

    assert!(!local.adopt(told(12)), "another entry stands there");
    sender.appeared(Position { epoch: 5, seq: 2 }, message.id);
    assert_eq!(sender.outbox.lock().waiting(), 1);
    assert!(
        sender.due.notified().now_or_never().is_some(),
        "nobody sends it"
    );
}
