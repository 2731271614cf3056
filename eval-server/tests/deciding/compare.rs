use axum::http::StatusCode;
use eval_core::Store as _;

use crate::service::Service;

#[tokio::test]
async fn runs_are_put_beside_the_first_one() {
    let service = Service::new();
    let (a, b) = (service.run("good", 58).await, service.run("weak", 40).await);
    let found = service.read(&format!("/api/v1/compare?a={}&b={}&limit=5", a.id, b.id)).await;
    let pair = &found["comparisons"][0];
    assert_eq!(pair["comparison"]["changes"]["regressed"], 18);
    assert_eq!(pair["comparison"]["effect"]["points"], -30.0);
    assert_eq!(pair["regressed"].as_array().map(Vec::len), Some(5), "no more than was asked for");
    assert_eq!(pair["improved"].as_array().map(Vec::len), Some(0));
    assert_eq!(pair["now"], b.id.to_string());
    let back = service.read(&format!("/api/v1/compare?a={}&b={}&c=good@latest", b.id, a.id)).await;
    assert_eq!(back["comparisons"].as_array().map(Vec::len), Some(2));
    assert_eq!(back["comparisons"][0]["improved"].as_array().map(Vec::len), Some(18));
}

#[tokio::test]
async fn what_cannot_be_compared_is_refused_with_the_reason() {
    let service = Service::new();
    let (a, mut b) = (service.run("good", 58).await, service.run("good", 58).await);
    b.provenance.judge_hash = "another".into();
    service.store.put_run(&b).await.unwrap();
    let refused = service.get(&format!("/api/v1/compare?a={}&b={}", a.id, b.id)).await;
    assert_eq!((refused.status, refused.code()), (StatusCode::CONFLICT, "not_comparable"), "{}", refused.json);
    for (path, status) in [
        ("/api/v1/compare", StatusCode::BAD_REQUEST),
        ("/api/v1/compare?a=%00&b=x", StatusCode::BAD_REQUEST),
        ("/api/v1/compare?a=nobody&b=@latest", StatusCode::NOT_FOUND),
        ("/api/v1/compare?a=@latest~18446744073709551615&b=@latest", StatusCode::NOT_FOUND),
        ("/api/v1/compare?a=@latest&b=@latest&d=1", StatusCode::BAD_REQUEST),
    ] {
        assert_eq!(service.get(path).await.status, status, "{path}");
    }
}
