//! One process, from its start to its end.

use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use anyhow::{Context as _, Result, bail};
use parking_lot::Mutex;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, waitid};
use tokio::{
    net::{UnixListener, UnixStream},
    process::Child,
    sync::{mpsc, oneshot},
    task::JoinHandle,
    time::{sleep, timeout},
};

use super::{
    database,
    orders::{Answer, Assignment, Hello, Notice, Order, Query, Question, Reply},
    wire::{Incoming, Outgoing, ends},
};
use crate::{
    database::Registers,
    field::blocking,
    report::{Report, Reports},
    workload::{Mood, reporters},
};

/// A process that has not called by then does not work.
const START: Duration = Duration::from_secs(20);
/// One that does not end by then, when it was told to, is killed.
const END: Duration = Duration::from_secs(10);
/// How long an answer may take; one that is stopped gives none.
const ANSWER: Duration = Duration::from_millis(50);
/// Orders to a process that is stopped; more are not given.
const UNDER_WAY: usize = 16;

/// A process at work.
pub(super) struct Life {
    pid: Pid,
    child: tokio::sync::Mutex<Child>,
    orders: mpsc::Sender<Order>,
    replies: Arc<Replies>,
    writes: Arc<AtomicU64>,
    /// Whether its end is no surprise.
    ending: Arc<AtomicBool>,
    hearing: Mutex<Option<JoinHandle<()>>>,
}

impl Life {
    /// Waits for a child that was just started to call, and gives it its work.
    pub(super) async fn begin(
        mut child: Child,
        listener: UnixListener,
        assignment: Assignment,
        registers: Arc<Registers>,
        reports: Reports,
    ) -> Result<Self> {
        // Before anything of it can begin: what it says itself may arrive too late.
        for reporter in reporters(assignment.instance) {
            reports.send(Report::Began(reporter));
        }
        let called = tokio::select! {
            called = timeout(START, both_calls(&listener)) => called.context("it does not call"),
            ended = child.wait() => bail!("it ended: {}", ended?),
        };
        let (orders, queries) = called??;
        let writes = Arc::<AtomicU64>::default();
        let (outgoing, incoming) = ends::<Answer, Query>(queries);
        // It ends with the connection, and that with the process.
        let serving = database::serve(registers, outgoing, incoming, Arc::clone(&writes));
        tokio::spawn(serving);

        let (outgoing, incoming) = ends::<Order, Notice>(orders);
        let (orders, waiting) = mpsc::channel(UNDER_WAY);
        let _ = orders.try_send(Order::Begin(assignment.clone()));
        tokio::spawn(give(outgoing, waiting));
        let replies = Arc::<Replies>::default();
        let ending = Arc::<AtomicBool>::default();
        let hearing = Hearing {
            name: assignment.name,
            incoming,
            replies: Arc::clone(&replies),
            ending: Arc::clone(&ending),
            reports,
            unfinished: reporters(assignment.instance).collect(),
        };
        let pid = child.id().and_then(|pid| Pid::from_raw(pid.cast_signed()));
        Ok(Self {
            pid: pid.context("it ended")?,
            child: tokio::sync::Mutex::new(child),
            orders,
            replies,
            writes,
            ending,
            hearing: Mutex::new(Some(tokio::spawn(hearing.run()))),
        })
    }

    /// Its answer, unless it is stopped, dead, or busy.
    pub(super) async fn ask(&self, question: Question) -> Option<Reply> {
        let (number, reply) = self.replies.expect();
        let order = Order::Answer(number, question);
        if self.orders.try_send(order).is_err() {
            self.replies.forget(number);
            return None;
        }
        let reply = timeout(ANSWER, reply).await;
        self.replies.forget(number);
        reply.ok()?.ok()
    }

    pub(super) async fn set_mood(&self, mood: Mood) -> Result<()> {
        Ok(self.orders.send(Order::SetMood(mood)).await?)
    }

    pub(super) fn writes(&self) -> u64 {
        self.writes.load(Ordering::SeqCst)
    }

    pub(super) async fn pause(&self) -> Result<()> {
        kill_process(self.pid, Signal::STOP)?;
        // The signal was only sent; wait until it has taken effect, without reaping the process.
        let pid = self.pid;
        let events = WaitIdOptions::STOPPED | WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        blocking(move || Ok(waitid(WaitId::Pid(pid), events).map(drop)?)).await
    }

    pub(super) fn resume(&self) -> Result<()> {
        Ok(kill_process(self.pid, Signal::CONT)?)
    }

    pub(super) async fn kill(&self) -> Result<()> {
        self.ending.store(true, Ordering::SeqCst);
        self.child.lock().await.kill().await?;
        self.heard_all().await;
        Ok(())
    }

    /// Has it end in good order; kills it when it does not.
    pub(super) async fn stop(&self) {
        self.ending.store(true, Ordering::SeqCst);
        let ended = async {
            self.orders.send(Order::Stop).await?;
            anyhow::Ok(self.child.lock().await.wait().await?)
        };
        if !matches!(timeout(END, ended).await, Ok(Ok(status)) if status.success()) {
            self.replies.lost.store(true, Ordering::SeqCst);
        }
        let _ = self.kill().await;
    }

    async fn heard_all(&self) {
        let hearing = self.hearing.lock().take();
        if let Some(hearing) = hearing {
            let _ = hearing.await;
        }
    }
}
