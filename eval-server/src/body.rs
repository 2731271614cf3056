//! The JSON body of a request, checked before a handler sees it.

use std::time::Duration;

use axum::body::{Bytes, HttpBody as _, to_bytes};
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, header};
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::error::Category;
use tokio::time::timeout;

use crate::error::ApiError;

/// The most bytes that a body has: 1 MiB.
pub(crate) const MOST_BYTES: usize = 1 << 20;
/// How long a body may take to come.
const MOST_TIME: Duration = Duration::from_secs(30);
/// How deep objects and arrays may stand in one another.
const MOST_DEPTH: usize = 32;
/// The most bytes of one text within a body: 64 KiB.
const MOST_TEXT: usize = 64 << 10;
/// What a caller never chooses: whom a model is asked at, and with which key. Proxies take these names even among the
/// parameters of a call, so they are refused at any depth.
const NEVER: [&str; 6] = ["base_url", "api_base", "api_key", "api_keys", "authorization", "extra_headers"];

/// The body of a request as JSON of this type.
///
/// It is refused with 408 when it takes longer than 30 seconds, 413 when it is longer than 1 MiB, 415 when it is not said to be `application/json`, 400 when it is
/// not JSON (with line and column), and 422 when it is, but not of this type (with the path of what is wrong). A type that
/// denies unknown fields has them refused by name.
#[derive(Debug)]
pub(crate) struct Body<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        if !is_json(request.headers()) {
            return Err(ApiError::not_json());
        }
        read(&whole(request).await?).map(Self)
    }
}

/// All bytes of a body, if they are not too many.
pub(crate) async fn whole(request: Request) -> Result<Bytes, ApiError> {
    // What is announced as too long is not read at all.
    if request.body().size_hint().lower() > MOST_BYTES as u64 {
        return Err(ApiError::too_large(MOST_BYTES));
    }
    let read = timeout(MOST_TIME, to_bytes(request.into_body(), MOST_BYTES)).await;
    read.map_err(|_| ApiError::too_slow())?.map_err(|error| ApiError::unread(&error, MOST_BYTES))
}

/// Whether a request says that its body is JSON.
pub(crate) fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json")
}

/// What these bytes say.
fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ApiError> {
    let value: Value = serde_json::from_slice(bytes).map_err(|error| ApiError::syntax(&error))?;
    check(&value, &mut Vec::new())?;
    // Again from the bytes, since a value has already forgotten that a field stood twice.
    let json = &mut serde_json::Deserializer::from_slice(bytes);
    serde_path_to_error::deserialize(json).map_err(|error| {
        let path = error.path().to_string();
        let error = error.into_inner();
        // Numbers out of range are told only now, as an error of syntax.
        if error.classify() == Category::Data { ApiError::wrong(&path, &error) } else { ApiError::syntax(&error) }
    })
}

/// Refuses what no type should have to deal with: too deep, too long, NUL (which Postgres takes in no text), and what a
/// caller never chooses.
fn check<'a>(value: &'a Value, path: &mut Vec<&'a str>) -> Result<(), ApiError> {
    if path.len() > MOST_DEPTH {
        return Err(ApiError::wrong_at("", &format!("objects and arrays stand more than {MOST_DEPTH} deep")));
    }
    match value {
        Value::String(text) => check_text(text, path),
        Value::Array(items) => items.iter().try_for_each(|item| within("[]", item, path)),
        Value::Object(fields) => fields.iter().try_for_each(|(name, value)| {
            check_text(name, path)?;
            if NEVER.iter().any(|never| name.eq_ignore_ascii_case(never)) {
                return Err(ApiError::never(name));
            }
            within(name, value, path)
        }),
        _ => Ok(()),
    }
}

fn within<'a>(name: &'a str, value: &'a Value, path: &mut Vec<&'a str>) -> Result<(), ApiError> {
    path.push(name);
    check(value, path)?;
    path.pop();
    Ok(())
}

fn check_text(text: &str, path: &[&str]) -> Result<(), ApiError> {
    match text {
        _ if text.len() > MOST_TEXT => {
            Err(ApiError::wrong_at(&path.join("."), &format!("a text has more than {MOST_TEXT} bytes")))
        }
        _ if text.contains('\0') => Err(ApiError::wrong_at(&path.join("."), "a text has the character NUL")),
        _ => Ok(()),
    }
}

/// Whether a request has a body, or may have one.
pub(crate) fn has_body(request: &Request) -> bool {
    !request.body().is_end_stream()
}

