//! What calls cost, and what they may cost.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use eval_core::{
    Cap, Caps, Completion, Date, Message, Money, Origin, Params, PriceSource, Pricing, Provider, ProviderError,
    ProviderErrorKind as Kind, ProviderExt as _, Purpose, Request, RunId, Scope, Scripted, Served, Spending, Total,
    Usage, async_trait,
};
use eval_providers::{Allowances, BudgetLayer, LimitLayer, PriceLayer, PriceTable, Prices, RetryLayer};
use tokio::task::JoinSet;

/// $1 a million tokens of the prompt, $5 of the answer; above 200,000 twice as much.
const TABLE: &str = r#"{"_table": {"date": "2026-11-01", "source": "a contract"}, "sample_spec": {"mode": "prose"},
    "m": {"input_cost_per_token": 1e-06, "output_cost_per_token": 5e-06, "cache_read_input_token_cost": 1e-07,
        "output_cost_per_reasoning_token": 6e-06, "input_cost_per_token_above_200k_tokens": 2e-06,
        "output_cost_per_token_above_200k_tokens": 1e-05, "mode": "chat"},
    "picture": {"output_cost_per_image": 0.04}, "alias": {"input_cost_per_token": 0, "output_cost_per_token": 0}}"#;

fn table() -> PriceTable {
    PriceTable::parse(TABLE).expect("a table")
}

fn usage(prompt: u64, answer: u64, cached: u64, reasoning: u64) -> Usage {
    let mut usage = Usage::new(prompt, answer);
    (usage.cached_tokens, usage.reasoning_tokens) = (Some(cached), Some(reasoning));
    usage
}

fn served(model: Option<&str>, raw: Option<&str>) -> Served {
    let mut served = Served::default();
    (served.model, served.raw_model) = (model.map(str::to_owned), raw.map(str::to_owned));
    served
}

#[test]
fn each_class_of_tokens_has_its_price_and_a_tier_holds_for_the_whole_call() {
    let table = table();
    let cost = |usage: Usage| table.get("m").unwrap().cost(&usage).map(Money::nanos);
    assert_eq!(cost(usage(1_000, 100, 400, 30)), Some(600_000 + 40_000 + 350_000 + 180_000));
    assert_eq!(cost(usage(200_000, 10, 0, 0)), Some(200_000_000 + 50_000), "the tier begins above its number");
    assert_eq!(cost(usage(200_001, 10, 0, 0)), Some(400_002_000 + 100_000), "and then holds for every token");
    assert_eq!(cost(Usage::default()), None);
    assert_eq!(cost(usage(10, 10, 11, 0)), None, "parts that do not fit into the whole");
    assert_eq!(cost(usage(u64::MAX, u64::MAX, 0, 0)), None, "more than money can be");
    assert!(table.get("picture").is_none(), "nothing to price tokens by");
}

#[test]
fn the_table_of_this_crate_is_read_whole_and_says_where_it_is_from() {
    let table = PriceTable::built_in();
    assert!(table.models().len() > 1_000, "{}", table.models().len());
    assert!(table.date().is_some() && table.source().unwrap().contains("LiteLLM"));
    assert!(table.models().iter().all(|(_, price)| !price.is_free()), "a price of nothing means that nobody knows");
    for (name, entry) in [
        ("gpt-4o", "gpt-4o"),
        ("openai/GPT-4o", "gpt-4o"),
        ("gpt-4o-2031-12-24", "gpt-4o"),
        ("claude-sonnet-4-5-20310101", "claude-sonnet-4-5"),
    ] {
        assert_eq!(table.entry(name).map(|(name, _)| name), Some(entry), "{name}");
    }
    for unknown in ["", "gpt", "our-model", "github_copilot/gpt-4o", "gpt-4o-mini-turbo-9000", "ollama/gpt-4o"] {
        assert!(table.get(unknown).is_none(), "{unknown} is guessed");
    }
    let again = PriceTable::parse(&table.to_json()).unwrap();
    assert_eq!(again, *table, "what is written is what was read");
}

