//! The whole way through a real LiteLLM proxy: the one of `.ci/litellm`, whose prices and answers are known.

#![expect(clippy::print_stderr, reason = "a test that is skipped says so")]

mod common;

use common::{evalctl, fresh};
use eval_core::{AttemptLog as _, Evaluation, EvaluationQuery, Money, Purpose, Store as _};
use eval_store::DieselStore;
use serde_json::Value;

/// The proxy, or a loud word that nothing was tested.
fn proxy() -> Option<(String, String)> {
    let Ok(url) = std::env::var("EVAL_TEST_LITELLM_URL") else {
        eprintln!("SKIPPED: set EVAL_TEST_LITELLM_URL (see .ci/litellm) to test against a real LiteLLM proxy");
        return None;
    };
    Some((url, std::env::var("EVAL_TEST_LITELLM_KEY").unwrap_or_else(|_| "sk-test-master".into())))
}

/// Nano-dollars of a call by the prices of `.ci/litellm/config.yaml`, per token.
fn price(usage: &Value, prompt_nanos: i64, completion_nanos: i64) -> i64 {
    let tokens = |name: &str| usage[name].as_i64().expect("the proxy reports usage");
    tokens("prompt_tokens") * prompt_nanos + tokens("completion_tokens") * completion_nanos
}

#[test]
fn a_run_through_litellm_costs_what_the_prices_say() {
    let Some((url, key)) = proxy() else { return };
    let folder = fresh();
    let golden = concat!(env!("CARGO_MANIFEST_DIR"), "/../eval-core/data/golden.csv");
    let output = evalctl(&folder)
        .args(["run", golden, "-m", "mock-good", "-m", "up-echo", "--judge", "mock-judge", "--limit", "5", "--json"])
        .env("LITELLM_BASE_URL", &url)
        .env("LITELLM_API_KEY", &key)
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    assert!(stderr.contains("LiteLLM") && stderr.contains("LITELLM_API_KEY") && !stderr.contains(&key), "{stderr}");
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    for (run, deployment) in document["runs"].as_array().unwrap().iter().zip(["mock-good-1", "up-echo-1"]) {
        assert_eq!(run["summary"]["counts"]["scored"], 5);
        assert_eq!(run["summary"]["score"]["mean"], 0.9, "what mock-judge always says");
        let shown = evalctl(&folder).args(["show", run["id"].as_str().unwrap(), "--json"]).output().unwrap();
        let shown: Value = serde_json::from_slice(&shown.stdout).unwrap();
        let (mut answers, mut judges) = (0, 0);
        for evaluation in shown["evaluations"].as_array().unwrap() {
            let (completion, verdict) = (&evaluation["completion"], &evaluation["verdicts"][0]);
            assert_eq!(completion["served"]["model_id"], deployment);
            assert_eq!((&completion["served"]["fallbacks"], &completion["served"]["retries"]), (&0.into(), &0.into()));
            assert_eq!(completion["cost"], price(&completion["usage"], 1_000, 2_000), "{completion}");
            assert_eq!(verdict["cost"], price(&verdict["usage"], 3_000, 6_000), "{verdict}");
            answers += completion["cost"].as_i64().unwrap();
            judges += verdict["cost"].as_i64().unwrap();
        }
        assert_eq!(run["summary"]["cost"]["known"], answers);
        assert_eq!(run["summary"]["judge_cost"]["known"], judges);
    }
}

/// Asked as a plain endpoint the proxy does what it likes: it falls back, and spreads one name over two deployments.
#[test]
fn f28_what_the_proxy_does_by_itself_is_shown_and_counted() {
    let Some((url, key)) = proxy() else { return };
    let golden = concat!(env!("CARGO_MANIFEST_DIR"), "/../eval-core/data/golden.csv");
    for (model, flag, said) in [
        ("up-pair", "mixed_backends", "2 backends answered in this run: pair-"),
        ("up-fallback", "fallback", "24 of 24 answers came from a fallback"),
    ] {
        let folder = fresh();
        let output = evalctl(&folder)
            .args(["run", golden, "-m", model, "--judge", "contains", "--limit", "24", "--profile", "openai"])
            // The proxy's cache may know the questions of an earlier test.
            .args(["--param", &format!("seed={}", std::process::id())])
            .env("OPENAI_BASE_URL", &url)
            .env("OPENAI_API_KEY", &key)
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let shown = evalctl(&folder).args(["show", "--json"]).output().unwrap();
        let served = serde_json::from_slice::<Value>(&shown.stdout).unwrap()["served"].take();
        assert!(served["flags"][flag].as_u64().unwrap() > 0, "{served}");
        let page = String::from_utf8(evalctl(&folder).arg("show").output().unwrap().stdout).unwrap();
        assert!(page.contains(said), "{page}");
    }
}

