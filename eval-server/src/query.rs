//! What a request asks for, checked before the store is.

use axum::extract::{FromRequestParts, Query, RawPathParams};
use axum::http::request::Parts;
use eval_core::{RunId, Timestamp};

use crate::error::ApiError;

const DEFAULT_LIMIT: usize = 50;
const MAX_LIMIT: usize = 200;

/// The query of a request, or a form, still unchecked.
#[derive(Debug)]
pub(crate) struct Parameters(Vec<(String, String)>);

impl<S: Send + Sync> FromRequestParts<S> for Parameters {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        match Query::from_request_parts(parts, state).await {
            Ok(Query(pairs)) => Ok(Self(pairs)),
            Err(_) => {
                Err(ApiError::bad_parameter("query", parts.uri.query().unwrap_or_default(), "name=value&name=value"))
            }
        }
    }
}

impl Parameters {
    /// What a form holds.
    pub(crate) fn of_form(bytes: &[u8]) -> Result<Self, ApiError> {
        let query = std::str::from_utf8(bytes).ok().and_then(|text| format!("/?{text}").parse().ok());
        let pairs = query.and_then(|uri| Query::try_from_uri(&uri).ok());
        let Query(pairs) = pairs.ok_or_else(|| ApiError::bad_parameter("form", "", "name=value&name=value"))?;
        Ok(Self(pairs))
    }

    /// Takes a parameter out.
    pub(crate) fn take(&mut self, name: &str) -> Option<String> {
        let at = self.0.iter().position(|(found, _)| found == name)?;
        Some(self.0.remove(at).1)
    }

    /// The same parameters, each of which is one of these and stands once.
    pub(crate) fn only(self, known: &[&str]) -> Result<Checked, ApiError> {
        for (at, (name, value)) in self.0.iter().enumerate() {
            if !known.contains(&name.as_str()) {
                return Err(ApiError::unknown_parameter(name, known));
            }
            if value.contains('\0') {
                return Err(ApiError::bad_parameter(name, value, "a text without the character NUL"));
            }
            if self.0[..at].iter().any(|(earlier, _)| earlier == name) {
                return Err(ApiError::repeated_parameter(name));
            }
        }
        Ok(Checked(self.0))
    }
}

/// Parameters that the route knows.
pub(crate) struct Checked(Vec<(String, String)>);

impl Checked {
    fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    /// A text, if it is given.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        self.get(name).map(str::to_owned)
    }

    /// What `read` makes of a value, if it is given; `expected` says to a person what `read` takes.
    pub(crate) fn value<T>(
        &self,
        name: &str,
        expected: &str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Result<Option<T>, ApiError> {
        let read = |value| read(value).ok_or_else(|| ApiError::bad_parameter(name, value, expected));
        self.get(name).map(read).transpose()
    }

    /// A text that must be given.
    pub(crate) fn required(&self, name: &str, expected: &str) -> Result<String, ApiError> {
        let text = self.text(name).filter(|text| !text.is_empty());
        text.ok_or_else(|| ApiError::bad_parameter(name, "", expected))
    }

    /// A time, if it is given.
    pub(crate) fn time(&self, name: &str) -> Result<Option<Timestamp>, ApiError> {
        self.value(name, "a time such as 2026-11-25T02:00:00Z", |text| text.parse().ok())
    }

    /// How many a page holds: `limit`, from 1 to 200. Default 50.
    pub(crate) fn limit(&self) -> Result<usize, ApiError> {
        let read = |value: &str| value.parse().ok().filter(|limit| (1..=MAX_LIMIT).contains(limit));
        Ok(self.value("limit", &format!("a whole number from 1 to {MAX_LIMIT}"), read)?.unwrap_or(DEFAULT_LIMIT))
    }
}

/// The run that stands in the path as `{id}`.
pub(crate) struct PathRun(pub(crate) RunId);

impl<S: Send + Sync> FromRequestParts<S> for PathRun {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        // By name, since a host that nests this router may have parameters of its own in front.
        let raw = RawPathParams::from_request_parts(parts, state).await.ok();
        let id = raw.iter().flatten().find(|(name, _)| *name == "id").map_or("", |(_, value)| value);
        id.parse().map(Self).map_err(|_| ApiError::bad_parameter("id", id, EXPECTED_RUN))
    }
}

/// The name that stands in the path as `{model}`.
pub(crate) struct PathModel(pub(crate) String);

impl<S: Send + Sync> FromRequestParts<S> for PathModel {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let raw = RawPathParams::from_request_parts(parts, state).await.ok();
        let name = raw.iter().flatten().find(|(name, _)| *name == "model").map_or("", |(_, value)| value);
        match name.is_empty() || name.contains('\0') {
            true => Err(ApiError::bad_parameter("model", name, "the name of a model, percent-encoded")),
            false => Ok(Self(name.to_owned())),
        }
    }
}

/// The last parameter of a path as a text; empty for what is none, and nothing has that name.
pub(crate) struct PathText(pub(crate) String);

impl<S: Send + Sync> FromRequestParts<S> for PathText {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let raw = RawPathParams::from_request_parts(parts, state).await.ok();
        Ok(Self(raw.iter().flatten().last().map_or_else(String::new, |(_, value)| value.to_owned())))
    }
}

/// What a run id looks like, for a person.
pub(crate) const EXPECTED_RUN: &str = "the full id of a run, such as 01890a5d-ac96-774b-bcce-b302099a8057";

/// Cuts a page that was read with one item too many, and says whether there was one.
pub(crate) fn cut<T>(items: &mut Vec<T>, limit: usize) -> bool {
    let more = items.len() > limit;
    items.truncate(limit);
    more
}
