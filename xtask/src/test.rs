//! `cargo xtask test`: all tests, against a real server.

use std::{
    ffi::{OsStr, OsString},
    process::ExitCode,
};

use anyhow::{Context as _, Result};
use clap::Args;

use crate::{
    browser, cargo, postgres,
    server::{self, ServerOptions, VARIABLE},
};

/// Run all tests, documentation examples included, against a real Redis or Valkey server
///
/// The server is found on this machine, or installed (with apt-get, as root), or fetched into
/// `target/servers`. The tests start it themselves, on free ports, as often as they need it.
#[derive(Args)]
pub(crate) struct Options {
    #[command(flatten)]
    server: ServerOptions,

    /// What to pass on to `cargo test`, for instance `-p unstale --test it -- l1_l2`
    ///
    /// Without `-p` the whole workspace is tested. With it, features are yours to choose too.
    #[arg(last = true, value_name = "CARGO TEST ARGUMENTS")]
    arguments: Vec<OsString>,
}

/// Packages that build the library with hooks which nothing that ships has. Cargo unites the
/// features of what it builds together, so they are built apart.
const HOOKED: [&str; 3] = ["differential", "model", "simulation"];

/// What is tested with them once more, because it has tests of its hooks.
const WITH_HOOKS: &str = "unstale-core";

/// What the tests of the others need.
const FEATURES: [&str; 2] = ["--features", "unstale/fuzzing,unstale/metrics"];

/// What else they need where there is a browser, for the demo's page.
const WITH_BROWSER: [&str; 2] = ["--features", "realtime/browser"];

/// What else they need where there is a Postgres server, for the demo.
const WITH_POSTGRES: [&str; 2] = [
    "--features",
    "realtime/postgres-tests,testbed/postgres-tests",
];

/// What chooses a target.
const TARGETS: [&str; 4] = ["--test", "--bin", "--example", "--bench"];

/// The targets that are tested on it.
const ON_POSTGRES: [&str; 3] = ["http", "page", "postgres"];

pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    run_with(&options.server, &options.arguments)
}

