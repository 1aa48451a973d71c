//! What lies between a cache and a hub: the simulation's part.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;

use crate::core::{Appended, Fenced, Message, Position, Witness};
use crate::evidence::Gate;

/// Something to wait for.
pub type Later<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// How one cache reaches its hub.
pub trait Way: Send + Sync {
    /// Connects; `None` when nobody answers there.
    fn connect(&self, purpose: Purpose) -> Later<'_, Option<Arc<dyn Wire>>>;

    /// What holds up the cache itself.
    fn gate(&self) -> Gate;
}

/// What a connection is for.
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug)]
pub enum Purpose {
    /// L2 and removals.
    Commands,
    /// Following the log.
    Log,
}

/// A connection. What is sent arrives in the order it was sent in, late, or not at all.
pub trait Wire: Send + Sync {
    /// Sends a request to the hub.
    fn send(self: Arc<Self>, request: Request);

    /// Sends something to the cache that it did not ask for.
    fn push(self: Arc<Self>, what: What, deliver: Box<dyn FnOnce() + Send>);

    /// The cache has no use for it any longer.
    fn close(&self);

    /// Whether the hub still believes in it.
    fn is_open(&self) -> bool;

    /// Waits until the cache notices that it is gone.
    fn gone(&self) -> Later<'_, ()>;
}

/// Carries the answer back.
pub type Back = Box<dyn FnOnce(Reply) + Send>;

/// What the hub does when a request arrives.
pub type Serve = Box<dyn FnOnce(Back) + Send>;

/// On its way to the hub.
pub struct Request {
    /// What it asks for.
    pub what: What,
    /// To be called when it arrives; once, or never.
    pub serve: Serve,
}

/// On its way to the cache.
pub struct Reply {
    /// What it says.
    pub said: Said,
    /// To be called when it arrives; once, or never.
    pub deliver: Box<dyn FnOnce() + Send>,
}

/// What a request asks for; of values that are stored, the encoded payloads.
#[derive(Clone, PartialEq, Debug)]
#[expect(missing_docs)]
pub enum What {
    Fence(Witness),
    Look(Arc<str>),
    LookMany(Vec<Arc<str>>),
    LookGuarded(Arc<str>),
    Claim(Arc<str>),
    TakeOver(Arc<str>),
    Fill(Arc<str>),
    AwaitFill(Arc<str>),
    HandOver,
    Release(Arc<str>),
    Touch(Arc<str>),
    Invalidate(Message),
    Store(Message, Vec<Bytes>),
    Subscribe,
    Publish(Position),
    Snapshot,
    Entries(Position),
}

/// What a reply says, as far as somebody may want to know who only watches.
#[derive(Clone, PartialEq, Debug)]
#[expect(missing_docs)]
pub enum Said {
    Done,
    No,
    Nothing,
    Found(Position),
    Fenced(Fenced),
    Appended(Appended),
    NotFenced,
    Full,
    Entries(usize),
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            What::Fence(ours) => write!(f, "fence {}", ours.position()),
            What::Look(key) => write!(f, "look {key}"),
            What::LookMany(keys) => write!(f, "look {}", keys.join(" ")),
            What::LookGuarded(key) => write!(f, "look-guarded {key}"),
            What::Claim(key) => write!(f, "claim {key}"),
            What::TakeOver(key) => write!(f, "take-over {key}"),
            What::Fill(key) => write!(f, "fill {key}"),
            What::AwaitFill(key) => write!(f, "await fill of {key}"),
            What::HandOver => f.write_str("hand over"),
            What::Release(key) => write!(f, "release {key}"),
            What::Touch(key) => write!(f, "touch {key}"),
            What::Invalidate(message) => changes(f, "invalidate", message),
            What::Store(message, _) => changes(f, "store", message),
            What::Subscribe => f.write_str("subscribe"),
            What::Publish(position) => write!(f, "publish {position}"),
            What::Snapshot => f.write_str("snapshot"),
            What::Entries(cursor) => write!(f, "entries after {cursor}"),
        }
    }
}

fn changes(f: &mut fmt::Formatter<'_>, what: &str, message: &Message) -> fmt::Result {
    f.write_str(what)?;
    message.changes.iter().try_for_each(|change| match change {
        crate::core::Change::Key(key) => write!(f, " {key}"),
        crate::core::Change::Ban(scope) => write!(f, " {scope}"),
    })
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Said::Done => f.write_str("done"),
            Said::No => f.write_str("no"),
            Said::Nothing => f.write_str("nothing there"),
            Said::Found(stamp) => write!(f, "found {stamp}"),
            Said::Fenced(fenced) => write!(f, "at {}", fenced.position()),
            Said::Appended(appended) => write!(f, "appended at {}", appended.position()),
            Said::NotFenced => f.write_str("not fenced"),
            Said::Full => f.write_str("out of memory"),
            Said::Entries(count) => write!(f, "{count} entries"),
        }
    }
}