#[cfg(test)]
mod tests {
    use axum::body::Body as Bytes;
    use axum::http::StatusCode;
    use axum::response::IntoResponse as _;
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Wanted {
        name: String,
        #[serde(default)]
        limits: Vec<Limit>,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Limit {
        most: u32,
    }

    /// Reads a body and gives the status and the words of a refusal.
    async fn sent(kind: &str, body: impl Into<Bytes>) -> Result<Wanted, (StatusCode, Value)> {
        let request = Request::builder().header(header::CONTENT_TYPE, kind).body(body.into()).unwrap();
        match Body::from_request(request, &()).await {
            Ok(Body(wanted)) => Ok(wanted),
            Err(error) => {
                let response = error.into_response();
                let status = response.status();
                let bytes = to_bytes(response.into_body(), 1 << 20).await.unwrap();
                Err((status, serde_json::from_slice::<Value>(&bytes).unwrap()["error"].clone()))
            }
        }
    }

    async fn refused(body: impl Into<Bytes>) -> (u16, String) {
        let (status, error) = sent("application/json", body).await.unwrap_err();
        (status.as_u16(), format!("{}: {}", error["code"].as_str().unwrap(), error["message"].as_str().unwrap()))
    }

    #[tokio::test]
    async fn what_is_right_is_read() {
        let wanted = || Wanted { name: "a".into(), limits: vec![Limit { most: 1 }] };
        let text = r#"{"name": "a", "limits": [{"most": 1}]}"#;
        for kind in ["application/json", "Application/JSON; charset=utf-8"] {
            assert_eq!(sent(kind, text).await, Ok(wanted()), "{kind}");
        }
    }

    #[tokio::test]
    async fn s13_a_body_is_bounded_in_length_depth_and_texts() {
        let text = |n: usize| format!("{{\"name\": \"{}\"}}", "a".repeat(n));
        assert!(sent("application/json", text(MOST_TEXT)).await.is_ok());
        assert_eq!(
            refused(text(MOST_TEXT + 1)).await,
            (422, "bad_body: name: a text has more than 65536 bytes".into())
        );
        let padded = |n: usize| format!("{}{}", text(1), " ".repeat(n - text(1).len()));
        assert!(sent("application/json", padded(MOST_BYTES)).await.is_ok());
        for more in [1, 10 * MOST_BYTES] {
            assert_eq!(refused(padded(MOST_BYTES + more)).await.0, 413);
        }
        for depth in [MOST_DEPTH + 1, 100] {
            let (status, said) = refused("[".repeat(depth) + &"]".repeat(depth)).await;
            assert_eq!((status, said.contains("deep")), (422, depth > MOST_DEPTH + 1), "{depth}: {said}");
        }
        assert_eq!(refused("[".repeat(100_000)).await.0, 400, "far above");
    }

    #[tokio::test]
    async fn what_is_wrong_is_told_with_its_place() {
        let cases = [
            ("{\n  \"name\": }", 400, "bad_json: the body is not JSON: expected value at line 2 column 11"),
            ("", 400, "bad_json: the body is not JSON: EOF while parsing a value at line 1 column 0"),
            ("{} {}", 400, "bad_json: the body is not JSON: trailing characters at line 1 column 4"),
            (
                r#"{"name": "\ud800"}"#,
                400,
                "bad_json: the body is not JSON: unexpected end of hex escape at line 1 column 17",
            ),
            (r#"{"name": 1e999}"#, 400, "bad_json: the body is not JSON: number out of range at line 1 column 14"),
            (
                r#"{"name": "a", "limits": [{"most": "9"}]}"#,
                422,
                "bad_body: limits[0].most: invalid type: string \"9\", expected a whole number from 0 to 4294967295",
            ),
            (r#"{"name": "a", "nmae": 1}"#, 422, "bad_body: nmae: unknown field `nmae`, expected `name` or `limits`"),
            (r#"{"name": "a", "name": "b"}"#, 422, "bad_body: duplicate field `name`"),
            ("{}", 422, "bad_body: missing field `name`"),
            ("[]", 422, "bad_body: invalid length 0, expected struct Wanted with 2 elements"),
            (r#"{"name": "a\u0000b"}"#, 422, "bad_body: name: a text has the character NUL"),
        ];
        for (text, status, words) in cases {
            assert_eq!(refused(text).await, (status, words.to_owned()), "{text}");
        }
    }

    #[tokio::test]
    async fn only_what_is_said_to_be_json_is_read() {
        for kind in ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/jsonx"]
        {
            let (status, error) = sent(kind, r#"{"name": "a"}"#).await.unwrap_err();
            assert_eq!((status.as_u16(), &error["code"]), (415, &"not_json".into()), "{kind}");
        }
    }

    #[tokio::test]
    async fn s05_no_body_chooses_an_endpoint_or_a_key() {
        for name in NEVER.map(str::to_owned).into_iter().chain(["API_KEY".into(), "api\\u005fkey".into()]) {
            for text in
                [format!(r#"{{"{name}": "x"}}"#), format!(r#"{{"name": "a", "limits": [[{{"{name}": {{}}}}]]}}"#)]
            {
                let (status, said) = refused(text.clone()).await;
                assert!(status == 422 && said.starts_with("never_by_api"), "{text}: {status} {said}");
            }
        }
    }
}
