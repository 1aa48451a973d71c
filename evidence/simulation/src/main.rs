//! `cargo xtask simulate`: see the README beside this package.

mod report;

use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;
use simulation::{Campaign, Guard, Plan, shrink};

/// Run Unstale's own code on an in-process hub in virtual time, every interleaving decided by a
/// seed
#[derive(Parser)]
#[command(name = "cargo xtask simulate", bin_name = "cargo xtask simulate")]
struct Options {
    /// So many runs
    #[arg(long, default_value_t = 10_000, value_name = "COUNT")]
    seeds: u64,

    /// The first seed
    #[arg(long, default_value_t = 0, value_name = "SEED")]
    from: u64,

    /// Run this seed alone, and print everything that happens in it
    #[arg(long, value_name = "SEED", conflicts_with_all = ["seeds", "from", "ablations"])]
    seed: Option<u64>,

    /// Break one rule after the other, and see how many runs it takes to notice
    #[arg(long)]
    ablations: bool,

    /// Break this rule, by its name
    #[arg(long, value_name = "RULE", value_parser = guard, conflicts_with = "ablations")]
    broken: Option<Guard>,

    /// Run each seed twice, and see whether the same happens both times
    #[arg(long)]
    repeat: bool,

    /// Runs at a time; as many as there are processors unless told otherwise
    #[arg(long, value_name = "COUNT")]
    threads: Option<usize>,
}

fn main() -> ExitCode {
    let options = Options::parse();
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let campaign = Campaign {
        from: options.from,
        seeds: options.seeds,
        threads: options.threads.unwrap_or(cores),
        broken: options.broken,
        repeat: options.repeat,
    };
    let fine = match options.seed {
        Some(seed) => one(seed, options.broken),
        None if options.ablations => ablations(campaign),
        None => many(campaign),
    };
    if fine {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn guard(name: &str) -> Result<Guard, String> {
    let found = Guard::ALL
        .iter()
        .find(|guard| format!("{guard:?}").eq_ignore_ascii_case(name));
    found
        .copied()
        .ok_or_else(|| format!("there is no rule of this name; these are: {:?}", Guard::ALL))
}

fn one(seed: u64, broken: Option<Guard>) -> bool {
    Guard::switch_off(broken);
    let plan = Plan::draw(seed);
    let outcome = plan.run(true);
    report::trace(&plan, &outcome);
    match &outcome.violation {
        None => println!("seed {seed}: nothing is broken"),
        Some(violation) => {
            println!("seed {seed}: {violation}");
            report::smallest(&shrink(&plan, violation));
        }
    }
    Guard::switch_off(None);
    outcome.violation.is_none()
}

fn many(campaign: Campaign) -> bool {
    let began = Instant::now();
    let result = campaign.run(|done, stuck| report::progress(done, campaign.seeds, began, &stuck));
    report::totals(&result.totals, began.elapsed(), campaign.threads);
    for (seed, violation) in &result.failures {
        println!("\nseed {seed}: {violation}");
    }
    if let Some((seed, violation)) = result.failures.first() {
        Guard::switch_off(campaign.broken);
        report::smallest(&shrink(&Plan::draw(*seed), violation));
        println!("\n`cargo xtask simulate --seed {seed}` runs it again");
    }
    result.failures.is_empty()
}

fn ablations(campaign: Campaign) -> bool {
    let mut missed = 0;
    report::ablations_head();
    for guard in Guard::ALL {
        let broken = Campaign {
            broken: Some(*guard),
            ..campaign
        };
        let result = broken.run(|_, stuck| report::stuck(&stuck));
        missed += usize::from(result.failures.is_empty());
        report::ablation(*guard, &result);
    }
    println!(
        "\n{missed} of {} rules were broken without being noticed",
        Guard::ALL.len()
    );
    missed == 0
}
