//! One source of values, the file or the environment, as figment takes them: it knows where each value stands, and every
//! key in it that nobody knows. It never turns a text into a number by itself, so that a secret of digits stays one.

use figment::value::{Dict, Map, Value};
use figment::{Metadata, Profile, Provider};
use strsim::normalized_damerau_levenshtein;

use super::sections::{Key, SECTIONS};

/// What every variable of ours begins with.
const PREFIX: &str = "BATON_";

/// Variables that are not configuration: the file's name, and what the tests read.
const OTHER_VARIABLES: [&str; 2] = ["BATON_CONFIG", "BATON_TEST_POSTGRES_URL"];

/// Values from one source.
pub(super) struct Layer {
    place: Place,
    values: Dict,
}

#[derive(Clone)]
enum Place {
    Environment,
    File(String),
}

impl Layer {
    /// The content of the file shown as `name`.
    pub(super) fn file(name: String, values: Dict) -> Self {
        Self { place: Place::File(name), values }
    }

    /// Our variables among all; a name without the double underscore is a problem if it looks like one that lost it.
    pub(super) fn environment(variables: impl IntoIterator<Item = (String, String)>) -> (Self, Vec<String>) {
        let mut layer = Self { place: Place::Environment, values: Dict::new() };
        let mut problems = Vec::new();
        for (name, value) in variables {
            let Some(rest) = name.strip_prefix(PREFIX) else { continue };
            if OTHER_VARIABLES.contains(&name.as_str()) {
                continue;
            }
            match rest.to_ascii_lowercase().split_once("__") {
                Some((section, key)) => layer.insert(section, key, value),
                None => problems.extend(lost_underscore(&name, rest)),
            }
        }
        (layer, problems)
    }

    fn insert(&mut self, section: &str, key: &str, value: String) {
        let value = if find(section, key).is_some_and(Key::is_list) {
            value.split(',').map(str::trim).filter(|item| !item.is_empty()).collect::<Vec<_>>().into()
        } else {
            Value::from(value)
        };
        let entry = self.values.entry(section.to_owned()).or_insert_with(|| Value::from(Dict::new()));
        if let Value::Dict(_, keys) = entry {
            keys.insert(key.to_owned(), value);
        }
    }

    /// Every key that is not in the table, with the nearest one that is.
    pub(super) fn unknown_keys(&self) -> Vec<String> {
        let mut problems = Vec::new();
        for (section, value) in &self.values {
            match value {
                Value::Dict(_, keys) => {
                    let unknown = keys.keys().filter(|key| find(section, key).is_none());
                    problems.extend(unknown.map(|key| self.unknown(section, Some(key))));
                }
                _ if SECTIONS.iter().any(|known| known.name == section) => {}
                _ => problems.push(self.unknown(section, None)),
            }
        }
        problems
    }

    fn unknown(&self, section: &str, key: Option<&str>) -> String {
        let shown = self.place.show(section, key);
        let written = key.map_or_else(|| section.to_owned(), |key| format!("{section}.{key}"));
        let nearest = nearest(&written, key);
        let nearest = nearest.split_once('.').map_or(String::new(), |(section, key)| match self.place {
            Place::Environment => variable(section, key),
            Place::File(_) => format!("{section}.{key}"),
        });
        format!("{shown} is not a known key, did you mean `{nearest}`?")
    }
}

impl Provider for Layer {
    fn metadata(&self) -> Metadata {
        let place = self.place.clone();
        let name = match &place {
            Place::Environment => "environment".to_owned(),
            Place::File(name) => name.clone(),
        };
        Metadata::named(name).interpolater(move |_, path| match path {
            [section, key, ..] => place.show(section, Some(key)),
            [section] => place.show(section, None),
            [] => "the configuration".to_owned(),
        })
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        Ok(Map::from([(Profile::Default, self.values.clone())]))
    }
}

impl Place {
    fn show(&self, section: &str, key: Option<&str>) -> String {
        match (self, key) {
            (Self::Environment, Some(key)) => format!("`{}`", variable(section, key)),
            (Self::Environment, None) => format!("`{PREFIX}{}__…`", section.to_uppercase()),
            (Self::File(name), Some(key)) => format!("`{section}.{key}` in `{name}`"),
            (Self::File(name), None) => format!("`{section}` in `{name}`"),
        }
    }
}

/// The variable that sets a key.
pub(super) fn variable(section: &str, key: &str) -> String {
    format!("{PREFIX}{}__{}", section.to_uppercase(), key.to_uppercase())
}

/// The key in the table.
pub(super) fn find(section: &str, key: &str) -> Option<&'static Key> {
    let section = SECTIONS.iter().find(|known| known.name == section)?;
    section.keys.iter().find(|known| known.name == key)
}

fn known_keys() -> impl Iterator<Item = (String, &'static str)> {
    SECTIONS
        .iter()
        .flat_map(|section| section.keys.iter().map(move |key| (format!("{}.{}", section.name, key.name), key.name)))
}

/// The known key that is most like what was written; one of the same name in another section wins.
fn nearest(written: &str, key: Option<&str>) -> String {
    let likeness =
        |(path, name): &(String, &str)| normalized_damerau_levenshtein(path, written) + f64::from(Some(*name) == key);
    known_keys().max_by(|a, b| likeness(a).total_cmp(&likeness(b))).map(|(path, _)| path).unwrap_or_default()
}

/// `BATON_AUTH_SECRET` was surely meant for `BATON_AUTH__SECRET`. Other variables, such as the `BATON_PORT_8080_TCP` that
/// Kubernetes makes for a service of our name, are none of our business.
fn lost_underscore(name: &str, rest: &str) -> Option<String> {
    let written = rest.to_ascii_lowercase();
    let meant = known_keys().find(|(path, _)| strsim::damerau_levenshtein(&path.replace('.', "_"), &written) <= 1)?.0;
    let (section, key) = meant.split_once('.')?;
    Some(format!("`{name}` is not a known key, did you mean `{}`?", variable(section, key)))
}
