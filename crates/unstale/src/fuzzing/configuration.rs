//! Configurations: whatever is written, it works or is told, in words that help.

use arbitrary::{Arbitrary, Result, Unstructured};
use serde_json::Value;

use super::connection_strings::Text;
use super::document::{Document, SETTINGS, nested};
use super::shown::{hides_the_secret, is_told_properly};
use crate::config::{Config, TimeSpan};
use crate::error::Error;

pub(super) fn check(input: &[u8]) {
    if let Ok(text) = std::str::from_utf8(input) {
        works_or_is_told(&Config::from_json_only(text));
        is_json_to_us_as_well(text);
        is_a_time_span_or_told(text);
    }
    let mut choices = Unstructured::new(input);
    if let Ok(misplaced) = Misplaced::choose(&mut choices) {
        misplaced.hides_its_password();
    }
    if let Ok(document) = Document::choose(&mut choices) {
        let plain = Config::from_json_only(&document.plain());
        works_or_is_told(&plain);
        if let Ok(decorated) = document.decorated(&mut choices) {
            let decorated = Config::from_json_only(&decorated);
            assert_eq!(told(&decorated), told(&plain));
        }
        if let Some(variables) = document.variables() {
            let set = Config::from_json_with("{ \"Unstale\": {} }", variables);
            works_or_is_told(&set);
            assert_eq!(told(&set), told(&plain));
        }
    }
}

fn works_or_is_told(outcome: &std::result::Result<Config, Error>) {
    match outcome {
        Ok(config) => {
            config.validate().expect("what was read has been checked");
            for rule in config.policies.rules() {
                if let Some(key) = rule.pattern.as_literal() {
                    let winner = config.policies.resolve(key).expect("one applies");
                    assert!(winner.pattern.literal_len() >= rule.pattern.literal_len());
                }
            }
        }
        Err(error) => is_told_properly(error),
    }
}

/// What was read, or what is wrong with it wherever it was written.
fn told(outcome: &std::result::Result<Config, Error>) -> std::result::Result<&Config, Vec<String>> {
    outcome.as_ref().map_err(|error| {
        let Error::Config(error) = error else {
            panic!("not about the configuration: {error}");
        };
        let problems = error.problems().iter();
        let mut told: Vec<_> = problems
            .map(|problem| format!("{}: {}. {}", problem.place, problem.what, problem.remedy))
            .collect();
        told.sort();
        told
    })
}

/// What .NET accepts beyond JSON takes nothing away from JSON.
fn is_json_to_us_as_well(text: &str) {
    if let Ok(Value::Object(_)) = serde_json::from_str(text)
        && let Err(error) = Config::from_json_only(text)
    {
        assert!(!error.to_string().contains("is not valid JSON"), "{error}");
    }
}

fn is_a_time_span_or_told(text: &str) {
    match text.parse::<TimeSpan>() {
        Ok(span) => assert_eq!(span.to_string().parse::<TimeSpan>().unwrap(), span),
        Err(error) => is_told_properly(&error),
    }
}

/// A connection string in any place, the right one among them.
#[derive(Debug)]
struct Misplaced {
    path: &'static [&'static str],
    as_a_name: bool,
    text: Text,
}

impl Misplaced {
    fn choose(choices: &mut Unstructured<'_>) -> Result<Self> {
        Ok(Self {
            path: choices.choose(SETTINGS)?,
            as_a_name: bool::arbitrary(choices)?,
            text: Text::choose(choices)?,
        })
    }

    fn hides_its_password(&self) {
        let document = |secret: &str| {
            let text = self.text.with(secret);
            match self.path.split_last() {
                Some((_, group)) if self.as_a_name => {
                    let path: Vec<_> = group.iter().copied().chain([&*text]).collect();
                    nested(&path, Value::Null).to_string()
                }
                _ => nested(self.path, Value::String(text.clone())).to_string(),
            }
        };
        let read = |secret: &str| Config::from_json_only(&document(secret));
        works_or_is_told(&read("secret"));
        // What is taken for a name or a key pattern is not known to be a secret.
        let is_its_place =
            !self.as_a_name && matches!(self.path, ["Redis", "Configuration" | "Password"]);
        let is_accepted = read("secret").is_ok() && !is_its_place;
        let is_a_pattern = self.path[0] == "Policies" && self.as_a_name;
        if !is_accepted && !is_a_pattern {
            hides_the_secret(read);
        }
    }
}
