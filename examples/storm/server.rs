//! An OpenAI-compatible endpoint that admits by a token bucket.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Result;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use tokio::time::{Instant, sleep};

const TAKES: Duration = Duration::from_millis(200);
const ANSWER: &str = r#"{"choices":[{"index":0,"message":{"role":"assistant","content":"4"},"finish_reason":"stop"}]}"#;

/// What an endpoint says of its limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Says {
    /// Limit and what is left, with everything.
    Headers,
    /// How long to wait, with a refusal.
    RetryAfter,
}

impl Says {
    pub fn name(self) -> &'static str {
        match self {
            Self::Headers => "x-ratelimit-*",
            Self::RetryAfter => "Retry-After",
        }
    }
}

/// An endpoint that runs until the program ends.
pub struct Server {
    pub url: String,
    pub says: Says,
    pub per_minute: u32,
    bucket: Arc<Bucket>,
}

impl Server {
    pub async fn start(says: Says, per_minute: u32) -> Result<Self> {
        let level = f64::from(per_minute) / 60.0;
        let state = Mutex::new(Level { level, at: Instant::now(), calls: Vec::new() });
        let bucket = Arc::new(Bucket { says, per_minute, state });
        let app = Router::new().route("/v1/chat/completions", post(complete)).with_state(bucket.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}", listener.local_addr()?);
        tokio::spawn(async move { axum::serve(listener, app).await });
        Ok(Self { url, says, per_minute, bucket })
    }

    /// Calls admitted and refused from one second after the beginning to another.
    pub fn between(&self, begun: Instant, from: u64, to: u64) -> (usize, usize) {
        let span = begun + Duration::from_secs(from)..begun + Duration::from_secs(to);
        let state = self.bucket.state.lock().unwrap_or_else(PoisonError::into_inner);
        let calls = state.calls.iter().filter(|(at, _)| span.contains(at));
        let admitted = calls.clone().filter(|(_, admitted)| *admitted).count();
        (admitted, calls.count() - admitted)
    }
}

struct Bucket {
    says: Says,
    per_minute: u32,
    state: Mutex<Level>,
}

struct Level {
    /// What was there at that moment.
    level: f64,
    at: Instant,
    /// When it was asked, and whether it admitted that.
    calls: Vec<(Instant, bool)>,
}

impl Bucket {
    /// Whether a call is admitted, and what is left.
    fn admit(&self) -> (bool, f64) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let Level { level, at, calls } = &mut *state;
        let (now, rate) = (Instant::now(), f64::from(self.per_minute) / 60.0);
        *level = (*level + rate * (now - *at).as_secs_f64()).min(rate.max(1.0));
        *at = now;
        let admitted = *level >= 1.0;
        *level -= f64::from(u8::from(admitted));
        calls.push((now, admitted));
        (admitted, *level)
    }
}

async fn complete(State(bucket): State<Arc<Bucket>>) -> Response {
    let (admitted, level) = bucket.admit();
    let mut response = match admitted {
        true => {
            sleep(TAKES).await;
            ([("content-type", "application/json")], ANSWER).into_response()
        }
        false => {
            let wait = ((1.0 - level) * 60.0 / f64::from(bucket.per_minute)).ceil();
            (StatusCode::TOO_MANY_REQUESTS, [("retry-after", format!("{wait}"))], "slow down").into_response()
        }
    };
    if bucket.says == Says::Headers {
        let headers = response.headers_mut();
        headers.insert("x-ratelimit-limit-requests", bucket.per_minute.into());
        headers.insert("x-ratelimit-remaining-requests", (level as u32).into());
    }
    response
}
