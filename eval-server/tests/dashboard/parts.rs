//! The parts of pages as HTML: escaped, labelled, and the same as their data.

use askama::Template;
use eval_core::Status;
use eval_server::dashboard::chart::{Axis, Interval};
use eval_server::dashboard::page::{
    AnswerDiff, Badge, Choice, DatasetChoice, DeltaCell, IntervalCell, Notice, NoticeKind, NoticePage, PageSize, Pager,
    Place, SettingsStrip, Shell, Slider, Stat, StatStrip,
};
use eval_server::dashboard::{SCRIPT, STYLE, Tone, WordDiff};

use crate::markup::tags;

const HOSTILE: &str = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>";

/// What no page may hold, whatever is in it.
pub(crate) fn assert_clean(html: &str) {
    for tag in tags(html) {
        assert!(tag.attributes.iter().all(|(name, _)| !name.starts_with("on") && name != "style"), "{tag:?}");
        assert!(tag.name != "script" || tag.get("src") == Some(&SCRIPT.path()), "{tag:?}");
        assert_ne!(tag.name, "img", "{tag:?}");
        for address in ["href", "src", "action"].iter().filter_map(|name| tag.get(name)) {
            assert!(address.starts_with(['/', '#', '?']), "{tag:?} leads outside");
        }
    }
}

pub(crate) fn shell() -> Shell {
    let mut shell = Shell::new("Overview", Place::Overview);
    let dataset =
        |name: &str, selected| DatasetChoice { name: name.into(), text: format!("{name} · 500 questions"), selected };
    shell.datasets = vec![dataset("support-qa", true), dataset("a b&c", false)];
    (shell.running, shell.alerts, shell.simulated) = (1, 2, true);
    shell.foot = "Data set support-qa, sha256 9f2c…71ab · all intervals are 95% and paired by question".into();
    shell.json = Some("/?format=json".into());
    shell
}

#[test]
fn the_frame_has_its_landmarks_and_one_current_place() {
    let page = NoticePage { shell: shell(), notice: Notice::first_use() }.render().unwrap();
    assert_clean(&page);
    let all = tags(&page);
    let count = |name: &str| all.iter().filter(|tag| tag.name == name).count();
    assert_eq!([count("main"), count("header"), count("footer"), count("h1"), count("title")], [1, 1, 1, 1, 1]);
    assert_eq!(all.iter().filter(|tag| tag.get("aria-current").is_some()).count(), 1);
    let skip = all.iter().find(|tag| tag.has_class("skip")).unwrap();
    assert_eq!(skip.get("href"), Some("#main"));
    assert!(all.iter().any(|tag| tag.name == "link" && tag.get("href") == Some(&STYLE.path())));
    assert!(
        page.contains("Simulated data.") && page.contains(Shell::VERSION) && page.contains("2<span class=\"vh\"> open")
    );
    assert!(page.contains("href=\"/runs?dataset=support-qa\""), "the data set stays in scope");
    for control in all.iter().filter(|tag| ["select", "input"].contains(&tag.name.as_str())) {
        let id = control.get("id").unwrap_or_default();
        assert!(all.iter().any(|tag| tag.get("for") == Some(id)), "{control:?} has no label");
    }
    for command in ["evalctl init", "evalctl run", "evalctl demo --serve"] {
        assert!(page.contains(&format!("<code>{command}</code>")), "{command}");
    }
    let real = NoticePage { shell: Shell::new("Runs", None), notice: Notice::first_use() }.render().unwrap();
    assert!(!real.contains("Simulated") && !real.contains("<select"));
}

#[test]
fn what_models_and_people_wrote_is_text() {
    let mut shell = shell();
    (shell.title, shell.foot, shell.datasets[0].name) = (HOSTILE.into(), HOSTILE.into(), HOSTILE.into());
    let notice = Notice::new(NoticeKind::Error, HOSTILE, HOSTILE).link(HOSTILE, "/runs");
    let answers = AnswerDiff {
        diff: WordDiff::of(HOSTILE, &format!("{HOSTILE} more <b>words</b>")),
        before_title: HOSTILE.into(),
        now_title: HOSTILE.into(),
        before_badge: Some(Badge::from(Status::Better)),
        now_badge: None,
        before_why: Some(HOSTILE.into()),
        now_why: Some(HOSTILE.into()),
        full: Some("/runs/1?full=1".into()),
    };
    let stats = StatStrip { stats: vec![Stat::new(HOSTILE, HOSTILE, HOSTILE).tone(Tone::Worse)] };
    let parts = [
        NoticePage { shell, notice: notice.clone() }.to_string(),
        answers.to_string(),
        notice.to_string(),
        stats.to_string(),
        Badge::new(Tone::Watch, eval_server::dashboard::page::Shape::Open, HOSTILE).to_string(),
        settings(HOSTILE).to_string(),
    ];
    for html in parts {
        assert_clean(&html);
        assert!(!html.contains("<img") && !html.contains("<script>") && !html.contains("<b>words"), "{html}");
    }
}

