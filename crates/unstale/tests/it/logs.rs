//! The logs of two instances: lag can be read off them.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use testbed::eventually;
use tracing::Level;

use crate::bed::{Bed, Listening, PATIENCE, Transport, listen};

/// What is logged on this thread, as text.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    pub(crate) fn begin(&self) -> Listening {
        let log = self.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(Level::DEBUG)
            .with_ansi(false)
            .with_writer(move || log.clone())
            .finish();
        listen(subscriber)
    }

    /// Everything.
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }

    /// The lines of this kind that this instance wrote.
    pub(crate) fn lines(&self, kind: &str, instance: &str) -> Vec<String> {
        let text = self.text();
        let of_instance = format!("instance={instance} ");
        text.lines()
            .filter(|line| line.contains(kind) && line.contains(&of_instance))
            .map(str::to_owned)
            .collect()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// On a runtime of one thread, so that everything is logged on the thread that listens.
async fn a_removal_is_logged_where_it_is_sent_and_where_it_is_received(transport: Transport) {
    let log = Log::default();
    let _listening = log.begin();
    let bed = Bed::start(transport);
    let one = bed.instance("one").await;
    let _two = bed.instance("two").await;
    let removed = one.remove("product:1").await;
    let position = format!("position={} ", removed.token().unwrap());
    let received = eventually("the removal was logged", PATIENCE, || async {
        log.lines("removal received", "two").pop()
    })
    .await;
    let sent = log.lines("removal sent", "one").pop().unwrap();
    assert!(sent.contains(&position), "{sent}");
    assert!(received.contains(&position), "{received}");
    assert!(log.lines("removal received", "one").is_empty());
}

#[tokio::test]
async fn hub() {
    a_removal_is_logged_where_it_is_sent_and_where_it_is_received(Transport::Hub).await;
}

#[tokio::test]
async fn streams() {
    a_removal_is_logged_where_it_is_sent_and_where_it_is_received(Transport::Streams).await;
}

#[tokio::test]
async fn pub_sub() {
    a_removal_is_logged_where_it_is_sent_and_where_it_is_received(Transport::PubSub).await;
}
