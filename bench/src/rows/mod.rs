//! The rows of the table.

mod backlog;
mod crowd;
mod database;
mod fan_out;
mod hot_key;
mod instructions;
mod l1_hit;
mod l2_hit;
mod many_instances;
mod memory;
mod pattern;
mod propagation;
mod remove_cluster;
mod remove_idle;
mod remove_tasks;
mod twitter;

use anyhow::{Result, bail};

use crate::measure::Outcome;
use crate::setup::Run;

pub use instructions::{PATHS, ROW as INSTRUCTIONS, record};

/// One row of the table.
#[derive(Copy, Clone)]
pub struct Row {
    /// What it is called on the command line.
    pub name: &'static str,
    /// What it measures.
    pub title: &'static str,
    measure: fn(&Run) -> Result<Outcome>,
}

/// All rows, in the order of the table.
pub const ALL: [Row; 17] = [
    l1_hit::ROW,
    l2_hit::ROW,
    remove_idle::ROW,
    remove_idle::RARE,
    remove_tasks::ROW,
    remove_cluster::ROW,
    propagation::ROW,
    backlog::ROW,
    pattern::ROW,
    fan_out::ROW,
    hot_key::ROW,
    many_instances::ROW,
    many_instances::scale::ROW,
    memory::ROW,
    database::ROW,
    twitter::ROW,
    instructions::ROW,
];

impl Row {
    /// Measures it.
    ///
    /// # Errors
    /// When it cannot be measured.
    pub fn measure(&self, run: &Run) -> Result<Outcome> {
        (self.measure)(run)
    }
}

/// The rows of these names; all of them, if none is named.
///
/// # Errors
/// When there is no row of a name.
pub fn named(names: &[String]) -> Result<Vec<Row>> {
    if names.is_empty() {
        return Ok(ALL.to_vec());
    }
    for name in names {
        if !ALL.iter().any(|row| row.name == name) {
            let known: Vec<_> = ALL.iter().map(|row| row.name).collect();
            bail!("there is no row `{name}`; there are {}", known.join(", "));
        }
    }
    let chosen = ALL
        .iter()
        .filter(|row| names.iter().any(|name| name == row.name));
    Ok(chosen.copied().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_found_by_name_in_the_order_of_the_table() {
        let names = |names: &[&str]| {
            let names: Vec<_> = names.iter().map(|&name| name.to_owned()).collect();
            let rows = named(&names)?;
            anyhow::Ok(rows.iter().map(|row| row.name).collect::<Vec<_>>())
        };
        assert_eq!(names(&["memory", "l1-hit"]).unwrap(), ["l1-hit", "memory"]);
        assert_eq!(names(&[]).unwrap().len(), ALL.len());
        assert!(names(&["l1"]).unwrap_err().to_string().contains("l1-hit"));
    }

    #[test]
    fn names_are_unique() {
        let mut names: Vec<_> = ALL.iter().map(|row| row.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), ALL.len());
    }
}
