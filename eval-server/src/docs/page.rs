//! What the page shows of the document.

use std::collections::BTreeMap;

use askama::Template;
use serde_json::Value;

#[derive(Template)]
#[template(path = "docs.html")]
struct Page<'a> {
    title: &'a str,
    version: &'a str,
    description: &'a str,
    style: &'a str,
    tags: Vec<(&'a str, Vec<Operation<'a>>)>,
    schemas: Vec<(&'a str, Schema<'a>)>,
}

struct Operation<'a> {
    id: &'a str,
    method: String,
    path: &'a str,
    summary: &'a str,
    description: &'a str,
    parameters: Vec<Parameter<'a>>,
    body: Option<Shape<'a>>,
    answers: Vec<Answer<'a>>,
    curl: String,
}

struct Parameter<'a> {
    name: &'a str,
    place: &'a str,
    required: bool,
    shape: Shape<'a>,
    description: &'a str,
}

struct Answer<'a> {
    status: &'a str,
    description: &'a str,
    shape: Option<Shape<'a>>,
}

/// A type in words, and the schema that it leads to.
struct Shape<'a> {
    words: String,
    link: Option<&'a str>,
}

struct Schema<'a> {
    description: &'a str,
    shape: Shape<'a>,
    fields: Vec<Field<'a>>,
}

struct Field<'a> {
    name: &'a str,
    required: bool,
    shape: Shape<'a>,
    description: &'a str,
}

/// The page of a document, whose stylesheet has this name.
pub(super) fn html(document: &Value, style: &str) -> String {
    let info = &document["info"];
    let page = Page {
        title: text(&info["title"]),
        version: text(&info["version"]),
        description: text(&info["description"]),
        style,
        tags: tags(document),
        schemas: fields(&document["components"]["schemas"]).map(|(name, of)| (name, schema(of))).collect(),
    };
    // Rendering into a string fails on no input.
    page.render().unwrap_or_default()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn fields(value: &Value) -> impl Iterator<Item = (&str, &Value)> {
    value.as_object().into_iter().flatten().map(|(name, value)| (name.as_str(), value))
}

fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn tags(document: &Value) -> Vec<(&str, Vec<Operation<'_>>)> {
    let mut tags: BTreeMap<&str, Vec<Operation<'_>>> = BTreeMap::new();
    for (path, item) in fields(&document["paths"]) {
        for (method, found) in fields(item).filter(|(_, found)| found["responses"].is_object()) {
            let tag = found["tags"][0].as_str().unwrap_or("other");
            tags.entry(tag).or_default().push(operation(document, path, method, found));
        }
    }
    tags.into_iter().collect()
}

fn operation<'a>(document: &'a Value, path: &'a str, method: &str, found: &'a Value) -> Operation<'a> {
    let method = method.to_uppercase();
    let answers = fields(&found["responses"]).map(|(status, answer)| answer_of(document, status, answer));
    Operation {
        id: text(&found["operationId"]),
        path,
        summary: text(&found["summary"]),
        description: text(&found["description"]),
        parameters: items(&found["parameters"]).map(parameter).collect(),
        body: content(&found["requestBody"]).map(shape),
        answers: answers.collect(),
        curl: curl(&method, path, found),
        method,
    }
}

fn parameter(found: &Value) -> Parameter<'_> {
    Parameter {
        name: text(&found["name"]),
        place: text(&found["in"]),
        required: found["required"] == true,
        shape: shape(&found["schema"]),
        description: text(&found["description"]),
    }
}

fn answer_of<'a>(document: &'a Value, status: &'a str, answer: &'a Value) -> Answer<'a> {
    let shared = answer["$ref"].as_str().and_then(|name| document.pointer(name.trim_start_matches('#')));
    let answer = shared.unwrap_or(answer);
    Answer { status, description: text(&answer["description"]), shape: content(answer).map(shape) }
}

/// The schema of what is sent, in whatever form.
fn content(value: &Value) -> Option<&Value> {
    fields(&value["content"]).next().map(|(_, content)| &content["schema"])
}

fn schema(found: &Value) -> Schema<'_> {
    let required: Vec<&str> = items(&found["required"]).map(text).collect();
    let field = |(name, of)| Field {
        name,
        required: required.contains(&name),
        shape: shape(of),
        description: text(&of["description"]),
    };
    let fields = fields(&found["properties"]).map(field).collect();
    Schema { description: text(&found["description"]), shape: shape(found), fields }
}

/// A schema in a few words. Of several kinds the first that is a schema of its own is linked.
fn shape(schema: &Value) -> Shape<'_> {
    if let Some(name) = schema["$ref"].as_str().and_then(|name| name.rsplit('/').next()) {
        return Shape { words: name.to_owned(), link: Some(name) };
    }
    for (keyword, between) in [("oneOf", " or "), ("anyOf", " or "), ("allOf", " and ")] {
        let parts: Vec<_> = items(&schema[keyword]).map(shape).collect();
        if !parts.is_empty() {
            let words = parts.iter().map(|part| part.words.as_str()).collect::<Vec<_>>().join(between);
            return Shape { words, link: parts.into_iter().find_map(|part| part.link) };
        }
    }
    if !schema["items"].is_null() {
        let of = shape(&schema["items"]);
        return Shape { words: format!("list of {}", of.words), link: of.link };
    }
    Shape { words: plain(schema), link: None }
}

fn plain(schema: &Value) -> String {
    let quoted = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let values: Vec<String> = items(&schema["enum"]).chain(schema.get("const")).map(quoted).collect();
    let kinds: Vec<&str> = match &schema["type"] {
        Value::String(kind) => vec![kind],
        kinds => items(kinds).map(text).collect(),
    };
    let mut words = match (values.is_empty(), kinds.is_empty()) {
        (false, _) => values.join(", "),
        (true, true) => "anything".to_owned(),
        (true, false) => kinds.join(" or "),
    };
    for (keyword, name) in [("format", ""), ("minimum", "from "), ("maximum", "to "), ("default", "default ")] {
        if let Some(value) = schema.get(keyword) {
            words.push_str(&format!(", {name}{}", quoted(value)));
        }
    }
    words
}

/// A line for a shell.
fn curl(method: &str, path: &str, found: &Value) -> String {
    let mut line = "curl".to_owned();
    if method != "GET" {
        line.push_str(&format!(" -X {method}"));
    }
    if items(&found["security"]).any(|way| way.get("token").is_some()) {
        line.push_str(" -H \"Authorization: Bearer $TOKEN\"");
    }
    if let Some((kind, _)) = fields(&found["requestBody"]["content"]).next() {
        line.push_str(&format!(" -H 'Content-Type: {kind}' -d @body"));
    }
    format!("{line} \"$SERVER{}\"", path.replace('{', "$").replace('}', ""))
}
