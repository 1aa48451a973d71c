//! A report for people: the specification's tables, with what was measured.

use std::fmt;
use std::time::Duration;

use comfy_table::Table;
use comfy_table::presets::ASCII_MARKDOWN;

use crate::latency::Percentiles;
use crate::report::{Report, Staleness};

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{}: {}.\n{} instances, {}, {:.1} s: {} reads and {} writes ({:.0} per second).\n",
            self.preset,
            self.about,
            self.instances,
            self.offered,
            self.span.as_secs_f64(),
            self.all_reads(),
            self.all_writes(),
            self.operations_per_second(),
        )?;
        writeln!(f, "{}\n", self.performance())?;
        writeln!(f, "{}\n", self.comparison())?;
        write!(f, "{}", self.freshness())
    }
}

impl Report {
    /// The specification's "Expected Performance".
    fn performance(&self) -> Table {
        let mut table = table(["Metric", "Specification", "Measured"]);
        table.add_row(["Hit rate", "50-70%", &self.hit_rate_in_words()]);
        let current = format!("{:.1}%", 100.0 * self.current_hit_rate());
        table.add_row(["Hits no older than a load would be", "", &current]);
        table.add_row(["Read latency (hit)", "1-3 ms", &span(self.hit_latency)]);
        table.add_row(["Read latency (miss)", "10-50 ms", &span(self.miss_latency)]);
        table.add_row(["Write latency", "5-15 ms", &span(self.write_latency)]);
        table.add_row([
            "Invalidation latency",
            "1-10 ms",
            &span(self.invalidation_latency),
        ]);
        let propagation = self.propagation.map_or_else(
            || "not measured".to_owned(),
            |arrived| format!("p50 {}, p99 {}", millis(arrived.p50), millis(arrived.p99)),
        );
        table.add_row(["Cross-instance propagation", "100 ms - 2 s", &propagation]);
        table
    }

    /// The specification's "With vs Without Caching".
    fn comparison(&self) -> Table {
        let mut table = table(["Database", "Without a cache", "With it", "Less by"]);
        let with = |queries: u64| {
            [
                format!("{:.0} queries/s", self.per_second(queries)),
                format!("{:.1}%", 100.0 * (1.0 - self.share(queries))),
            ]
        };
        let without = format!("{:.0} queries/s", self.per_second(self.all_reads()));
        let mut row = |what: &str, queries| {
            let [rate, less] = with(queries);
            table.add_row([what, &without, &rate, &less]);
        };
        row("this cache", self.queries);
        if let Some(queries) = self.oracle_queries {
            row("a perfect cache", queries);
        }
        table
    }

    fn freshness(&self) -> String {
        let Staleness {
            own_writes_lost,
            too_old,
            resurrected,
            behind,
            longest,
            at_rest,
        } = &self.staleness;
        let mut text = format!(
            "Stale reads: {own_writes_lost} of own writes, {too_old} beyond the bound, \
             {resurrected} from L2; {at_rest} values still stale at rest. \
             {behind} reads within the bound, while the removal was on its way"
        );
        if !longest.is_zero() {
            text += &format!(" (the latest {} after it)", millis(*longest));
        }
        text += &format!(
            ".\nAt most {} loads of one row at a time on an instance; {} removals were not \
             acknowledged in time, {} reads failed.",
            self.most_loading, self.unacknowledged, self.failed
        );
        text
    }

    fn hit_rate_in_words(&self) -> String {
        let percent = |reads| 100.0 * self.share(reads);
        let reads = &self.reads;
        let all = 100.0 * self.hit_rate();
        if reads.cache > 0 {
            return format!("{all:.1}%");
        }
        format!(
            "{all:.1}% (L1 {:.1}%, L2 {:.1}%, joined a load {:.1}%)",
            percent(reads.l1),
            percent(reads.l2),
            percent(reads.joined),
        )
    }
}

fn table<const COLUMNS: usize>(heading: [&str; COLUMNS]) -> Table {
    let mut table = Table::new();
    table.load_style(ASCII_MARKDOWN).set_header(heading);
    table
}

fn span(latency: Option<Percentiles>) -> String {
    latency.map_or_else(
        || "none".to_owned(),
        |latency| format!("p50 {}, p99 {}", millis(latency.p50), millis(latency.p99)),
    )
}

/// Three digits of it, in milliseconds as the specification has them.
fn millis(span: Duration) -> String {
    let millis = span.as_secs_f64() * 1000.0;
    let decimals = match millis {
        0.0..0.1 => 4,
        0.1..1.0 => 3,
        1.0..10.0 => 2,
        10.0..100.0 => 1,
        _ => 0,
    };
    format!("{millis:.decimals$} ms")
}
