#![doc = include_str!("../README.md")]

mod bill;
mod by_sample;
mod contains;
mod exact;
mod excerpt;
mod expected;
mod fence;
mod json;
mod llm;
mod normalize;
mod numeric;
mod panel;
mod pattern;
mod registry;
mod settle;
mod similarity;

pub use by_sample::{BySample, JUDGE_COLUMN};
pub use contains::Contains;
pub use exact::Exact;
pub use json::Json;
#[cfg(feature = "json-schema")]
pub use json::{JsonSchema, SchemaError};
pub use llm::{DEFAULT_GRADER, Garbled, LlmJudge, LlmJudgeBuilder, LlmJudgeError, Rubric, RubricError, parse_verdict};
pub use normalize::Normalizer;
pub use numeric::Numeric;
pub use panel::{Panel, PanelBuilder, PanelError, Rule};
pub use pattern::{Pattern, PatternError};
pub use registry::{BUILT_IN, SpecError, built_in};
pub use similarity::Similarity;
