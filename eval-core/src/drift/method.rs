//! How something was found.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The method of a report, exactly enough to compute it again from the same history.
///
/// ```
/// use eval_core::Method;
/// let method = Method::new("paired-test", 1).seed(7).with("p", 0.001);
/// assert_eq!(method.to_string(), "paired-test/1 p=0.001 seed=7");
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Method {
    /// The [name](crate::DriftDetector::name) of the detector.
    pub name: String,
    /// Goes up when the same history gives another report.
    pub version: u32,
    /// What it is set to, by name.
    pub parameters: BTreeMap<String, Value>,
    /// The seed, where something is drawn.
    pub seed: Option<u64>,
}

impl Method {
    /// A method without parameters.
    pub fn new(name: impl Into<String>, version: u32) -> Self {
        Self { name: name.into(), version, parameters: BTreeMap::new(), seed: None }
    }

    /// The same method with a parameter. What JSON has no word for, such as a NaN, becomes null.
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.parameters.insert(name.to_owned(), value.into());
        self
    }

    /// The same method with this seed.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }
}

/// The tag under which reports are stored: `name/version parameter=value … seed=n`, parameters sorted by name.
impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.name, self.version)?;
        for (name, value) in &self.parameters {
            write!(f, " {name}={value}")?;
        }
        self.seed.map_or(Ok(()), |seed| write!(f, " seed={seed}"))
    }
}