pub(crate) fn run_with(server: &ServerOptions, arguments: &[OsString]) -> Result<ExitCode> {
    let server = server::find(server)?;
    eprintln!("Testing with {server}");
    let postgres = needs_postgres(arguments).then(postgres::find).flatten();
    for packages in choices(arguments, browser::is_there, postgres.is_some()) {
        let mut tests = cargo::command();
        tests
            .arg("test")
            .args(packages)
            .args(arguments)
            .env(VARIABLE, &server.path);
        if let Some(programs) = &postgres {
            tests.env(postgres::VARIABLE, programs);
        }
        let status = tests.status().context("cannot run `cargo test`")?;
        if !status.success() {
            return Ok(cargo::exit_code(status));
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// What is tested, each in a run of its own: what is chosen, or else everything. A browser is looked
/// for where it is needed.
fn choices(
    arguments: &[OsString],
    has_browser: impl FnOnce() -> bool,
    has_postgres: bool,
) -> Vec<Vec<&'static str>> {
    // Cargo would ignore the choice of a package beside `--workspace`.
    if chooses(arguments, &["--package", "-p"]) {
        return vec![vec![]];
    }
    let is_chosen = chooses(arguments, &TARGETS);
    let is_page = arguments.iter().any(|argument| argument == "page");
    let mut others = vec!["--workspace"];
    others.extend(FEATURES);
    if (is_page || !is_chosen) && has_browser() {
        others.extend(WITH_BROWSER);
    }
    if has_postgres {
        others.extend(WITH_POSTGRES);
    }
    others.extend(HOOKED.iter().flat_map(|package| ["--exclude", package]));
    // A target that is chosen is one of theirs.
    if is_chosen {
        return vec![others];
    }
    let hooked = HOOKED.iter().chain([&WITH_HOOKS]);
    let hooked = hooked.flat_map(|package| ["--package", package]);
    vec![others, hooked.collect()]
}

/// Whether something is tested that a Postgres server is looked for: everything, a target that has
/// such tests, or what was chosen together with their feature.
fn needs_postgres(arguments: &[OsString]) -> bool {
    let named = |names: &[&str]| {
        let mut words = arguments.iter().filter_map(|argument| argument.to_str());
        words.any(|word| names.iter().any(|name| word.contains(name)))
    };
    if chooses(arguments, &["--package", "-p"]) {
        return named(&["postgres-tests", "--all-features"]);
    }
    !chooses(arguments, &TARGETS) || named(&ON_POSTGRES)
}

/// Whether one of these options is among the arguments of `cargo test`.
fn chooses(arguments: &[OsString], options: &[&str]) -> bool {
    arguments
        .iter()
        .map(OsString::as_os_str)
        .take_while(|argument| *argument != OsStr::new("--"))
        .filter_map(OsStr::to_str)
        .any(|argument| {
            options.iter().any(|option| {
                let is_short = !option.starts_with("--");
                argument.starts_with(option) && !(is_short && argument.starts_with("--"))
            })
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(arguments: &[&str]) -> Vec<Vec<&'static str>> {
        let arguments: Vec<_> = arguments.iter().map(OsString::from).collect();
        choices(&arguments, || true, true)
    }

    #[test]
    fn the_whole_workspace_is_tested_unless_packages_are_chosen() {
        for all in [&[][..], &["name"], &["--", "-p"], &["--profile", "release"]] {
            let [others, hooked] = &with(all)[..] else {
                panic!("{all:?} is one run");
            };
            assert!(others.contains(&"--workspace"), "{all:?}");
            for package in HOOKED {
                assert!(has(others, ["--exclude", package]), "{all:?}");
                assert!(has(hooked, ["--package", package]), "{all:?}");
            }
        }
        for chosen in [
            &["-p", "unstale"][..],
            &["-punstale"],
            &["--package=unstale", "--", "x"],
        ] {
            assert_eq!(with(chosen), [[""; 0]], "{chosen:?}");
        }
    }

    #[test]
    fn a_target_is_looked_for_among_what_ships() {
        let [others] = &with(&["--test", "it", "--", "l1"])[..] else {
            panic!("the evidence has no such target");
        };
        assert!(others.contains(&"--workspace"));
    }

    #[test]
    fn a_browser_is_looked_for_only_where_the_page_is_tested() {
        let features = |arguments: &[&str], has_browser: Option<bool>| {
            let arguments: Vec<_> = arguments.iter().map(OsString::from).collect();
            let choices = choices(&arguments, || has_browser.unwrap(), false);
            choices[0].iter().any(|word| word.contains("browser"))
        };
        for page in [&[][..], &["--test", "page"]] {
            assert!(features(page, Some(true)), "{page:?}");
            assert!(!features(page, Some(false)), "{page:?}");
        }
        for other in [&["--test", "it"][..], &["-p", "realtime"]] {
            assert!(!features(other, None), "{other:?}");
        }
    }

    #[test]
    fn a_postgres_server_is_looked_for_only_where_it_is_tested_on() {
        let words = |words: &[&str]| words.iter().map(OsString::from).collect::<Vec<_>>();
        for with in [
            &[][..],
            &["name"],
            &["--test", "http"],
            &["--test=page"],
            &["-p", "realtime", "--features", "postgres-tests"],
            &["-prealtime", "--all-features"],
        ] {
            assert!(needs_postgres(&words(with)), "{with:?}");
        }
        for without in [&["--test", "it"][..], &["-p", "realtime"]] {
            assert!(!needs_postgres(&words(without)), "{without:?}");
        }
        let has_feature = |has_postgres| {
            let choices = choices(&[], || false, has_postgres);
            choices
                .concat()
                .iter()
                .any(|word| word.contains("postgres"))
        };
        assert!(has_feature(true) && !has_feature(false));
    }

    fn has(arguments: &[&str], pair: [&str; 2]) -> bool {
        arguments.windows(2).any(|window| window == pair)
    }
}
