//! `cargo xtask test`: all tests, against a real server.

use std::{
    ffi::{OsStr, OsString},
    process::ExitCode,
};

use anyhow::{Context as _, Result};
use clap::Args;

use crate::{
    cargo,
    equipment::{self, Equipment},
    postgres,
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
const FEATURES: &str = "unstale/fuzzing,unstale/metrics";

/// What else they need where there is a Postgres server, for the demo.
const WITH_POSTGRES: &str = "realtime/postgres-tests,testbed/postgres-tests";

/// What chooses a target.
const TARGETS: [&str; 4] = ["--test", "--bin", "--example", "--bench"];

/// The targets that are tested on Postgres.
const ON_POSTGRES: [&str; 3] = ["http", "page", "postgres"];

pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    run_with(&options.server, &options.arguments)
}

pub(crate) fn run_with(server: &ServerOptions, arguments: &[OsString]) -> Result<ExitCode> {
    let server = server::find(server)?;
    eprintln!("Testing with {server}");
    let postgres = needs_postgres(arguments).then(postgres::find).flatten();
    for packages in choices(arguments, Equipment::is_there, postgres.is_some()) {
        let mut tests = cargo::command();
        tests
            .arg("test")
            .args(&packages)
            .args(arguments)
            .env(VARIABLE, &server.path);
        if let Some(programs) = &postgres {
            tests.env(postgres::VARIABLE, programs);
        }
        let status = tests.status().context("cannot run `cargo test`")?;
        if packages
            .iter()
            .any(|word| word.contains(equipment::BROWSER))
        {
            equipment::tell_of_pictures();
        }
        if !status.success() {
            return Ok(cargo::exit_code(status));
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// What is tested, each in a run of its own: what is chosen, or else everything. Equipment is
/// looked for where it is needed.
fn choices(
    arguments: &[OsString],
    is_there: impl Fn(&Equipment) -> bool,
    has_postgres: bool,
) -> Vec<Vec<String>> {
    // Cargo would ignore the choice of a package beside `--workspace`.
    if chooses(arguments, &["--package", "-p"]) {
        return vec![vec![]];
    }
    let is_chosen = chooses(arguments, &TARGETS);
    let is_needed = |equipment: &&Equipment| {
        !is_chosen || arguments.iter().any(|word| word == equipment.target)
    };
    let equipment = equipment::ALL.iter().filter(is_needed);
    let equipped = equipment.filter(|equipment| is_there(equipment));
    let features = equipped.map(|equipment| equipment.feature);
    let features: Vec<_> = [FEATURES]
        .into_iter()
        .chain(features)
        .chain(has_postgres.then_some(WITH_POSTGRES))
        .collect();
    let features = features.join(",");
    let mut others = vec!["--workspace", "--features", &features];
    others.extend(HOOKED.iter().flat_map(|package| ["--exclude", package]));
    let others = owned(others);
    // A target that is chosen is one of theirs.
    if is_chosen {
        return vec![others];
    }
    let hooked = HOOKED.iter().chain([&WITH_HOOKS]);
    let hooked = hooked.flat_map(|package| ["--package", package]);
    vec![others, owned(hooked)]
}

fn owned<'a>(words: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    words.into_iter().map(str::to_owned).collect()
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

    fn with(arguments: &[&str]) -> Vec<Vec<String>> {
        let arguments: Vec<_> = arguments.iter().map(OsString::from).collect();
        choices(&arguments, |_| true, true)
    }

    #[test]
    fn the_whole_workspace_is_tested_unless_packages_are_chosen() {
        for all in [&[][..], &["name"], &["--", "-p"], &["--profile", "release"]] {
            let [others, hooked] = &with(all)[..] else {
                panic!("{all:?} is one run");
            };
            assert!(others[0] == "--workspace", "{all:?}");
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
            assert_eq!(with(chosen), [Vec::<String>::new()], "{chosen:?}");
        }
    }

    #[test]
    fn a_target_is_looked_for_among_what_ships() {
        let [others] = &with(&["--test", "it", "--", "l1"])[..] else {
            panic!("the evidence has no such target");
        };
        assert_eq!(others[0], "--workspace");
    }

    #[test]
    fn equipment_is_looked_for_only_where_it_is_needed() {
        let features = |arguments: &[&str], there: &[&str]| {
            let arguments: Vec<_> = arguments.iter().map(OsString::from).collect();
            let looked_for = std::cell::RefCell::new(vec![]);
            let is_there = |equipment: &Equipment| {
                looked_for.borrow_mut().push(equipment.target);
                there.contains(&equipment.target)
            };
            let choices = choices(&arguments, is_there, false);
            let features = choices[0].get(2).cloned().unwrap_or_default();
            (looked_for.into_inner(), features)
        };
        let (looked_for, all) = features(&[], &["page", "http"]);
        assert_eq!(looked_for, ["page", "http"]);
        assert!(all.ends_with(",realtime/browser,realtime/prometheus"));
        let (_, some) = features(&[], &["http"]);
        assert_eq!(some, format!("{FEATURES},realtime/prometheus"));
        for target in ["page", "http"] {
            let (looked_for, without) = features(&["--test", target], &[]);
            assert_eq!(looked_for, [target]);
            assert_eq!(without, FEATURES);
        }
        for other in [&["--test", "it"][..], &["-p", "realtime"]] {
            assert!(features(other, &[]).0.is_empty(), "{other:?}");
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
            let choices = choices(&[], |_| false, has_postgres);
            choices
                .concat()
                .iter()
                .any(|word| word.contains("postgres"))
        };
        assert!(has_feature(true) && !has_feature(false));
    }

    fn has(arguments: &[String], pair: [&str; 2]) -> bool {
        arguments.windows(2).any(|window| window == pair)
    }
}
