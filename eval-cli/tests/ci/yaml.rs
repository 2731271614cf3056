//! The YAML files of the repository.

use std::path::{Path, PathBuf};

use yaml_rust2::{Yaml, YamlLoader};

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a workspace").to_owned()
}

pub(crate) fn text(file: &str) -> String {
    std::fs::read_to_string(root().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

pub(crate) fn parse(text: &str) -> Yaml {
    YamlLoader::load_from_str(text).expect("YAML").remove(0)
}

/// Key and value of a mapping, in order; nothing for anything else.
pub(crate) fn entries(yaml: &Yaml) -> Vec<(String, Yaml)> {
    let pairs = yaml.as_hash().into_iter().flatten();
    pairs.map(|(key, value)| (scalar(key), value.clone())).collect()
}

/// A scalar as text, empty for anything else.
pub(crate) fn scalar(yaml: &Yaml) -> String {
    match yaml {
        Yaml::String(text) | Yaml::Real(text) => text.clone(),
        Yaml::Boolean(value) => value.to_string(),
        Yaml::Integer(value) => value.to_string(),
        _ => String::new(),
    }
}

pub(crate) fn items(yaml: &Yaml) -> Vec<Yaml> {
    yaml.as_vec().cloned().unwrap_or_default()
}