#[test]
fn tables_that_are_none_are_refused_with_the_entry() {
    for (text, told) in [
        ("[]", "no table"),
        ("{}", "no model"),
        (r#"{"m": 7}"#, "`m`"),
        (
            r#"{"m": {"input_cost_per_token": -1e-06, "output_cost_per_token": 1e-06}}"#,
            "`input_cost_per_token` is -1e-06",
        ),
        (r#"{"m": {"input_cost_per_token": "1e-06", "output_cost_per_token": 1e-06}}"#, "no price of a token"),
        (r#"{"_table": {"date": "yesterday"}, "m": {}}"#, "`_table`"),
    ] {
        let error = PriceTable::parse(text).unwrap_err().to_string();
        assert!(error.contains(told), "{text}: {error}");
    }
}

#[test]
fn the_user_s_file_is_believed_before_the_table_and_a_model_behind_an_alias_before_the_alias() {
    let prices = Prices::built_in().file(table());
    let from = |asked: &str, model, raw| prices.of(asked, &served(model, raw)).map(|(_, pricing)| pricing.source);
    assert_eq!(from("m-2026-01-01", None, None), Some(PriceSource::File));
    assert_eq!(from("alias", Some("gpt-4o"), None), Some(PriceSource::File), "who writes an alias down knows");
    assert_eq!(from("best", Some("best"), Some("gpt-4o-2024-08-06")), Some(PriceSource::Table));
    assert_eq!(from("gpt-4o", Some("gpt-4o"), Some("nobody-knows")), None, "that it was no gpt-4o is known");
    assert_eq!(from("best", Some("best"), None), None);
    let day = |text: &str| text.parse::<Date>().unwrap();
    assert_eq!(prices.clone().as_of(day("2026-11-01")).tables().count(), 1);
    assert_eq!(prices.clone().as_of(day("2026-10-31")).tables().count(), 0);
    let free = prices.cost("alias", &Served::default(), &Usage::new(5, 5)).unwrap();
    assert_eq!(free.0, Money::ZERO, "the user's own file may say that a model is free");
    assert!(table().without_free().get("alias").is_none());
}

fn request(run: RunId) -> Request {
    let origin = Origin::answer(run, "a".into(), 1);
    Request::new("m", vec![Message::user("How much is it?")]).origin(Some(origin))
}

#[tokio::test]
async fn what_the_endpoint_reports_is_believed_first_and_failed_calls_keep_their_cost() {
    let reported = Completion::new("4").usage(Usage::new(1_000, 100)).cost(Some(Money::from_nanos(7)));
    let mut filtered = ProviderError::new(Kind::Filtered, "no");
    filtered.usage = Usage::new(10, 0);
    let endpoint = Scripted::sequence([
        Ok(reported.clone().pricing(Some(Pricing::REPORTED))),
        Ok(reported.cost(None)),
        Err(filtered),
        Ok(Completion::new("4")),
        Ok(Completion::new("4").usage(Usage::new(1_000, 100))),
    ]);
    let provider = endpoint.layer(PriceLayer::new(Prices::none().file(table())));
    let file = Some(Pricing::new(PriceSource::File, Some("2026-11-01".parse().unwrap())));
    let asked = request(RunId::new());
    let first = provider.complete(&asked).await.unwrap();
    assert_eq!((first.cost, first.pricing), (Some(Money::from_nanos(7)), Some(Pricing::REPORTED)));
    let second = provider.complete(&asked).await.unwrap();
    assert_eq!((second.cost, second.pricing), (Some(Money::from_nanos(1_500_000)), file));
    let third = provider.complete(&asked).await.unwrap_err();
    assert_eq!((third.cost, third.pricing), (Some(Money::from_nanos(10_000)), file));
    let fourth = provider.complete(&asked).await.unwrap();
    assert_eq!((fourth.cost, fourth.pricing), (None, None), "unpriced, not free");
    let flex = asked.clone().params(Params::new().with("service_tier", "flex"));
    assert_eq!(provider.complete(&flex).await.unwrap().cost, None, "another tier has another price");
    for (tier, cost) in [("flex", None), ("default", Some(Money::from_nanos(1_500_000)))] {
        let answered = Scripted::fallible("endpoint", move |_| {
            let mut answer = Completion::new("4").usage(Usage::new(1_000, 100));
            answer.tier = Some(tier.to_owned());
            Ok(answer)
        });
        let provider = answered.layer(PriceLayer::new(Prices::none().file(table())));
        assert_eq!(provider.complete(&asked).await.unwrap().cost, cost, "answered in the tier {tier}");
    }
    let refused = Scripted::fallible("endpoint", |_| Err(ProviderError::new(Kind::Auth, "no")));
    let provider = refused.layer(PriceLayer::new(Prices::none().file(table())));
    assert_eq!(provider.complete(&asked).await.unwrap_err().cost, Some(Money::ZERO), "turned away");
}

/// Takes a second for each call, and writes down what it takes: between 1 and `most` tokens an answer, pseudo-randomly.
#[derive(Default)]
struct Shop {
    most: u64,
    reports: bool,
    calls: AtomicU64,
    nanos: AtomicI64,
}

#[async_trait]
impl Provider for Shop {
    fn name(&self) -> &str {
        "shop"
    }

    async fn complete(&self, request: &Request) -> Result<Completion, ProviderError> {
        let call = self.calls.fetch_add(1, Ordering::SeqCst);
        tokio::time::sleep(Duration::from_millis(500 + call.wrapping_mul(0x9e37_79b9) % 1_000)).await;
        let answer = 1 + call.wrapping_mul(0x9e37_79b9_7f4a_7c15) % self.most;
        let cost = 15 * 1_000 + answer as i64 * 5_000;
        self.nanos.fetch_add(cost, Ordering::SeqCst);
        let completion = Completion::new("4").usage(Usage::new(15, answer)).origin(request.origin.clone());
        Ok(if self.reports { completion.cost(Some(Money::from_nanos(cost))) } else { completion })
    }
}

/// How the calls ended, by kind of error; `answered` for those that were.
async fn all(provider: Arc<dyn Provider>, calls: usize, request: Request) -> BTreeMap<String, u64> {
    let mut tasks = JoinSet::new();
    for _ in 0..calls {
        let (provider, request) = (provider.clone(), request.clone());
        tasks.spawn(async move { provider.complete(&request).await.map_err(|error| error.kind) });
    }
    let mut ended = BTreeMap::<_, u64>::new();
    while let Some(result) = tasks.join_next().await {
        let how = result.expect("a task").map_or_else(|kind| kind.to_string(), |_| "answered".into());
        *ended.entry(how).or_default() += 1;
    }
    ended
}

fn caps(run: Cap) -> Caps {
    let mut caps = Caps::default();
    caps.run = run;
    caps
}

fn usd(dollars: f64) -> Option<Money> {
    Money::from_usd(dollars)
}

const IN_FLIGHT: usize = 16;

#[tokio::test(start_paused = true)]
async fn f52_with_known_prices_nothing_is_spent_above_the_cap_and_little_of_it_is_left() {
    let shop = Arc::new(Shop { most: 200, ..Shop::default() });
    let prices = Prices::none().file(table());
    let cap = usd(0.1).unwrap();
    let provider = shop
        .clone()
        .layer(PriceLayer::new(prices.clone()))
        .layer(BudgetLayer::new(Arc::new(Allowances::new(caps(Cap::new(Some(cap), None, None)))), prices))
        .layer(LimitLayer::new(IN_FLIGHT))
        .layer(RetryLayer::new(3));
    let asked = request(RunId::new()).params(Params::new().with("max_tokens", 200));
    let ended = all(Arc::new(provider), 1_000, asked).await;
    let spent = shop.nanos.load(Ordering::SeqCst);
    assert!(spent <= cap.nanos(), "{spent} of {cap} were spent");
    assert!(spent > cap.nanos() - 1_100_000, "more than one call's estimate of the cap is left: {spent}");
    assert_eq!(ended.values().sum::<u64>(), 1_000);
    assert_eq!(ended["answered"], shop.calls.load(Ordering::SeqCst), "what is refused is not called: {ended:?}");
    assert_eq!(ended.len(), 2, "{ended:?}");
    assert!(ended.contains_key("capped"), "{ended:?}");
}

#[tokio::test(start_paused = true)]
async fn f52_without_known_prices_at_most_the_calls_in_flight_pass_the_cap() {
    for (reports, most_calls) in [(true, None), (false, None), (false, Some(40))] {
        let shop = Arc::new(Shop { most: 200, reports, ..Shop::default() });
        let cap = usd(0.02).unwrap();
        let budget = Allowances::new(caps(Cap::new(Some(cap), most_calls, None)));
        let provider =
            shop.clone().layer(BudgetLayer::new(Arc::new(budget), Prices::none())).layer(LimitLayer::new(IN_FLIGHT));
        let ended = all(Arc::new(provider), 500, request(RunId::new())).await;
        let (spent, calls) = (shop.nanos.load(Ordering::SeqCst), shop.calls.load(Ordering::SeqCst));
        match (reports, most_calls) {
            (true, _) => assert!(spent <= cap.nanos() + IN_FLIGHT as i64 * 1_015_000, "{spent} of {cap}"),
            (false, None) => assert!(calls <= IN_FLIGHT as u64, "{calls} calls whose cost nobody can tell"),
            (false, Some(most)) => assert_eq!(calls, most, "capped by calls instead"),
        }
        assert!(ended["capped"] > 0, "{ended:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn f52_calls_and_tokens_are_capped_too_and_the_message_says_which() {
    for (cap, told) in [
        (Cap::new(None, Some(20), None), "the cap of the run, 20 calls: 20 are made, 0 in flight"),
        (Cap::new(None, None, Some(3_000)), "the cap of the run, 3000 tokens: "),
    ] {
        let shop = Arc::new(Shop { most: 50, ..Shop::default() });
        let budget = BudgetLayer::new(Arc::new(Allowances::new(caps(cap))), Prices::none());
        let provider: Arc<dyn Provider> = Arc::new(shop.clone().layer(budget).layer(LimitLayer::new(IN_FLIGHT)));
        let asked = request(RunId::new()).params(Params::new().with("max_completion_tokens", 50));
        all(provider.clone(), 200, asked.clone()).await;
        let calls = shop.calls.load(Ordering::SeqCst);
        assert!(calls >= 20, "{calls} calls were let through");
        let tokens = calls * 15 + (shop.nanos.load(Ordering::SeqCst) as u64 - calls * 15_000) / 5_000;
        assert!(cap.tokens.is_none_or(|cap| tokens <= cap) && cap.calls.is_none_or(|cap| calls <= cap));
        let error = provider.complete(&asked).await.unwrap_err();
        assert!(error.kind == Kind::Capped && error.message.contains(told), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn each_run_model_and_judge_has_a_cap_of_its_own() {
    let mut each = Caps::default();
    (each.run, each.judge) = (Cap::new(None, Some(3), None), Cap::new(None, Some(2), None));
    let allowances = Arc::new(Allowances::new(each));
    let provider = Scripted::always("4").layer(BudgetLayer::new(allowances.clone(), Prices::none()));
    let (run, other) = (RunId::new(), RunId::new());
    let judging = |run: RunId| {
        let asked = request(run);
        let origin = asked.origin.as_ref().map(Origin::judge);
        asked.origin(origin)
    };
    assert!(provider.complete(&judging(run)).await.is_ok() && provider.complete(&judging(other)).await.is_ok());
    let error = provider.complete(&judging(run)).await.unwrap_err();
    assert!(error.message.contains("of the judge `m`, 2 calls"), "{error}");
    assert!(provider.complete(&request(run)).await.is_ok() && provider.complete(&request(run)).await.is_ok());
    assert!(provider.complete(&request(run)).await.unwrap_err().message.contains("of the run"));
    assert!(provider.complete(&request(other)).await.is_ok(), "another run");
    let before = Spending::new(2, 0, Total::default(), Total::default());
    let third = RunId::new();
    let scope = Scope::run(third).model("m").purpose(Purpose::Answer);
    allowances.spent(&scope, before);
    assert!(provider.complete(&request(third)).await.is_ok());
    assert!(provider.complete(&request(third)).await.is_err(), "what the run took before counts");
    assert!(provider.complete(&Request::new("m", vec![])).await.is_ok(), "a connection test belongs to no run");
}

#[tokio::test(start_paused = true)]
async fn what_is_turned_away_costs_nothing_and_what_may_have_been_paid_counts_as_reserved() {
    let fails = |kind| Err(ProviderError::new(kind, "no"));
    let prices = Prices::none().file(table());
    let cap = Cap::new(usd(0.0015), None, None);
    let asked = request(RunId::new()).params(Params::new().with("max_tokens", 200));
    for (kind, answers) in [(Kind::RateLimited, true), (Kind::Unavailable, true), (Kind::Timeout, false)] {
        let endpoint = Scripted::sequence([fails(kind), Ok(Completion::new("4").usage(Usage::new(15, 200)))]);
        let budget = BudgetLayer::new(Arc::new(Allowances::new(caps(cap))), prices.clone());
        let provider = endpoint.layer(PriceLayer::new(prices.clone())).layer(budget);
        assert_eq!(provider.complete(&asked).await.unwrap_err().kind, kind);
        assert_eq!(provider.complete(&asked).await.is_ok(), answers, "{kind}");
    }
}
