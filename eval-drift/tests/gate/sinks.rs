//! What the gate prints, and that texts of the data set cannot take it over.

use eval_core::{DatasetRef, SampleKey};
use eval_drift::{Gate, GateReport, Markdown, QuestionScores, RunScores, annotations, junit, neutral, text};

use crate::model::right;

/// Texts that mean harm, one kind of place after the other.
const HOSTILE: [&str; 34] = [
    "\u{1b}[31mred\u{1b}[0m",
    "\u{1b}]8;;https://evil.example\u{7}click\u{1b}]8;;\u{7}",
    "\u{1b}]0;title\u{7}",
    "\u{9b}2J",
    "a\u{8}\u{8}\u{8}b",
    "progress\rGate passed",
    "line\n::error title=pwned::all is well",
    "::set-output name=token::x",
    "::add-mask::x\n::stop-commands::abc",
    "%0A::warning::x",
    "##[error]pwned",
    "text ##vso[task.setvariable variable=a]b",
    "##teamcity[buildStatus text='ok']",
    "###[command]rm",
    "| a | b |\n|---|---|",
    "`code` ``` ~~~",
    "@octocat and @org/team",
    "#1 GH-2 org/repo#3",
    "[click](javascript:alert(1))",
    "![img](https://evil.example/x.png)",
    "<img src=x onerror=alert(1)>",
    "<!-- evalctl:other -->",
    "--> <h1>Gate passed</h1>",
    "</details><script>alert(1)</script>",
    "https://evil.example www.evil.example evil@evil.example",
    "**bold** _it_ ~~gone~~ $x$",
    "]]><failure/>",
    "\"/><testcase name=\"x\"/>",
    "&lt; &#64;octocat &amp;",
    "\u{0}\u{1}\u{b}\u{c}\u{fffe}\u{ffff}",
    "\u{202e}desrever\u{202c} \u{2066}x\u{2069}",
    "zero\u{200b}width\u{feff}\u{ad}",
    "tags\u{e0041}\u{e0042}",
    "",
];

/// A report in which every text of the data set is this one.
fn hostile(evil: &str) -> GateReport {
    let question = |at: usize, right: bool| {
        let key = SampleKey::new(format!("{evil}{at}").as_str(), "f00d");
        QuestionScores::new(key, evil, vec![f64::from(right); 3]).text(evil)
    };
    let run = |right: usize, print: &str| {
        let mut questions: Vec<QuestionScores> = (0..60).map(|at| question(at, at < right)).collect();
        let lost = SampleKey::new(format!("{evil}lost").as_str(), "f00d");
        questions.push(QuestionScores::new(lost, evil, vec![]).failed(3));
        let dataset = DatasetRef::new(evil, "9f2c", 61);
        let mut run = RunScores::new(evil, dataset).label("7f3a12").judge(evil, "aa00").questions(questions);
        run.settings.insert(evil.to_owned(), format!("{evil}{print}"));
        run
    };
    Gate::new().category(evil, 5.0).category(format!("{evil}?"), 5.0).decide(&run(30, "a"), &[run(50, "b")])
}

/// What a person would see of Markdown: entities decoded.
fn shown(markdown: &str) -> String {
    let mut shown = markdown.to_owned();
    for code in 33..127_u8 {
        shown = shown.replace(&format!("&#{code};"), &char::from(code).to_string());
    }
    shown
}

/// A line without the targets of its links, which we make ourselves.
fn without_targets(line: &str) -> String {
    let mut parts = line.split("](https://host/runs/7f3a");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |line, part| line + part.split_once(')').map_or("", |(_, rest)| rest))
}

fn is_plain(text: &str) -> bool {
    text.chars().all(|character| character == '\n' || !character.is_control())
        && !text
            .chars()
            .any(|character| matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}'))
}

