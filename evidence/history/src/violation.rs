//! What shows that a promise was broken: the shortest history.

use std::fmt;
use std::time::Duration;

use crate::{Event, Moment, Read, Rule, Source, Write};

/// A read that broke a rule.
///
/// Its `Display` is the shortest history that shows it, a line for each event, times counted from
/// the beginning of the first. It takes one write and one read, or the read alone where its token
/// says what it had to see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The rule.
    pub rule: Rule,
    /// The write that it missed.
    pub missed: Option<Write>,
    /// The read.
    pub read: Read,
    pub(crate) max_staleness: Duration,
}

impl Violation {
    /// The events that show it, the first first. A judge who hears these alone comes to the same
    /// verdict.
    pub fn history(&self) -> Vec<Event> {
        let missed = self.missed.map(Event::Write);
        missed.into_iter().chain([Event::Read(self.read)]).collect()
    }

    /// How much time that history takes. Of several violations, the one with the shortest is the
    /// easiest to understand.
    pub fn span(&self) -> Duration {
        self.read.ended.since(self.first())
    }

    fn first(&self) -> Moment {
        let began = self.missed.map_or(Moment::NEVER, |write| write.began);
        began.min(self.read.began)
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is broken: ", self.rule)?;
        match &self.missed {
            Some(write) if self.rule != Rule::Tokens => self.say_when(write, f)?,
            _ => write!(
                f,
                "the read's token stands for version {}",
                self.read.at_least
            )?,
        }
        let first = self.first();
        for event in self.history() {
            write!(f, "\n  {}", Line { event, first })?;
        }
        Ok(())
    }
}

impl Violation {
    /// How late the read was to have missed this.
    fn say_when(&self, write: &Write, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let invalidation = write.invalidation;
        let ago = self.read.began.since(write.ended);
        match (self.rule, self.read.source) {
            (Rule::OwnWrites, _) => write!(
                f,
                "the instance's own {invalidation} returned {ago:?} before the read began"
            ),
            (Rule::NoStaleFill, Source::Load) => write!(
                f,
                "the {invalidation} was acknowledged {ago:?} before the loader was asked"
            ),
            (Rule::NoStaleFill, _) => write!(
                f,
                "the {invalidation} was acknowledged {ago:?} before L2 was asked"
            ),
            _ => write!(
                f,
                "the {invalidation} was acknowledged {ago:?} before the read began, and \
                 MaxStaleness is {:?}",
                self.max_staleness
            ),
        }
    }
}

/// An event in words.
struct Line {
    event: Event,
    first: Moment,
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (instance, began, ended) = match self.event {
            Event::Write(write) => (write.instance, write.began, write.ended),
            Event::Read(read) => (read.instance, read.began, read.ended),
        };
        write!(
            f,
            "{:>12.6} s .. {:>12.6} s  instance {instance} ",
            began.since(self.first).as_secs_f64(),
            ended.since(self.first).as_secs_f64(),
        )?;
        match self.event {
            Event::Write(write) => write!(
                f,
                "writes version {} of key {}, {} {}",
                write.version,
                write.key,
                write.invalidation,
                if write.acknowledged {
                    "acknowledged"
                } else {
                    "pending"
                },
            ),
            Event::Read(read) => {
                write!(
                    f,
                    "reads version {} of key {} from {}",
                    read.version, read.key, read.source
                )?;
                match read.at_least {
                    0 => Ok(()),
                    version => write!(f, ", with a token of version {version}"),
                }
            }
        }
    }
}
