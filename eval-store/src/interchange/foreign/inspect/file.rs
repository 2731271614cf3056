//! The log as Inspect writes it. Fields that are not named here do not matter to us.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use eval_core::Timestamp;
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::{Map, Value};

#[derive(Debug, Deserialize)]
pub(super) struct File {
    pub(super) version: u64,
    pub(super) status: String,
    pub(super) eval: Eval,
    #[serde(default)]
    pub(super) plan: Plan,
    pub(super) results: Option<Results>,
    #[serde(default)]
    pub(super) stats: Stats,
    pub(super) error: Option<Trouble>,
    pub(super) samples: Option<Vec<Sample>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Eval {
    pub(super) eval_id: Option<String>,
    pub(super) run_id: String,
    pub(super) created: Timestamp,
    pub(super) task: String,
    #[serde(default)]
    pub(super) task_id: String,
    #[serde(default)]
    pub(super) task_args: Map<String, Value>,
    pub(super) dataset: Dataset,
    pub(super) model: String,
    #[serde(default)]
    pub(super) model_generate_config: Map<String, Value>,
    #[serde(default)]
    pub(super) config: Config,
    pub(super) revision: Option<Revision>,
    #[serde(default)]
    pub(super) packages: Map<String, Value>,
    pub(super) scorers: Option<Vec<Value>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Dataset {
    pub(super) name: Option<String>,
    pub(super) samples: Option<u64>,
    pub(super) sample_ids: Option<Vec<Value>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Config {
    /// A number, or the first and the last.
    pub(super) limit: Value,
    pub(super) sample_id: Value,
    epochs: Option<u32>,
}

impl Config {
    pub(super) fn epochs(&self) -> u32 {
        self.epochs.unwrap_or(1)
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct Revision {
    pub(super) commit: Option<String>,
    pub(super) dirty: Option<bool>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Plan {
    pub(super) steps: Vec<Value>,
    pub(super) config: Map<String, Value>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Results {
    #[serde(default)]
    pub(super) scores: Vec<Named>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Named {
    pub(super) name: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Stats {
    #[serde(deserialize_with = "time")]
    pub(super) started_at: Option<Timestamp>,
    #[serde(deserialize_with = "time")]
    pub(super) completed_at: Option<Timestamp>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Trouble {
    pub(super) message: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Sample {
    /// A text or a number.
    pub(super) id: Value,
    pub(super) epoch: u32,
    /// A text or messages.
    pub(super) input: Value,
    pub(super) choices: Option<Vec<Value>>,
    /// A text or several that are right.
    #[serde(default)]
    pub(super) target: Value,
    #[serde(default)]
    pub(super) messages: Vec<Message>,
    #[serde(default)]
    pub(super) output: Output,
    #[serde(default, deserialize_with = "ordered")]
    pub(super) scores: Vec<(String, Score)>,
    #[serde(default)]
    pub(super) metadata: Map<String, Value>,
    #[serde(default)]
    pub(super) model_usage: BTreeMap<String, Tokens>,
    pub(super) started_at: Option<Timestamp>,
    pub(super) working_time: Option<f64>,
    pub(super) error: Option<Trouble>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Message {
    /// A text or parts of several kinds.
    #[serde(default)]
    pub(super) content: Value,
    /// `generate` for what the model said in the run.
    pub(super) source: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Output {
    pub(super) model: Option<String>,
    pub(super) choices: Vec<Choice>,
    pub(super) completion: Option<String>,
    pub(super) time: Option<f64>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Choice {
    pub(super) message: Message,
    pub(super) stop_reason: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Score {
    #[serde(default)]
    pub(super) value: Value,
    pub(super) explanation: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Tokens {
    pub(super) input_tokens: Option<u64>,
    pub(super) output_tokens: Option<u64>,
    pub(super) total_tokens: Option<u64>,
    pub(super) input_tokens_cache_read: Option<u64>,
    pub(super) input_tokens_cache_write: Option<u64>,
    pub(super) reasoning_tokens: Option<u64>,
    /// In dollars.
    pub(super) total_cost: Option<f64>,
}

/// A log that was not closed has empty times.
fn time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    text.filter(|text| !text.is_empty()).map(|text| text.parse().map_err(serde::de::Error::custom)).transpose()
}

/// A JSON object in the order in which it is written: the first scorer is the run's. Absent and `null` are empty.
fn ordered<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Vec<(String, T)>, D::Error> {
    struct Fields<T>(PhantomData<T>);

    impl<'de, T: Deserialize<'de>> Visitor<'de> for Fields<T> {
        type Value = Vec<(String, T)>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok(Vec::new())
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            std::iter::from_fn(|| map.next_entry().transpose()).collect()
        }
    }

    deserializer.deserialize_any(Fields(PhantomData))
}
