//! Holding up, or killing, everything that runs for one instance: a process that is stopped.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use parking_lot::Mutex;
use tokio::task::AbortHandle;

/// Lets everything that one instance does go on, or not.
#[derive(Clone, Default)]
pub struct Gate(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    closed: bool,
    killed: bool,
    waiting: Vec<Waker>,
    tasks: Vec<AbortHandle>,
}

impl Gate {
    /// Nothing of the instance runs until the gate opens, as after `SIGSTOP`.
    pub fn close(&self) {
        self.0.lock().closed = true;
    }

    /// What has waited goes on, as after `SIGCONT`.
    pub fn open(&self) {
        let waiting = {
            let mut state = self.0.lock();
            state.closed = false;
            std::mem::take(&mut state.waiting)
        };
        waiting.into_iter().for_each(Waker::wake);
    }

    /// Nothing of the instance ever runs again, as after `SIGKILL`.
    pub fn kill(&self) {
        let tasks = {
            let mut state = self.0.lock();
            state.killed = true;
            std::mem::take(&mut state.tasks)
        };
        tasks.iter().for_each(AbortHandle::abort);
    }

    /// Whether the instance was killed.
    pub fn is_killed(&self) -> bool {
        self.0.lock().killed
    }

    /// Does this when the gate is open.
    pub fn through<F: Future>(&self, future: F) -> Through<F> {
        Through {
            gate: self.clone(),
            future: Box::pin(future),
        }
    }

    /// The task dies with the instance.
    pub(crate) fn guard(&self, task: AbortHandle) {
        let mut state = self.0.lock();
        if state.killed {
            task.abort();
        } else {
            state.tasks.retain(|task| !task.is_finished());
            state.tasks.push(task);
        }
    }

    fn is_passable(&self, waker: &Waker) -> bool {
        let mut state = self.0.lock();
        let passable = !state.closed && !state.killed;
        if !passable {
            state.waiting.push(waker.clone());
        }
        passable
    }
}

/// Runs when its gate is open.
pub struct Through<F> {
    gate: Gate,
    future: Pin<Box<F>>,
}

impl<F: Future> Future for Through<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        if !self.gate.is_passable(context.waker()) {
            return Poll::Pending;
        }
        self.future.as_mut().poll(context)
    }
}
