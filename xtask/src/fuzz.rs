//! `cargo xtask fuzz`: looks for inputs that break a property.

use std::{
    fmt, fs,
    io::{BufRead as _, BufReader},
    path::PathBuf,
    process::{Command, ExitCode, ExitStatus, Stdio},
};

use anyhow::{Context as _, Result, bail};
use clap::Args;

use crate::cargo;

/// Fuzz the library's parsers and decoders with cargo-fuzz, on nightly Rust
///
/// What is found on the way stays in `target/fuzz/corpus`, and an input that breaks a property in
/// `fuzz/artifacts`. `fuzz/README.md` says what to do with it.
#[derive(Args)]
pub(crate) struct Options {
    /// The target; all of them, one after the other, if left out
    #[arg(value_name = "TARGET")]
    target: Option<String>,

    /// How long each target runs
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    seconds: u32,

    /// Add what reached more of the code than `fuzz/corpus` does to `fuzz/corpus`
    #[arg(long)]
    keep: bool,
}

/// No input is allowed more than this: they are at most 4 KiB long, and the time includes what
/// others on the machine take of it.
const BOUNDS: [&str; 4] = [
    "-max_len=4096",
    "-timeout=60",
    "-malloc_limit_mb=64",
    "-rss_limit_mb=2048",
];

/// What is kept for good is small, and there are no more of them than it takes.
const LONGEST_KEPT: &str = "-max_len=256";

pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    let targets = chosen(&all()?, options.target.as_deref())?;
    is_there(
        cargo::nightly().arg("--version"),
        "nightly Rust: run `rustup toolchain install nightly`",
    )?;
    is_there(
        cargo::nightly().args(["fuzz", "--version"]),
        "cargo-fuzz: run `cargo install cargo-fuzz --locked`",
    )?;
    let mut reports = Vec::new();
    for target in targets {
        eprintln!("==> {target}");
        let (status, report) = Session::of(&target)?.run(options)?;
        if !status.success() {
            reports.iter().for_each(|report| println!("{report}"));
            eprintln!("==> {target}: a property does not hold; fuzz/README.md says what to do now");
            return Ok(cargo::exit_code(status));
        }
        reports.push(format!("{target}: {report}"));
    }
    reports.iter().for_each(|report| println!("{report}"));
    Ok(ExitCode::SUCCESS)
}

/// The names of all targets: of the fuzzer's binaries.
fn all() -> Result<Vec<String>> {
    let folder = cargo::root().join("fuzz/fuzz_targets");
    let entries =
        fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut targets = Vec::new();
    for entry in entries {
        let path = entry?.path();
        targets.extend(
            path.file_stem()
                .and_then(|stem| stem.to_str())
                .map(String::from),
        );
    }
    targets.sort();
    Ok(targets)
}

fn chosen(all: &[String], target: Option<&str>) -> Result<Vec<String>> {
    match target {
        None => Ok(all.to_vec()),
        Some(target) if all.iter().any(|known| known == target) => Ok(vec![target.to_owned()]),
        Some(target) => bail!(
            "there is no target `{target}`: choose one of {}",
            all.join(", ")
        ),
    }
}

fn is_there(command: &mut Command, what: &str) -> Result<()> {
    let output = command.stdin(Stdio::null()).output();
    match output.is_ok_and(|output| output.status.success()) {
        true => Ok(()),
        false => bail!("fuzzing needs {what}"),
    }
}

/// One target, and where its inputs are.
struct Session<'a> {
    target: &'a str,
    found: PathBuf,
    kept: PathBuf,
}

impl<'a> Session<'a> {
    fn of(target: &'a str) -> Result<Self> {
        let found = cargo::target_directory().join("fuzz/corpus").join(target);
        fs::create_dir_all(&found).with_context(|| format!("cannot make {}", found.display()))?;
        let kept = cargo::root().join("fuzz/corpus").join(target);
        Ok(Self {
            target,
            found,
            kept,
        })
    }

    fn run(&self, options: &Options) -> Result<(ExitStatus, Report)> {
        let mut command = self.command(&[&self.found, &self.kept]);
        command.args(BOUNDS).arg("-print_final_stats=1");
        command.arg(format!("-max_total_time={}", options.seconds));
        let dictionary = format!("fuzz/dictionaries/{}.dict", self.target);
        if cargo::root().join(&dictionary).is_file() {
            command.arg(format!("-dict={dictionary}"));
        }
        let (status, report) = watched(&mut command)?;
        if status.success() && options.keep {
            let mut command = self.command(&[&self.kept, &self.found]);
            command.args(["-set_cover_merge=1", LONGEST_KEPT]);
            watched(&mut command)?;
        }
        Ok((status, report))
    }

