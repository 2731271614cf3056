//! The list: what an endpoint does, what becomes of the call, and how many calls were made with three attempts.

use eval_core::ProviderErrorKind as Kind;

/// What becomes of a call.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Expected {
    /// An answer with this text and finish reason.
    Says(&'static str, &'static str),
    /// An error of this kind, whose chain says this.
    Fails(Kind, &'static str),
}

/// One behaviour of the endpoint.
#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) fault: &'static str,
    pub(crate) behaviour: &'static str,
    pub(crate) expected: Expected,
    /// 3 where another attempt may help, 2 where a paid answer was unusable, else 1.
    pub(crate) calls: u64,
}

const fn fails(fault: &'static str, behaviour: &'static str, kind: Kind, said: &'static str, calls: u64) -> Case {
    Case { fault, behaviour, expected: Expected::Fails(kind, said), calls }
}

const fn says(fault: &'static str, behaviour: &'static str, text: &'static str, finish: &'static str) -> Case {
    Case { fault, behaviour, expected: Expected::Says(text, finish), calls: 1 }
}

const fn flaky(fault: &'static str, behaviour: &'static str, calls: u64) -> Case {
    Case { fault, behaviour, expected: Expected::Says("Paris.", "stop"), calls }
}

#[rustfmt::skip]
pub(crate) const CASES: &[Case] = &[
    // Too many requests. With a time that is short, past or none, another attempt is made;
    // one that is longer than the caller waits (here a second) ends the call.
    fails("F19", "status-429", Kind::RateLimited, "429", 3),
    fails("F19", "status-429-after-zero", Kind::RateLimited, "429", 3),
    fails("F19", "status-429-after-negative", Kind::RateLimited, "429", 3),
    fails("F19", "status-429-after-past", Kind::RateLimited, "429", 3),
    fails("F19", "status-429-after-garbage", Kind::RateLimited, "429", 3),
    fails("F19", "status-429-after-ms", Kind::RateLimited, "429", 3),
    fails("F19", "status-429-after-provider", Kind::RateLimited, "429", 3),
    fails("F19", "status-429-after-seconds", Kind::RateLimited, "429", 1),
    fails("F19", "status-429-after-date", Kind::RateLimited, "429", 1),
    fails("F19", "status-429-after-absurd", Kind::RateLimited, "429", 1),
    flaky("F19", "flaky-2-429", 3),
    // The server is in trouble.
    fails("F20", "status-500", Kind::Unavailable, "500", 3),
    fails("F20", "status-502", Kind::Unavailable, "502", 3),
    fails("F20", "status-503", Kind::Unavailable, "503", 3),
    fails("F20", "status-529", Kind::Unavailable, "529", 3),
    fails("F20", "status-503-plain", Kind::Unavailable, "503: no, ", 3),
    fails("F20", "status-503-html", Kind::Unavailable, "503: <html>", 3),
    fails("F20", "status-503-empty", Kind::Unavailable, "503", 3),
    fails("F20", "error-inside", Kind::Unavailable, "503: busy", 3),
    flaky("F20", "flaky-1-503", 2),
    // Nothing comes, or too slowly.
    fails("F21", "hang", Kind::Timeout, "within", 3),
    fails("F21", "hang-body", Kind::Timeout, "within", 3),
    fails("F21", "trickle-1000", Kind::Timeout, "within", 3),
    says("F21", "late-20", "Paris.", "stop"),
    fails("F21", "status-408", Kind::Timeout, "408", 3),
    // The connection breaks.
    fails("F22", "reset", Kind::Network, "connection reset", 3),
    fails("F22", "reset-body", Kind::Network, "connection reset", 3),
    fails("F22", "close", Kind::Network, "connection closed before message completed", 3),
    fails("F22", "cut", Kind::Network, "unexpected end of file", 3),
    fails("F22", "chunks-bad", Kind::Network, "invalid", 3),
    fails("F22", "chunks-cut", Kind::Network, "unexpected end of file", 3),
    fails("F22", "not-http", Kind::Network, "invalid HTTP version", 3),
    fails("F22", "head-huge", Kind::Network, "message head is too large", 3),
    says("F22", "interim", "Paris.", "stop"),
    // Bodies that are no answer.
    fails("F23", "null", Kind::Malformed, "begins with `null`", 2),
    fails("F23", "list", Kind::Malformed, "begins with `[]`", 2),
    fails("F23", "object", Kind::Malformed, "no choices", 2),
    fails("F23", "number", Kind::Malformed, "begins with `7`", 2),
    fails("F23", "empty", Kind::Malformed, "it is empty", 2),
    fails("F23", "blank", Kind::Malformed, "it is empty", 2),
    fails("F23", "truncated", Kind::Malformed, "EOF", 2),
    fails("F23", "html", Kind::Malformed, "begins with `<html>", 2),
    fails("F23", "not-utf8", Kind::Malformed, "invalid unicode", 2),
    fails("F23", "bom", Kind::Malformed, "expected value at line 1 column 1", 2),
    fails("F23", "nan", Kind::Malformed, "expected value", 2),
    fails("F23", "twice", Kind::Malformed, "duplicate field", 2),
    fails("F23", "deep", Kind::Malformed, "invalid type", 2),
    fails("F23", "deep-elsewhere", Kind::Malformed, "EOF", 2),
    fails("F23", "long", Kind::Malformed, "…", 2),
    // What is said of a body, its size, and where it is said to be.
    says("F24", "type-html", "Paris.", "stop"),
    says("F24", "type-none", "Paris.", "stop"),
    fails("F24", "gzip-lie", Kind::Malformed, "cannot decompress", 2),
    fails("F24", "gzip-cut", Kind::Malformed, "cannot decompress", 2),
    fails("F24", "gzip-bomb", Kind::Malformed, "larger than 10485760 bytes", 2),
    fails("F24", "huge-100", Kind::Malformed, "larger than 10485760 bytes", 2),
    fails("F24", "endless", Kind::Malformed, "larger than 10485760 bytes", 2),
    fails("F24", "no-content", Kind::Malformed, "it is empty", 2),
    fails("F24", "redirect-301", Kind::Config, "redirects to localhost", 1),
    fails("F24", "redirect-302", Kind::Config, "redirects to localhost", 1),
    fails("F24", "redirect-303", Kind::Config, "redirects to localhost", 1),
    fails("F24", "redirect-307", Kind::Config, "redirects to localhost", 1),
    fails("F24", "redirect-308", Kind::Config, "redirects to localhost", 1),
    fails("F24", "redirect-self", Kind::Config, "redirects, which is refused", 1),
    // Figures that cannot be true.
    says("F25", "usage-missing", "Paris.", "stop"),
    says("F25", "usage-zero", "Paris.", "stop"),
    says("F25", "usage-negative", "Paris.", "stop"),
    says("F25", "usage-huge", "Paris.", "stop"),
    says("F25", "usage-string", "Paris.", "stop"),
    says("F25", "usage-float", "Paris.", "stop"),
    says("F25", "usage-list", "Paris.", "stop"),
    says("F25", "cost-nan", "Paris.", "stop"),
    says("F25", "cost-inf", "Paris.", "stop"),
    says("F25", "cost-negative", "Paris.", "stop"),
    says("F25", "cost-absurd", "Paris.", "stop"),
    says("F25", "cost-garbage", "Paris.", "stop"),
    // Answers of every kind.
    says("F26", "good", "Paris.", "stop"),
    says("F26", "parts", "Paris.", "stop"),
    says("F26", "null-content", "", "stop"),
    says("F26", "empty-content", "", "stop"),
    says("F26", "tool-calls", "", "tool_calls"),
    says("F26", "refusal", "I cannot help.", "refusal"),
    says("F26", "refusal-part", "I cannot help.", "refusal"),
    says("F26", "length", "Par", "length"),
    says("F26", "filter-text", "Par", "content_filter"),
    says("F26", "echo-key", "Your key is Bearer [redacted].", "stop"),
    fails("F26", "filter", Kind::Filtered, "content filter", 1),
    fails("F26", "no-choices", Kind::Malformed, "no choices", 2),
    fails("F26", "null-choices", Kind::Malformed, "no choices", 2),
    fails("F26", "null-choice", Kind::Malformed, "null", 2),
    fails("F26", "no-message", Kind::Malformed, "no message", 2),
    fails("F26", "number-content", Kind::Malformed, "expected a text", 2),
    fails("F26", "status-413", Kind::Rejected, "413", 1),
    fails("F26", "status-422", Kind::Rejected, "422", 1),
    // What every further call would meet.
    fails("F27", "status-401", Kind::Auth, "wrong key?", 1),
    fails("F27", "status-403", Kind::Auth, "403", 1),
    fails("F27", "status-404", Kind::Config, "is the base URL right?", 1),
    // A proxy that did what it was told not to do.
    says("F28", "cache-hit", "Paris.", "stop"),
    says("F28", "hidden-retries", "Paris.", "stop"),
    says("F28", "fallback", "Paris.", "stop"),
    says("F28", "other-model", "Paris.", "stop"),
    says("F28", "pair", "Paris.", "stop"),
    says("F28", "gpt-5-chat", "I am Claude, made by Anthropic.", "stop"),
    says("F28", "swapped-20", "Paris.", "stop"),
];
