//! The OpenAPI document of the routes, as it is served.

use eval_core::server::{AckKind, Alert, AuditEntry, NoticeKind, NoticeState};
use eval_core::{Evaluation, LeaderboardEntry, Run, ServedSummary};
use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::Value;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::schema::Schema;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{ComponentsBuilder, InfoBuilder, OpenApi, OpenApiBuilder, Ref, RefOr, ResponseBuilder};

use crate::access::Access;

/// The name of the way in, in the document.
const BEARER: &str = "token";

/// The document before any route.
pub(crate) fn base() -> OpenApi {
    let info = InfoBuilder::new()
        .title("Eval Dashboard")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some("Runs, what came out of them, what drifted, and whether a model may pass."));
    let bearer = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
    let components = ComponentsBuilder::new().security_scheme(BEARER, bearer).build();
    OpenApiBuilder::new().info(info.build()).components(Some(components)).build()
}

/// The operations of a path, each with its method in capitals.
pub(crate) fn operations(item: &mut PathItem) -> impl Iterator<Item = (&'static str, &mut Operation)> {
    let all = [
        ("GET", &mut item.get),
        ("POST", &mut item.post),
        ("PUT", &mut item.put),
        ("PATCH", &mut item.patch),
        ("DELETE", &mut item.delete),
    ];
    all.into_iter().filter_map(|(method, operation)| Some((method, operation.as_mut()?)))
}

/// Writes down what a route asks of callers, and the answers that any route may give besides its own.
pub(crate) fn ask(operation: &mut Operation, access: Access) {
    let mut answers = vec![
        ("414", "the path and its query are longer than 8 KiB"),
        ("421", "the server is not known by that name"),
        ("431", "the headers are longer than 16 KiB"),
        ("500", "the server failed; its log says why"),
        ("503", "the database is not available"),
    ];
    if let Access::Scope(scope) = access {
        operation.security = Some(vec![SecurityRequirement::new(BEARER, Vec::<String>::new())]);
        let needs = format!("Needs the scope `{}`.", scope.name());
        let text = operation.description.take().map(|text| format!("{text}\n\n{needs}"));
        operation.description = Some(text.unwrap_or(needs));
        answers.extend([
            ("401", "no token, or one that opens nothing"),
            ("403", "the scope is too small, or another page asks"),
            ("429", "too many requests; Retry-After says when"),
        ]);
    }
    if operation.request_body.is_some() {
        answers.extend([
            ("400", "the body cannot be read"),
            ("403", "another page asks"),
            ("408", "the body did not come in time"),
            ("413", "the body is longer than 1 MiB"),
            ("415", "the body is of another content-type"),
            ("422", "the body holds something else"),
        ]);
    }
    for (status, what) in answers {
        let answer = ResponseBuilder::new().description(what).build();
        operation.responses.responses.entry(status.to_owned()).or_insert(RefOr::T(answer));
    }
}

/// A reference to the schema of a type of eval-core, which [`whole`] puts into the document. For `schema_with`.
pub(crate) fn core<T: schemars::JsonSchema>() -> RefOr<Schema> {
    RefOr::Ref(Ref::from_schema_name(T::schema_name()))
}

/// The same for many of them.
pub(crate) fn cores<T: schemars::JsonSchema>() -> RefOr<Schema> {
    RefOr::T(utoipa::openapi::schema::ArrayBuilder::new().items(core::<T>()).build().into())
}

/// The types of eval-core that answers hold. A test finds those that are missing.
fn collect(generator: &mut SchemaGenerator) {
    generator.subschema_for::<Alert>();
    generator.subschema_for::<AckKind>();
    generator.subschema_for::<NoticeKind>();
    generator.subschema_for::<NoticeState>();
    generator.subschema_for::<Run>();
    generator.subschema_for::<Evaluation>();
    generator.subschema_for::<AuditEntry>();
    generator.subschema_for::<LeaderboardEntry>();
    generator.subschema_for::<ServedSummary>();
}

/// The document, with the schemas of eval-core's types.
pub(crate) fn whole(document: &OpenApi) -> Value {
    let settings =
        SchemaSettings::draft2020_12().with(|settings| settings.definitions_path = "/components/schemas".into());
    let mut generator = settings.into_generator();
    collect(&mut generator);
    let mut whole = serde_json::to_value(document).unwrap_or_default();
    if let Some(schemas) = whole["components"]["schemas"].as_object_mut() {
        schemas.extend(generator.take_definitions(true));
    }
    whole
}