    fn command(&self, corpora: &[&PathBuf]) -> Command {
        let mut command = cargo::nightly();
        command.args(["fuzz", "run", "--fuzz-dir", "fuzz", "--target-dir"]);
        command.arg(cargo::target_directory().join("fuzz"));
        command.arg(self.target).args(corpora).arg("--");
        command
    }
}

/// What a run of the fuzzer came to.
#[derive(Default, Debug, PartialEq, Eq)]
struct Report {
    executions: u64,
    edges: u64,
    seconds: u64,
}

/// Runs the fuzzer, and shows what it says except for its progress.
fn watched(command: &mut Command) -> Result<(ExitStatus, Report)> {
    let mut fuzzer = command
        .stderr(Stdio::piped())
        .spawn()
        .context("cannot run `cargo fuzz`")?;
    let mut report = Report::default();
    if let Some(said) = fuzzer.stderr.take() {
        for line in BufReader::new(said).split(b'\n') {
            let line = String::from_utf8_lossy(&line?).into_owned();
            if !report.takes(&line) {
                eprintln!("{line}");
            }
        }
    }
    Ok((fuzzer.wait()?, report))
}

impl Report {
    /// Takes note of a line of progress: `#<executions> <event> cov: <edges> …`, or
    /// `Done <executions> runs in <seconds> second(s)`.
    fn takes(&mut self, line: &str) -> bool {
        let words: Vec<_> = line.split_whitespace().collect();
        let number_behind = |word: &str| {
            let place = words.iter().position(|known| *known == word)?;
            words.get(place + 1)?.parse().ok()
        };
        if line.starts_with('#') {
            self.edges = number_behind("cov:").unwrap_or(self.edges);
            return true;
        }
        if let ["Done", executions, "runs", "in", seconds, ..] = *words {
            self.executions = executions.parse().unwrap_or(0);
            self.seconds = seconds.parse().unwrap_or(0);
            return true;
        }
        line.trim_start().starts_with("NEW_FUNC")
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (executions, seconds) = (self.executions, self.seconds);
        write!(
            f,
            "{executions} executions in {seconds} s, {} edges covered, nothing found",
            self.edges
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_chosen_by_its_name() {
        let all = ["bans".to_owned(), "globs".to_owned()];
        assert_eq!(chosen(&all, None).unwrap(), all);
        assert_eq!(chosen(&all, Some("globs")).unwrap(), ["globs"]);
        let error = chosen(&all, Some("glob")).unwrap_err().to_string();
        assert!(
            error.contains("`glob`") && error.contains("bans, globs"),
            "{error}"
        );
    }

    #[test]
    fn all_targets_are_found() {
        let all = all().unwrap();
        assert!(all.contains(&"records".to_owned()), "{all:?}");
    }

    #[test]
    fn what_is_missing_is_named_with_what_to_do() {
        let missing = is_there(&mut Command::new("/no/such/program"), "it: run `this`");
        assert_eq!(
            missing.unwrap_err().to_string(),
            "fuzzing needs it: run `this`"
        );
        let failing = is_there(cargo::command().arg("--no-such-option"), "it");
        assert!(failing.is_err());
        is_there(cargo::command().arg("--version"), "cargo").unwrap();
    }

    #[test]
    fn progress_is_counted_and_the_rest_is_shown() {
        let mut report = Report::default();
        assert!(report.takes("#2\tINITED cov: 812 ft: 813 corp: 1/1b exec/s: 0 rss: 68Mb"));
        assert!(report.takes("#99\tpulse  cov: 900 ft: 2000 corp: 9/99b exec/s: 10 rss: 70Mb"));
        assert!(report.takes("\tNEW_FUNC[1/3]: 0x55 in unstale::codec::decode"));
        assert!(report.takes("Done 12345 runs in 61 second(s)"));
        assert!(!report.takes("==7== ERROR: libFuzzer: deadly signal"));
        let expected = Report {
            executions: 12345,
            edges: 900,
            seconds: 61,
        };
        assert_eq!(report, expected);
    }
}
