use std::{
    io::{self, Write},
    sync::Arc,
    time::{Duration, Instant},
};

use super::freshness::{Counts, Freshness};
use crate::live::{Board, InstanceFigures, Second};

const HEADING: &str = "   time   writes    reads   hit rate   db queries   removals   pending   propagation p50 / p99   late reads   failures";
/// How many lines stand under one heading.
const LINES: u64 = 20;

/// Says every second what happened in it.
pub(crate) struct Report {
    freshness: Arc<Freshness>,
    board: Arc<Board>,
    reading: usize,
    started: Instant,
    first: Sample,
    last: Sample,
    lines: u64,
}

/// All counters at one moment.
#[derive(Debug, Clone, Default)]
struct Sample {
    counts: Counts,
    instances: Vec<InstanceFigures>,
}

impl Report {
    pub(crate) fn new(freshness: Arc<Freshness>, board: Arc<Board>, reading: usize) -> Self {
        let sample = Sample {
            counts: freshness.counts(),
            instances: board.instances(),
        };
        let started = Instant::now();
        Self {
            freshness,
            board,
            reading,
            started,
            first: sample.clone(),
            last: sample,
            lines: 0,
        }
    }

    /// Records every second and prints a line about it, until it is dropped.
    pub(crate) async fn run(&mut self) {
        let mut ticks = tokio::time::interval(Duration::from_secs(1));
        ticks.tick().await;
        loop {
            ticks.tick().await;
            let second = self.record();
            // The page goes on showing the figures when nobody reads the lines any more.
            if let Err(error) = self.print(&second, &mut io::stdout()) {
                tracing::debug!(%error, "nobody reads the report any more");
            }
        }
    }

    fn record(&mut self) -> Second {
        let sample = self.sample();
        let second = self.between(&self.last, &sample);
        self.last = sample;
        self.board.record(second);
        second
    }

    fn print(&mut self, second: &Second, output: &mut impl Write) -> io::Result<()> {
        if self.lines.is_multiple_of(LINES) {
            writeln!(output, "{HEADING}")?;
        }
        self.lines += 1;
        writeln!(
            output,
            "{:>6}s {:>8} {:>8} {:>9.1}% {:>12} {:>10} {:>9} {:>13.2} / {:>5.2} ms {:>12} {:>10}",
            self.started.elapsed().as_secs(),
            second.writes,
            second.reads,
            second.hit_rate * 100.0,
            second.queries,
            second.removals,
            second.pending,
            second.propagation_p50_ms,
            second.propagation_p99_ms,
            second.late_reads,
            second.failures,
        )?;
        output.flush()
    }

    /// One line about the whole run.
    pub(crate) fn summary(&self) -> String {
        let sample = self.sample();
        let run = self.between(&self.first, &sample);
        let late = match run.late_reads {
            0 => "no read was late".to_owned(),
            reads => format!(
                "{reads} reads were late, by at most {:.1} ms",
                sample.counts.latest.as_secs_f64() * 1e3
            ),
        };
        format!(
            "In {:.0} s: {} prices written, {} reads, hit rate {:.1} %, {} database queries, {} removals, {late}, {} \
             requests failed.",
            self.started.elapsed().as_secs_f64(),
            run.writes,
            run.reads,
            run.hit_rate * 100.0,
            run.queries,
            run.removals,
            run.failures,
        )
    }

    fn sample(&self) -> Sample {
        Sample {
            counts: self.freshness.counts(),
            instances: self.board.instances(),
        }
    }

    fn between(&self, from: &Sample, to: &Sample) -> Second {
        let sum = |sample: &Sample, figure: fn(&InstanceFigures) -> u64| -> u64 {
            sample.instances.iter().map(figure).sum()
        };
        let grown = |figure| sum(to, figure).saturating_sub(sum(from, figure));
        let of_reading = |sample: &Sample, figure: fn(&InstanceFigures) -> u64| {
            sample.instances.get(self.reading).map_or(0, figure)
        };
        let read = |figure| of_reading(to, figure).saturating_sub(of_reading(from, figure));
        let (hits, requests) = (
            read(|instance| instance.hits),
            read(|instance| instance.requests),
        );
        let reading = to.instances.get(self.reading);
        Second {
            writes: to.counts.writes - from.counts.writes,
            reads: to.counts.reads - from.counts.reads,
            hit_rate: if requests == 0 {
                0.0
            } else {
                hits as f64 / requests as f64
            },
            queries: grown(|instance| instance.database_reads + instance.database_writes),
            removals: grown(|instance| instance.removals),
            pending: sum(to, |instance| instance.pending),
            propagation_p50_ms: reading.map_or(0.0, |instance| instance.propagation_p50_ms),
            propagation_p99_ms: reading.map_or(0.0, |instance| instance.propagation_p99_ms),
            late_reads: to.counts.late - from.counts.late,
            failures: to.counts.failures - from.counts.failures,
        }
    }
}
