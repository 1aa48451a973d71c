//! What the partitions of a namespace come to together.

use super::report::{LogReport, NamespaceReport};
use crate::token::Token;

impl NamespaceReport {
    /// The report of the whole, out of those of its partitions; nothing, out of none.
    pub(super) fn of_all(mut partitions: Vec<Self>) -> Option<Self> {
        if partitions.len() < 2 {
            return partitions.pop();
        }
        let logs: Vec<_> = partitions
            .iter()
            .filter_map(|each| each.log.clone())
            .collect();
        Some(Self {
            position: together(partitions.iter().map(|each| &each.position)),
            tail: partitions.iter().map(|each| each.tail).sum(),
            longest_ttl: partitions.iter().map(|each| each.longest_ttl).max()?,
            bans: partitions.iter().map(|each| each.bans).sum(),
            carrier: partitions.first()?.carrier.clone(),
            log: (!logs.is_empty()).then(|| LogReport {
                entries: logs.iter().map(|each| each.entries).sum(),
                last: together(logs.iter().map(|each| &each.last)),
                span: logs.iter().filter_map(|each| each.span).min(),
            }),
            partitions,
        })
    }
}

/// Positions of partitions, as one text.
fn together<'a>(positions: impl Iterator<Item = &'a String>) -> String {
    let tokens = positions.filter_map(|text| text.parse::<Token>().ok());
    let all = tokens.reduce(|one, other| one.and(&other));
    all.unwrap_or_default().to_string()
}
