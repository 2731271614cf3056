//! The file as promptfoo writes it. Fields that are not named here do not matter to us.

use std::collections::BTreeMap;

use eval_core::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct File {
    pub(super) eval_id: Option<String>,
    pub(super) results: Results,
    #[serde(default)]
    pub(super) config: Config,
    #[serde(default)]
    pub(super) metadata: Metadata,
}

#[derive(Debug, Deserialize)]
pub(super) struct Results {
    pub(super) version: u64,
    pub(super) timestamp: Timestamp,
    #[serde(default)]
    pub(super) prompts: Vec<Prompt>,
    pub(super) results: Vec<Row>,
    pub(super) stats: Option<Stats>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Stats {
    pub(super) duration_ms: Option<u64>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Config {
    pub(super) description: Option<String>,
    /// Names, objects or functions, in any mixture.
    #[serde(default)]
    pub(super) providers: Value,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Metadata {
    pub(super) promptfoo_version: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Prompt {
    pub(super) raw: String,
    #[serde(default)]
    pub(super) label: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Provider {
    pub(super) id: String,
    pub(super) label: Option<String>,
}

/// One prompt of one provider over one test.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Row {
    pub(super) provider: Provider,
    pub(super) prompt: Prompt,
    pub(super) prompt_idx: usize,
    pub(super) prompt_id: Option<String>,
    #[serde(default)]
    pub(super) vars: Map<String, Value>,
    #[serde(default)]
    pub(super) test_case: TestCase,
    pub(super) response: Option<Response>,
    /// What went wrong; for an answer that does not pass, the reason.
    pub(super) error: Option<String>,
    /// 0 passed, 1 an assertion did not hold, 2 there is no answer.
    pub(super) failure_reason: Option<u8>,
    pub(super) score: f64,
    #[serde(default)]
    pub(super) named_scores: BTreeMap<String, f64>,
    pub(super) grading_result: Option<Grading>,
    pub(super) latency_ms: Option<f64>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct TestCase {
    pub(super) description: Option<String>,
    pub(super) metadata: Option<Map<String, Value>>,
    #[serde(rename = "assert")]
    pub(super) assertions: Option<Vec<Value>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Response {
    pub(super) output: Option<Value>,
    pub(super) error: Option<String>,
    pub(super) token_usage: Option<Tokens>,
    pub(super) cached: Option<bool>,
    pub(super) cost: Option<f64>,
    pub(super) finish_reason: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Grading {
    pub(super) reason: Option<String>,
    #[serde(default)]
    pub(super) component_results: Option<Vec<Value>>,
    pub(super) tokens_used: Option<Tokens>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Tokens {
    pub(super) total: Option<u64>,
    pub(super) prompt: Option<u64>,
    pub(super) completion: Option<u64>,
    pub(super) completion_details: Option<TokenDetails>,
}

#[derive(Debug, Deserialize)]
pub(super) struct TokenDetails {
    pub(super) reasoning: Option<u64>,
}
