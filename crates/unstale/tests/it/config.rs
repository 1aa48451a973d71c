//! The settings: where they come from, and what is refused.

use unstale::config::Config;
use unstale::error::{Error, Problem};

mod limits;
mod mistakes;
mod sources;
mod specification;

fn problems(result: Result<Config, Error>) -> Vec<Problem> {
    match result {
        Err(Error::Config(error)) => error.problems().to_vec(),
        other => panic!("expected a mistake in the configuration: {other:?}"),
    }
}

/// The only mistake in `{ "TheTechLoopCache": { <settings> } }`, as it is shown.
fn mistake(settings: &str) -> String {
    let text = format!("{{ \"TheTechLoopCache\": {{ {settings} }} }}");
    let problems = problems(Config::from_json_only(&text));
    assert_eq!(problems.len(), 1, "{settings}: {problems:#?}");
    problems[0].to_string()
}

/// Checks that each of the settings is refused in words that contain all of the texts.
fn refused(cases: &[(&str, &[&str])]) {
    for (settings, texts) in cases {
        let error = mistake(settings);
        for text in *texts {
            assert!(
                error.contains(text),
                "{settings}\n  gave: {error}\n  want: {text}"
            );
        }
    }
}
