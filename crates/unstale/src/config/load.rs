//! From files and environment variables to a checked [`Config`].

use std::path::Path;
use std::sync::Arc;

use super::tree::{self, Entry, Node, Value};
use super::{Config, environment, read, validate};
use crate::error::{ConfigError, Error, Flaw, Problem};

/// The names the section may have.
pub(super) const SECTIONS: [&str; 2] = ["TheTechLoopCache", "Unstale"];

impl Config {
    /// Reads a JSON file, and then this process' environment variables, which override it.
    ///
    /// # Errors
    /// [`Error::Io`] if the file cannot be read, [`Error::Config`] if it has no section for the
    /// cache, or the settings cannot work.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, Error> {
        Self::from_files(&[path])
    }

    /// Reads several JSON files, of which a later one overrides an earlier one setting by setting,
    /// and then this process' environment variables, which override them all.
    ///
    /// ```no_run
    /// # use unstale::config::Config;
    /// let config = Config::from_files(&["appsettings.json", "appsettings.Production.json"])?;
    /// # Ok::<(), unstale::error::Error>(())
    /// ```
    ///
    /// # Errors
    /// As for [`from_file`](Self::from_file); every file has to exist.
    pub fn from_files(paths: &[impl AsRef<Path>]) -> Result<Self, Error> {
        Self::from_files_with(paths, environment::of_this_process()?)
    }

    /// Reads several JSON files, and then these variables instead of this process' own.
    ///
    /// # Errors
    /// As for [`from_files`](Self::from_files).
    pub fn from_files_with(
        paths: &[impl AsRef<Path>],
        variables: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, Error> {
        let mut texts = Vec::with_capacity(paths.len());
        for path in paths.iter().map(AsRef::as_ref) {
            let text = std::fs::read_to_string(path).map_err(|source| Error::Io {
                path: path.to_owned(),
                source,
            })?;
            texts.push((text, Some(path.display().to_string().into())));
        }
        Ok(load(texts, variables)?)
    }

    /// Reads a JSON text, and then this process' environment variables, which override it.
    ///
    /// # Errors
    /// [`Error::Config`] if it has no section for the cache, or the settings cannot work.
    pub fn from_json(text: &str) -> Result<Self, Error> {
        Self::from_json_with(text, environment::of_this_process()?)
    }

    /// Reads a JSON text, and then these variables instead of this process' own.
    ///
    /// # Errors
    /// As for [`from_json`](Self::from_json).
    pub fn from_json_with(
        text: &str,
        variables: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, Error> {
        Ok(load(vec![(text.to_owned(), None)], variables)?)
    }

    /// Reads a JSON text and nothing else.
    ///
    /// # Errors
    /// As for [`from_json`](Self::from_json).
    pub fn from_json_only(text: &str) -> Result<Self, Error> {
        Self::from_json_with(text, [])
    }
}

/// Lays the texts and the variables over each other and reads the outcome.
fn load(
    texts: Vec<(String, Option<Arc<str>>)>,
    variables: impl IntoIterator<Item = (String, String)>,
) -> Result<Config, ConfigError> {
    let mut problems = Vec::new();
    let mut section: Option<(&'static str, Node)> = None;
    for (text, origin) in texts {
        let found = sections(Node::parse(&text, origin)?);
        if let [(first, _), (second, node), ..] = found.as_slice()
            && first == second
        {
            problems.push(tree::given_twice(first, node));
        }
        for (name, node) in found {
            node.repeated(name, name, &mut problems);
            match &mut section {
                Some((other, _)) if *other != name => problems.push(both_names(&node)),
                Some((_, base)) => base.overlay(name, node),
                None => section = Some((name, node)),
            }
        }
    }
    match (environment::layer(variables, &mut problems), &mut section) {
        (None, _) => {}
        (Some((_, over)), Some((name, base))) => base.overlay(name, over),
        (over, none) => *none = over,
    }
    ConfigError::check(problems)?;
    let (name, node) = section.ok_or_else(no_section)?;
    let (config, mut problems) = read::config(name, &node);
    let mut impossible = validate::alone(&config, name);
    // With a default in the place of a mistaken setting, how settings go together says nothing.
    if problems.is_empty() && impossible.is_empty() {
        impossible = validate::together(&config, name);
    }
    for problem in &mut impossible {
        problem.origin = node.origin_of(name, &problem.place).map(str::to_owned);
    }
    problems.extend(impossible);
    ConfigError::check(problems)?;
    Ok(config)
}

/// Our sections among those of a file, under their proper names.
fn sections(file: Node) -> Vec<(&'static str, Node)> {
    let Value::Group(entries) = file.value else {
        return Vec::new();
    };
    let ours = |Entry { name, node }: Entry| {
        let proper = SECTIONS
            .iter()
            .find(|section| section.eq_ignore_ascii_case(&name))?;
        Some((*proper, node))
    };
    entries.into_iter().filter_map(ours).collect()
}

fn both_names(node: &Node) -> Problem {
    let [first, second] = SECTIONS;
    let what = format!("there is a section `{first}` and a section `{second}`");
    Flaw::new(
        what,
        "They mean the same: move all settings into one of them.",
    )
    .at("the configuration", node.origin.as_deref())
}

fn no_section() -> Problem {
    let [first, second] = SECTIONS;
    let what = "there is no section for the cache";
    let remedy = format!("Add a section `{first}` (or `{second}`); an empty one will do.");
    Flaw::new(what, remedy).at("the configuration", None)
}
