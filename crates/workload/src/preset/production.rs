//! Production caches of Twitter that write in 15% of operations or more. Their statistics were
//! published with "A large scale analysis of hundreds of in-memory cache clusters at Twitter"
//! (Yang, Yue, Rashmi, OSDI 2020), licence CC BY 4.0.

use std::time::Duration;

use serde::Deserialize;

use super::Preset;
use crate::error::WorkloadError;
use crate::keyspace::Names;

const STATISTICS: &str = include_str!("../../data/twitter-2020-write-heavy-clusters.csv");

/// The statistics do not say how many keys there are.
const KEYS: u32 = 100_000;

#[derive(Deserialize)]
struct Cluster {
    cluster: String,
    key_bytes: usize,
    value_bytes: usize,
    common_ttl: String,
    get: f64,
    zipf_alpha: String,
}

/// A cluster whose popularity did not follow Zipf's law has no exponent, and makes no preset.
pub(super) fn all() -> Result<Vec<Preset>, WorkloadError> {
    read(STATISTICS)
}

fn read(statistics: &str) -> Result<Vec<Preset>, WorkloadError> {
    let mut reader = csv::Reader::from_reader(statistics.as_bytes());
    let mut presets = Vec::new();
    for line in reader.deserialize() {
        let cluster: Cluster =
            line.map_err(|error| WorkloadError::Statistics(error.to_string()))?;
        presets.extend(preset(cluster)?);
    }
    Ok(presets)
}

/// All that is not a `get` changes the row behind the key: it is written, and the key removed.
/// (The sets that fill a cache after a miss come from the cache itself here.)
fn preset(cluster: Cluster) -> Result<Option<Preset>, WorkloadError> {
    let Cluster {
        cluster: name,
        key_bytes,
        value_bytes,
        common_ttl,
        get: reads,
        zipf_alpha,
    } = cluster;
    if zipf_alpha == "NA" {
        return Ok(None);
    }
    let wrong =
        |what: &str, said: &str| WorkloadError::Statistics(format!("{name}: {what} `{said}`"));
    let skew = zipf_alpha
        .parse()
        .map_err(|_| wrong("the exponent is no number:", &zipf_alpha))?;
    let ttl =
        commonest(&common_ttl).ok_or_else(|| wrong("no TTL can be read from", &common_ttl))?;
    let prefix = format!("{}:", name.replace("cluster", "c"));
    Ok(Some(Preset {
        about: format!(
            "Twitter's production cache {name}: {:.0}% reads (statistics: Yang, Yue, Rashmi, \
             OSDI 2020, CC BY 4.0)",
            reads * 100.0
        ),
        name: format!("twitter-{name}"),
        groups: KEYS,
        names: Names {
            digits: key_bytes.saturating_sub(prefix.len()),
            prefix,
            members: vec![String::new()],
            pattern: None,
        },
        fan_out: 1,
        value_bytes,
        ttl,
        reads,
        skew,
    }))
}

/// The commonest of `1.8h:0.28 1.7h:0.24`.
fn commonest(ttls: &str) -> Option<Duration> {
    let mut all = Vec::new();
    for ttl in ttls.split_whitespace() {
        let (span, share) = ttl.split_once(':')?;
        all.push((share.parse::<f64>().ok()?, span));
    }
    let (_, span) = all
        .into_iter()
        .max_by(|one, other| one.0.total_cmp(&other.0))?;
    let unit = span.strip_suffix(['s', 'h', 'd'])?;
    let seconds = match span.as_bytes().last()? {
        b's' => 1.0,
        b'h' => 3600.0,
        _ => 86_400.0,
    };
    let seconds = unit.parse::<f64>().ok()? * seconds;
    Duration::try_from_secs_f64(seconds.round()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cluster_14_is_as_published() {
        let all = all().unwrap();
        let cluster = all.iter().find(|preset| preset.name == "twitter-cluster14");
        let cluster = cluster.unwrap();
        assert_eq!((cluster.reads, cluster.skew), (0.65, 1.2959));
        assert_eq!(cluster.value_bytes, 414);
        assert_eq!(cluster.ttl, Duration::from_secs(86_400));
        assert_eq!(cluster.keyspace().name(99_999).len(), 96);
        assert!(cluster.about.contains("CC BY 4.0"));
    }

    #[test]
    fn clusters_without_an_exponent_are_left_out() {
        let lines = STATISTICS.lines().count() - 1;
        let without = STATISTICS.matches(",NA,").count();
        assert_eq!(all().unwrap().len(), lines - without);
        assert_eq!((lines, without), (26, 2));
    }

    #[test]
    fn the_commonest_ttl_is_taken() {
        let seconds = |text| commonest(text).map(|span| span.as_secs());
        assert_eq!(seconds("1380s:0.95 1379s:0.05"), Some(1380));
        assert_eq!(seconds("1h:0.28 2h:0.72"), Some(7200));
        assert_eq!(seconds("92.6d:0.28"), Some(8_000_640));
        assert_eq!(seconds(""), None);
        assert_eq!(seconds("5m:1.0"), None);
    }

    #[test]
    fn statistics_that_cannot_be_read_are_an_error() {
        let heading = STATISTICS.lines().next().unwrap();
        let line = "c,2,17,1,1,1,0,1h:1,x,0,0,0,0,0,0,1.0,0.2";
        assert!(read(&format!("{heading}\n{line}\n")).is_err());
    }
}