#[test]
fn no_hostile_text_takes_a_terminal_or_a_log_over() {
    for evil in HOSTILE {
        let output = text(&hostile(evil));
        assert!(is_plain(&output), "{evil:?}: {output:?}");
        assert!(!output.contains("##"), "{evil:?}: {output:?}");
        assert!(output.lines().all(|line| !line.trim_start().starts_with("::")), "{evil:?}: {output:?}");
        let harmless = text(&hostile("plain"));
        assert_eq!(output.lines().count(), harmless.lines().count(), "{evil:?} makes lines of its own");
        assert!(output.ends_with("Exit 1.\n"));
    }
}

#[test]
fn no_hostile_text_makes_a_workflow_command_of_its_own() {
    for evil in HOSTILE {
        let output = annotations(&hostile(evil));
        assert!(is_plain(&output), "{evil:?}: {output:?}");
        for line in output.lines() {
            let rest =
                line.strip_prefix("::error title=gate%3A ").or_else(|| line.strip_prefix("::warning title=gate%3A "));
            let (title, _) = rest.expect("a command of ours").split_once("::").expect("a message");
            assert!(!title.contains(':') && !title.contains(','), "{evil:?}: {line}");
            let decoded = line.replace("%25", "");
            assert!(!decoded.contains("%0A") && !decoded.contains("%0D"), "{evil:?}: {line}");
        }
        assert!(output.lines().count() <= 10);
    }
}

#[test]
fn no_hostile_text_is_markup_a_mention_or_a_link() {
    let structure = |text: &str| text.chars().filter(|character| "|`<>*[]~".contains(*character)).count();
    let render = |evil: &str| Markdown::new().page("https://host/runs/7f3a").render(&hostile(evil));
    let harmless = structure(&render("plain"));
    for evil in HOSTILE {
        let output = render(evil);
        assert!(is_plain(&output), "{evil:?}: {output:?}");
        assert_eq!(structure(&output), harmless, "{evil:?}: {output}");
        let seen = shown(&output);
        let own: String = seen.lines().skip(1).map(without_targets).collect();
        for (at, _) in own.match_indices('@').chain(own.match_indices("www.")) {
            let next = own[at..].trim_start_matches("www").chars().nth(1);
            assert_eq!(next, Some('\u{200b}'), "{evil:?}: {own}");
        }
        assert!(!own.contains("://") && !own.contains("#1") && !own.contains("GH-2"), "{evil:?}: {own}");
        let mark = output.lines().next().unwrap();
        assert!(
            mark.starts_with("<!-- evalctl:") && mark.ends_with(" -->") && mark.matches("--").count() == 2,
            "{mark}"
        );
    }
}

/// The names of the elements of a document, if it is well-formed: enough of XML for what we write.
fn elements(xml: &str) -> Option<Vec<String>> {
    let (mut open, mut found) = (Vec::new(), Vec::new());
    let mut rest = xml.strip_prefix("<?xml version=\"1.0\" encoding=\"UTF-8\"?>")?;
    while let Some(start) = rest.find('<') {
        let (text, tag) = rest.split_at(start);
        let end = tag.find('>')?;
        let (inner, after) = (&tag[1..end], &tag[end + 1..]);
        let entities = |text: &str| {
            text.matches('&').count()
                == ["&amp;", "&lt;", "&gt;", "&quot;", "&apos;"]
                    .iter()
                    .map(|entity| text.matches(entity).count())
                    .sum::<usize>()
        };
        if !(entities(text) && entities(inner)) || inner.matches('"').count() % 2 == 1 || inner.contains('<') {
            return None;
        }
        match (inner.strip_prefix('/'), inner.strip_suffix('/')) {
            (Some(name), _) => (open.pop()? == name).then_some(())?,
            (_, Some(whole)) => found.push(whole.split(' ').next()?.to_owned()),
            _ => {
                let name = inner.split(' ').next()?;
                found.push(name.to_owned());
                open.push(name);
            }
        }
        rest = after;
    }
    open.is_empty().then_some(found)
}

