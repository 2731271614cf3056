//! Seeded models for demos, tests and power checks.

mod builder;
mod catalogue;
mod character;
mod drift;
mod key;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use eval_core::{
    Completion, Money, Origin, Provider, ProviderError, ProviderErrorKind, Purpose, Request, Served, Timestamp, Timing,
    Usage, async_trait,
};

pub use builder::SimulatedBuilder;
pub use catalogue::CatalogueEntry;
pub use drift::Drift;

use character::{Call, Character, Fate};
use key::AnswerKey;

/// A model that is none: it has seen the answers, and gets some of them wrong, by its seed.
///
/// Nobody should take its figures for a measurement: its [`name`](Provider::name) is `simulated`, its served
/// model and deployment are `simulated:NAME`, its proxy is `simulated`. Token counts are estimates: four
/// characters a token.
///
/// # Which questions it gets right
/// A question is answered right when `Φ(√d·D + √b·B + √l·L) < accuracy`, where Φ is the normal distribution
/// function and D, B and L are normal numbers: the difficulty D belongs to the sample's id and is the same for
/// all models and seeds; the bent B belongs to model, seed and sample; the luck L is drawn anew for each epoch
/// and day (UTC). So the share of right answers is the accuracy, hard questions are hard for everybody, and two
/// runs of one model agree on most questions, as with real models. `l` is the [luck](SimulatedBuilder::luck); the
/// rest is shared 5 to 3 between `d` and `b`. Questions without an answer in the key get no right answer.
///
/// The same seed, sample, epoch and day give the same answer, on every machine. That holds for errors too: a
/// retry meets the error again. Without an [origin](Request::origin) the answer is `ok`, for connection tests. A
/// simulated model does not grade.
///
/// ```
/// use eval_core::{Message, Origin, Provider, Request, RunId, SampleId};
/// use eval_providers::Simulated;
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let key = [(SampleId::from("q1"), "math", "4")];
/// let model = Simulated::builder("perfect", 7).accuracy(1.0).answers(key).build();
///
/// let origin = Origin::answer(RunId::new(), "q1".into(), 1);
/// let request = Request::new("perfect", vec![Message::user("What is 2 + 2?")]).origin(Some(origin));
/// let answer = model.complete(&request).await.unwrap();
/// assert_eq!(answer.text, "4");
/// assert_eq!(answer.served.model.as_deref(), Some("simulated:perfect"));
/// # });
/// ```
#[derive(Clone)]
pub struct Simulated {
    character: Arc<Character>,
    key: Arc<AnswerKey>,
}

impl Simulated {
    /// A model of this name and seed. Default: right in 80 of 100, half a second, no errors, no price.
    pub fn builder(name: impl Into<String>, seed: u64) -> SimulatedBuilder {
        SimulatedBuilder::new(name.into(), seed)
    }

    /// The models that are there by name.
    pub fn catalogue() -> &'static [CatalogueEntry] {
        catalogue::ENTRIES
    }

    /// A model of the [catalogue](Self::catalogue), still without answers.
    pub fn named(name: &str) -> Option<SimulatedBuilder> {
        catalogue::builder(name)
    }

    fn answer(&self, request: &Request, now: Timestamp) -> (Result<String, ProviderErrorKind>, f64) {
        let Some(origin) = &request.origin else {
            return (Ok("ok".to_owned()), self.character.median_ms);
        };
        let known = self.key.get(&origin.sample);
        let category = known.map(|known| &*known.category);
        let mut call = Call::new(&self.character, origin, now);
        let answer = match call.fate(category) {
            Fate::Fails => Err(self.character.error_kind),
            Fate::Refuses => Ok("I'm sorry, but I can't help with that.".to_owned()),
            Fate::IsRight => Ok(known.map_or_else(|| key::UNSURE.to_owned(), |known| known.target.to_string())),
            Fate::IsWrong => Ok(self.key.wrong(known, call.dice())),
        };
        (answer, call.latency_ms())
    }

    fn completion(&self, request: &Request, text: String, now: Timestamp) -> Completion {
        let prompt = request.messages.iter().map(|message| tokens(&message.content)).sum();
        let usage = Usage::new(prompt, tokens(&text));
        let cost = self.character.cost(&usage);
        let served = self.served(now);
        Completion::new(text).usage(usage).cost(cost).served(served).origin(request.origin.clone())
    }

    fn served(&self, now: Timestamp) -> Served {
        let name = format!("simulated:{}", self.character.name);
        let mut served = Served::default();
        (served.model, served.model_id) = (Some(name.clone()), Some(name));
        served.fingerprint = self.character.fingerprint_at(now);
        served.cache_hit = Some(false);
        served.proxy = Some("simulated".to_owned());
        served
    }

    fn error(&self, kind: ProviderErrorKind) -> ProviderError {
        let mut error = ProviderError::new(kind, format!("a simulated error of {}", self.character.name));
        error.cost = self.character.price.map(|_| Money::ZERO);
        error
    }
}

/// About four characters a token, as English text has.
fn tokens(text: &str) -> u64 {
    (text.chars().count() as u64).div_ceil(4)
}

fn grades(origin: &Origin) -> bool {
    origin.purpose == Purpose::Judge
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Provider for Simulated {
    fn name(&self) -> &str {
        "simulated"
    }

    async fn complete(&self, request: &Request) -> Result<Completion, ProviderError> {
        if request.origin.as_ref().is_some_and(grades) {
            return Err(ProviderError::new(ProviderErrorKind::Config, "a simulated model does not grade"));
        }
        let now = self.character.now.unwrap_or_else(Timestamp::now);
        let (answer, ms) = self.answer(request, now);
        if self.character.real_time {
            tokio::time::sleep(Duration::try_from_secs_f64(ms / 1e3).unwrap_or_default()).await;
        }
        match answer {
            Ok(text) => Ok(self.completion(request, text, now).timing(Timing::service(ms))),
            Err(kind) => Err(self.error(kind).with_timing(Timing::service(ms))),
        }
    }
}

impl fmt::Debug for Simulated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Simulated").field("character", &self.character).field("answers", &self.key.len()).finish()
    }
}
