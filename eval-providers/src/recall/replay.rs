//! Playing cassettes.

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use eval_core::{Completion, Params, Provider, ProviderError, ProviderErrorKind, Purpose, Request, async_trait};

use super::cassette::{Asked, Outcome, Tape};
use super::scrub::Scrub;
use super::unusable;

/// How much of a question a message shows, in characters.
const SHOWN: usize = 60;

/// What [`Recorder`](super::Recorder) wrote, read as a whole. Clones play on together.
#[derive(Debug, Clone)]
pub struct Cassette {
    tapes: Arc<HashMap<String, Mutex<Position>>>,
    provider: Arc<str>,
}

/// A tape and how much of it was played.
#[derive(Debug)]
struct Position {
    tape: Tape,
    played: usize,
}

impl Cassette {
    /// Reads the cassette in this folder.
    ///
    /// # Errors
    /// [`Config`](ProviderErrorKind::Config) when there is none, when a JSON file in it is none of a cassette, or when
    /// two providers were recorded.
    pub fn open(folder: impl AsRef<Path>) -> Result<Self, ProviderError> {
        let folder = folder.as_ref();
        let mut tapes = HashMap::new();
        let mut provider: Option<String> = None;
        for file in files(folder).map_err(|error| unusable("read the cassette", folder, error))? {
            let tape = Tape::read(&file).map_err(|error| unusable("read the recording", &file, error))?;
            if provider.get_or_insert_with(|| tape.provider.clone()) != &tape.provider {
                return Err(config(format!("two providers were recorded in {}", folder.display())));
            }
            if tapes.insert(tape.request.key(), Mutex::new(Position { tape, played: 0 })).is_some() {
                return Err(config(format!("{} repeats the request of another file", file.display())));
            }
        }
        match provider {
            None => Err(config(format!("there is no recording in {}", folder.display()))),
            Some(provider) => Ok(Self { tapes: Arc::new(tapes), provider: provider.into() }),
        }
    }

    /// The models whose answers were recorded, graders included, by name.
    pub fn models(&self) -> Vec<String> {
        let models: BTreeSet<String> = self.each(|tape| Some(tape.request.model.clone())).into_iter().collect();
        models.into_iter().collect()
    }

    fn each<T>(&self, take: impl Fn(&Tape) -> Option<T>) -> Vec<T> {
        self.tapes.values().filter_map(|position| take(&lock(position).tape)).collect()
    }

    fn play(&self, asked: &Asked, request: &Request) -> Result<Completion, ProviderError> {
        let Some(position) = self.tapes.get(&asked.key()) else {
            return self.refused_alike(asked).ok_or_else(|| self.missing(asked))?.replayed(request);
        };
        let mut position = lock(position);
        let outcomes = &position.tape.outcomes;
        let outcome = match outcomes.get(position.played) {
            Some(outcome) => outcome.clone(),
            // Who tries again gets the same error again.
            None => match outcomes.last().filter(|last| last.is_passing()) {
                Some(last) => last.clone(),
                None => return Err(played_out(asked, outcomes.len())),
            },
        };
        position.played += 1;
        outcome.replayed(request)
    }

    /// A judge leaves out a parameter once the endpoint has refused it, and which calls went out before that depends on
    /// their order. So what was refused for one request is refused for all of that model.
    fn refused_alike(&self, asked: &Asked) -> Option<Outcome> {
        let without = |tape: &Tape| Asked { params: asked.params.clone(), ..tape.request.clone() } == *asked;
        if self.each(|tape| without(tape).then_some(())).is_empty() {
            return None;
        }
        let refused = self.each(|tape| {
            let alike = tape.request.model == asked.model && tape.request.params == asked.params;
            tape.outcomes.iter().find(|outcome| alike && outcome.is_rejected()).cloned()
        });
        refused.into_iter().next()
    }

    fn missing(&self, asked: &Asked) -> ProviderError {
        let nearest = self.each(|tape| nearness(asked, &tape.request)).into_iter().max_by_key(|(near, _)| *near);
        let hint = nearest.map_or_else(|| "nothing like it was".to_owned(), |(_, difference)| difference);
        config(format!("{} was not recorded: {hint}", described(asked)))
    }
}

