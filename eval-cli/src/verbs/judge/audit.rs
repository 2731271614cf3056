//! `evalctl judge audit`

mod recorded;

use eval_core::{
    Completion, Evaluation, JudgeError, Money, ProviderErrorKind, Run, RunKind, RunStatus, Sample, Stop, Store as _,
    Total,
};
use eval_drift::stored;
use eval_judge::{Audit, Finding, Fitness, MASTER_KEYS};
use serde_json::json;

use crate::args::{Asking, AuditArgs, Format, Global};
use crate::compose::{self, Again, Against, OneJudge};
use crate::config::{Settings, Typed};
use crate::draw::{Spread, draw};
use crate::exit::Exit;
use crate::failure::{Failure, Outcome, chain};
use crate::fitness::{self, Check, word};
use crate::output::{Align, Console, Table, clean, counted, money, one_line};
use crate::refs;
use recorded::Recorded;

/// Puts a judge to the test on questions and answers of a run, and keeps what comes out.
pub(super) async fn audit(console: &Console, global: &Global, args: AuditArgs) -> Outcome {
    let settings = Settings::load(global, typed(&args))?;
    let (run, answers, against) = material(&settings, &args).await?;
    let judge = compose::one_judge(console, &settings, against.as_ref()).await?;
    let begun = fitness::begun(&run, judge.judge.name(), &judge.hash, Check::Audit);
    judge.store.put_run(&begun).await?;
    let cases = recorded::cases(&answers, begun.id);
    told(console, &judge, cases.len());
    let tests = Tests { judge: &judge, concurrency: settings.concurrency.value, run: &begun };
    let findings = match tests.all(&cases).await {
        Ok(findings) => findings,
        Err(error) => return Err(stopped(&judge, begun, &error).await?),
    };
    let (fitness, why) = concluded(&findings);
    let kept = fitness::ended(begun, fitness, &why, figures(&findings), cost(&findings));
    judge.store.put_run(&kept).await?;
    let name = judge.judge.name().to_owned();
    compose::close_store(judge.store);
    match console.format {
        Format::Json | Format::Jsonl => console.json(&json!({
            "schema": "evalctl.audit/1", "run": run.id, "judge": name, "judge_hash": judge.hash, "fitness": fitness,
            "why": why, "findings": findings, "kept_as": kept.id,
        }))?,
        Format::Md => console.print(markdown(&name, fitness, &findings))?,
        _ => {
            let on =
                format!("{} on {} of run {}", clean(&name), counted(cases.len() as u64, "question"), run.id.short());
            console.print(format!("{on}\n  {}: {}\n", word(fitness), one_line(&why)))?;
            console.print(table(&findings).render(console.width))?;
        }
    }
    Ok(super::exit(fitness))
}

fn typed(args: &AuditArgs) -> Typed {
    Typed {
        judges: args.judge.iter().cloned().collect(),
        asking: Asking { rubric: args.rubric.clone(), ..Asking::default() },
        endpoint: args.endpoint.clone(),
        concurrency: args.concurrency,
        ..Typed::default()
    }
}

/// The run, some of its answers, and those of the other run where one is named.
async fn material(settings: &Settings, args: &AuditArgs) -> Result<(Run, Vec<Evaluation>, Option<Against>), Failure> {
    let store = compose::existing_store(settings).await?;
    let run = refs::resolve(&store, &args.from).await?;
    let mut answers = draw(stored::evaluations(&store, &run).await?, usize::MAX, args.seed, Spread::Even);
    answers.dedup_by(|a, b| a.sample.id == b.sample.id);
    let answers = draw(answers, args.count, args.seed, Spread::Even);
    if answers.is_empty() {
        return Err(Failure::usage(format!("run {} has no answer with a score to test a judge on", run.id.short())));
    }
    let against = match &args.against {
        None => None,
        Some(other) => {
            let other = refs::resolve(&store, other).await?;
            Again::of(&store, RunKind::Audit, run.clone(), Some(other)).await?.0.against
        }
    };
    Ok((run, answers, against))
}

/// How many calls that takes: a judge may cost money.
fn told(console: &Console, judge: &OneJudge, cases: usize) {
    let alone = MASTER_KEYS.len() + 3 + 2;
    let pairs = if judge.pairwise.is_some() { 2 } else { 0 };
    console.note(format!("{} is asked up to {} times", clean(judge.judge.name()), cases * (alone + pairs)));
    if judge.pairwise.is_none() {
        console.note("whether order matters is not tested: that takes a grader and a second run (--against)");
    }
}

