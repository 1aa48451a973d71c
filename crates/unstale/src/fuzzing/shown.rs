//! What people are shown: sentences, and never a secret.

use std::fmt::Debug;

use crate::error::Error;

/// More than a screen of text helps nobody.
const LONGEST: usize = 2_000;

/// Pairs of passwords, alike in everything that is not secret about them. The second kind looks like
/// an option behind its comma.
const SECRETS: [[&str; 2]; 2] = [
    ["Qz7Qz7Qz", "Xk9Xk9Xk"],
    ["qzqzqz,jxjxjx=", "kvkvkv,wpwpwp="],
];

/// Panics unless every problem of this error names its place, and says in one line each what is
/// wrong and what to do.
pub(super) fn is_told_properly(error: &Error) {
    let Error::Config(error) = error else {
        panic!("not about the configuration: {error}");
    };
    assert!(!error.problems().is_empty());
    for problem in error.problems() {
        let shown = problem.to_string();
        assert!(!problem.place.is_empty(), "no place: {shown}");
        assert!(!problem.what.is_empty(), "nothing is wrong: {shown}");
        assert!(!problem.what.ends_with('.'), "two full stops: {shown}");
        assert!(problem.remedy.ends_with('.'), "no full stop: {shown}");
        assert!(!shown.contains(char::is_control), "not one line: {shown:?}");
        assert!(shown.len() <= LONGEST, "too long: {shown}");
    }
}

/// Panics unless an outcome looks the same whichever of two secrets went in.
pub(super) fn hides_the_secret<T: Debug>(of: impl Fn(&str) -> Result<T, Error>) {
    let shown = |secret: &str| match of(secret) {
        Ok(value) => format!("{value:?} {value:#?}"),
        Err(error) => format!("{error} {error:?} {error:#?}"),
    };
    for [one, other] in SECRETS {
        assert_eq!(shown(one), shown(other));
    }
}
