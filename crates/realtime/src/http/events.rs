//! What the page listens to: a scene a few times a second, and the log as it comes.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    Router,
    extract::State,
    http::StatusCode,
    response::sse::{Event, Sse},
    routing::get,
};
use futures::{Stream, StreamExt, stream};
use tokio::{
    sync::{
        OwnedSemaphorePermit,
        broadcast::{self, error::RecvError},
    },
    time::{Interval, MissedTickBehavior, interval},
};

use super::problem::Problem;
use crate::{
    app::App,
    live::Board,
    watch::{Line, Scene},
};

/// How often there is a scene.
const EVERY: Duration = Duration::from_millis(250);

/// Lines of the log that are sent together at most.
const TOGETHER: usize = 64;

pub(crate) fn routes() -> Router<App> {
    Router::new().route("/events", get(events))
}

/// One page that listens. Nothing waits for it: it asks for a scene when its connection has room, and
/// lines that it is too slow for are counted as one that is missing.
struct Listener {
    board: Arc<Board>,
    ticks: Interval,
    lines: broadcast::Receiver<Line>,
    _place: OwnedSemaphorePermit,
}

async fn events(
    State(app): State<App>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    let pages = app.board.pages.clone();
    let Ok(place) = pages.try_acquire_owned() else {
        let detail = "Too many pages are open. Close one, and this one connects by itself.";
        return Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, detail));
    };
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let listener = Listener {
        lines: app.board.log.lines(),
        board: app.board,
        ticks,
        _place: place,
    };
    let events = stream::unfold(listener, |mut listener| async {
        let event = listener.next().await;
        Some((Ok(event), listener))
    });
    Ok(Sse::new(events.take_until(app.stop.cancelled_owned())))
}

impl Listener {
    async fn next(&mut self) -> Event {
        let event = tokio::select! {
            _ = self.ticks.tick() => {
                let scene = Scene::of(&self.board);
                Event::default().event("scene").json_data(scene)
            }
            line = self.lines.recv() => {
                let lines = self.and_what_is_there(line);
                Event::default().event("log").json_data(lines)
            }
        };
        event.unwrap_or_else(|error| {
            tracing::error!(%error, "an event cannot be written as JSON");
            Event::default().comment("nothing")
        })
    }

    fn and_what_is_there(&mut self, first: Result<Line, RecvError>) -> Vec<Line> {
        let mut lines = vec![first.unwrap_or_else(|_| Line::missed())];
        while lines.len() < TOGETHER {
            match self.lines.try_recv() {
                Ok(line) => lines.push(line),
                Err(broadcast::error::TryRecvError::Lagged(_)) => lines.push(Line::missed()),
                Err(_) => break,
            }
        }
        lines
    }
}
