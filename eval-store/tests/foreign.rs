//! Results of other tools, in files that those tools wrote.

use eval_core::{
    Dataset, Evaluation, EvaluationQuery, FinishReason, InMemory, Message, Money, Outcome, ProviderErrorKind, Role,
    Run, RunQuery, RunStatus, Store,
};
use eval_store::{Import, ImportError, import};

const PROMPTFOO: &str = include_str!("fixtures/promptfoo.json");
const INSPECT: &str = include_str!("fixtures/inspect.json");

async fn imported(import: &Import, text: &str) -> (InMemory, Vec<Run>) {
    let store = InMemory::new();
    import.read(text.as_bytes(), &store).await.expect("a file of the tool");
    let mut runs = store.list_runs(&RunQuery::default()).await.expect("runs");
    runs.sort_by(|a, b| a.name.cmp(&b.name));
    (store, runs)
}

async fn evaluations(store: &InMemory, run: &Run) -> Vec<Evaluation> {
    store.evaluations(run.id, &EvaluationQuery::default()).await.expect("a run that is there")
}

/// The evaluation of a question in an epoch.
fn find<'a>(all: &'a [Evaluation], question: &str, epoch: u32) -> &'a Evaluation {
    let wanted = |one: &&Evaluation| one.sample.input.contains(question) && one.epoch == epoch;
    all.iter().find(wanted).expect("the question was asked")
}

async fn refused(text: &str) -> String {
    let store = InMemory::new();
    let error = import(text.as_bytes(), &store).await.expect_err("nothing that can be read");
    assert!(store.list_runs(&RunQuery::default()).await.expect("no runs").is_empty(), "half of it was stored");
    error.to_string()
}

#[tokio::test]
async fn each_prompt_of_each_provider_of_promptfoo_is_a_run() {
    let (_, runs) = imported(&Import::new(), PROMPTFOO).await;
    let names: Vec<_> = runs.iter().map(|run| (run.name.as_str(), run.model.as_str())).collect();
    assert_eq!(
        names,
        [
            ("openai:chat:gpt-4o-mini [plain]", "openai:chat:gpt-4o-mini"),
            ("openai:chat:gpt-4o-mini [terse]", "openai:chat:gpt-4o-mini"),
            ("parrot [plain]", "echo"),
            ("parrot [terse]", "echo"),
        ]
    );
    let run = &runs[0];
    assert_eq!((run.started.to_string().as_str(), run.wall_ms()), ("2026-11-24T10:10:51.417Z", Some(481)));
    assert_eq!((run.status, run.epochs, run.planned, run.is_comparable()), (RunStatus::Finished, 2, 8, true));
    assert_eq!((run.dataset.name.as_str(), run.dataset.len), ("capitals and sums", 4));
    assert_eq!(run.params.get("temperature"), Some(&0.into()));
    assert!(run.params.get("apiBaseUrl").is_none() && runs[2].params.is_empty());
    assert_eq!(run.provenance.harness, "promptfoo 0.121.20");
    assert_eq!((run.provenance.provider.as_str(), run.provenance.simulated), ("promptfoo", false));
    assert_eq!(run.tags["promptfoo"], "eval-vdI-2026-11-24T10:10:51");
    assert_eq!(run.dataset.fingerprint, runs[3].dataset.fingerprint);
    assert_eq!(run.provenance.prompt, runs[2].provenance.prompt);
    assert_ne!(run.provenance.prompt, runs[1].provenance.prompt);

    let summary = run.summary.as_ref().unwrap();
    let counts = summary.counts;
    assert_eq!((counts.scored, counts.unscored, counts.failed), (4, 2, 2));
    assert_eq!(summary.score.map(|score| (score.mean, score.n)), Some((1.0, 2)));
    assert_eq!(runs[2].score().map(|score| (score.mean, score.n)), Some((0.0, 3)));
    assert_eq!(summary.prompt_tokens.known, Some(2 * (16 + 15 + 13)));
    assert_eq!(summary.cost.known, Some(Money::from_nanos(2 * (3_000 + 2_850 + 4_350))));
    assert_eq!((summary.cost.unknown, summary.latency.unwrap().n), (2, 6));
    assert_eq!(summary.categories.keys().collect::<Vec<_>>(), ["geography", "math", "philosophy", "uncategorized"]);
}