fn lock(position: &Mutex<Position>) -> impl std::ops::DerefMut<Target = Position> {
    position.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Takes the place of the endpoint and answers as it did when it was recorded: the same outcomes for the same requests, in
/// the order in which they were recorded. Needs no key and no network; nothing is waited for, and nobody is paid.
///
/// Answers are marked as [recalled](eval_core::Served::recalled), say what they
/// [would have cost](Completion::would_have_cost) and have no latency. A run with such an answer becomes one of the kind
/// [`Recall`](eval_core::RunKind::Recall).
///
/// A request that was not recorded is an error of the kind [`Config`](ProviderErrorKind::Config), which ends the run. It
/// names the request and what was recorded instead. See [`Recorder`](super::Recorder) for an example.
#[derive(Debug, Clone)]
pub struct Replay {
    cassette: Cassette,
}

impl Replay {
    /// Plays this cassette.
    pub fn new(cassette: Cassette) -> Self {
        Self { cassette }
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Provider for Replay {
    /// The name of the provider that was recorded.
    fn name(&self) -> &str {
        &self.cassette.provider
    }

    async fn complete(&self, request: &Request) -> Result<Completion, ProviderError> {
        self.cassette.play(&Asked::of(request, &Scrub::default()), request)
    }
}

/// The JSON files of a cassette: those in its folder and in the folders of models.
fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let (mut files, mut models) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(folder) = models.pop() {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let path = entry.path();
            if entry.file_type()?.is_dir() {
                models.push(path);
            } else if path.extension().is_some_and(|ending| ending == "json") {
                files.push(path);
            }
        }
    }
    files.sort_unstable();
    Ok(files)
}

fn config(message: String) -> ProviderError {
    ProviderError::new(ProviderErrorKind::Config, message)
}

fn played_out(asked: &Asked, times: usize) -> ProviderError {
    config(format!("{} was recorded {times} times and is asked once more", described(asked)))
}

/// A request for a person: `the answer of gpt-4o to q07 "How much is…" (key 0f3c…)`.
fn described(asked: &Asked) -> String {
    let said = match asked.purpose {
        Some(Purpose::Judge) => "the verdict",
        _ => "the answer",
    };
    let sample = asked.sample.as_deref().map_or_else(String::new, |sample| format!(" on {sample}"));
    let epoch = if asked.epoch > 1 { format!(" in epoch {}", asked.epoch) } else { String::new() };
    let text = asked.messages.last().map_or("", |message| message.content.as_str());
    let key = asked.key();
    format!("{said} of {}{sample}{epoch} to {:?} (key {})", asked.model, begin(text), &key[..8])
}

fn begin(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

/// How near a recorded request is, and in what it differs; `None` where it is another question altogether.
fn nearness(asked: &Asked, other: &Asked) -> Option<(usize, String)> {
    let mut differences = Vec::new();
    if asked.model != other.model {
        differences.push(format!("with the model {}", other.model));
    }
    if asked.sample != other.sample {
        differences.push(format!("for the sample {}", other.sample.as_deref().unwrap_or("none")));
    }
    if asked.epoch != other.epoch {
        differences.push(format!("for epoch {}", other.epoch));
    }
    if asked.params != other.params {
        differences.push(format!("with {}", words(&other.params)));
    }
    if asked.messages != other.messages {
        differences.push("with other messages".to_owned());
    }
    let same_question = asked.messages == other.messages || asked.sample == other.sample && asked.sample.is_some();
    let near = asked.purpose == other.purpose && same_question;
    near.then(|| (5 - differences.len(), format!("it was recorded {}", differences.join(" and "))))
}

fn words(params: &Params) -> String {
    if params.is_empty() {
        return "no parameters".to_owned();
    }
    params.iter().map(|(name, value)| format!("{name}={}", begin(&value.to_string()))).collect::<Vec<_>>().join(" ")
}