/// The tests of a judge.
struct Tests<'a> {
    judge: &'a OneJudge,
    concurrency: usize,
    run: &'a Run,
}

impl Tests<'_> {
    async fn all(&self, cases: &[(Sample, Completion)]) -> Result<Vec<Finding>, JudgeError> {
        let audit = Audit::new().concurrency(self.concurrency);
        let judge = Recorded::new(self.judge.judge.clone(), self.run.id);
        let samples: Vec<Sample> = cases.iter().map(|(sample, _)| sample.clone()).collect();
        let mut found = vec![audit.master_keys(&judge, &samples).await?];
        if let Some(pairwise) = &self.judge.pairwise {
            found.push(audit.order(pairwise, cases).await?);
        }
        found.push(audit.verbosity(&judge, cases).await?);
        found.push(audit.stability(&judge, cases).await?);
        Ok(found)
    }
}

/// An error that every further call would meet: what was paid for stays in the books.
async fn stopped(judge: &OneJudge, mut run: Run, error: &JudgeError) -> Result<Failure, Failure> {
    let is_capped = matches!(error, JudgeError::Provider(error) if error.kind == ProviderErrorKind::Capped);
    let (status, exit) =
        if is_capped { (RunStatus::Capped, Exit::Capped) } else { (RunStatus::Failed, Exit::Provider) };
    (run.status, run.stop) = (status, Some(Stop::new(None, chain(error))));
    judge.store.put_run(&run).await?;
    let mut failure = Failure::provider(format!("the judge could not be asked: {}", clean(&chain(error))));
    failure.exit = exit;
    Ok(failure)
}

/// Unfit in one respect is unfit, and else unknown in one is unknown.
fn concluded(findings: &[Finding]) -> (Fitness, String) {
    let words = |wanted: Fitness| {
        let found = findings.iter().filter(|finding| finding.fitness == wanted);
        found.map(|finding| format!("{}: {}", finding.check, finding.words)).collect::<Vec<_>>().join("; ")
    };
    let any = |wanted: Fitness| findings.iter().any(|finding| finding.fitness == wanted);
    let fitness = match (any(Fitness::Unfit), any(Fitness::Unknown)) {
        (true, _) => Fitness::Unfit,
        (false, true) => Fitness::Unknown,
        (false, false) => Fitness::Fit,
    };
    (fitness, words(fitness))
}

fn figures(findings: &[Finding]) -> impl Iterator<Item = (&'static str, String)> {
    let fewest = findings.iter().map(|finding| finding.n).min().map(|n| ("n", n.to_string()));
    findings.iter().filter_map(|finding| Some((finding.check, format!("{:.3}", finding.value?)))).chain(fewest)
}

fn cost(findings: &[Finding]) -> Total<Money> {
    let mut total = Total::default();
    findings.iter().for_each(|finding| total += Total::new(finding.cost, u64::from(finding.cost.is_none())));
    total
}

fn table(findings: &[Finding]) -> Table {
    let heads = [("test", Align::Left), ("", Align::Left), ("found", Align::Left), ("limit", Align::Right)];
    let mut table = Table::new(heads.into_iter().chain([
        ("95% interval", Align::Right),
        ("n", Align::Right),
        ("unscored", Align::Right),
        ("cost", Align::Right),
    ]));
    for finding in findings {
        let interval = finding.interval.map(|(low, high)| format!("{low:.3} to {high:.3}")).unwrap_or_default();
        table.row([
            finding.check.to_owned(),
            word(finding.fitness).to_owned(),
            one_line(&finding.words),
            format!("{:.2}", finding.limit),
            interval,
            finding.n.to_string(),
            finding.unscored.to_string(),
            money(finding.cost),
        ]);
    }
    table
}

fn markdown(judge: &str, fitness: Fitness, findings: &[Finding]) -> String {
    let cell = |text: &str| eval_drift::neutral::markdown(&one_line(text));
    let mut lines = vec![
        format!("**Judge {} is {}**\n", cell(judge), word(fitness)),
        "| test | | found | limit | n |\n|---|---|---|---|---|".to_owned(),
    ];
    for finding in findings {
        let (check, words) = (finding.check, cell(&finding.words));
        lines.push(format!("| {check} | {} | {words} | {:.2} | {} |", word(finding.fitness), finding.limit, finding.n));
    }
    lines.join("\n")
}