pub(crate) fn settings(text: &str) -> SettingsStrip {
    let choice = |value: &str, selected| Choice { value: value.into(), text: text.to_owned() + value, selected };
    SettingsStrip {
        baselines: vec![choice("26 Oct – 8 Nov · 14 runs, pinned", true), choice("all", false)],
        windows: vec![choice("Last 60 days", true)],
        min_drop: Slider { min: 0.0, max: 10.0, step: 0.5, value: 3.0 },
        consequence: "At 3.0: 1 alert. One run of 500 can reliably show drops of 2.9 or more; a 7-run window, 1.4."
            .into(),
        kept: vec![("dataset".into(), text.into())],
    }
}

#[test]
fn a_status_is_a_shape_and_a_word_and_a_colour() {
    let all = [
        Status::Worse,
        Status::Shock,
        Status::Watch,
        Status::NotComparable,
        Status::Partial,
        Status::Better,
        Status::Steady,
        Status::Warming,
    ];
    let html: Vec<String> = all.iter().map(|status| Badge::from(*status).to_string()).collect();
    for (at, one) in html.iter().enumerate() {
        assert!(one.contains("<svg") && one.contains("aria-hidden"), "{one}");
        assert!(html.iter().skip(at + 1).all(|other| other != one), "two statuses look the same: {one}");
    }
    assert!(html[0].contains("st-worse") && html[0].ends_with("Worse</span>"));
    assert!(Badge::from(Status::Steady).plain().to_string().contains("st-calm plain"));
}

#[test]
fn cells_say_what_is_not_known() {
    let known = Interval {
        value: Some(-4.4),
        ends: Some((-6.1, -2.7)),
        tone: Tone::Worse,
        threshold: Some(-3.0),
        is_change: true,
    };
    let axis = Axis::over([-7.0, 4.0]);
    let cell = IntervalCell { shown: known, axis }.to_string();
    assert!(cell.contains("−6.1 to −2.7</td>") && cell.contains("<svg class=\"iv\""), "{cell}");
    let unknown = Interval { value: None, ends: None, ..known };
    assert!(IntervalCell { shown: unknown, axis }.to_string().starts_with("<td class=\"ci\">–</td>"));
    let delta = |change, tone| DeltaCell { change, tone }.to_string();
    assert_eq!(delta(Some(-4.4), Tone::Worse), "<td class=\"r big dn\">−4.4</td>");
    assert_eq!(delta(None, Tone::Calm), "<td class=\"r big \">–</td>");
    let serialized = serde_json::to_value(known).unwrap();
    assert_eq!(serialized["tone"], "worse", "the JSON of a page comes from the same values");
}

#[test]
fn a_pager_says_where_it_is() {
    let sizes = vec![PageSize { rows: 50, href: "?limit=50".into(), current: true }];
    let next = Some("?after=x&limit=50".into());
    let html = Pager { from: 1, to: 50, total: Some(1_240), first: None, next, sizes }.to_string();
    assert!(html.contains("1–50 of 1,240") && html.contains("href=\"?after=x&#38;limit=50\""), "{html}");
    assert!(Pager::default().to_string().contains("no rows"));
}

#[test]
fn long_answers_say_what_is_left_out() {
    let long = "word ".repeat(10_000);
    let answers = AnswerDiff {
        diff: WordDiff::of(&long, "word"),
        before_title: "Before, run 5c10".into(),
        now_title: "Now, run 7f3a".into(),
        before_badge: None,
        now_badge: None,
        before_why: None,
        now_why: None,
        full: Some("?full=1".into()),
    };
    let html = answers.to_string();
    assert!(
        html.contains("30,000 more bytes are not shown.") && html.contains("Show all"),
        "{}",
        &html[html.len() - 400..]
    );
    assert!(html.len() < 45_000);
}
