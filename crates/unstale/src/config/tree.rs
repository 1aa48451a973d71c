//! Settings as they were written, each with where it was written, and how layers are laid over
//! each other.

use std::fmt;
use std::sync::Arc;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use super::{json, repeat};
use crate::error::{Flaw, Problem};

/// A setting or a group of settings. It may hold a password, so it has no `Debug`.
#[derive(Clone)]
pub(super) struct Node {
    pub(super) value: Value,
    /// The file or variable it comes from.
    pub(super) origin: Option<Arc<str>>,
}

#[derive(Clone)]
pub(super) enum Value {
    Null,
    Bool(bool),
    Whole(i128),
    Fraction(f64),
    Text(String),
    List,
    Group(Vec<Entry>),
}

#[derive(Clone)]
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) node: Node,
}

/// The group whose names are key patterns. Keys differ by case; setting names do not.
pub(super) const POLICIES: &str = "Policies";

/// Whether two names in `group` mean the same setting.
pub(super) fn same_name(group: &str, a: &str, b: &str) -> bool {
    if group.eq_ignore_ascii_case(POLICIES) {
        a == b
    } else {
        a.eq_ignore_ascii_case(b)
    }
}

/// The path of a setting within `group`. A name that is empty or has the separator in it is quoted.
pub(super) fn join(group: &str, name: &str) -> String {
    let names_patterns = group
        .split_once(':')
        .is_some_and(|(_, group)| group.eq_ignore_ascii_case(POLICIES));
    let name = match names_patterns {
        true => repeat::line(name),
        false => repeat::name(name).into(),
    };
    if name.is_empty() || name.contains(':') {
        format!("{group}:\"{name}\"")
    } else {
        format!("{group}:{name}")
    }
}

pub(super) fn given_twice(path: &str, node: &Node) -> Problem {
    let remedy = "Keep one of them; case makes no difference.";
    Flaw::new("is given twice", remedy).at(path, node.origin.as_deref())
}

impl Node {
    /// Reads JSON as .NET does. `origin` names the file, if there is one.
    pub(super) fn parse(text: &str, origin: Option<Arc<str>>) -> Result<Self, Problem> {
        let bytes = json::strict(text);
        let mut deserializer = serde_json::Deserializer::from_slice(&bytes);
        let reader = Reader { origin: &origin };
        let result = reader
            .deserialize(&mut deserializer)
            .and_then(|node| deserializer.end().map(|()| node));
        let place = origin.as_deref().unwrap_or("the JSON text");
        match result {
            Ok(node) if matches!(node.value, Value::Group(_)) => Ok(node),
            Ok(node) => {
                let what = format!("must be an object, but is {}", node.value.kind());
                Err(Flaw::new(what, "Write `{ \"TheTechLoopCache\": { … } }`.").at(place, None))
            }
            Err(error) => {
                let what = format!("is not valid JSON: {error}");
                Err(Flaw::new(what, "Mend the text there.").at(place, None))
            }
        }
    }

    /// Lays `over` over this: groups are merged, anything else is replaced.
    pub(super) fn overlay(&mut self, name: &str, over: Self) {
        match (&mut self.value, over.value) {
            (Value::Group(mine), Value::Group(theirs)) => {
                for Entry { name: inner, node } in theirs {
                    match mine.iter_mut().find(|e| same_name(name, &e.name, &inner)) {
                        Some(entry) => entry.node.overlay(&inner, node),
                        None => mine.push(Entry { name: inner, node }),
                    }
                }
            }
            (mine, theirs) => {
                *mine = theirs;
                self.origin = over.origin;
            }
        }
    }

    /// Reports the names that one layer gives twice.
    pub(super) fn repeated(&self, name: &str, path: &str, problems: &mut Vec<Problem>) {
        let Value::Group(entries) = &self.value else {
            return;
        };
        for (index, entry) in entries.iter().enumerate() {
            let path = join(path, &entry.name);
            if entries[..index]
                .iter()
                .any(|e| same_name(name, &e.name, &entry.name))
            {
                problems.push(given_twice(&path, &entry.node));
            }
            entry.node.repeated(&entry.name, &path, problems);
        }
    }

    /// Where the setting with this path was written, if anywhere.
    pub(super) fn origin_of(&self, path: &str, wanted: &str) -> Option<&str> {
        if path.eq_ignore_ascii_case(wanted) {
            return self.origin.as_deref();
        }
        match &self.value {
            Value::Group(entries) => entries
                .iter()
                .find_map(|entry| entry.node.origin_of(&join(path, &entry.name), wanted)),
            _ => None,
        }
    }
}

impl Value {
    /// What it is, for an error that must not show it.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Whole(_) | Self::Fraction(_) => "a number",
            Self::Text(_) => "a string",
            Self::List => "an array",
            Self::Group(_) => "an object",
        }
    }
}

#[derive(Clone, Copy)]
struct Reader<'a> {
    origin: &'a Option<Arc<str>>,
}

impl Reader<'_> {
    fn node<E>(self, value: Value) -> Result<Node, E> {
        Ok(Node {
            value,
            origin: self.origin.clone(),
        })
    }
}

impl<'de> DeserializeSeed<'de> for Reader<'_> {
    type Value = Node;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Reader<'_> {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        self.node(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        self.node(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
        self.node(Value::Whole(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
        self.node(Value::Whole(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Node, E> {
        self.node(Value::Fraction(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Node, E> {
        self.node(Value::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node, A::Error> {
        while items.next_element_seed(self)?.is_some() {}
        self.node(Value::List)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
        let mut entries = Vec::new();
        while let Some(name) = map.next_key()? {
            let node = map.next_value_seed(self)?;
            entries.push(Entry { name, node });
        }
        self.node(Value::Group(entries))
    }
}
