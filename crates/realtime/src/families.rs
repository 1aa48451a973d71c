//! Histograms in Prometheus's text format.

use std::{collections::BTreeMap, fmt::Write};

use unstale::metrics::{ALL, Kind, Metric};

/// The same text, with all series of a histogram in one family that is said to be one. The recorder
/// knows them as counters and gauges, because its facade only takes single samples of histograms.
pub(crate) fn with_histograms(text: &str) -> String {
    let mut whole = String::new();
    let mut samples: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for line in text.lines() {
        match histogram_of(line) {
            None => {
                whole.push_str(line);
                whole.push('\n');
            }
            // Another head stands over all of them.
            Some(_) if line.starts_with('#') => {}
            Some(metric) => samples.entry(metric.name).or_default().push(line),
        }
    }
    for metric in ALL {
        let Some(mut lines) = samples.remove(metric.name) else {
            continue;
        };
        lines.sort_by(|one, other| {
            let ((series, bound), (other, other_bound)) = (place_of(one), place_of(other));
            series
                .cmp(&other)
                .then_with(|| bound.total_cmp(&other_bound))
        });
        let Metric { name, help, .. } = metric;
        // Writing to a string does not fail.
        let _ = writeln!(whole, "# HELP {name} {help}\n# TYPE {name} histogram");
        for line in lines {
            let _ = writeln!(whole, "{line}");
        }
        whole.push('\n');
    }
    whole
}

/// The histogram that a line is about.
fn histogram_of(line: &str) -> Option<&'static Metric> {
    let line = line.strip_prefix('#').map_or(line, |comment| {
        // `HELP` or `TYPE`.
        comment
            .trim_start()
            .split_once(' ')
            .map_or("", |(_, of)| of)
    });
    let end = line.find(['{', ' ']).unwrap_or(line.len());
    let series = &line[..end];
    let (name, part) = series.rsplit_once('_')?;
    let is_part = ["bucket", "sum", "count"].contains(&part);
    let mut histograms = ALL.iter().filter(|one| one.kind == Kind::Histogram);
    histograms.find(|metric| is_part && metric.name == name)
}

/// Where a sample belongs: the buckets of one set of labels from the smallest on, then the rest.
fn place_of(line: &str) -> ((&str, &str), f64) {
    let (series, labels) = line.split_once('{').unwrap_or((line, ""));
    let labels = labels.split_once('}').map_or(labels, |(labels, _)| labels);
    let (labels, bound) = labels.split_once(",le=\"").unwrap_or((labels, "+Inf"));
    let bound = bound.trim_end_matches('"').parse();
    ((labels, series), bound.unwrap_or(f64::INFINITY))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_series_of_a_histogram_become_one_family() {
        let told = "\
# HELP unstale_misses_total Reads that nothing answered.
# TYPE unstale_misses_total counter
unstale_misses_total{pattern=\"a\"} 3

# HELP unstale_propagation_seconds_sum How long.
# TYPE unstale_propagation_seconds_sum gauge
unstale_propagation_seconds_sum{instance=\"a\"} 0.5

# HELP unstale_propagation_seconds_bucket How long.
# TYPE unstale_propagation_seconds_bucket counter
unstale_propagation_seconds_bucket{instance=\"a\",le=\"+Inf\"} 4
unstale_propagation_seconds_bucket{instance=\"a\",le=\"0.5\"} 3
unstale_propagation_seconds_bucket{instance=\"a\",le=\"0.0001\"} 1
unstale_propagation_seconds_count{instance=\"a\"} 4
";
        let written = with_histograms(told);
        let lines: Vec<_> = written.lines().filter(|line| !line.is_empty()).collect();
        assert_eq!(lines[2], "unstale_misses_total{pattern=\"a\"} 3");
        assert!(lines[3].starts_with("# HELP unstale_propagation_seconds "));
        assert_eq!(lines[4], "# TYPE unstale_propagation_seconds histogram");
        let bounds: Vec<_> = lines[5..8].iter().map(|line| place_of(line).1).collect();
        assert_eq!(bounds, [0.0001, 0.5, f64::INFINITY]);
        assert!(lines[8].contains("_count") && lines[9].contains("_sum"));
        assert_eq!(lines.len(), 10);
    }
}
