#![doc = include_str!("../README.md")]

mod agreement;
mod bill;
mod by_sample;
mod cheap_first;
mod contains;
mod exact;
mod excerpt;
mod expected;
mod family;
mod fence;
mod fitness;
mod json;
mod llm;
mod normalize;
mod numeric;
mod pairwise;
mod panel;
mod parts;
mod pattern;
mod promptfoo;
mod registry;
mod settle;
mod similarity;

pub use agreement::{Level, Weighting, cohen_kappa, krippendorff_alpha};
pub use by_sample::{BySample, JUDGE_COLUMN};
pub use cheap_first::CheapFirst;
pub use contains::Contains;
pub use exact::Exact;
pub use family::{family, relatives};
pub use fitness::{Audit, Calibration, Confusion, Finding, Fitness, MASTER_KEYS, calibrate, ppi_mean};
pub use json::Json;
#[cfg(feature = "json-schema")]
pub use json::{JsonSchema, SchemaError};
pub use llm::{
    Criterion, DEFAULT_GRADER, Garbled, LlmJudge, LlmJudgeBuilder, LlmJudgeError, Rubric, RubricError, parse_verdict,
};
pub use normalize::Normalizer;
pub use numeric::Numeric;
pub use pairwise::{OrderTally, Pairwise};
pub use panel::{Panel, PanelBuilder, PanelError, Rule, panel_agreement};
pub use parts::{Part, parts};
pub use pattern::{Pattern, PatternError};
pub use promptfoo::{AssertionError, Assertions};
pub use registry::{BUILT_IN, SpecError, built_in};
pub use similarity::Similarity;
