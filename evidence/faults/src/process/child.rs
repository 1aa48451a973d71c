//! The child's side: be an instance, and report.

use std::{path::Path, sync::Arc, thread, time::Duration};

use anyhow::{Context as _, Result, anyhow, bail};
use rustix::process::{Signal, set_parent_process_death_signal};
use tokio::{net::UnixStream, sync::mpsc};

use super::{
    database::Remote,
    orders::{Assignment, Hello, Notice, Order, Question, Reply},
    wire::{Incoming, Outgoing, ends},
};
use crate::{
    clock,
    field::blocking,
    footprint::Usage,
    report::{Inbox, Reports},
    running::Running,
    workload::Work,
};

/// Notices on their way to the socket. When the parent does not take them, the readers slow down.
const UNDER_WAY: usize = 64;

/// How long to wait for something to report before looking around.
const LOOK: Duration = Duration::from_secs(1);

/// Takes orders from the parent at this socket until it says to stop.
pub(crate) async fn run(socket: &Path) -> Result<()> {
    // Also when this process is stopped while its parent is killed, it must not stay behind.
    set_parent_process_death_signal(Some(Signal::KILL))?;
    let (outgoing, incoming) = connect(socket, Hello::Database).await?;
    let database = Remote::new(outgoing, incoming);
    let (outgoing, mut orders) = connect(socket, Hello::Orders).await?;
    let Some(Order::Begin(assignment)) = orders.next().await? else {
        bail!("the parent's first order is not an assignment");
    };
    let (notices, waiting) = mpsc::channel(UNDER_WAY);
    let sending = tokio::spawn(send(outgoing, waiting));
    let (reports, inbox) = Reports::channel();
    let forwarding = forward(inbox, notices.clone())?;
    let Assignment { name, server, .. } = &assignment;
    let work = Work {
        subject: (),
        instance: assignment.instance,
        database: Arc::new(database),
        reports,
        seed: assignment.seed,
    };
    let running = Running::start(name, server, assignment.kind, work);
    let running = running.await?;

    obey(&mut orders, &notices, &running).await?;

    running.stop().await;
    // Whoever could still report is gone, and so the threads and tasks in between end.
    drop((running, notices));
    blocking(move || forwarding.join().map_err(|_| anyhow!("it panicked"))).await?;
    sending.await?
}

/// Does what the parent says until it says to stop.
async fn obey(
    orders: &mut Incoming<Order>,
    notices: &mpsc::Sender<Notice>,
    running: &Running,
) -> Result<()> {
    loop {
        match orders.next().await?.context("the parent is gone")? {
            Order::Begin(_) => bail!("this process is an instance already"),
            Order::Answer(number, question) => {
                let reply = match question {
                    Question::Health => Reply::Health(running.observe()),
                    Question::WallClock => Reply::WallClock(clock::wall()),
                    Question::Usage => Reply::Usage(Usage::here()?),
                };
                notices.send(Notice::Reply(number, reply)).await?;
            }
            Order::SetMood(mood) => running.set_mood(mood),
            Order::Stop => return Ok(()),
        }
    }
}

async fn connect<Out, In>(socket: &Path, hello: Hello) -> Result<(Outgoing<Out>, Incoming<In>)> {
    let stream = UnixStream::connect(socket)
        .await
        .with_context(|| format!("cannot reach the parent at {}", socket.display()))?;
    let (mut outgoing, incoming) = ends::<Hello, In>(stream);
    outgoing.send(&hello).await?;
    Ok((outgoing.says(), incoming))
}

async fn send(mut outgoing: Outgoing<Notice>, mut waiting: mpsc::Receiver<Notice>) -> Result<()> {
    while let Some(notice) = waiting.recv().await {
        outgoing.send(&notice).await?;
    }
    Ok(())
}

/// What would go to the judge in the parent goes to the parent.
fn forward(inbox: Inbox, notices: mpsc::Sender<Notice>) -> Result<thread::JoinHandle<()>> {
    let forward = move || {
        while let Ok(report) = inbox.next(LOOK) {
            if let Some(report) = report
                && notices.blocking_send(Notice::Report(report)).is_err()
            {
                break;
            }
        }
    };
    Ok(thread::Builder::new()
        .name("reports".into())
        .spawn(forward)?)
}