#[tokio::test]
async fn rows_of_promptfoo_keep_what_is_known_and_no_more() {
    let (store, runs) = imported(&Import::new(), PROMPTFOO).await;
    let all = evaluations(&store, &runs[0]).await;
    assert_eq!(all.len(), 8);

    let right = find(&all, "capital of France", 2);
    assert_eq!(right.score().unwrap().get(), 1.0);
    assert_eq!((right.sample.target.as_deref(), &*right.sample.category), (Some("Paris"), "geography"));
    assert_eq!(right.sample.metadata["description"], "a capital");
    assert!(right.sample.metadata["assert"].contains("levenshtein"));
    let judges: Vec<_> = right.verdicts.iter().map(|one| (one.judge.as_str(), one.score.unwrap().get())).collect();
    assert_eq!(judges, [("promptfoo", 1.0), ("close", 1.0), ("correct", 1.0)]);
    assert_eq!(right.verdicts[0].explanation.as_deref(), Some("All assertions passed"));
    assert_eq!((right.latency_ms(), right.cost), (Some(35.0), Some(Money::from_nanos(3_000))));
    assert_eq!(right.judge_cost(), Some(Money::ZERO));
    let answer = right.completion.as_ref().unwrap();
    assert_eq!((answer.text.as_str(), &answer.finish), ("Paris", &FinishReason::Stop));
    assert_eq!((answer.usage.prompt_tokens, answer.usage.completion_tokens), (Some(16), Some(1)));
    assert_eq!((answer.usage.cached_tokens, answer.served.cache_hit), (None, Some(false)));

    let failed = find(&all, "meaning of life", 1);
    let Outcome::Failed { kind, message } = &failed.outcome else { panic!("{:?}", failed.outcome) };
    assert_eq!(*kind, ProviderErrorKind::Rejected);
    assert!(message.contains("this question is refused"), "{message}");
    assert_eq!((failed.cost, &failed.completion, failed.verdicts.len()), (None, &None, 0));

    let unjudged = find(&all, "Who are you", 1);
    let Outcome::Unscored { reason, .. } = &unjudged.outcome else { panic!("{:?}", unjudged.outcome) };
    assert!(reason.contains("no assertion"), "{reason}");
    assert_eq!(unjudged.completion.as_ref().unwrap().text, "I do not know.");

    let parrot = evaluations(&store, &runs[2]).await;
    let wrong = find(&parrot, "capital of France", 1);
    assert_eq!(wrong.score().unwrap().get(), 0.0);
    assert!(wrong.verdicts[0].explanation.as_ref().unwrap().contains("Levenshtein distance 27"));
    assert_eq!(wrong.completion.as_ref().unwrap().usage, eval_core::Usage::default(), "nobody counted");
}

#[tokio::test]
async fn a_log_of_inspect_is_a_run() {
    let (_, runs) = imported(&Import::new(), INSPECT).await;
    let [run] = &runs[..] else { panic!("{runs:?}") };
    assert_eq!((run.name.as_str(), run.dataset.name.as_str(), run.dataset.len), ("mockllm/model", "capitals", 3));
    assert_eq!((run.started.to_string().as_str(), run.wall_ms()), ("2026-11-24T10:11:58Z", Some(1000)));
    assert_eq!((run.status, run.epochs, run.planned, run.is_comparable()), (RunStatus::Finished, 2, 6, true));
    assert_eq!(run.params.get("temperature"), Some(&0.0.into()));
    assert_eq!((run.provenance.harness.as_str(), run.provenance.simulated), ("inspect_ai 0.3.285", true));
    assert_eq!((run.provenance.judge.as_str(), run.tags["task"].as_str()), ("match", "capitals"));
    let summary = run.summary.as_ref().unwrap();
    let counts = summary.counts;
    assert_eq!((counts.scored, counts.unscored, counts.failed), (4, 0, 2));
    assert_eq!(summary.score.map(|score| (score.mean, score.n)), Some((0.5, 2)), "accuracy as Inspect itself says");
    assert_eq!((summary.cost.known, summary.cost.unknown), (None, 6));
}