#[test]
fn no_hostile_text_breaks_xml() {
    let harmless = elements(&junit([&hostile("plain")])).expect("well-formed");
    assert!(harmless.contains(&"failure".to_owned()) && harmless.contains(&"error".to_owned()), "{harmless:?}");
    for evil in HOSTILE {
        let output = junit([&hostile(evil)]);
        assert!(is_plain(&output) && !output.contains(['\u{fffe}', '\u{ffff}']), "{evil:?}: {output:?}");
        assert_eq!(elements(&output).as_ref(), Some(&harmless), "{evil:?}: {output}");
    }
    assert_eq!(elements("<?xml version=\"1.0\" encoding=\"UTF-8\"?><a>&</a>"), None, "the check can fail");
}

#[test]
fn lists_are_cut_and_the_decision_is_not() {
    let long = "x|`@<y>".repeat(2_000);
    let gate = (0..300).fold(Gate::new(), |gate, at| gate.category(format!("{long}{at}"), 5.0));
    let report = gate.decide(&right(300, 600, 3), &[right(500, 600, 3)]);
    for (report, regressions) in [(&report, 1_000), (&hostile(&long), 60)] {
        let render = |bytes: usize| Markdown::new().most_bytes(bytes).regressions(regressions).render(report);
        for bytes in [0, 40_000, 65_000, 1_000_000] {
            let output = render(bytes);
            let (whole, least) = (output.len(), render(0).len());
            assert!(whole <= bytes.max(least) && least < 60_000, "{whole} bytes of {bytes}, at least {least}");
            assert!(
                output.contains("### Gate ") && output.contains("Exit ") && output.contains("data set"),
                "{output}"
            );
        }
        assert!(text(report).len() < 60_000 && annotations(report).len() < 60_000);
    }
    let few = Markdown::new()
        .most_bytes(6_000)
        .regressions(1_000)
        .render(&Gate::new().decide(&right(300, 600, 3), &[right(500, 600, 3)]));
    assert!(few.contains("of 200 regressions") && few.len() <= 6_000 && few.contains("</details>"), "{few}");
}

/// Twenty-four questions regressed in every epoch and one in two of three, of 500.
fn example() -> GateReport {
    let run = |scores: &dyn Fn(usize) -> Vec<f64>, label: &str, print: &str| {
        let question = |at: usize| {
            let category = if at.is_multiple_of(5) { "Reasoning" } else { "Facts" };
            let key = SampleKey::new(format!("q{at:03}").as_str(), "f00d");
            QuestionScores::new(key, category, scores(at)).text(format!("Question number {at}?"))
        };
        let dataset = DatasetRef::new("support-qa", "9f2c71ab", 500);
        let mut run = RunScores::new("gamma-pro", dataset).label(label).judge("judge-v3", "aa00bb11");
        run.settings.insert("provider fingerprint".to_owned(), print.to_owned());
        run.latencies_ms = (0..500).map(|at| 3_100.0 + f64::from(at)).collect();
        run.cost = eval_core::Total::new(eval_core::Money::from_usd(4.4), 0);
        run.questions((0..500).map(question).collect())
    };
    let before = |at: usize| vec![f64::from(at % 10 != 3); 3];
    let now = |at: usize| match at {
        at if at % 20 == 0 && at < 480 => vec![0.0; 3],
        485 => vec![0.0, 0.0, 1.0],
        13 => vec![1.0; 3],
        at => before(at),
    };
    let gate = Gate::new().margin(2.0).min_accuracy(80.0).max_cost(eval_core::Money::from_usd(5.0)).max_p95_ms(3_000.0);
    gate.decide(&run(&now, "7f3a12", "fp_9e07"), &[run(&before, "5c1001", "fp_44a1")])
}

