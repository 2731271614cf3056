//! From a sample to the messages of a request.

use crate::hash::short_hash;
use crate::{Message, RunError, Sample};

/// A text with `{placeholders}`, rendered once per sample.
///
/// `{question}` (also `{input}`) is the question, `{category}` and `{id}` are the sample's, and every other column
/// of the data set is usable by its name. `{{` and `}}` are literal braces. What a sample contains is data: it is
/// put in once and never read as a template. `{expected_output}` is refused, because it would give the answer away.
///
/// The default asks the question alone and, where the sample has a `context`, puts that before it. A column
/// `system` of a sample becomes the system message, and so does [`system`](Self::system) where the sample has none. The
/// columns `__prefix` and `__suffix`, which promptfoo knows, go before and after what is asked, as they are.
///
/// ```
/// use eval_core::{PromptTemplate, Sample};
/// let template = PromptTemplate::parse("Answer in {language}: {question}").unwrap();
/// let sample = Sample::new("1", "Why?").metadata("language", "French {question}");
/// assert_eq!(template.render(&sample).unwrap()[0].content, "Answer in French {question}: Why?");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PromptTemplate {
    parts: Option<Vec<Part>>,
    system: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Column(String),
}

const TARGETS: [&str; 7] = ["expected_output", "target", "expected", "ideal", "reference", "answer", "expectedOutput"];

impl PromptTemplate {
    /// Reads a template.
    ///
    /// # Errors
    /// A [`RunError::Config`] that names the line and what is wrong: an open brace without an end, an empty
    /// placeholder, or one that would give the expected output away.
    pub fn parse(text: &str) -> Result<Self, RunError> {
        let mut parts = Vec::new();
        let mut literal = String::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            literal.push_str(&rest[..at]);
            let brace = &rest[at..=at];
            let doubled = rest[at + 1..].starts_with(brace);
            if doubled {
                literal.push_str(brace);
                rest = &rest[at + 2..];
                continue;
            }
            let line = 1 + text[..text.len() - rest.len() + at].matches('\n').count();
            let (name, after) = placeholder(&rest[at..], line)?;
            parts.push(Part::Text(std::mem::take(&mut literal)));
            parts.push(Part::Column(name.to_owned()));
            rest = after;
        }
        literal.push_str(rest);
        parts.push(Part::Text(literal));
        Ok(Self { parts: Some(parts), system: None })
    }

    /// A template that is one column and nothing else, whatever its name: how answers that stand in a data set are
    /// taken out of it.
    pub fn column(name: impl Into<String>) -> Self {
        Self { parts: Some(vec![Part::Column(name.into())]), system: None }
    }

    /// The same template with a system message for samples that bring none of their own.
    pub fn system(mut self, text: impl Into<String>) -> Self {
        self.system = Some(text.into());
        self
    }

    /// The columns that the template asks for, in order, each as often as it stands there.
    pub fn placeholders(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().flatten().filter_map(|part| match part {
            Part::Column(name) => Some(name.as_str()),
            Part::Text(_) => None,
        })
    }

    /// Refuses placeholders that are no column of a data set.
    ///
    /// # Errors
    /// A [`RunError::Config`] that names the placeholder and the columns there are.
    pub fn check(&self, columns: &[String]) -> Result<(), RunError> {
        let known = |name: &str| BUILT_IN.contains(&name) || columns.iter().any(|column| column == name);
        match self.placeholders().find(|name| !known(name)) {
            None => Ok(()),
            Some(name) => Err(RunError::Config(format!(
                "the prompt asks for {{{name}}}, which is no column of the data set\n  expected: one of {}",
                BUILT_IN.into_iter().chain(columns.iter().map(String::as_str)).collect::<Vec<_>>().join(", ")
            ))),
        }
    }

    /// The hash of the template and the system message: 32 hex digits. Runs with different prompts are not compared.
    pub fn fingerprint(&self) -> String {
        let parts = self.parts.iter().flatten().flat_map(|part| match part {
            Part::Text(text) => ["text", text.as_str()],
            Part::Column(name) => ["column", name.as_str()],
        });
        let kind = if self.parts.is_some() { "template" } else { "default" };
        short_hash([kind, self.system.as_deref().unwrap_or_default()].into_iter().chain(parts))
    }

    /// Renders the messages for a sample: system, earlier turns, question.
    ///
    /// # Errors
    /// A [`RunError::Config`] when the sample lacks a column that the template asks for.
    pub fn render(&self, sample: &Sample) -> Result<Vec<Message>, RunError> {
        let mut messages = Vec::with_capacity(2 + sample.turns.len());
        let system = sample.metadata.get("system").filter(|text| !text.is_empty()).or(self.system.as_ref());
        messages.extend(system.map(Message::system));
        messages.extend(sample.turns.iter().cloned());
        let text = match &self.parts {
            Some(parts) => render(parts, sample)?,
            None => default_question(sample),
        };
        let around = |name: &str| sample.metadata.get(name).map_or("", String::as_str);
        messages.push(Message::user([around("__prefix"), &text, around("__suffix")].concat()));
        Ok(messages)
    }
}

