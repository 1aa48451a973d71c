//! The tasks of a proxy: accepting connections, and carrying one connection's bytes both ways.

use std::{
    future::{self, poll_fn},
    io,
    net::SocketAddr,
    sync::Arc,
    time::Duration,
};

use bytes::{Bytes, BytesMut};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{
        TcpStream,
        tcp::{ReadHalf, WriteHalf},
    },
    select,
    sync::{OwnedSemaphorePermit, Semaphore, mpsc},
    time::{Instant, sleep, sleep_until},
    try_join,
};

use super::{
    faults::Side,
    gate::{Gate, Verdict},
};

/// The most that is read at once.
const CHUNK: usize = 16 * 1024;
/// How many bytes of one connection and side can be under way, as TCP's window limits them.
const WINDOW: usize = 1024 * 1024;
/// The pause after a failed accept, which happens when file descriptors run out.
const ACCEPT_PAUSE: Duration = Duration::from_millis(10);

/// Something read from a sender, and when.
struct Arrival {
    at: Instant,
    /// None at all are the end of the stream.
    bytes: Bytes,
    /// Its place in the window, given back when it is delivered.
    _place: OwnedSemaphorePermit,
}

/// Forgets a connection when its task ends, in whatever way.
struct Registered<'a> {
    gate: &'a Gate,
    id: u64,
}

impl Drop for Registered<'_> {
    fn drop(&mut self) {
        self.gate.forget(self.id);
    }
}

pub(super) async fn accept_all(gate: Arc<Gate>) {
    loop {
        match poll_fn(|context| gate.poll_accept(context)).await {
            Ok(client) => gate.admit(|id, upstream| {
                tokio::spawn(carry(Arc::clone(&gate), id, client, upstream)).abort_handle()
            }),
            Err(_) => sleep(ACCEPT_PAUSE).await,
        }
    }
}

async fn carry(gate: Arc<Gate>, id: u64, mut client: TcpStream, upstream: SocketAddr) {
    let _registered = Registered { gate: &gate, id };
    let Ok(mut server) = TcpStream::connect(upstream).await else {
        return;
    };
    if let Ok(peer) = server.local_addr() {
        gate.introduce(id, peer);
    }
    // Without Nagle's algorithm; a socket that refuses this is as good as closed.
    if client
        .set_nodelay(true)
        .and(server.set_nodelay(true))
        .is_err()
    {
        return;
    }
    let (from_client, to_client) = client.split();
    let (from_server, to_server) = server.split();
    // Whatever ends one side with an error, a cut or a peer that went away, ends both.
    let _ = try_join!(
        carry_side(&gate, id, Side::ToServer, from_client, to_server),
        carry_side(&gate, id, Side::ToClient, from_server, to_client),
    );
}

async fn carry_side(
    gate: &Gate,
    id: u64,
    side: Side,
    from: ReadHalf<'_>,
    to: WriteHalf<'_>,
) -> io::Result<()> {
    let (sender, receiver) = mpsc::unbounded_channel();
    try_join!(
        collect(gate, side, from, sender),
        deliver(gate, id, side, receiver, to),
    )
    .map(drop)
}

async fn collect(
    gate: &Gate,
    side: Side,
    mut from: ReadHalf<'_>,
    arrivals: mpsc::UnboundedSender<Arrival>,
) -> io::Result<()> {
    let window = Arc::new(Semaphore::new(WINDOW));
    let mut buffer = BytesMut::new();
    loop {
        buffer.reserve(CHUNK);
        // A stream that its sender reset ends like one that was closed: at its turn, behind what
        // came before.
        let length = from.read_buf(&mut buffer).await.unwrap_or(0);
        let at = Instant::now();
        gate.count_received(side, length);
        let places = u32::try_from(length).map_err(io::Error::other)?;
        let place = Arc::clone(&window)
            .acquire_many_owned(places)
            .await
            .map_err(io::Error::other)?;
        let arrival = Arrival {
            at,
            bytes: buffer.split().freeze(),
            _place: place,
        };
        if arrivals.send(arrival).is_err() || length == 0 {
            return Ok(());
        }
    }
}

async fn deliver(
    gate: &Gate,
    id: u64,
    side: Side,
    mut arrivals: mpsc::UnboundedReceiver<Arrival>,
    mut to: WriteHalf<'_>,
) -> io::Result<()> {
    let mut changes = gate.watch();
    while let Some(arrival) = arrivals.recv().await {
        loop {
            changes.mark_unchanged();
            match gate.judge(id, side, arrival.bytes.len(), arrival.at) {
                Verdict::Pass => {
                    if arrival.bytes.is_empty() {
                        return to.shutdown().await;
                    }
                    to.write_all(&arrival.bytes).await?;
                    break;
                }
                Verdict::PassAndEnd(last) => {
                    to.write_all(&arrival.bytes[..last]).await?;
                    return Err(io::ErrorKind::ConnectionAborted.into());
                }
                Verdict::WaitUntil(due) => select! {
                    () = sleep_until(due) => {}
                    _ = changes.changed() => {}
                },
                Verdict::Wait => {
                    // The gate outlives its connections, so there is always a next change or an end
                    // of this task.
                    let _ = changes.changed().await;
                }
                // The end of a stream is swallowed too: the connection stays as it is until the
                // gate ends it.
                Verdict::Swallow if arrival.bytes.is_empty() => future::pending().await,
                Verdict::Swallow => break,
                Verdict::End => return Err(io::ErrorKind::ConnectionAborted.into()),
            }
        }
    }
    Ok(())
}