#[test]
fn doctor_sees_what_the_proxy_has() {
    let Some((url, key)) = proxy() else { return };
    let folder = fresh();
    let doctor = |model: &str, key: &str| {
        evalctl(&folder)
            .args(["doctor", "-m", model, "--judge", "mock-judge", "--ask"])
            .env("LITELLM_BASE_URL", &url)
            .env("LITELLM_API_KEY", key)
            .output()
            .unwrap()
    };
    let good = doctor("mock-good", &key);
    let text = String::from_utf8_lossy(&good.stdout).into_owned();
    assert!(
        good.status.success() && text.contains("mock-good answered in") && text.contains("served by mock-good-1"),
        "{text}"
    );

    let unknown = doctor("mock-goood", &key);
    assert_eq!(unknown.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&unknown.stdout).contains("did you mean `mock-good`"));

    // Without a database this proxy answers 400 to a wrong key, not 401.
    let wrong = doctor("mock-good", "sk-wrong");
    assert_eq!(wrong.status.code(), Some(4));
    assert!(String::from_utf8_lossy(&wrong.stdout).contains("refused the key of LITELLM_API_KEY"));
}

/// What was written down before and after each call, what stands in the evaluations, what the run says in sum, and the
/// price list agree to the nano-dollar.
#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_questions_cost_the_same_in_every_book() {
    let Some((url, key)) = proxy() else { return };
    let folder = fresh();
    let rows = (0..200).map(|at| format!("q{at:03},sums,What is {at} plus {at}?,{}\n", 2 * at));
    let file = std::iter::once("id,category,question,expected_output\n".to_owned()).chain(rows).collect::<String>();
    std::fs::write(folder.path().join("sums.csv"), file).unwrap();
    let mut command = evalctl(&folder);
    command.args(["run", "sums.csv", "-m", "up-echo", "--judge", "mock-judge", "--concurrency", "32", "--json"]);
    command.env("LITELLM_BASE_URL", &url).env("LITELLM_API_KEY", &key);
    let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let run = serde_json::from_slice::<Value>(&output.stdout).unwrap()["runs"][0].clone();
    assert_eq!(run["summary"]["counts"], serde_json::json!({"scored": 200, "unscored": 0, "failed": 0}));

    let store = DieselStore::open(&folder.path().join("eval.db").display().to_string()).await.unwrap();
    let id = run["id"].as_str().unwrap().parse().unwrap();
    let mut all = EvaluationQuery::default();
    all.limit = 500;
    let evaluations = store.evaluations(id, &all).await.unwrap();
    let attempts = store.attempts(id, None, 1_000).await.unwrap();
    assert_eq!((evaluations.len(), attempts.len()), (200, 400), "each question was asked and judged once");
    let booked = |purpose: Purpose| -> Money {
        let ends = attempts.iter().filter(|attempt| attempt.origin.purpose == purpose);
        ends.map(|attempt| attempt.end.as_ref().and_then(|end| end.cost).expect("a price")).sum()
    };
    let answers: Money = evaluations.iter().map(|evaluation| evaluation.cost.expect("a price")).sum();
    let judges: Money = evaluations.iter().map(|evaluation| evaluation.judge_cost().expect("a price")).sum();
    assert_eq!((booked(Purpose::Answer), booked(Purpose::Judge)), (answers, judges));
    let summed = |name: &str| run["summary"][name]["known"].as_i64().map(Money::from_nanos);
    assert_eq!((summed("cost"), summed("judge_cost")), (Some(answers), Some(judges)));
    let listed = |usage: &Value, prompt, completion| Money::from_nanos(price(usage, prompt, completion));
    let usage = |evaluation: &Evaluation| serde_json::to_value(evaluation.completion.as_ref().unwrap().usage).unwrap();
    assert_eq!(answers, evaluations.iter().map(|found| listed(&usage(found), 1_000, 2_000)).sum());
    let usage = |evaluation: &Evaluation| serde_json::to_value(evaluation.verdicts[0].usage).unwrap();
    assert_eq!(judges, evaluations.iter().map(|found| listed(&usage(found), 3_000, 6_000)).sum());
}
