//! Which models are relatives.

/// Words in a model's name, and the family that they tell. The first family of the table that is found counts: those
/// that others are distilled into stand above them, because in `deepseek-r1-distill-llama-70b` a Llama speaks.
const FAMILIES: &[(&str, &[&str])] = &[
    ("llama", &["llama", "codellama"]),
    ("qwen", &["qwen", "qwq", "qvq"]),
    ("gpt", &["gpt", "chatgpt", "davinci", "o1", "o3", "o4", "codex"]),
    ("claude", &["claude"]),
    ("gemini", &["gemini", "gemma", "palm", "learnlm"]),
    ("mistral", &["mistral", "mixtral", "ministral", "codestral", "magistral", "devstral", "pixtral"]),
    ("deepseek", &["deepseek"]),
    ("grok", &["grok"]),
    ("command", &["command", "aya", "c4ai"]),
    ("nova", &["nova"]),
    ("titan", &["titan"]),
    ("phi", &["phi"]),
    ("jamba", &["jamba", "jurassic"]),
    ("kimi", &["kimi", "moonshot"]),
    ("glm", &["glm", "chatglm"]),
    ("yi", &["yi"]),
    ("granite", &["granite"]),
    ("nemotron", &["nemotron"]),
    ("olmo", &["olmo", "tulu"]),
    ("minimax", &["minimax", "abab"]),
    ("hunyuan", &["hunyuan"]),
    ("ernie", &["ernie"]),
    ("sonar", &["sonar"]),
    ("falcon", &["falcon"]),
    ("reka", &["reka"]),
    ("dbrx", &["dbrx"]),
    ("solar", &["solar"]),
];

/// The family of a model by its name, for instance `gpt` for `azure/o3-mini`; `None` when the name tells none.
///
/// The name is cut into words at all that is no letter and no digit. A word tells a family when it begins with its name
/// and only digits, perhaps with a letter after them, follow (`qwen2`, `gpt4o`); a name of one or two characters must
/// be the whole word. An alias that a proxy made up tells nothing.
///
/// ```
/// use eval_judge::family;
/// assert_eq!(family("openrouter/anthropic/claude-sonnet-4.5"), Some("claude"));
/// assert_eq!(family("o3-mini"), family("gpt-4o"));
/// assert_eq!(family("our-best-model"), None);
/// ```
pub fn family(model: &str) -> Option<&'static str> {
    let model = model.to_lowercase();
    let words: Vec<&str> = model.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let tells = |names: &[&str]| names.iter().any(|name| words.iter().any(|word| is_of(word, name)));
    FAMILIES.iter().find(|(_, names)| tells(names)).map(|(family, _)| *family)
}

fn is_of(word: &str, name: &str) -> bool {
    let Some(rest) = word.strip_prefix(name) else { return false };
    if name.len() < 3 {
        return rest.is_empty();
    }
    let after = rest.trim_start_matches(|c: char| c.is_ascii_digit());
    rest.is_empty() || after.len() < rest.len() && after.chars().count() <= 1
}

/// The family that a model and a grader share, if they do: a model tends to prefer answers of its own kind (A. Panickssery
/// et al., *LLM Evaluators Recognize and Favor Their Own Generations*, 2024), so its score may flatter.
///
/// `judge` is the grader's name, also as `llm:NAME` in verdicts, or a panel's, of which one relative is enough.
/// The same name is its own relative, whatever it is called.
///
/// ```
/// use eval_judge::relatives;
/// assert_eq!(relatives("gpt-4.1", "llm:gpt-4o-mini").as_deref(), Some("gpt"));
/// assert_eq!(relatives("claude-haiku-4-5", "median(llm:o3-mini, llm:claude-opus-4-1, exact)").as_deref(), Some("claude"));
/// assert_eq!(relatives("our-alias", "llm:our-alias").as_deref(), Some("our-alias"));
/// assert_eq!(relatives("gpt-4.1", "exact"), None);
/// ```
pub fn relatives(model: &str, judge: &str) -> Option<String> {
    let graders = judge.split(['(', ')', ',']).filter_map(|name| name.trim().strip_prefix("llm:"));
    graders.into_iter().find_map(|grader| match (family(model), family(grader)) {
        (Some(one), Some(other)) if one == other => Some(one.to_owned()),
        _ => (model == grader).then(|| model.to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f34_families_by_name() {
        for (model, expected) in [
            ("gpt-4o-mini-2024-07-18", Some("gpt")),
            ("azure/gpt4o", Some("gpt")),
            ("chatgpt-4o-latest", Some("gpt")),
            ("o1", Some("gpt")),
            ("openai/o4-mini", Some("gpt")),
            ("ft:gpt-3.5-turbo:org::id", Some("gpt")),
            ("gpt-oss-120b", Some("gpt")),
            ("bedrock/us.anthropic.claude-3-5-haiku-20241022-v1:0", Some("claude")),
            ("vertex_ai/gemini-2.5-flash", Some("gemini")),
            ("gemma-3-27b-it", Some("gemini")),
            ("meta-llama/Llama-3.3-70B-Instruct", Some("llama")),
            ("ollama/llama3.1:8b", Some("llama")),
            ("mistral/mixtral-8x22b", Some("mistral")),
            ("codestral-latest", Some("mistral")),
            ("Qwen2.5-72B", Some("qwen")),
            ("qwq-32b", Some("qwen")),
            ("deepseek-chat", Some("deepseek")),
            ("deepseek-r1-distill-llama-70b", Some("llama")),
            ("xai/grok-4", Some("grok")),
            ("command-r-plus", Some("command")),
            ("amazon.nova-lite-v1:0", Some("nova")),
            ("ollama/custom", None),
            ("solo1", None),
            ("best-model-o", None),
            ("", None),
        ] {
            assert_eq!(family(model), expected, "{model}");
        }
    }
}
