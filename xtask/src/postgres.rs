//! The database server that the demo is tested on.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};

use crate::server;

/// The variable that tells the tests where the server's programs are.
pub(crate) const VARIABLE: &str = "UNSTALE_TEST_POSTGRES";

/// One of the programs, which stands where the others do.
const PROGRAM: &str = "initdb";
/// The Debian package that has them.
const PACKAGE: &str = "postgresql";
/// Where it puts them, in a directory per version, and not on `PATH`.
const VERSIONS: &str = "/usr/lib/postgresql";

/// The directory with the server's programs, which are installed where that is possible. Without
/// them the tests that need them are left out, and that is said.
pub(crate) fn find() -> Option<PathBuf> {
    match found_or_installed() {
        Ok(programs) => Some(programs),
        Err(why) => {
            eprintln!(
                "The demo is NOT tested on Postgres: {why:#}\n\
                 Install Debian's `{PACKAGE}` (as root this is tried by itself), or set {VARIABLE} to the directory \
                 with `{PROGRAM}`, then run `cargo xtask test -- -p realtime --features postgres-tests`."
            );
            None
        }
    }
}

fn found_or_installed() -> Result<PathBuf> {
    if let Some(directory) = env::var_os(VARIABLE) {
        return having_programs(directory.into())
            .with_context(|| format!("{VARIABLE} names a directory without `{PROGRAM}`"));
    }
    if let Some(programs) = found() {
        return Ok(programs);
    }
    server::install(PACKAGE)?;
    found().with_context(|| format!("there is no `{PROGRAM}` in {VERSIONS}/*/bin"))
}

fn found() -> Option<PathBuf> {
    let on_path = server::program_here(PROGRAM).ok();
    // The link that may stand on PATH leads to where the others are.
    let on_path = on_path.and_then(|program| Some(program.canonicalize().ok()?.parent()?.into()));
    on_path.or_else(|| newest_in(Path::new(VERSIONS)))
}

/// The programs of the newest version.
fn newest_in(versions: &Path) -> Option<PathBuf> {
    fs::read_dir(versions)
        .ok()?
        .filter_map(|entry| {
            let directory = entry.ok()?;
            let version: f64 = directory.file_name().to_str()?.parse().ok()?;
            Some((version, having_programs(directory.path().join("bin"))?))
        })
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .map(|(_, programs)| programs)
}

fn having_programs(directory: PathBuf) -> Option<PathBuf> {
    directory.join(PROGRAM).is_file().then_some(directory)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_version_that_is_a_server_is_taken() -> Result<()> {
        let versions = tempfile::tempdir()?;
        let programs = |version: &str| versions.path().join(version).join("bin");
        assert_eq!(newest_in(versions.path()), None);
        for version in ["9.6", "15", "13", "common", "17"] {
            fs::create_dir_all(programs(version))?;
            // Of the newest there is only the client.
            let name = if version == "17" { "psql" } else { PROGRAM };
            fs::write(programs(version).join(name), "")?;
        }
        assert_eq!(newest_in(versions.path()), Some(programs("15")));
        assert_eq!(newest_in(&versions.path().join("nowhere")), None);
        Ok(())
    }
}
