//! Reads the settings of one group by name, and reports the names nobody asked for.

use super::nearest::advice;
use super::setting::{self, Setting};
use super::tree::{Entry, Node, Value, join};
use crate::error::{Flaw, Problem};

/// A group of settings while it is being read.
///
/// Every name asked for becomes an allowed one, so the list of allowed names in an error is always
/// the true one. Mistakes are collected and a default is used meanwhile.
pub(super) struct Section<'t> {
    path: String,
    entries: &'t [Entry],
    allowed: Vec<&'static str>,
    problems: Vec<Problem>,
}

impl<'t> Section<'t> {
    /// Reads the group at `path` with `settings`; answers what was wrong as well.
    pub(super) fn read<T>(
        path: &str,
        node: Option<&'t Node>,
        settings: impl FnOnce(&mut Self) -> T,
    ) -> (T, Vec<Problem>) {
        let mut section = Section {
            path: path.to_owned(),
            entries: &[],
            allowed: Vec::new(),
            problems: Vec::new(),
        };
        match node.map(|node| (&node.value, node)) {
            None => {}
            Some((Value::Group(entries), _)) => section.entries = entries,
            Some((other, node)) => {
                let flaw = Flaw::new(format!("is {}", other.kind()), "Write an object: { … }.");
                section.problems.push(flaw.at(path, node.origin.as_deref()));
            }
        }
        let read = settings(&mut section);
        section.report_unknown();
        (read, section.problems)
    }

    /// The value of a setting, or `default` where it is not given.
    pub(super) fn take<T: Setting>(&mut self, name: &'static str, default: T) -> T {
        let Some(node) = self.find(name) else {
            return default;
        };
        setting::read(&node.value).unwrap_or_else(|flaw| {
            let place = join(&self.path, name);
            self.problems.push(flaw.at(place, node.origin.as_deref()));
            default
        })
    }

    /// A group within this one; an absent one is read as an empty one.
    pub(super) fn group<T>(
        &mut self,
        name: &'static str,
        settings: impl FnOnce(&mut Section<'t>) -> T,
    ) -> T {
        let node = self.find(name);
        let (read, problems) = Section::read(&join(&self.path, name), node, settings);
        self.problems.extend(problems);
        read
    }

    /// A group whose names are the user's own, each a group of the same settings.
    pub(super) fn each(
        &mut self,
        name: &'static str,
        mut settings: impl FnMut(&str, &mut Section<'t>),
    ) {
        let node = self.find(name);
        let (problems, outer) = Section::read(&join(&self.path, name), node, |group| {
            let mut problems = Vec::new();
            for Entry { name, node } in std::mem::take(&mut group.entries) {
                let path = join(&group.path, name);
                let ((), found) =
                    Section::read(&path, Some(node), |section| settings(name, section));
                problems.extend(found);
            }
            problems
        });
        self.problems.extend(outer);
        self.problems.extend(problems);
    }

    fn find(&mut self, name: &'static str) -> Option<&'t Node> {
        self.allowed.push(name);
        let named = |entry: &&Entry| entry.name.eq_ignore_ascii_case(name);
        self.entries.iter().find(named).map(|entry| &entry.node)
    }

    fn report_unknown(&mut self) {
        for Entry { name, node } in self.entries {
            if !self
                .allowed
                .iter()
                .any(|known| known.eq_ignore_ascii_case(name))
            {
                let flaw = Flaw::new("there is no such setting", advice(name, &self.allowed));
                let place = join(&self.path, name);
                self.problems.push(flaw.at(place, first_origin(node)));
            }
        }
    }
}

/// Where a group was written: where its first setting was.
fn first_origin(node: &Node) -> Option<&str> {
    node.origin.as_deref().or_else(|| match &node.value {
        Value::Group(entries) => entries.iter().find_map(|entry| first_origin(&entry.node)),
        _ => None,
    })
}
