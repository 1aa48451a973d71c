//! The logs of all partitions, as they happen.

use std::time::Duration;

use tokio::sync::mpsc::{self, Receiver, Sender};
use tokio::task::JoinSet;

use super::{LogEntry, Trouble};
use crate::tiers::outside::Watch;

/// How long one look at a log waits for news.
const LOOK: Duration = Duration::from_secs(1);

/// The log as it happens.
pub struct Tail {
    news: Receiver<Result<Vec<LogEntry>, Trouble>>,
    /// Each follows one partition; they stop with this.
    _watching: JoinSet<()>,
}

impl Tail {
    pub(super) fn of(watches: Vec<Watch>) -> Self {
        let (sender, news) = mpsc::channel(watches.len().max(1));
        let mut watching = JoinSet::new();
        for watch in watches {
            watching.spawn(follow(watch, sender.clone()));
        }
        Self {
            news,
            _watching: watching,
        }
    }

    /// The entries that come within `wait`, as soon as there are any; none after that.
    ///
    /// # Errors
    /// When a connection is lost; it is told once, and what it followed is not followed any longer.
    pub async fn next(&mut self, wait: Duration) -> Result<Vec<LogEntry>, Trouble> {
        match tokio::time::timeout(wait, self.news.recv()).await {
            Ok(Some(news)) => news,
            // Nobody follows any longer, and each has told why.
            Ok(None) => {
                tokio::time::sleep(wait).await;
                Ok(Vec::new())
            }
            Err(_) => Ok(Vec::new()),
        }
    }
}

/// Until it fails, or nobody wants to know any longer.
async fn follow(mut watch: Watch, news: Sender<Result<Vec<LogEntry>, Trouble>>) {
    loop {
        let entries = watch.next(LOOK).await;
        let (failed, is_news) = match &entries {
            Ok(entries) => (false, !entries.is_empty()),
            Err(_) => (true, true),
        };
        if (is_news && news.send(entries).await.is_err()) || failed {
            return;
        }
    }
}
