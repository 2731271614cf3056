//! Which schemas from a data set are safe to use.
//!
//! References let a small schema stand for an enormous one, and one that refers to itself can double its work with each
//! level of an answer. Both would hold up a run, so both are refused before they are compiled.

use std::collections::HashMap;

use serde_json::Value;

/// Most values in a schema whose references are put in.
const MAX_WEIGHT: u64 = 10_000;
/// Most references that lead from one to the next.
const MAX_CHAIN: usize = 64;

/// Keywords that would let a reference lead elsewhere than its text says.
const REBINDING: [&str; 7] =
    ["$anchor", "$dynamicAnchor", "$recursiveAnchor", "$dynamicRef", "$recursiveRef", "$id", "$schema"];

/// Refuses a schema that is too large when its references are put in, that refers to itself, or whose references are
/// of another form than `#/…`.
pub(super) fn guard(schema: &Value) -> Result<(), String> {
    let mut scale = Scale { root: schema, known: HashMap::new(), open: Vec::new() };
    match scale.weigh(schema)? {
        0..=MAX_WEIGHT => Ok(()),
        _ => Err(format!("it has more than {MAX_WEIGHT} values when its references are put in")),
    }
}

struct Scale<'a> {
    root: &'a Value,
    known: HashMap<&'a str, u64>,
    open: Vec<&'a str>,
}

impl<'a> Scale<'a> {
    fn weigh(&mut self, value: &'a Value) -> Result<u64, String> {
        match value {
            Value::Array(values) => {
                values.iter().try_fold(1, |sum: u64, value| Ok(sum.saturating_add(self.weigh(value)?)))
            }
            Value::Object(members) => members.iter().try_fold(1, |sum: u64, (key, member)| {
                let weight = match member {
                    Value::String(target) if key == "$ref" => self.follow(target)?,
                    member => self.member(value, key, member)?,
                };
                Ok(sum.saturating_add(weight))
            }),
            _ => Ok(1),
        }
    }

    fn member(&mut self, parent: &Value, key: &str, member: &'a Value) -> Result<u64, String> {
        let is_root = std::ptr::eq(parent, self.root);
        let allowed_at_root = is_root && matches!(key, "$id" | "$schema" | "id");
        let is_keyword = REBINDING.contains(&key) || (key == "id" && self.is_draft_4());
        if is_keyword && !allowed_at_root && (member.is_string() || member.is_boolean()) {
            return Err(format!("`{key}` is not allowed there in a schema from a data set"));
        }
        self.weigh(member)
    }

    /// Only draft 4 calls it `id` what is `$id` later.
    fn is_draft_4(&self) -> bool {
        self.root.get("$schema").and_then(Value::as_str).is_some_and(|draft| draft.contains("draft-04"))
    }

    fn follow(&mut self, target: &'a str) -> Result<u64, String> {
        if let Some(weight) = self.known.get(target) {
            return Ok(*weight);
        }
        let pointer = target.strip_prefix('#').filter(|pointer| !pointer.contains('%'));
        let found = pointer.and_then(|pointer| self.root.pointer(pointer));
        let found = found.ok_or("it refers to something else than a part of itself, as `#/…`")?;
        if self.open.contains(&target) || std::ptr::eq(found, self.root) {
            return Err("it refers to itself".into());
        }
        if self.open.len() == MAX_CHAIN {
            return Err(format!("more than {MAX_CHAIN} of its references lead from one to the next"));
        }
        self.open.push(target);
        let weight = self.weigh(found)?;
        self.open.pop();
        self.known.insert(target, weight);
        Ok(weight)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn ordinary_schemas_are_taken() {
        for schema in [
            json!(true),
            json!({"$id": "http://a/b", "$schema": "https://json-schema.org/draft/2020-12/schema", "type": "array"}),
            json!({"$defs": {"a": {"type": "string"}}, "prefixItems": [{"$ref": "#/$defs/a"}, {"$ref": "#/$defs/a"}]}),
            json!({"properties": {"$ref": {"type": "string"}, "$id": {"type": "string"}, "id": {"const": "x"}}}),
        ] {
            assert_eq!(guard(&schema), Ok(()), "{schema}");
        }
    }

    #[test]
    fn dangerous_schemas_are_refused() {
        let chain: serde_json::Map<_, _> =
            (0..70).map(|at| (format!("d{at}"), json!({"$ref": format!("#/$defs/d{}", at + 1)}))).collect();
        for (schema, why) in [
            (json!({"$ref": "#"}), "itself"),
            (json!({"items": {"$ref": "#/items"}}), "itself"),
            (json!({"$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"not": {"$ref": "#/$defs/a"}}}}), "itself"),
            (json!({"$ref": "#/$defs/none"}), "something else"),
            (json!({"$ref": "#/%24defs"}), "something else"),
            (json!({"$ref": "other.json"}), "something else"),
            (json!({"items": {"$id": "x"}}), "`$id`"),
            (json!({"items": {"$anchor": "x"}}), "`$anchor`"),
            (json!({"$dynamicRef": "#x"}), "`$dynamicRef`"),
            (json!({"$schema": "http://json-schema.org/draft-04/schema#", "items": {"id": "x"}}), "`id`"),
            (json!({"$defs": chain}), "one to the next"),
            (json!({"enum": vec![0; 20_000]}), "more than 10000 values"),
        ] {
            let error = guard(&schema).unwrap_err();
            assert!(error.contains(why), "{schema:.60}: {error}");
        }
    }
}
