//! What calls cost and may cost.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use eval_core::{Allowance, AttemptLog, Caps, Provider, ProviderExt as _, Purpose, RunId, Scope, Timestamp, Usage};
use eval_providers::{Allowances, BudgetLayer, PriceTable, Prices};
use eval_store::DailyCap;

use super::read;
use crate::config::Settings;
use crate::failure::Failure;
use crate::output::clean;

/// The price file that is looked for in the working folder.
pub(crate) const DEFAULT_PRICES: &str = "evalctl.prices.json";

/// The price file of the user: the one that was named, else the one of the working folder, if there is one.
pub(crate) fn price_file(settings: &Settings) -> Option<PathBuf> {
    let here = || Some(PathBuf::from(DEFAULT_PRICES)).filter(|path| path.exists());
    settings.prices.value.clone().or_else(here)
}

/// The user's prices over the built-in ones.
pub(crate) fn prices(settings: &Settings) -> Result<Prices, Failure> {
    let prices = Prices::built_in();
    match price_file(settings) {
        Some(path) => Ok(prices.file(price_table(&path)?)),
        None => Ok(prices),
    }
}

/// A price table out of a file.
pub(crate) fn price_table(path: &Path) -> Result<PriceTable, Failure> {
    PriceTable::parse(&read(path)?)
        .map_err(|error| Failure::usage(format!("{}: {}", path.display(), clean(&error.to_string()))))
}

/// What calls cost, and who is asked for leave to make them.
#[derive(Debug)]
pub(crate) struct Budget {
    pub(crate) prices: Prices,
    caps: Caps,
    allowances: Arc<Allowances>,
    day: Option<Arc<DailyCap>>,
}

impl Budget {
    /// The prices and caps of the settings; what was spent in a day is known by this log.
    pub(crate) fn new(settings: &Settings, log: Arc<dyn AttemptLog>) -> Result<Self, Failure> {
        let caps = settings.caps.value;
        let day = (!caps.day.is_none()).then(|| Arc::new(DailyCap::new(log, caps.day)));
        Ok(Self { prices: prices(settings)?, caps, allowances: Arc::new(Allowances::new(caps)), day })
    }

    /// What runs that go on took before: each with its model, and with these graders.
    pub(crate) async fn recall(
        &self,
        log: &dyn AttemptLog,
        runs: &[(RunId, String)],
        graders: &[&str],
    ) -> Result<(), Failure> {
        let graders: BTreeSet<_> = graders.iter().collect();
        for (run, model) in runs {
            let answers = Scope::run(*run).model(model).purpose(Purpose::Answer);
            let judging = graders.iter().map(|grader| Scope::run(*run).model(**grader).purpose(Purpose::Judge));
            for scope in std::iter::once(answers).chain(judging) {
                self.allowances.spent(&scope, log.spent(Timestamp::MIN, &scope).await?);
            }
        }
        Ok(())
    }

    /// Refuses a cap on money that could not be kept: of a model without a price, at an endpoint that reports none.
    pub(crate) fn check<'a>(&self, reports: bool, models: impl IntoIterator<Item = &'a str>) -> Result<(), Failure> {
        let caps = [self.caps.run, self.caps.model, self.caps.judge, self.caps.day];
        if reports || !caps.iter().any(|cap| cap.cost.is_some() && cap.calls.is_none() && cap.tokens.is_none()) {
            return Ok(());
        }
        match models.into_iter().find(|model| self.prices.of(model, &eval_core::Served::default()).is_none()) {
            None => Ok(()),
            Some(model) => Err(Failure::usage(format!(
                "nobody knows what `{}` costs, so a cap on money cannot be kept",
                clean(model)
            ))
            .hint(format!(
                "write its price into a price file ({DEFAULT_PRICES} or --prices FILE), or cap calls or tokens too"
            ))),
        }
    }

    /// Refuses caps on money that one question cannot fit: an answer would be paid for and never graded. `answer` is the
    /// most tokens of an answer, where a parameter bounds it. Prompts come on top, so that what is refused surely fails.
    pub(crate) fn check_one(&self, models: &[&str], graders: &[&str], answer: Option<u64>) -> Result<(), Failure> {
        let least = |model: &&str, tokens: u64| {
            self.prices.of(model, &eval_core::Served::default())?.0.cost(&Usage::new(0, tokens))
        };
        let verdicts: Vec<_> = graders.iter().filter_map(|grader| least(grader, BudgetLayer::ANSWER)).collect();
        let dearest = verdicts.iter().copied().max().unwrap_or_default();
        let answer = answer.unwrap_or(BudgetLayer::ANSWER);
        let answers = models.iter().filter_map(|model| least(model, answer)).max().unwrap_or_default();
        let caps = [("the run", self.caps.run, answers + dearest), ("each judge", self.caps.judge, dearest)];
        let over =
            |(_, cap, least): &(&str, eval_core::Cap, eval_core::Money)| cap.cost.is_some_and(|cap| *least > cap);
        match caps.iter().find(|cap| !graders.is_empty() && over(cap)) {
            None => Ok(()),
            Some((of, cap, least)) => Err(Failure::usage(format!(
                "one question does not fit the cap of {of}, {}: {least} and its prompts are reserved for it",
                cap.cost.unwrap_or_default()
            ))
            .hint("raise the cap, or bound the answers with --param max_tokens=N")),
        }
    }

    /// The provider whose calls ask for leave.
    pub(crate) fn around(&self, inner: impl Provider) -> Arc<dyn Provider> {
        if self.caps.is_none() {
            return Arc::new(inner);
        }
        let layer = |allowance: Arc<dyn Allowance>| BudgetLayer::new(allowance, self.prices.clone());
        let capped = inner.layer(layer(self.allowances.clone()));
        match &self.day {
            Some(day) => Arc::new(capped.layer(layer(day.clone()))),
            None => Arc::new(capped),
        }
    }
}
