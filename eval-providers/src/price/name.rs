//! Under which names a model may stand in a price table.

/// Prefixes that say through whom a model is asked, and do not change its price.
const ROUTES: [&str; 10] = [
    "openai/",
    "anthropic/",
    "azure/",
    "azure_ai/",
    "vertex_ai/",
    "gemini/",
    "mistral/",
    "xai/",
    "deepseek/",
    "bedrock/",
];

/// Vendors whose models stand in the table under a prefix only.
const VENDORS: [&str; 7] = ["gemini/", "xai/", "mistral/", "deepseek/", "moonshot/", "zai/", "dashscope/"];

/// The names to look for, best first: the name itself, without its date, without the prefix of who is asked, with the
/// prefix of a vendor. All in lower case. Nothing else is guessed: a wrong price is worse than none.
pub(super) fn candidates(name: &str) -> Vec<String> {
    let name = name.trim().to_lowercase();
    let bare = ROUTES.iter().find_map(|route| name.strip_prefix(route)).map(str::to_owned);
    let mut names = Vec::new();
    for name in std::iter::once(name.clone()).chain(bare) {
        let undated = undated(&name).map(str::to_owned);
        names.extend(std::iter::once(name).chain(undated));
    }
    if !name.contains('/') {
        let plain = names.clone();
        names.extend(plain.iter().flat_map(|name| VENDORS.iter().map(move |vendor| format!("{vendor}{name}"))));
    }
    names
}

/// The name without `-2024-08-06`, `-20250929`, `@20250929` or `-latest` at its end.
fn undated(name: &str) -> Option<&str> {
    if let Some(name) = name.strip_suffix("-latest") {
        return Some(name);
    }
    let cut = |digits: usize| {
        let (name, date) = (name.get(..name.len().checked_sub(digits + 1)?)?, name.get(name.len() - digits - 1..)?);
        let (mark, date) = (date.chars().next()?, date.get(1..)?);
        let plain: String = date.split('-').collect();
        let is_date = plain.len() == 8 && plain.starts_with("20") && plain.bytes().all(|byte| byte.is_ascii_digit());
        (is_date && matches!(mark, '-' | '@') && !name.is_empty()).then_some(name)
    };
    cut(10).or_else(|| cut(8))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_dates_are_cut() {
        for (name, cut) in [
            ("gpt-4o-2024-08-06", Some("gpt-4o")),
            ("claude-sonnet-4-5-20250929", Some("claude-sonnet-4-5")),
            ("claude-sonnet-4-5@20250929", Some("claude-sonnet-4-5")),
            ("mistral-large-latest", Some("mistral-large")),
            ("gpt-4-0613", None),
            ("mistral-large-2411", None),
            ("model-12345678", None),
            ("20250929", None),
            ("é-2024-08-06", Some("é")),
            ("-2024-08-0é", None),
        ] {
            assert_eq!(undated(name), cut, "{name}");
        }
    }

    #[test]
    fn a_name_leads_to_few_others() {
        assert_eq!(
            candidates("OpenAI/gpt-4o-2024-08-06"),
            ["openai/gpt-4o-2024-08-06", "openai/gpt-4o", "gpt-4o-2024-08-06", "gpt-4o"]
        );
        assert_eq!(candidates("groq/llama"), ["groq/llama"], "another host has other prices");
        assert!(candidates("grok-4").contains(&"xai/grok-4".to_owned()));
    }
}
