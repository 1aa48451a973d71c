//! The proof: only the answer to a probe gives it, from the time the probe was sent.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use testbed::{Direction, eventually};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};
use unstale::Cache;

use crate::bed::{Bed, PATIENCE, Transport, on_every_server, quick, until_proven};

on_every_server!(
    an_empty_answer_proves_nothing,
    a_message_proves_nothing,
    an_answer_proves_from_when_it_was_asked_for,
    a_steady_trickle_does_not_end_the_proof,
);

async fn an_empty_answer_proves_nothing(transport: Transport) {
    let bed = Bed::start(transport);
    let (reader, wires) = bed.wired("reader", quick).await;
    wires.log.stall(Direction::ToServer);
    gets_no_younger(&reader).await;
    wires.log.heal().unwrap();
    until_proven(&reader, true).await;
}

/// The server still sends what happens, and no longer hears what it is asked.
async fn a_message_proves_nothing(transport: Transport) {
    let bed = Bed::start(transport);
    let (reader, wires) = bed.wired("reader", quick).await;
    let trickle = Trickle::start(&bed.instance("writer").await);
    wires.log.stall(Direction::ToServer);
    gets_no_younger(&reader).await;
    wires.log.heal().unwrap();
    until_proven(&reader, true).await;
    trickle.stop().await;
}

/// However late the answer comes.
async fn an_answer_proves_from_when_it_was_asked_for(transport: Transport) {
    const LATE: Duration = Duration::from_millis(250);
    let bed = Bed::start(transport);
    let (reader, wires) = bed.wired("reader", quick).await;
    wires.log.delay(Direction::ToClient, LATE);
    let began = Instant::now();
    while began.elapsed() < 6 * LATE {
        let delayed = began.elapsed();
        let age = reader.health().proof_age;
        // An answer that was under way when the delay began may still have come at once.
        assert!(
            delayed < LATE || age.is_none_or(|age| age >= LATE),
            "{age:?}"
        );
        sleep(Duration::from_millis(3)).await;
    }
    wires.log.heal().unwrap();
    until_proven(&reader, true).await;
}

/// An empty answer would never come; a probe does.
async fn a_steady_trickle_does_not_end_the_proof(transport: Transport) {
    let bed = Bed::start(transport);
    let mut config = bed.config();
    quick(&mut config);
    let max_staleness = config.max_staleness;
    let reader = bed.instance_with("reader", config).await;
    let trickle = Trickle::start(&bed.instance("writer").await);
    let began = Instant::now();
    let before = reader.invalidations().received;
    while began.elapsed() < 4 * max_staleness {
        sleep(Duration::from_millis(5)).await;
    }
    eventually(
        "the proof is younger than the trickle",
        PATIENCE,
        || async {
            let age = reader.health().proof_age;
            let young = reader.health().proven && age.is_some_and(|age| age < max_staleness);
            young.then_some(()).ok_or(age)
        },
    )
    .await;
    assert!(reader.invalidations().received > before + 10);
    trickle.stop().await;
}

/// The newest proof was asked for before the fault began.
async fn gets_no_younger(reader: &Cache) {
    let began = Instant::now();
    while began.elapsed() < Duration::from_millis(1200) {
        let stalled = began.elapsed();
        let health = reader.health();
        assert!(
            health.proof_age.is_none_or(|age| age >= stalled),
            "{health:?}"
        );
        assert!(!health.proven || stalled <= Duration::from_millis(400));
        sleep(Duration::from_millis(3)).await;
    }
}

/// Removals that never cease.
struct Trickle {
    task: JoinHandle<()>,
    stop: Arc<AtomicBool>,
}

impl Trickle {
    fn start(writer: &Cache) -> Self {
        let (writer, stop) = (writer.clone(), Arc::new(AtomicBool::new(false)));
        let stopped = stop.clone();
        let task = tokio::spawn(async move {
            while !stopped.load(Ordering::SeqCst) {
                let _ = writer.remove("other").await;
                sleep(Duration::from_millis(2)).await;
            }
        });
        Self { task, stop }
    }

    async fn stop(self) {
        self.stop.store(true, Ordering::SeqCst);
        self.task.await.unwrap();
    }
}