const BUILT_IN: [&str; 4] = ["question", "input", "category", "id"];

fn placeholder(text: &str, line: usize) -> Result<(&str, &str), RunError> {
    let refuse = |why: &str| Err(RunError::Config(format!("line {line} of the prompt: {why}")));
    if text.starts_with('}') {
        return refuse("`}` without `{`; write `}}` for a brace");
    }
    let Some(end) = text.find('}') else {
        return refuse("`{` without `}`; write `{{` for a brace");
    };
    let name = text[1..end].trim();
    if name.is_empty() || name.contains(['{', '\n']) {
        return refuse("`{` begins no placeholder; write `{{` for a brace");
    }
    if TARGETS.contains(&name) {
        return refuse(&format!("{{{name}}} would give the expected answer to the model"));
    }
    Ok((name, &text[end + 1..]))
}

fn render(parts: &[Part], sample: &Sample) -> Result<String, RunError> {
    let mut text = String::new();
    for part in parts {
        match part {
            Part::Text(literal) => text.push_str(literal),
            Part::Column(name) => text.push_str(column(sample, name)?),
        }
    }
    Ok(text)
}

fn column<'a>(sample: &'a Sample, name: &str) -> Result<&'a str, RunError> {
    match name {
        "question" | "input" => Ok(&sample.input),
        "category" => Ok(&sample.category),
        "id" => Ok(sample.id.as_str()),
        _ => (sample.metadata.get(name).map(String::as_str)).ok_or_else(|| {
            RunError::Config(format!("question {} has no column `{name}`, which the prompt asks for", sample.id))
        }),
    }
}

fn default_question(sample: &Sample) -> String {
    match sample.metadata.get("context").filter(|context| !context.is_empty()) {
        Some(context) => format!("Context:\n{context}\n\nQuestion: {}", sample.input),
        None => sample.input.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_puts_context_before_the_question() {
        let plain = Sample::new("1", "Who?");
        let template = PromptTemplate::default();
        assert_eq!(template.render(&plain).unwrap(), [Message::user("Who?")]);
        let rag = plain.metadata("context", "Ada did.").metadata("system", "Be brief.");
        let messages = template.render(&rag).unwrap();
        assert_eq!(messages[0], Message::system("Be brief."));
        assert_eq!(messages[1].content, "Context:\nAda did.\n\nQuestion: Who?");
    }

    #[test]
    fn prefix_and_suffix_of_promptfoo_go_around_the_whole_question() {
        let sample = Sample::new("1", "Why?").metadata("__prefix", "Hello. ").metadata("__suffix", " {question}");
        let template = PromptTemplate::parse("Answer: {question}").unwrap();
        assert_eq!(template.render(&sample).unwrap(), [Message::user("Hello. Answer: Why? {question}")]);
    }

    #[test]
    fn earlier_turns_stand_before_the_question() {
        let sample = Sample::new("1", "And now?").turns(vec![Message::user("Hi"), Message::assistant("Hello")]);
        let messages = PromptTemplate::default().system("S").render(&sample).unwrap();
        assert_eq!(messages.len(), 4);
        assert_eq!(messages[3], Message::user("And now?"));
    }

    #[test]
    fn bad_templates_are_refused_with_their_line() {
        for (text, why) in [
            ("a\n{question", "line 2 of the prompt: `{` without `}`"),
            ("}", "line 1 of the prompt: `}` without `{`"),
            ("{}", "begins no placeholder"),
            ("{a{b}", "begins no placeholder"),
            ("{question} {expected_output}", "would give the expected answer"),
        ] {
            let error = PromptTemplate::parse(text).unwrap_err().to_string();
            assert!(error.contains(why), "{text}: {error}");
        }
    }

    #[test]
    fn braces_are_escaped_by_doubling() {
        let template = PromptTemplate::parse("{{\"q\": \"{question}\"}}").unwrap();
        assert_eq!(template.render(&Sample::new("1", "x")).unwrap()[0].content, "{\"q\": \"x\"}");
    }

    #[test]
    fn unknown_columns_are_refused_before_the_run() {
        let template = PromptTemplate::parse("{persona}: {question}").unwrap();
        let error = template.check(&["context".into()]).unwrap_err().to_string();
        assert!(error.contains("{persona}") && error.contains("question, input, category, id, context"), "{error}");
        assert!(template.check(&["persona".into()]).is_ok());
    }

    #[test]
    fn fingerprints_tell_templates_apart() {
        let prints = [
            PromptTemplate::default(),
            PromptTemplate::default().system("x"),
            PromptTemplate::parse("{question}").unwrap(),
            PromptTemplate::parse("{{question}}").unwrap(),
        ]
        .map(|template| template.fingerprint());
        for (at, print) in prints.iter().enumerate() {
            assert!(!prints[..at].contains(print), "{prints:?}");
        }
    }
}
