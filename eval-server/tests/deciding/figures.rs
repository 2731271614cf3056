use axum::http::StatusCode;
use serde_json::json;

use crate::service::Service;

#[tokio::test]
async fn a_history_comes_in_pages_with_its_figures() {
    let service = Service::new();
    let mut runs = Vec::new();
    for right in [50, 55, 45] {
        runs.push(service.run("good", right).await.id.to_string());
    }
    service.run("other", 60).await;
    let page = service.read("/api/v1/history/good?limit=2").await;
    let of = |page: &serde_json::Value, at: usize| page["runs"][at]["run"].as_str().map(str::to_owned);
    assert_eq!((of(&page, 0), of(&page, 1)), (Some(runs[2].clone()), Some(runs[1].clone())));
    assert_eq!(page["runs"][0]["score"]["mean"], 0.75);
    assert_eq!(page["runs"][0]["cost"]["known"], 60_000_000);
    let next = page["next"].as_str().unwrap();
    let last = service.read(&format!("/api/v1/history/good?limit=2&after={next}")).await;
    assert_eq!((of(&last, 0), &last["next"]), (Some(runs[0].clone()), &json!(null)));
    assert_eq!(service.get("/api/v1/history/nobody").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn models_have_the_ranks_that_their_intervals_allow() {
    let service = Service::new();
    for (name, right) in [("best", 59), ("middle", 31), ("also", 30)] {
        service.run(name, right).await;
    }
    let found = service.read("/api/v1/models").await;
    let ranks: Vec<_> = (0..3).map(|at| found["models"][at]["ranks"].clone()).collect();
    let shared = json!({"best": 2, "worst": 3});
    assert_eq!(ranks, [json!({"best": 1, "worst": 1}), shared.clone(), shared]);
    assert_eq!(found["models"][0]["cost"], json!({"known": 60_000_000, "unknown": 0}));
}

#[tokio::test]
async fn stats_and_costs_say_what_is_known_and_what_is_not() {
    let service = Service::new();
    service.run("good", 58).await;
    service.run("weak", 40).await;
    service.run_on("weak", 40, "other").await;
    let stats = service.read("/api/v1/stats").await;
    assert_eq!((&stats["total_runs"], &stats["total_evaluations"]), (&json!(3), &json!(180)));
    assert_eq!((&stats["stats"]["models"], &stats["stats"]["datasets"]), (&json!(2), &json!(2)));
    let costs = service.read("/api/v1/costs").await;
    assert_eq!(costs["total"]["answers"], json!({"known": 180_000_000, "unknown": 0}));
    assert_eq!(costs["total"]["judges"], json!({"known": 0, "unknown": 0}));
    assert_eq!(costs["models"]["weak"]["runs"], 2);
    assert_eq!(costs["total"]["judge_share"], 0.0);
    let none = service.read("/api/v1/costs?until=2001-01-01T00:00:00Z&since=2000-01-01T00:00:00Z").await;
    assert_eq!((&none["days"], &none["total"]["judge_share"]), (&json!([]), &json!(null)));
    let bad = service.get("/api/v1/costs?since=yesterday").await;
    assert_eq!((bad.status, bad.code()), (StatusCode::BAD_REQUEST, "bad_parameter"));
}

#[tokio::test]
async fn data_sets_are_those_that_runs_were_made_over() {
    let service = Service::new();
    service.run("good", 58).await;
    service.run("weak", 40).await;
    let newest = service.run_on("weak", 40, "other").await;
    let page = service.read("/api/v1/datasets?limit=1").await;
    assert_eq!((&page["datasets"][0]["dataset"]["name"], &page["datasets"][0]["runs"]), (&json!("golden"), &json!(2)));
    assert_eq!((&page["datasets"][0]["dataset"]["len"], &page["next"]), (&json!(60), &json!("golden")));
    let rest = service.read("/api/v1/datasets?limit=1&after=golden").await;
    assert_eq!(rest["datasets"][0]["newest"], newest.id.to_string());
    assert_eq!(rest["next"], json!(null));
}

#[tokio::test]
async fn data_sets_that_a_run_may_name_are_listed_too() {
    let service = Service::new().with(|state| state.dataset_names(|| vec!["unused".into(), "golden".into()]));
    service.run("good", 58).await;
    let page = service.read("/api/v1/datasets").await;
    let named: Vec<_> = page["datasets"].as_array().unwrap().iter().map(|set| (&set["name"], &set["runs"])).collect();
    assert_eq!(named, [(&json!("golden"), &json!(1)), (&json!("unused"), &json!(0))]);
    assert_eq!((&page["datasets"][1]["dataset"], &page["datasets"][1]["at"]), (&json!(null), &json!(null)));
    let rest = service.read("/api/v1/datasets?after=golden&limit=1").await;
    assert_eq!((&rest["datasets"][0]["name"], &rest["next"]), (&json!("unused"), &json!(null)));
}

#[tokio::test]
async fn evaluations_are_filtered_by_score_and_text() {
    let service = Service::new();
    let run = service.run("good", 58).await;
    let count = async |query: &str| {
        let page = service.read(&format!("/api/v1/runs/{}/evaluations?limit=200&{query}", run.id)).await;
        page["evaluations"].as_array().unwrap().len()
    };
    assert_eq!(count("max_score=0.5").await, 2);
    assert_eq!(count("min_score=0.5").await, 58);
    assert_eq!(count("text=wrong").await, 2);
    assert_eq!(count("text=wrong&category=math").await, 1);
    for bad in ["min_score=2", "max_score=nan", "text=%00"] {
        let answer = service.get(&format!("/api/v1/runs/{}/evaluations?{bad}", run.id)).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{bad}");
    }
}