#[tokio::test]
async fn samples_of_inspect_keep_what_is_known_and_no_more() {
    let (store, runs) = imported(&Import::new(), INSPECT).await;
    let all = evaluations(&store, &runs[0]).await;
    let ids: Vec<_> = all.iter().map(|one| (one.sample.id.as_str(), one.epoch)).collect();
    assert_eq!(ids, [("3", 1), ("3", 2), ("france", 1), ("france", 2), ("sum", 1), ("sum", 2)]);

    let right = find(&all, "capital of France", 2);
    let judges: Vec<_> = right.verdicts.iter().map(|one| (one.judge.as_str(), one.score.unwrap().get())).collect();
    assert_eq!(judges, [("match", 1.0), ("brevity", 1.0)]);
    assert_eq!((right.sample.target.as_deref(), &*right.sample.category), (Some("Paris"), "geography"));
    assert_eq!(right.sample.metadata["difficulty"], "1");
    let answer = right.completion.as_ref().unwrap();
    assert_eq!((answer.text.as_str(), &answer.finish), ("Paris.", &FinishReason::Stop));
    // 12 + 3 + 4 are 19: the cached ones stand beside the others here.
    assert_eq!((answer.usage.prompt_tokens, answer.usage.cached_tokens), (Some(16), Some(4)));
    assert_eq!((answer.usage.completion_tokens, right.cost, right.judge_cost()), (Some(3), None, None));
    assert!(right.latency_ms().is_some_and(|ms| ms > 0.0 && ms < 100.0), "{:?}", right.timing);

    let wrong = find(&all, "Which one is even", 1);
    assert_eq!(wrong.score().unwrap().get(), 0.0);
    assert_eq!(wrong.sample.target.as_deref(), Some(r#"["2","two"]"#));
    assert_eq!(wrong.sample.metadata["choices"], r#"["1","2"]"#);
    let roles: Vec<_> = wrong.sample.turns.iter().map(|turn| turn.role).collect();
    assert_eq!(roles, [Role::System, Role::User, Role::Assistant]);
    assert_eq!(wrong.sample.turns[1], Message::user("Hello."));
    // The second scorer gave NaN.
    assert_eq!((wrong.verdicts[1].score, wrong.verdicts[1].explanation.as_deref()), (None, Some("too long")));

    let failed = find(&all, "2 + 2", 1);
    assert!(matches!(&failed.outcome, Outcome::Failed { message, .. } if message.contains("the tool is broken")));
}

#[tokio::test]
async fn importing_again_counts_nothing_twice() {
    for text in [PROMPTFOO, INSPECT] {
        let (store, runs) = imported(&Import::new(), text).await;
        let before = evaluations(&store, &runs[0]).await;
        import(text.as_bytes(), &store).await.unwrap();
        let again = store.list_runs(&RunQuery::default()).await.unwrap();
        assert_eq!(again.len(), runs.len());
        assert_eq!(evaluations(&store, &runs[0]).await, before);
        let times = runs.iter().map(|run| run.id.to_string()[..13].to_owned());
        assert_eq!(times.collect::<std::collections::BTreeSet<_>>().len(), 1, "ids sort by the time of the run");
    }
}

#[tokio::test]
async fn runs_of_other_tools_get_the_names_that_the_user_gives() {
    let named = Import::new().name("mock").dataset("geo").tags([("branch".into(), "main".into())]);
    let (_, runs) = imported(&named, INSPECT).await;
    assert_eq!((runs[0].name.as_str(), runs[0].dataset.name.as_str()), ("mock", "geo"));
    assert_eq!((runs[0].tags["branch"].as_str(), runs[0].model.as_str()), ("main", "mockllm/model"));

    let error = named.read(PROMPTFOO.as_bytes(), &InMemory::new()).await.unwrap_err().to_string();
    assert!(error.starts_with("the file holds 4 runs (parrot [plain], "), "{error}");
    let tagged = Import::new().dataset("geo").tags([("branch".into(), "main".into())]);
    let (_, runs) = imported(&tagged, PROMPTFOO).await;
    assert!(runs.iter().all(|run| run.dataset.name == "geo" && run.tags["branch"] == "main"));
}

#[tokio::test]
async fn questions_of_promptfoo_pair_with_those_of_a_data_set() {
    let (store, runs) = imported(&Import::new(), PROMPTFOO).await;
    let all = evaluations(&store, &runs[0]).await;
    let asked = &find(&all, "Who are you", 1).sample;
    let own = Dataset::from_csv_text("own", "question,expected_output\nWho are you?,\n").unwrap();
    assert_eq!(own.samples().unwrap().next().unwrap().unwrap().id, asked.id);
}

#[tokio::test]
async fn what_is_wrong_with_a_file_is_said_with_its_place() {
    let line = |text: &str, part: &str| 1 + text[..text.find(part).expect("it is there")].matches('\n').count();
    let slow = PROMPTFOO.replacen("\"testIdx\": 0", "\"testIdx\": 0, \"latencyMs\": \"slow\"", 1);
    let slow = slow.replacen("\"latencyMs\": 3,", "", 1);
    let at = line(&slow, "slow");
    let error = refused(&slow).await;
    assert!(error.starts_with(&format!("line {at}, column ")), "{error}");
    assert!(error.contains("no result of promptfoo: invalid type: string \"slow\", expected f64"), "{error}");

    let error = refused(&PROMPTFOO.replace("\"latencyMs\"", "\"x\"").replacen("\"promptIdx\"", "\"y\"", 1)).await;
    assert!(error.contains("missing field `promptIdx`"), "{error}");
    let error = refused(&INSPECT.replacen("\"epoch\": 1", "\"epoch\": \"one\"", 1)).await;
    assert!(error.contains("no result of Inspect: invalid type: string \"one\", expected u32"), "{error}");
    let error = refused(&INSPECT[..INSPECT.len() / 2]).await;
    assert!(error.starts_with("line ") && error.contains("EOF while parsing"), "{error}");

    assert!(refused(&INSPECT.replacen("\"version\": 2", "\"version\": 3", 1)).await.contains("only version 2"));
    assert!(refused(&PROMPTFOO.replacen("\"version\": 3", "\"version\": 4", 1)).await.contains("only version 3"));
    let mut log: serde_json::Value = serde_json::from_str(&INSPECT.replace("NaN", "null")).unwrap();
    log["samples"] = serde_json::Value::Null;
    assert!(refused(&log.to_string()).await.contains("holds no samples"));
    let zip = import(&b"PK\x03\x04\x14\x00"[..], &InMemory::new()).await.unwrap_err();
    assert!(matches!(&zip, ImportError::Unknown(why) if why.contains("inspect log convert --to json")), "{zip}");
}

#[tokio::test]
async fn a_log_that_was_stopped_says_so_and_a_part_is_a_part() {
    let mut log: serde_json::Value = serde_json::from_str(&INSPECT.replace("NaN", "null")).unwrap();
    log["status"] = "error".into();
    log["error"] = serde_json::json!({"message": "out of credit", "traceback": "", "traceback_ansi": ""});
    log["eval"]["config"]["limit"] = 3.into();
    log["stats"]["completed_at"] = "".into();
    let (_, runs) = imported(&Import::new(), &log.to_string()).await;
    assert_eq!((runs[0].status, runs[0].finished), (RunStatus::Failed, None));
    assert_eq!(runs[0].stop.as_ref().unwrap().message, "out of credit");
    assert_eq!((runs[0].dataset.selection.limit, runs[0].is_comparable()), (Some(3), false));
}
