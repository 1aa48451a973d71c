//! One process, from its start to its end.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use anyhow::{Context as _, Result, bail};
use parking_lot::Mutex;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, waitid};
use tokio::{net::UnixListener, process::Child, sync::mpsc, task::JoinHandle, time::timeout};

use super::{
    database,
    hearing::{Hearing, Replies},
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
/// One that has not ended by then, when it was told to, is killed.
const END: Duration = Duration::from_secs(15);
/// Orders on their way. One that is stopped is not given more.
const UNDER_WAY: usize = 16;

/// A process at work.
pub(super) struct Life {
    name: String,
    pid: Pid,
    child: tokio::sync::Mutex<Child>,
    orders: mpsc::Sender<Order>,
    replies: Arc<Replies>,
    writes: Arc<AtomicU64>,
    reports: Reports,
    /// Whether its end is no surprise.
    ending: Arc<AtomicBool>,
    hearing: Mutex<Option<JoinHandle<()>>>,
}

impl Life {
    /// Waits for a child that was just started to call, and gives it its work.
    pub(super) async fn begin(
        mut child: Child,
        listener: &UnixListener,
        assignment: Assignment,
        registers: Arc<Registers>,
        reports: Reports,
    ) -> Result<Self> {
        let called = tokio::select! {
            called = timeout(START, calls(listener)) => called.context("it does not call")?,
            ended = child.wait() => bail!("it ended: {}", ended?),
        };
        let Calls { orders, queries } = called?;
        // Before anything of it can begin: what it says itself may arrive too late.
        for reporter in reporters(assignment.instance) {
            reports.send(Report::Began(reporter));
        }
        let writes = Arc::<AtomicU64>::default();
        let (outgoing, incoming) = queries;
        // This ends with the connection, and that with the process.
        let serving = database::serve(registers, outgoing, incoming, Arc::clone(&writes));
        tokio::spawn(serving);
        let (outgoing, incoming) = orders;
        let (orders, waiting) = mpsc::channel(UNDER_WAY);
        orders.send(Order::Begin(assignment.clone())).await?;
        tokio::spawn(give(outgoing, waiting));
        let replies = Arc::<Replies>::default();
        let ending = Arc::<AtomicBool>::default();
        let hearing = Hearing {
            name: assignment.name.clone(),
            replies: Arc::clone(&replies),
            reports: reports.clone(),
            ending: Arc::clone(&ending),
            unfinished: reporters(assignment.instance).collect(),
        };
        let pid = child.id().and_then(|pid| Pid::from_raw(pid.cast_signed()));
        Ok(Self {
            name: assignment.name,
            pid: pid.context("it ended")?,
            child: tokio::sync::Mutex::new(child),
            orders,
            replies,
            writes,
            reports,
            ending,
            hearing: Mutex::new(Some(tokio::spawn(hearing.until_the_end(incoming)))),
        })
    }

    /// Its answer, unless it is stopped, dead, or too busy to give one in so long.
    pub(super) async fn ask(&self, question: Question, patience: Duration) -> Option<Reply> {
        let expected = self.replies.expect();
        let order = Order::Answer(expected.number(), question);
        self.orders.try_send(order).ok()?;
        timeout(patience, expected.reply()).await.ok()?
    }

    pub(super) async fn set_mood(&self, mood: Mood) -> Result<()> {
        Ok(self.orders.send(Order::SetMood(mood)).await?)
    }

    /// How often it has written the database.
    pub(super) fn writes(&self) -> u64 {
        self.writes.load(Ordering::SeqCst)
    }

    /// Nothing runs in it when this returns.
    pub(super) async fn pause(&self) -> Result<()> {
        self.signal(Signal::STOP)?;
        // The signal was only sent; wait until it has taken effect, without reaping the process.
        let pid = self.pid;
        let events = WaitIdOptions::STOPPED | WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        blocking(move || Ok(waitid(WaitId::Pid(pid), events).map(drop)?)).await
    }

    pub(super) fn resume(&self) -> Result<()> {
        self.signal(Signal::CONT)
    }

    /// Everything that it said has been heard when this returns.
    pub(super) async fn kill(&self) -> Result<()> {
        self.ending.store(true, Ordering::SeqCst);
        self.child
            .lock()
            .await
            .kill()
            .await
            .with_context(|| format!("cannot kill {}", self.name))?;
        self.heard_all().await;
        Ok(())
    }

    /// Has it end in good order.
    pub(super) async fn stop(&self) {
        self.ending.store(true, Ordering::SeqCst);
        let mut child = self.child.lock().await;
        let ending = async {
            self.orders.send(Order::Stop).await?;
            anyhow::Ok(child.wait().await?)
        };
        let ended = timeout(END, ending).await;
        if !matches!(&ended, Ok(Ok(status)) if status.success()) {
            let name = &self.name;
            self.reports.send(Report::Wrong(format!(
                "{name} did not end in good order when it was told to: {ended:?}"
            )));
            // One that has ended meanwhile cannot be killed, and need not be.
            let _ = child.kill().await;
        }
        drop(child);
        self.heard_all().await;
    }

    fn signal(&self, signal: Signal) -> Result<()> {
        // The number is still our child's: nobody waits for it but `kill` and `stop`.
        kill_process(self.pid, signal)
            .with_context(|| format!("cannot send {signal:?} to {}", self.name))
    }

    async fn heard_all(&self) {
        let hearing = self.hearing.lock().take();
        if let Some(hearing) = hearing {
            // It cannot panic, and nobody aborts it.
            let _ = hearing.await;
        }
    }
}

/// Passes orders on until the process is gone.
async fn give(mut outgoing: Outgoing<Order>, mut waiting: mpsc::Receiver<Order>) {
    while let Some(order) = waiting.recv().await {
        if outgoing.send(&order).await.is_err() {
            break;
        }
    }
}

/// The two connections of a child.
struct Calls {
    orders: (Outgoing<Order>, Incoming<Notice>),
    queries: (Outgoing<Answer>, Incoming<Query>),
}

async fn calls(listener: &UnixListener) -> Result<Calls> {
    let (mut orders, mut queries) = (None, None);
    loop {
        let (stream, _) = listener.accept().await?;
        let (outgoing, mut incoming) = ends::<(), Hello>(stream);
        match incoming.next().await? {
            Some(Hello::Orders) => orders = Some((outgoing.says(), incoming.hears())),
            Some(Hello::Database) => queries = Some((outgoing.says(), incoming.hears())),
            None => bail!("it called, and said nothing"),
        }
        match (orders, queries) {
            (Some(orders), Some(queries)) => return Ok(Calls { orders, queries }),
            only_one => (orders, queries) = only_one,
        }
    }
}
