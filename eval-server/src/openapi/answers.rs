//! The answers that routes share.

use axum::http::StatusCode;
use utoipa::openapi::path::Operation;
use utoipa::openapi::{ContentBuilder, Ref, RefOr, Response, ResponseBuilder};

use crate::access::Access;

/// An answer: its status, its name in the document, what it says.
type Shared = (&'static str, &'static str, &'static str);

/// What any route may answer.
const ANY: [Shared; 7] = [
    ("400", "BadRequest", "something in the request cannot be understood; the message names it"),
    ("414", "TooLong", "the path and its query are longer than 8 KiB"),
    ("421", "Misdirected", "the server is not called by this host name"),
    ("429", "TooMany", "too many requests; `Retry-After` says when to ask again, in seconds"),
    ("431", "HeadersTooLong", "the headers are longer than 16 KiB"),
    ("500", "Failed", "the server failed; its log says why"),
    ("503", "Unavailable", "the database is not available, or the server is about to end"),
];
/// What a route answers to who may not use it.
const REFUSED: [Shared; 2] = [
    ("401", "Unauthorized", "no token, or one that opens nothing"),
    ("403", "Forbidden", "the token's scope is too small, or the request comes from another site"),
];
/// What a route with a parameter in its path may answer.
const NAMED: [Shared; 1] = [("404", "NotFound", "there is none of this name or id")];
/// What a route that reads a body may answer.
const BODY: [Shared; 4] = [
    ("408", "TooSlow", "the body did not come in time"),
    ("413", "TooLarge", "the body is larger than the server takes"),
    ("415", "NotJson", "the body is not `application/json`"),
    ("422", "Unprocessable", "the body holds something else than it should; the message names it"),
];

/// All of them by name, for the components of the document.
pub(super) fn all() -> impl Iterator<Item = (&'static str, Response)> {
    let all = ANY.into_iter().chain(REFUSED).chain(NAMED).chain(BODY);
    all.map(|(_, name, what)| {
        let envelope = ContentBuilder::new().schema(Some(Ref::from_schema_name("Envelope"))).build();
        (name, ResponseBuilder::new().description(what).content("application/json", envelope).build())
    })
}

/// Adds those that a route has besides its own.
pub(super) fn add(operation: &mut Operation, path: &str, access: Access) {
    let groups: [(&[Shared], bool); 4] = [
        (&ANY, true),
        (&REFUSED, access != Access::Public),
        (&NAMED, path.contains('{')),
        (&BODY, operation.request_body.is_some()),
    ];
    for (status, name, _) in groups.into_iter().filter(|(_, has)| *has).flat_map(|(group, _)| group) {
        let answer = RefOr::Ref(Ref::from_response_name(*name));
        operation.responses.responses.entry((*status).to_owned()).or_insert(answer);
    }
    for (status, answer) in &mut operation.responses.responses {
        if let RefOr::T(answer) = answer
            && answer.description.is_empty()
        {
            answer.description = words(status);
        }
    }
}

/// What an answer says whose route does not say it.
fn words(status: &str) -> String {
    let shared = ANY.iter().chain(&REFUSED).chain(&NAMED).chain(&BODY).find(|(known, ..)| *known == status);
    let reason = || status.parse().ok().and_then(|status: StatusCode| status.canonical_reason());
    shared.map(|(.., what)| *what).or_else(reason).unwrap_or("an answer").to_owned()
}
