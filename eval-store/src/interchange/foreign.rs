//! Results of other tools as runs of ours.

mod inspect;
mod lenient;
mod promptfoo;
mod recording;

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::error::ImportError;
use super::import::NOT_KNOWN;
pub(super) use recording::Recording;

/// What the user calls the runs of another tool.
#[derive(Debug, Clone, Default)]
pub(super) struct Labels {
    pub(super) name: Option<String>,
    pub(super) dataset: Option<String>,
    pub(super) tags: BTreeMap<String, String>,
}

/// What tells the documents apart.
#[derive(Deserialize)]
struct Probe {
    schema: Option<IgnoredAny>,
    eval: Option<IgnoredAny>,
    status: Option<IgnoredAny>,
    results: Option<ResultsProbe>,
}

#[derive(Deserialize)]
struct ResultsProbe {
    version: Option<IgnoredAny>,
    results: Option<IgnoredAny>,
}

/// The runs in the document of another tool; `None` when it is one of ours. The text begins at this line of the file.
pub(super) fn read(line: u64, text: &[u8], labels: &Labels) -> Result<Option<Vec<Recording>>, ImportError> {
    let text = lenient::numbers(text);
    let unknown = || ImportError::Unknown(NOT_KNOWN.to_owned());
    let probe = serde_json::from_slice::<Probe>(&text);
    let probe = probe.map_err(|error| if error.is_data() { unknown() } else { ImportError::json(line, &error) })?;
    let mut recordings = match probe {
        Probe { schema: Some(_), .. } => return Ok(None),
        Probe { eval: Some(_), status: Some(_), .. } => inspect::read(line, &text)?,
        Probe { results: Some(ResultsProbe { version: Some(_), results: Some(_) }), .. } => {
            promptfoo::read(line, &text)?
        }
        _ => return Err(unknown()),
    };
    label(&mut recordings, labels)?;
    Ok(Some(recordings))
}

fn label(recordings: &mut [Recording], labels: &Labels) -> Result<(), ImportError> {
    if let Some(name) = &labels.name {
        if recordings.len() > 1 {
            let names: Vec<_> = recordings.iter().map(|recording| recording.run.name.as_str()).collect();
            let why = format!("the file holds {} runs ({}), and one name is for one", names.len(), names.join(", "));
            return Err(ImportError::Unknown(why));
        }
        recordings.iter_mut().for_each(|recording| recording.run.name.clone_from(name));
    }
    for Recording { run, .. } in recordings {
        if let Some(dataset) = &labels.dataset {
            run.dataset.name.clone_from(dataset);
        }
        run.tags.extend(labels.tags.clone());
    }
    Ok(())
}
