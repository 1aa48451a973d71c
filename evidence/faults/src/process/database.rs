//! The database of a child: the parent's, over a socket.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use anyhow::Result;
use async_trait::async_trait;
use parking_lot::Mutex;
use tokio::sync::{mpsc, oneshot};
use unstale::Token;

use super::{
    orders::{Answer, Query},
    wire::{Incoming, Outgoing},
};
use crate::{
    database::{Database, Registers},
    keyspace::Key,
};

/// The child's end.
pub(super) struct Remote {
    queries: mpsc::UnboundedSender<Query>,
    next: AtomicU64,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    waiting: Mutex<HashMap<u64, oneshot::Sender<u64>>>,
    carried: Mutex<HashMap<Key, (u64, Token)>>,
}

impl Remote {
    pub(super) fn new(mut outgoing: Outgoing<Query>, mut incoming: Incoming<Answer>) -> Self {
        let (queries, mut asked) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Some(query) = asked.recv().await {
                if outgoing.send(&query).await.is_err() {
                    break;
                }
            }
        });
        let shared = Arc::<Shared>::default();
        let hearing = Arc::clone(&shared);
        tokio::spawn(async move {
            while let Ok(Some(answer)) = incoming.next().await {
                hearing.hear(answer);
            }
        });
        Self {
            queries,
            next: AtomicU64::new(0),
            shared,
        }
    }

    async fn ask(&self, query: impl FnOnce(u64) -> Query) -> u64 {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let (sender, answer) = oneshot::channel();
        self.shared.waiting.lock().insert(number, sender);
        // Without an answer the parent is gone, and this process is about to follow.
        let _ = self.queries.send(query(number));
        match answer.await {
            Ok(version) => version,
            Err(_) => std::future::pending().await,
        }
    }
}

impl Shared {
    fn hear(&self, answer: Answer) {
        match answer {
            Answer::Version(number, version) => {
                if let Some(sender) = self.waiting.lock().remove(&number) {
                    // Whoever asked may have given up.
                    let _ = sender.send(version);
                }
            }
            Answer::Carried(key, version, token) => {
                self.carried.lock().insert(key, (version, token));
            }
        }
    }
}

#[async_trait]
impl Database for Remote {
    async fn read(&self, key: Key) -> u64 {
        self.ask(|number| Query::Read(number, key)).await
    }

    async fn write(&self, key: Key) -> u64 {
        self.ask(|number| Query::Write(number, key)).await
    }

    fn carry(&self, key: Key, version: u64, token: &Token) {
        let _ = self.queries.send(Query::Carry(key, version, token.clone()));
    }

    fn carried(&self, key: Key) -> Option<(u64, Token)> {
        self.shared.carried.lock().get(&key).cloned()
    }
}

/// Serves a child until it is gone, and counts what it writes.
pub(super) async fn serve(
    registers: Arc<Registers>,
    mut outgoing: Outgoing<Answer>,
    mut incoming: Incoming<Query>,
    writes: Arc<AtomicU64>,
) -> Result<()> {
    let mut news = registers.follow();
    let mut told: HashMap<Key, u64> = HashMap::new();
    loop {
        tokio::select! {
            query = incoming.next() => match query? {
                None => return Ok(()),
                Some(Query::Read(number, key)) => {
                    let version = registers.read(key).await;
                    outgoing.send(&Answer::Version(number, version)).await?;
                }
                Some(Query::Write(number, key)) => {
                    let version = registers.write(key).await;
                    writes.fetch_add(1, Ordering::SeqCst);
                    outgoing.send(&Answer::Version(number, version)).await?;
                }
                Some(Query::Carry(key, version, token)) => registers.carry(key, version, &token),
            },
            changed = news.changed() => {
                changed?;
                for key in Key::all() {
                    if let Some((version, token)) = registers.carried(key)
                        && told.insert(key, version) != Some(version)
                    {
                        outgoing.send(&Answer::Carried(key, version, token)).await?;
                    }
                }
            }
        }
    }
}
