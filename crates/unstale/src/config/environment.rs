//! Environment variables as a layer of settings.

use std::sync::Arc;

use super::load::SECTIONS;
use super::repeat;
use super::tree::{Entry, Node, Value, same_name};
use crate::error::{ConfigError, Flaw, Problem};

/// What separates the names in a variable's name.
const SEPARATOR: &str = "__";

/// No setting lies deeper than three names; JSON is not read to any depth either.
const DEEPEST: usize = 16;

/// The variables of this process that override settings.
///
/// Others are left alone, so that one that is not Unicode is reported only if it is ours.
pub(super) fn of_this_process() -> Result<Vec<(String, String)>, ConfigError> {
    let mut ours = Vec::new();
    let mut problems = Vec::new();
    for (name, value) in std::env::vars_os() {
        let Ok(name) = name.into_string() else {
            continue;
        };
        if path(&name).is_none() {
            continue;
        }
        match value.into_string() {
            Ok(value) => ours.push((name, value)),
            Err(_) => {
                let flaw = Flaw::new("is not Unicode", "Write its value in UTF-8.");
                problems.push(flaw.at(origin(&name), None));
            }
        }
    }
    ConfigError::check(problems)?;
    Ok(ours)
}

/// The section that variables override, by the first of them, and what they set in it.
///
/// Both names of the section mean the same here, so an override works whichever the file uses.
pub(super) fn layer(
    variables: impl IntoIterator<Item = (String, String)>,
    problems: &mut Vec<Problem>,
) -> Option<(&'static str, Node)> {
    let mut variables: Vec<_> = variables.into_iter().collect();
    // The environment has no order, and an error should not change from run to run.
    variables.sort();
    let mut layer: Option<(&'static str, Node)> = None;
    for (name, value) in variables {
        let Some((section, path)) = path(&name) else {
            continue;
        };
        if path.len() > DEEPEST {
            let remedy = "Name a setting by its section, its group and its own name.";
            let flaw = Flaw::new("names a setting that does not exist", remedy);
            problems.push(flaw.at(origin(&name), None));
            continue;
        }
        let leaf = Node {
            value: Value::Text(value),
            origin: Some(origin(&name).into()),
        };
        let (_, root) = layer.get_or_insert_with(|| (section, group()));
        if let Err(problem) = place(root, section, &path, leaf) {
            problems.push(problem);
        }
    }
    layer
}

fn origin(variable: &str) -> String {
    format!("environment variable {}", repeat::line(variable))
}

fn group() -> Node {
    Node {
        value: Value::Group(Vec::new()),
        origin: None,
    }
}

/// The section and the names within it that a variable's name means, if it is one of ours.
fn path(variable: &str) -> Option<(&'static str, Vec<&str>)> {
    let (section, path) = variable.split_once(SEPARATOR)?;
    let section = *SECTIONS
        .iter()
        .find(|name| name.eq_ignore_ascii_case(section))?;
    Some((section, path.split(SEPARATOR).collect()))
}

fn place(group: &mut Node, name: &str, path: &[&str], leaf: Node) -> Result<(), Problem> {
    let [first, rest @ ..] = path else {
        return overwrite(group, leaf);
    };
    let Value::Group(entries) = &mut group.value else {
        return Err(contradiction(group.origin.clone(), &leaf));
    };
    let index = entries
        .iter()
        .position(|entry| same_name(name, &entry.name, first));
    let entry = match index {
        Some(index) => &mut entries[index],
        None => {
            let node = if rest.is_empty() {
                leaf.clone()
            } else {
                self::group()
            };
            let name = (*first).to_owned();
            entries.push(Entry { name, node });
            let last = entries.len() - 1;
            &mut entries[last]
        }
    };
    place(&mut entry.node, first, rest, leaf)
}

/// Two variables may mean the same setting (by case, or by the section's two names) as long as
/// they agree.
fn overwrite(node: &mut Node, leaf: Node) -> Result<(), Problem> {
    match (&node.value, &leaf.value) {
        (Value::Text(a), Value::Text(b)) if a == b => Ok(()),
        _ => Err(contradiction(node.origin.clone(), &leaf)),
    }
}

fn contradiction(other: Option<Arc<str>>, leaf: &Node) -> Problem {
    let other = other.as_deref().unwrap_or("another environment variable");
    let what = format!("contradicts {other}");
    let place = leaf.origin.as_deref().unwrap_or_default();
    Flaw::new(what, "Unset one of them.").at(place, None)
}
