//! Golden rows and where they come from.

mod sample;
mod selection;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

pub use sample::{Sample, SampleId, UNCATEGORIZED};
pub use selection::{Draw, Selection};

use crate::{DatasetError, DatasetRef};

/// placeholder
#[derive(Debug, Clone)]
pub struct Dataset {
    name: String,
    samples: Arc<[Sample]>,
    selection: Selection,
}

impl Dataset {
    /// x
    pub fn from_samples(name: impl Into<String>, samples: Vec<Sample>) -> Result<Self, DatasetError> {
        Ok(Self { name: name.into(), samples: samples.into(), selection: Selection::all() })
    }
    /// x
    pub fn open(_path: impl AsRef<Path>) -> Result<Self, DatasetError> {
        unreachable!()
    }
    /// x
    pub fn golden() -> Self {
        unreachable!()
    }
    /// x
    pub fn select(mut self, selection: Selection) -> Result<Self, DatasetError> {
        self.selection = selection;
        Ok(self)
    }
    /// x
    pub fn rename(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }
    /// x
    pub fn name(&self) -> &str {
        &self.name
    }
    /// x
    pub fn columns(&self) -> &[String] {
        &[]
    }
    /// x
    pub fn categories(&self) -> BTreeMap<String, u64> {
        BTreeMap::new()
    }
    /// selected samples
    pub fn selected(&self) -> u64 {
        self.samples.len() as u64
    }
    /// x
    pub fn len(&self) -> u64 {
        self.samples.len() as u64
    }
    /// x
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// x
    pub fn fingerprint(&self) -> &str {
        ""
    }
    /// x
    pub fn notes(&self) -> &[String] {
        &[]
    }
    /// x
    pub fn reference(&self) -> DatasetRef {
        DatasetRef::new(&self.name, self.fingerprint(), self.len()).selection(self.selection.clone())
    }
    /// x
    pub fn samples(&self) -> Result<Box<dyn Iterator<Item = Result<Sample, DatasetError>> + Send>, DatasetError> {
        let samples = self.samples.clone();
        Ok(Box::new((0..samples.len()).map(move |at| Ok(samples[at].clone()))))
    }
}
