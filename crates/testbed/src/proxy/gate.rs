//! The state that a proxy's tasks share, and the one place that decides what passes.
//!
//! A task reads bytes first and asks the gate afterwards. So bytes that a peer sends after a fault
//! was set are always judged by that fault, whatever the tasks are doing at the time.

use std::{
    collections::HashMap,
    io,
    net::{Shutdown, SocketAddr},
    sync::{Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};

use socket2::SockRef;
use tokio::{
    net::{TcpListener, TcpStream},
    runtime::Handle,
    sync::watch,
    task::AbortHandle,
    time::Instant,
};

use super::faults::{Allowance, Direction, Faults, PerSide, Side};
use crate::{Error, Result, port::ReservedPort};

/// What the gate says about bytes that a connection wants to deliver.
pub(super) enum Verdict {
    /// Deliver them.
    Pass,
    /// Deliver this many of them, then end the connection; everything else is cut already.
    PassAndEnd(usize),
    /// Ask again at this time, or when the faults change.
    WaitUntil(Instant),
    /// Ask again when the faults change.
    Wait,
    /// Throw them away.
    Swallow,
    /// Throw them away and end the connection.
    End,
}

#[derive(Debug)]
pub(super) struct Gate {
    state: Mutex<State>,
    changes: watch::Sender<()>,
    port: ReservedPort,
    runtime: Handle,
}

#[derive(Debug)]
struct State {
    /// `None` while the proxy is cut off.
    listener: Option<TcpListener>,
    /// Who waits for a connection.
    acceptor: Option<Waker>,
    upstream: SocketAddr,
    faults: PerSide<Faults>,
    allowance: Option<Allowance>,
    connections: HashMap<u64, Connection>,
    next_id: u64,
    received: PerSide<u64>,
    passed: PerSide<u64>,
}

#[derive(Debug)]
struct Connection {
    task: AbortHandle,
    /// The address under which the server knows it, once it does.
    peer: Option<SocketAddr>,
    /// What happens to it alone, on top of what happens to all.
    faults: PerSide<Faults>,
    /// Whether a black hole swallowed something of it.
    gap: bool,
}

impl Connection {
    fn new(task: AbortHandle) -> Self {
        Self {
            task,
            peer: None,
            faults: PerSide::default(),
            gap: false,
        }
    }
}

impl Gate {
    pub(super) fn open(port: ReservedPort, upstream: SocketAddr, runtime: Handle) -> Result<Self> {
        let listener = listen(&port, &runtime)?;
        Ok(Self {
            state: Mutex::new(State {
                listener: Some(listener),
                acceptor: None,
                upstream,
                faults: PerSide::default(),
                allowance: None,
                connections: HashMap::new(),
                next_id: 0,
                received: PerSide::default(),
                passed: PerSide::default(),
            }),
            changes: watch::Sender::new(()),
            port,
            runtime,
        })
    }

    pub(super) fn addr(&self) -> SocketAddr {
        self.port.addr()
    }

    pub(super) fn is_cut(&self) -> bool {
        self.state().listener.is_none()
    }

    pub(super) fn connections(&self) -> usize {
        self.state().connections.len()
    }

    pub(super) fn received(&self, direction: Direction) -> u64 {
        self.state().received.sum(direction)
    }

    pub(super) fn passed(&self, direction: Direction) -> u64 {
        self.state().passed.sum(direction)
    }

    pub(super) fn redirect(&self, upstream: SocketAddr) {
        self.state().upstream = upstream;
    }

    pub(super) fn set_faults(&self, direction: Direction, set: impl Fn(&mut Faults)) {
        let mut state = self.state();
        for &side in direction.sides() {
            set(state.faults.of_mut(side));
        }
        drop(state);
        self.changes.send_replace(());
    }

    /// Sets faults of the connection that the server knows by this address. False when there is
    /// none.
    pub(super) fn set_faults_of(
        &self,
        peer: SocketAddr,
        direction: Direction,
        set: impl Fn(&mut Faults),
    ) -> bool {
        let mut state = self.state();
        let mut connections = state.connections.values_mut();
        let Some(connection) = connections.find(|connection| connection.peer == Some(peer)) else {
            return false;
        };
        for &side in direction.sides() {
            set(connection.faults.of_mut(side));
        }
        drop(state);
        self.changes.send_replace(());
        true
    }

    /// The addresses under which the server knows the open connections.
    pub(super) fn peers(&self) -> Vec<SocketAddr> {
        let state = self.state();
        let connections = state.connections.values();
        connections
            .filter_map(|connection| connection.peer)
            .collect()
    }

    /// The server knows this connection by this address.
    pub(super) fn introduce(&self, id: u64, peer: SocketAddr) {
        if let Some(connection) = self.state().connections.get_mut(&id) {
            connection.peer = Some(peer);
        }
    }

    pub(super) fn cut(&self) {
        end(self.state().cut_except(None));
    }

    pub(super) fn cut_after(&self, direction: Direction, bytes: u64) {
        if bytes == 0 {
            return self.cut();
        }
        self.state().allowance = Some(Allowance { direction, bytes });
    }

    pub(super) fn drop_connections(&self) {
        end(self.state().remove_connections(|_, _| true));
    }

    pub(super) fn heal(&self) -> Result<()> {
        let mut state = self.state();
        if state.listener.is_none() {
            state.listener = Some(listen(&self.port, &self.runtime)?);
        }
        state.faults = PerSide::default();
        for connection in state.connections.values_mut() {
            connection.faults = PerSide::default();
        }
        state.allowance = None;
        let broken = state.remove_connections(|_, connection| connection.gap);
        let acceptor = state.acceptor.take();
        drop(state);
        end(broken);
        self.changes.send_replace(());
        if let Some(acceptor) = acceptor {
            acceptor.wake();
        }
        Ok(())
    }

    /// The next connection; while the proxy is cut off there is none.
    pub(super) fn poll_accept(&self, context: &mut Context<'_>) -> Poll<io::Result<TcpStream>> {
        let mut state = self.state();
        state.acceptor = Some(context.waker().clone());
        match &state.listener {
            Some(listener) => listener
                .poll_accept(context)
                .map_ok(|(connection, _)| connection),
            None => Poll::Pending,
        }
    }

    /// Registers a connection with the task that `spawn` starts for it, unless the proxy has been
    /// cut off meanwhile.
    pub(super) fn admit(&self, spawn: impl FnOnce(u64, SocketAddr) -> AbortHandle) {
        let mut state = self.state();
        if state.listener.is_none() {
            return;
        }
        let id = state.next_id;
        state.next_id += 1;
        // The task cannot come to a decision before it is registered: that takes the lock held
        // here.
        let task = spawn(id, state.upstream);
        state.connections.insert(id, Connection::new(task));
    }

    pub(super) fn forget(&self, id: u64) {
        self.state().connections.remove(&id);
    }

    pub(super) fn count_received(&self, side: Side, bytes: usize) {
        *self.state().received.of_mut(side) += bytes as u64;
    }

    pub(super) fn watch(&self) -> watch::Receiver<()> {
        self.changes.subscribe()
    }

    /// Decides about `bytes` bytes of a connection that came in at `arrived`; 0 is the end of its
    /// stream.
    pub(super) fn judge(&self, id: u64, side: Side, bytes: usize, arrived: Instant) -> Verdict {
        let mut state = self.state();
        let cut = state.listener.is_none();
        let shared = *state.faults.of(side);
        let Some(connection) = state.connections.get_mut(&id) else {
            return Verdict::End;
        };
        let faults = shared.and(connection.faults.of(side));
        if cut {
            // The connection that used up the allowance; it ends when its other side has delivered
            // the last byte.
            return Verdict::Wait;
        }
        if faults.swallow {
            connection.gap = true;
            return Verdict::Swallow;
        }
        if faults.stall {
            return Verdict::Wait;
        }
        match arrived.checked_add(faults.delay) {
            Some(due) if due <= Instant::now() => {}
            Some(due) => return Verdict::WaitUntil(due),
            None => return Verdict::Wait,
        }
        let (bytes, spent) = state.spend(side, bytes);
        *state.passed.of_mut(side) += bytes as u64;
        if !spent {
            return Verdict::Pass;
        }
        let others = state.cut_except(Some(id));
        drop(state);
        end(others);
        Verdict::PassAndEnd(bytes)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// How many of these bytes may pass, and whether that used up the allowance.
    fn spend(&mut self, side: Side, bytes: usize) -> (usize, bool) {
        match &mut self.allowance {
            Some(allowance) if allowance.direction.sides().contains(&side) => {
                let passing =
                    usize::try_from(allowance.bytes).map_or(bytes, |most| most.min(bytes));
                allowance.bytes -= passing as u64;
                (passing, allowance.bytes == 0)
            }
            _ => (bytes, false),
        }
    }

    /// Stops listening and takes every connection out except one that still has something to
    /// deliver.
    #[must_use = "the tasks are to be ended, without the lock"]
    fn cut_except(&mut self, last: Option<u64>) -> Vec<AbortHandle> {
        if let Some(listener) = self.listener.take() {
            // Closing alone is not enough while a process that is just being started by another
            // thread still holds a copy of the socket. Where this is not supported, closing must
            // do.
            let _ = SockRef::from(&listener).shutdown(Shutdown::Both);
        }
        self.allowance = None;
        self.remove_connections(|id, _| Some(id) != last)
    }

    #[must_use = "the tasks are to be ended, without the lock"]
    fn remove_connections(&mut self, which: impl Fn(u64, &Connection) -> bool) -> Vec<AbortHandle> {
        self.connections
            .extract_if(|id, connection| which(*id, connection))
            .map(|(_, gone)| gone.task)
            .collect()
    }
}

fn end(tasks: Vec<AbortHandle>) {
    for task in tasks {
        task.abort();
    }
}

fn listen(port: &ReservedPort, runtime: &Handle) -> Result<TcpListener> {
    let _context = runtime.enter();
    port.listen()
        .and_then(TcpListener::from_std)
        .map_err(|source| Error::Listen {
            port: port.number(),
            source,
        })
}
