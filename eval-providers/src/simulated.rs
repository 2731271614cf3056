//! Seeded models for demos, tests and power checks.

mod builder;
mod catalogue;
mod drift;

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use eval_core::{
    Completion, FinishReason, Money, Provider, ProviderError, ProviderErrorKind, Request, SampleId,
    Served, Timestamp, Timing, Usage, async_trait,
};

pub use builder::SimulatedBuilder;
pub use catalogue::CatalogueEntry;
pub use drift::Drift;

use crate::random::Random;
use builder::Character;

/// A model that is none: it has seen the answers and gets some of them wrong, by the seed.
///
/// Whether it is right follows from its accuracy and from the difficulty of the question. The difficulty is a property
/// of the sample's id and the seed, the same in every run and on every day, and a share of the chance is drawn anew for
/// each epoch: so runs agree question by question as those of real models do, and still differ. The same seed, sample,
/// epoch and day give the same answer, on every machine.
///
/// Nobody should take its figures for a measurement: [`name`](Provider::name) is `simulated`, the served proxy is
/// `simulated`, the served model `simulated:NAME`. Token counts are estimates, four characters a token.
///
/// ```
/// use eval_core::{Message, Origin, Provider, Request, RunId, SampleId};
/// use eval_providers::Simulated;
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let key = [(SampleId::from("q1"), "math", "4")];
/// let model = Simulated::builder("perfect", 7).accuracy(1.0).answers(key).build();
/// let origin = Origin::answer(RunId::new(), "q1".into(), 1);
/// let request = Request::new("perfect", vec![Message::user("2 + 2?")]).origin(Some(origin));
/// assert_eq!(model.complete(&request).await.unwrap().text, "4");
/// # });
/// ```
#[derive(Clone)]
pub struct Simulated {
    character: Arc<Character>,
    key: Arc<HashMap<SampleId, Known>>,
    /// Answers to take a wrong one from.
    targets: Arc<[Arc<str>]>,
}

/// What the model has seen of a question.
#[derive(Debug, Clone)]
pub(crate) struct Known {
    category: Arc<str>,
    target: Arc<str>,
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

    fn now(&self) -> Timestamp {
        self.character.now.unwrap_or_else(Timestamp::now)
    }

    /// The random numbers of one answer: the seed, the question, the epoch, the day.
    fn random(&self, id: &str, epoch: u32, day: &str) -> Random {
        let character = &self.character;
        Random::keyed(&[
            &character.name,
            &character.seed.to_string(),
            id,
            &epoch.to_string(),
            day,
        ])
    }

    fn is_right(&self, id: &str, known: &Known, drifts: &[&Drift], luck: f64) -> bool {
        let character = &self.character;
        let moved: f64 = drifts
            .iter()
            .filter(|drift| drift.concerns(&known.category))
            .map(|drift| drift.points)
            .sum();
        let accuracy = (character.accuracy_in(&known.category) + moved / 100.0).clamp(0.0, 1.0);
        // Difficulty and luck are both even from 0 to 1; taking the former most of the time keeps the share of right
        // answers at the accuracy and makes runs agree on which questions are hard.
        let mut question = Random::keyed(&[
            "difficulty",
            &character.seed.to_string(),
            &character.name,
            id,
        ]);
        let (difficulty, coin_flip) = (question.unit(), question.unit() < character.coin_flips);
        if coin_flip {
            luck < accuracy
        } else {
            difficulty < accuracy
        }
    }

    fn wrong(&self, known: &Known, random: &mut Random) -> String {
        let other = self.targets.get(random.below(self.targets.len()));
        match other.filter(|other| **other != known.target) {
            Some(other) => other.to_string(),
            None => "I am not sure.".to_owned(),
        }
    }

    fn answer(&self, request: &Request) -> Result<(String, f64), (ProviderErrorKind, f64)> {
        let Some(origin) = &request.origin else {
            return Ok(("ok".into(), self.character.median_ms));
        };
        let now = self.now();
        let id = origin.sample.as_str();
        let mut random = self.random(id, origin.epoch, &now.strftime("%Y-%m-%d").to_string());
        let drifts: Vec<&Drift> = self
            .character
            .drifts
            .iter()
            .filter(|drift| drift.from <= now)
            .collect();
        let slower: f64 = drifts.iter().map(|drift| drift.latency_factor).product();
        let ms = self.character.median_ms * slower * (self.character.sigma * random.normal()).exp();
        if random.unit() < self.character.error_rate {
            let kinds = [
                ProviderErrorKind::Timeout,
                ProviderErrorKind::Unavailable,
                ProviderErrorKind::Network,
            ];
            return Err((kinds[random.below(kinds.len())], ms));
        }
        if random.unit() < self.character.refusal_rate {
            return Ok(("I'm sorry, but I can't help with that.".into(), ms));
        }
        let luck = random.unit();
        let text = match self.key.get(&origin.sample) {
            None => "I am not sure.".into(),
            Some(known) if self.is_right(id, known, &drifts, luck) => known.target.to_string(),
            Some(known) => self.wrong(known, &mut random),
        };
        Ok((text, ms))
    }

    fn completion(&self, request: &Request, text: String, ms: f64) -> Completion {
        let usage = Usage::new(
            request
                .messages
                .iter()
                .map(|message| tokens(&message.content))
                .sum(),
            tokens(&text),
        );
        let cost = self.character.cost(&usage);
        Completion::new(text)
            .finish(FinishReason::Stop)
            .usage(usage)
            .cost(cost)
            .served(self.served())
            .timing(Timing::service(ms))
            .origin(request.origin.clone())
    }

    fn served(&self) -> Served {
        let now = self.now();
        let drifts = self
            .character
            .drifts
            .iter()
            .filter(|drift| drift.from <= now);
        let mut served = Served::default();
        served.model = Some(self.character.name.clone());
        served.model_id = Some(format!("simulated:{}", self.character.name));
        served.fingerprint = drifts
            .filter_map(|drift| drift.fingerprint.clone())
            .last()
            .or(self.character.fingerprint.clone());
        served.proxy = Some("simulated".into());
        served
    }
}

/// About four characters a token, as English text has.
fn tokens(text: &str) -> u64 {
    (text.chars().count() as u64).div_ceil(4)
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Provider for Simulated {
    fn name(&self) -> &str {
        "simulated"
    }

    async fn complete(&self, request: &Request) -> Result<Completion, ProviderError> {
        let answer = self.answer(request);
        let ms = match &answer {
            Ok((_, ms)) | Err((_, ms)) => *ms,
        };
        if self.character.real_time {
            tokio::time::sleep(Duration::from_secs_f64(ms / 1e3)).await;
        }
        match answer {
            Ok((text, ms)) => Ok(self.completion(request, text, ms)),
            Err((kind, ms)) => {
                let mut error =
                    ProviderError::new(kind, "simulated").with_timing(Timing::service(ms));
                error.cost = Some(Money::ZERO);
                Err(error)
            }
        }
    }
}

impl fmt::Debug for Simulated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Simulated")
            .field("name", &self.character.name)
            .field("answers", &self.key.len())
            .finish()
    }
}
