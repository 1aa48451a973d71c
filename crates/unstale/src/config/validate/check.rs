//! The words in which a setting is refused, written once.

use std::time::Duration;

use crate::config::TimeSpan;
use crate::config::repeat::is_harmless;
use crate::config::tree::join;
use crate::error::{Flaw, Problem};

/// The shortest duration that the server's clock can tell from none.
const MILLISECOND: Duration = Duration::from_millis(1);

/// Notes what is wrong in one group.
pub(super) struct Check<'a> {
    path: String,
    problems: &'a mut Vec<Problem>,
}

impl<'a> Check<'a> {
    pub(super) fn new(section: &str, problems: &'a mut Vec<Problem>) -> Self {
        Self {
            path: section.to_owned(),
            problems,
        }
    }

    pub(super) fn group(&mut self, name: &str) -> Check<'_> {
        Check::new(&join(&self.path, name), self.problems)
    }

    pub(super) fn that<W: Into<String>, R: Into<String>>(
        &mut self,
        holds: bool,
        setting: &str,
        flaw: impl FnOnce() -> (W, R),
    ) {
        if !holds {
            let (what, remedy) = flaw();
            let place = format!("{}:{setting}", self.path);
            self.problems.push(Flaw::new(what, remedy).at(place, None));
        }
    }

    pub(super) fn positive(&mut self, setting: &str, holds: bool) {
        self.that(holds, setting, || ("is 0", "Write a whole number from 1."));
    }

    pub(super) fn time(&mut self, setting: &str, value: Option<Duration>, most: Duration) {
        let Some(value) = value else {
            return;
        };
        self.that(value >= MILLISECOND && value <= most, setting, || {
            let (value, least, most) = (TimeSpan(value), TimeSpan(MILLISECOND), TimeSpan(most));
            (
                format!("is {value}"),
                format!("Write a TimeSpan from {least} to {most}."),
            )
        });
    }

    pub(super) fn at_most(
        &mut self,
        setting: (&str, Duration),
        limit: (&str, Duration),
        why: &str,
    ) {
        let (name, value) = setting;
        self.that(value <= limit.1, name, || {
            let (value, most) = (TimeSpan(value), TimeSpan(limit.1));
            (
                format!("is {value}"),
                format!("Write at most {} ({most}), because {why}.", limit.0),
            )
        });
    }

    pub(super) fn name(&mut self, setting: &str, name: &str) {
        self.that(!name.is_empty(), setting, || {
            ("is empty", "Write a name, or leave it out for the default.")
        });
        self.that(!name.contains(['{', '}']), setting, || {
            let shown = match is_harmless(&name.replace(['{', '}'], "")) {
                true => format!(": `{name}`"),
                false => String::new(),
            };
            (
                format!("contains a brace{shown}"),
                "Write it without `{` and `}`: a Redis cluster reads them as a hash tag, and only \
                 `{MachineName}` in ConsumerName has a meaning here.",
            )
        });
        self.that(!name.contains(char::is_control), setting, || {
            ("contains a control character", "Write it without.")
        });
    }
}