#[test]
fn the_text_reads_as_designed() {
    let expected = "\
gate  7f3a12 (gamma-pro) against 5c1001 (gamma-pro), 500 shared questions
  FAIL  max drop 2.0        -4.7 points, 90% interval -6.9 to -2.7 lies wholly beyond -2.0
  ok    min accuracy 80%    85.3%, 90% interval 82.7% to 87.9%: within the limit
  ok    max cost $5.00      $4.40
  FAIL  max p95 3.0 s       3.6 s, 90% interval 3.6 s to 3.6 s lies wholly beyond 3.0 s
  ok    max error share 5%  none of 1500 answers failed
  25 regressed (24 in every epoch), 1 improved, 474 unchanged
  differs: provider fingerprint fp_44a1 -> fp_9e07
  decided by: data set support-qa (9f2c71ab), judge judge-v3 (aa00bb11), max drop 2.0, min accuracy 80%, max cost $5.00, \
max p95 3.0 s, max error share 5%, alpha 0.05, run noise 0.5, inconclusive: warn, failures are left out
FAILED: 2 of 5 checks. Exit 1.
";
    assert_eq!(text(&example()), expected);
}

#[test]
fn the_markdown_reads_as_designed() {
    let page =
        Markdown::new().page("https://host/runs/7f3a12").regressions(2).reproduce("evalctl gate 7f3a12 --vs @latest~1");
    let output = page.render(&example());
    for line in [
        "<!-- evalctl:support-qa -->",
        "### Gate failed: gamma-pro is 4.7 points below its baseline",
        "| Check | Limit | Measured | 90% interval | |",
        "| max drop | 2.0 | **-4.7** | -6.9 to -2.7 | **fail** |",
        "| max cost | $5.00 | $4.40 |  | ok |",
        "Certainly worse: **Reasoning** -24.7 (-32.6 to -17.4).",
        "What differs: provider fingerprint fp&#95;44a1 -&#62; fp&#95;9e07.",
        "<details><summary>First 2 of 25 regressions</summary>",
        "| [q000](https://host/runs/7f3a12?q=q000) | Reasoning | Question number 0? | 3/3 → 0/3 |",
        "FAILED: 2 of 5 checks. Exit 1.",
        "[Report](https://host/runs/7f3a12) · reproduce: <code>evalctl gate 7f3a12 --vs &#64;latest&#126;1</code>",
    ] {
        assert!(output.lines().any(|found| found.starts_with(line)), "{line}\nin\n{output}");
    }
    let evil = Markdown::new().page("javascript:alert(1)").render(&example());
    assert!(!evil.contains("javascript") && !evil.contains("[Report]"));
}

#[test]
fn junit_calls_only_a_confirmed_regression_a_failure() {
    let output = junit([&example()]);
    assert!(
        output.contains("<testsuite name=\"gate\" tests=\"5\" failures=\"2\" errors=\"0\" skipped=\"0\">"),
        "{output}"
    );
    assert!(output.contains("<testsuite name=\"questions\" tests=\"25\" failures=\"24\" errors=\"0\" skipped=\"0\">"));
    let same = right(160, 200, 1);
    let passed = junit([&Gate::new().decide(&same, std::slice::from_ref(&same))]);
    assert!(!passed.contains("<failure") && !passed.contains("<error"), "{passed}");
    let open = junit([&Gate::new().decide(&right(8, 10, 1), &[right(8, 10, 1)])]);
    assert!(open.contains("<skipped"), "{open}");
}

#[test]
fn annotations_say_the_decision_first() {
    let output = annotations(&example());
    let first = "::error title=gate%3A fail::Gate failed: gamma-pro is 4.7 points below its baseline";
    assert_eq!(output.lines().next(), Some(first));
    assert_eq!(output.lines().count(), 3);
    let open = annotations(&Gate::new().decide(&right(8, 10, 1), &[right(8, 10, 1)]));
    assert!(open.starts_with("::warning "), "{open}");
}

#[test]
fn neutral_texts_are_neutral_again() {
    for evil in HOSTILE {
        let once = neutral::line(evil);
        assert!(is_plain(&once) && !once.contains('\n'), "{evil:?}");
        assert!(neutral::xml(evil).len() >= once.len());
    }
}
