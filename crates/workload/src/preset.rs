//! Workloads by name: the specification's examples, and production caches.

mod examples;
mod production;

use std::time::Duration;

use crate::error::WorkloadError;
use crate::keyspace::{Keyspace, Names};

/// A workload: which keys there are, how often each is read and written, and what a write removes.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Preset {
    /// What it is called.
    pub name: String,
    /// What it stands for, and where its figures come from.
    pub about: String,
    /// How many rows there are.
    pub groups: u32,
    /// How their keys are named.
    pub names: Names,
    /// How many rows one write concerns: one, or all feeds that a post appears in.
    pub fan_out: u32,
    /// How large a value is.
    pub value_bytes: usize,
    /// How long a value lives.
    pub ttl: Duration,
    /// Which share of the operations reads, from 0 to 1.
    pub reads: f64,
    /// The exponent of Zipf's law by which rows are popular; zero makes them all alike.
    pub skew: f64,
}

impl Preset {
    /// The preset of this name.
    ///
    /// # Errors
    /// When there is none.
    pub fn named(name: &str) -> Result<Self, WorkloadError> {
        let all = Self::all()?;
        all.iter()
            .find(|preset| preset.name == name)
            .cloned()
            .ok_or_else(|| {
                let known: Vec<_> = all.iter().map(|preset| preset.name.as_str()).collect();
                WorkloadError::UnknownPreset {
                    name: name.to_owned(),
                    known: known.join(", "),
                }
            })
    }

    /// All presets.
    ///
    /// # Errors
    /// When the statistics that some come from cannot be read.
    pub fn all() -> Result<Vec<Self>, WorkloadError> {
        let mut all = examples::all();
        all.extend(production::all()?);
        Ok(all)
    }

    /// The same with another ratio of reads to writes, such as `10:1` or `1:4`.
    ///
    /// # Errors
    /// When this is no ratio.
    pub fn with_ratio(mut self, ratio: &str) -> Result<Self, WorkloadError> {
        let part = |text: &str| {
            let number = text.trim().parse::<f64>().ok();
            number.filter(|number| number.is_finite() && *number >= 0.0)
        };
        let parts = ratio.split_once(':');
        let parts = parts.and_then(|(reads, writes)| Some((part(reads)?, part(writes)?)));
        match parts {
            Some((reads, writes)) if reads + writes > 0.0 => {
                self.reads = reads / (reads + writes);
                Ok(self)
            }
            _ => Err(WorkloadError::Plan(format!(
                "`{ratio}` is no ratio of reads to writes; one looks like `10:1` or `1:4`"
            ))),
        }
    }

    /// Its keys.
    pub fn keyspace(&self) -> Keyspace {
        Keyspace::new(self.groups, &self.names)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_preset_can_be_drawn_from() {
        let all = Preset::all().unwrap();
        for preset in &mut all.clone() {
            preset.groups = preset.groups.min(1000);
            let keyspace = preset.keyspace();
            let trace = crate::Trace::draw(preset, &keyspace, 1000, 1).unwrap();
            let last = keyspace.len() as u32;
            assert!(trace.operations().iter().all(|each| each.key < last));
            assert!(!preset.about.is_empty() && preset.ttl > Duration::ZERO);
        }
        let mut names: Vec<_> = all.iter().map(|preset| &preset.name).collect();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), all.len(), "names are unique");
    }

    #[test]
    fn ratios_are_read() {
        let reads = |ratio| Preset::named("feed").unwrap().with_ratio(ratio);
        assert_eq!(reads("1:4").unwrap().reads, 0.2);
        assert_eq!(reads("1:0").unwrap().reads, 1.0);
        for wrong in ["", "1", "1:x", "-1:2", "0:0", "inf:1"] {
            assert!(reads(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_unknown_name_is_answered_with_those_there_are() {
        let error = Preset::named("stocks").unwrap_err().to_string();
        assert!(error.contains("`stocks`") && error.contains("stock-prices"));
    }
}
