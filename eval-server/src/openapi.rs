//! The OpenAPI document of the routes, as it is served.

mod answers;
mod polish;

use eval_core::server::{AckKind, Alert, AuditEntry, NoticeKind, NoticeState};
use eval_core::{
    Baseline, Counts, DailyCost, DatasetRef, DriftReport, Estimate, Evaluation, Label, Latency, Money, Run,
    ServedSummary, Stats, Total,
};
use eval_drift::findings::{Earlier, Level};
use eval_drift::{GateReport, QuestionChange, RunComparison, SettingApart};
use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::Value;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::schema::{ObjectBuilder, OneOfBuilder, Schema, SchemaType, Type};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{ComponentsBuilder, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder, Ref, RefOr, Server};
use utoipa::{PartialSchema as _, ToSchema as _};

use crate::access::Access;
use crate::error::Envelope;

/// The name of the way in, in the document.
const BEARER: &str = "token";

/// The document before any route.
pub(crate) fn base() -> OpenApi {
    let info = InfoBuilder::new()
        .title("Eval Dashboard")
        .version(env!("CARGO_PKG_VERSION"))
        .license(Some(LicenseBuilder::new().name("MIT").identifier(Some("MIT")).build()))
        .description(Some("Runs, what came out of them, what drifted, and whether a model may pass."));
    let bearer = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
    let mut schemas = vec![(Envelope::name().into_owned(), Envelope::schema())];
    Envelope::schemas(&mut schemas);
    let components = ComponentsBuilder::new().security_scheme(BEARER, bearer).schemas_from_iter(schemas);
    let components = answers::all().fold(components, |components, (name, answer)| components.response(name, answer));
    OpenApiBuilder::new()
        .info(info.build())
        .servers(Some([Server::new("/")]))
        .components(Some(components.build()))
        .build()
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

/// Writes down what a route asks of callers, its name, and the answers that any route may give besides its own.
pub(crate) fn ask(operation: &mut Operation, method: &str, path: &str, access: Access) {
    operation.operation_id = Some(operation_id(method, path));
    operation.security = Some(match access {
        Access::Public => vec![SecurityRequirement::default()],
        Access::Scope(_) => vec![SecurityRequirement::new(BEARER, Vec::<String>::new())],
    });
    if let Access::Scope(scope) = access {
        let needs = format!("Needs the scope `{}`.", scope.name());
        let text = operation.description.take().filter(|text| !text.is_empty());
        operation.description = Some(text.map(|text| format!("{text}\n\n{needs}")).unwrap_or(needs));
    }
    answers::add(operation, path, access);
}

/// `get_api_v1_runs_by_id`, without what all have in front.
fn operation_id(method: &str, path: &str) -> String {
    let path = path.trim_start_matches("/api/v1").trim_matches('/');
    let mut id = method.to_lowercase();
    for part in path.split(['/', '.', '-']) {
        id.push('_');
        if part.starts_with('{') {
            id.push_str("by_");
        }
        id.push_str(part.trim_matches(['{', '}', '*']));
    }
    id
}

/// A reference to the schema of a type of eval-core, which [`whole`] puts into the document. For `schema_with`.
pub(crate) fn core<T: schemars::JsonSchema>() -> RefOr<Schema> {
    RefOr::Ref(Ref::from_schema_name(T::schema_name()))
}

/// The same for many of them.
pub(crate) fn cores<T: schemars::JsonSchema>() -> RefOr<Schema> {
    RefOr::T(utoipa::openapi::schema::ArrayBuilder::new().items(core::<T>()).build().into())
}

/// The same for one that may be unknown.
pub(crate) fn maybe<T: schemars::JsonSchema>() -> RefOr<Schema> {
    let null = ObjectBuilder::new().schema_type(SchemaType::Type(Type::Null)).build();
    RefOr::T(OneOfBuilder::new().item(core::<T>()).item(null).build().into())
}

/// The types of eval-core and eval-drift that answers hold. A test finds those that are missing.
fn collect(generator: &mut SchemaGenerator) {
    generator.subschema_for::<Alert>();
    generator.subschema_for::<AckKind>();
    generator.subschema_for::<NoticeKind>();
    generator.subschema_for::<NoticeState>();
    generator.subschema_for::<Run>();
    generator.subschema_for::<Evaluation>();
    generator.subschema_for::<AuditEntry>();
    generator.subschema_for::<ServedSummary>();
    generator.subschema_for::<Estimate>();
    generator.subschema_for::<Counts>();
    generator.subschema_for::<Latency>();
    generator.subschema_for::<Total<Money>>();
    generator.subschema_for::<Stats>();
    generator.subschema_for::<DailyCost>();
    generator.subschema_for::<DatasetRef>();
    generator.subschema_for::<Baseline>();
    generator.subschema_for::<Label>();
    generator.subschema_for::<DriftReport>();
    generator.subschema_for::<Level>();
    generator.subschema_for::<Earlier>();
    generator.subschema_for::<RunComparison>();
    generator.subschema_for::<QuestionChange>();
    generator.subschema_for::<SettingApart>();
    generator.subschema_for::<GateReport>();
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
    polish::polish(&mut whole);
    whole
}
