//! The head of an assertion: `not-type(threshold)`.

/// Types that promptfoo knows and we do not read, with the reason.
pub(super) const REFUSED: &[(&[&str], &str)] = &[
    (
        &["javascript", "python", "ruby", "fn", "eval", "webhook"],
        "it runs code, and no code from a data set is run here",
    ),
    (
        &[
            "similar",
            "similar:cosine",
            "similar:dot",
            "similar:euclidean",
            "classifier",
            "moderation",
            "pi",
            "bertscore",
        ],
        "it needs another model than one that completes",
    ),
    (
        &[
            "answer-relevance",
            "context-faithfulness",
            "context-recall",
            "context-relevance",
            "conversation-relevance",
            "g-eval",
            "model-graded-closedqa",
            "search-rubric",
            "agent-rubric",
            "select-best",
            "max-score",
            "human",
        ],
        "it is graded in promptfoo's own way; `llm-rubric:CRITERION` says what you want to see",
    ),
    (&["perplexity", "perplexity-score"], "it needs the probabilities of the words"),
    (
        &[
            "is-html",
            "contains-html",
            "is-xml",
            "contains-xml",
            "is-sql",
            "contains-sql",
            "is-refusal",
            "is-valid-function-call",
            "is-valid-openai-function-call",
            "is-valid-openai-tools-call",
            "tool-call-f1",
            "skill-used",
            "finish-reason",
            "guardrails",
            "gleu",
            "meteor",
            "word-count",
        ],
        "there is no judge for it; `regex:`, `is-json:` or `llm-rubric:` may do",
    ),
    (
        &[
            "trajectory:goal-success",
            "trajectory:tool-args-match",
            "trajectory:step-count",
            "trajectory:tool-sequence",
            "trajectory:tool-used",
            "trace-error-spans",
            "trace-span-count",
            "trace-span-duration",
        ],
        "it is about the steps of an agent, and answers are judged here",
    ),
];

/// Types that are read.
pub(super) const KNOWN: [&str; 20] = [
    "equals",
    "contains",
    "icontains",
    "contains-any",
    "icontains-any",
    "contains-all",
    "icontains-all",
    "starts-with",
    "regex",
    "is-json",
    "contains-json",
    "levenshtein",
    "rouge-n",
    "bleu",
    "latency",
    "cost",
    "llm-rubric",
    "grade",
    "factuality",
    "model-graded-factuality",
];

/// The text before the value, and the value. A type may have a colon in itself.
pub(super) fn split(text: &str) -> (&str, Option<&str>) {
    let doubled = REFUSED.iter().flat_map(|(names, _)| names.iter()).filter(|name| name.contains(':'));
    let bare = text.strip_prefix("not-").unwrap_or(text);
    let own = doubled.filter(|name| bare.starts_with(**name)).map(|name| name.len()).max().unwrap_or(0);
    let own = own + (text.len() - bare.len());
    match text[own..].find(':') {
        Some(at) => (&text[..own + at], Some(&text[own + at + 1..])),
        None => (text, None),
    }
}

/// `not-name(threshold)`, taken apart.
pub(super) struct Head<'a> {
    pub(super) inverse: bool,
    pub(super) name: &'a str,
    pub(super) threshold: Option<f64>,
}

impl<'a> Head<'a> {
    pub(super) fn of(head: &'a str) -> Self {
        let (inverse, bare) = head.strip_prefix("not-").map_or((false, head), |bare| (true, bare));
        let inside = bare.strip_suffix(')').and_then(|bare| bare.split_once('('));
        let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        match inside.and_then(|(name, text)| Some((name, text.parse().ok().filter(|_| is_number(text))?))) {
            Some((name, threshold)) => Self { inverse, name, threshold: Some(threshold) },
            None => Self { inverse, name: bare, threshold: None },
        }
    }
}

/// The known type that a misspelt one means: a word that is no type at all is part of an answer.
pub(super) fn close(name: &str) -> Option<&'static str> {
    let is_one_word = !name.is_empty() && !name.contains(char::is_whitespace);
    KNOWN.iter().copied().find(|known| is_one_word && known.len() > 4 && strsim::damerau_levenshtein(name, known) <= 2)
}
