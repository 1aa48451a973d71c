//! Programs that some tests need beside the server, and that a machine may lack: those tests are left
//! out there, and that is said.

use std::{env, fs, path::PathBuf};

use crate::{cargo, server};

/// What some tests need.
pub(crate) struct Equipment {
    /// The feature that turns these tests on.
    pub(crate) feature: &'static str,
    /// The target of tests that has them.
    pub(crate) target: &'static str,
    /// The programs, and the Debian packages that have them.
    programs: &'static [(&'static str, &'static str)],
    /// What is not tested without them.
    otherwise: &'static str,
}

/// The feature that needs a browser.
pub(crate) const BROWSER: &str = "realtime/browser";

/// The browser in which the demo's page is tested, and what scrapes its metrics.
pub(crate) const ALL: [Equipment; 2] = [
    Equipment {
        feature: BROWSER,
        target: "page",
        programs: &[
            ("chromium", "chromium"),
            ("chromedriver", "chromium-driver"),
        ],
        otherwise: "The page of the demo is NOT tested in a browser",
    },
    Equipment {
        feature: "realtime/prometheus",
        target: "http",
        programs: &[("prometheus", "prometheus"), ("promtool", "prometheus")],
        otherwise: "The metrics and the dashboard are NOT tested with a Prometheus",
    },
];

impl Equipment {
    /// Whether it is there, or can be installed.
    pub(crate) fn is_there(&self) -> bool {
        let missing = self
            .programs
            .iter()
            .find_map(|(program, package)| server::program_of(program, package).err());
        let Some(why) = missing else {
            return true;
        };
        let packages: Vec<_> = self.programs.iter().map(|(_, package)| *package).collect();
        let packages = packages.join(" ");
        eprintln!(
            "{}: {why:#}\nInstall Debian's {packages} (as root this is tried by itself), then run \
             `cargo xtask test -- --test {}`.",
            self.otherwise, self.target,
        );
        false
    }
}

/// Says where people find what the page looked like.
pub(crate) fn tell_of_pictures() {
    let folder = env::var_os("UNSTALE_SCREENSHOTS").map_or_else(
        || cargo::target_directory().join("screenshots"),
        PathBuf::from,
    );
    let pictures = fs::read_dir(&folder).into_iter().flatten().flatten();
    let mut names: Vec<_> = pictures
        .map(|picture| picture.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    if !names.is_empty() {
        let names = names.join(", ");
        eprintln!("What the page looked like: {names} in {}", folder.display());
    }
}
