//! Runs the hot paths under callgrind.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};

use crate::setup::{output_of, sibling};

/// Where valgrind is.
pub(super) struct Callgrind(PathBuf);

/// Finds valgrind in `PATH`.
pub(super) fn find() -> Option<Callgrind> {
    let name = Path::new("valgrind");
    let found = output_of(Command::new(name).arg("--version")).is_ok();
    found.then(|| Callgrind(name.to_owned()))
}

impl Callgrind {
    /// How many instructions a path takes once: the difference of a long and a short run.
    pub(super) fn each(&self, path: &str, times: usize) -> Result<f64> {
        let (long, short) = (self.total(path, 3 * times)?, self.total(path, times)?);
        Ok((long as f64 - short as f64) / (2 * times) as f64)
    }

    fn total(&self, path: &str, times: usize) -> Result<u64> {
        let output = Command::new(&self.0)
            .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
            .arg(sibling("hot_paths")?)
            .arg(path)
            .arg(times.to_string())
            .stdin(Stdio::null())
            .output()
            .context("cannot run valgrind")?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(
            output.status.success(),
            "`hot_paths {path} {times}` failed under valgrind:\n{said}"
        );
        collected(&said).with_context(|| format!("callgrind did not say what it counted:\n{said}"))
    }
}

/// What callgrind says it has counted.
fn collected(said: &str) -> Option<u64> {
    let mut lines = said.lines();
    let count = lines.find_map(|line| line.split_once("Collected :"))?.1;
    count.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_count_is_found_in_what_callgrind_says() {
        let said = "==7== Events    : Ir\n==7== Collected : 1234567\n==7== \n";
        assert_eq!(collected(said), Some(1_234_567));
        assert_eq!(collected("==7== nothing"), None);
    }
}
