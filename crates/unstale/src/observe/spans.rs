//! Spans of what takes time, for those who trace: loads, commands of L2, removals, and coming up
//! again. A hit in L1 has none.
//!
//! They have a target of their own, so that a subscriber can have them without the events of the
//! library. Names and fields are those of OpenTelemetry's conventions for database clients where
//! there are any; `otel.…` is what `tracing-opentelemetry` reads. A span that nobody wants costs a
//! look at a static variable.

use futures_util::TryFutureExt as _;
use tracing::field::Empty;
use tracing::{Instrument, Span, debug_span};

use crate::tiers::Unavailable;

/// The target of every span.
macro_rules! target {
    () => {
        "unstale::spans"
    };
}

/// The loader runs: the source is asked.
pub(crate) fn load(key: &str) -> Span {
    debug_span!(target: target!(), "cache.load", unstale.key = key, otel.status_code = Empty)
}

/// A caller waits for the answer to his removal.
pub(crate) fn remove(changes: usize) -> Span {
    debug_span!(
        target: target!(),
        "cache.remove",
        unstale.changes = changes,
        unstale.applied = Empty
    )
}

/// The way to the server is brought up: connect, fence, send what is pending, catch up.
pub(crate) fn recover(instance: &str) -> Span {
    debug_span!(
        target: target!(),
        "cache.recover",
        unstale.instance = instance,
        otel.status_code = Empty
    )
}

/// The log is taken up at its tail, with an empty L1.
pub(crate) fn resynchronise(instance: &str) -> Span {
    debug_span!(
        target: target!(),
        "cache.resynchronise",
        unstale.instance = instance,
        otel.status_code = Empty
    )
}

/// A command of L2, or a script, which the conventions call a stored procedure.
pub(crate) struct Command {
    pub(crate) system: &'static str,
    pub(crate) operation: &'static str,
    pub(crate) procedure: Option<&'static str>,
    /// How many things it is about, if it is made for several.
    pub(crate) batch: Option<usize>,
}

impl Command {
    /// Has it done, in a span of its own. (No `async fn`: see [`in_time`](crate::tiers::in_time).)
    pub(crate) fn traced<T>(
        self,
        work: impl Future<Output = Result<T, Unavailable>>,
    ) -> impl Future<Output = Result<T, Unavailable>> {
        let span = debug_span!(
            target: target!(),
            "l2",
            otel.name = self.procedure.unwrap_or(self.operation),
            otel.kind = "client",
            db.system.name = self.system,
            db.operation.name = self.operation,
            db.stored_procedure.name = self.procedure,
            db.operation.batch.size = self.batch,
            error.type = Empty,
            otel.status_code = Empty
        );
        let told = span.clone();
        let work = work.inspect_err(move |failure| {
            told.record("error.type", failure.kind());
            failed(&told);
        });
        work.instrument(span)
    }
}

/// What the span is about did not work.
pub(crate) fn failed(span: &Span) {
    span.record("otel.status_code", "ERROR");
}
