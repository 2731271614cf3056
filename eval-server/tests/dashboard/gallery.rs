//! All pieces on one page, as a whole: to be looked at, and checked for what only a page shows.

use askama::Template;
use eval_core::Status;
use eval_server::dashboard::chart::{
    Axis, CusumPoint, CusumSeries, Interval, ReliabilityBin, Stack, cusum, forest, frontier, interval_axis,
    reliability, sparkline, stack, trend,
};
use eval_server::dashboard::page::{
    AnswerDiff, Badge, DeltaCell, IntervalCell, Notice, NoticeKind, NoticePage, PageSize, Pager, Stat, StatStrip,
};
use eval_server::dashboard::{Asset, Tone, WordDiff};

use crate::fixtures::{categories, costs, history, hour, noise};
use crate::markup::tags;
use crate::parts::{assert_clean, settings, shell};

fn table() -> String {
    let axis = Axis::over([-6.5, 4.5]);
    let rows = [
        ("gamma-pro", Status::Worse, -4.4, -6.1, -2.7),
        ("alpha-mini", Status::Watch, -1.4, -3.2, 0.4),
        ("delta-70b", Status::Steady, -0.3, -1.9, 1.3),
        ("epsilon", Status::NotComparable, 0.2, -1.2, 1.6),
        ("beta-4-mini", Status::Better, 2.2, 0.6, 3.8),
    ];
    let row = |(name, status, change, low, high): (&str, Status, f64, f64, f64)| {
        let tone = Tone::from(status);
        let shown =
            Interval { value: Some(change), ends: Some((low, high)), tone, threshold: Some(-3.0), is_change: true };
        let (delta, cell) = (DeltaCell { change: Some(change), tone }, IntervalCell { shown, axis });
        format!("<tr><th scope=\"row\">{name}</th><td>{}</td>{delta}{cell}</tr>", Badge::from(status))
    };
    let rows: String = rows.map(row).concat();
    let head = interval_axis(&axis, true);
    format!(
        "<div class=\"card tw\" tabindex=\"0\"><table><thead><tr><th scope=\"col\">Model</th><th scope=\"col\">Status</th>\
         <th scope=\"col\" class=\"r\">Change, points</th><th scope=\"col\">95% interval</th><th scope=\"col\" class=\"svg\">\
         <span class=\"vh\">Change on a shared scale</span>{head}</th></tr></thead><tbody>{rows}</tbody></table>{}</div>",
        pager()
    )
}

fn pager() -> Pager {
    let size = |rows: u32| PageSize { rows, href: format!("?limit={rows}"), current: rows == 50 };
    let (from, to, next) = (1, 50, Some("?after=x".into()));
    Pager { from, to, total: Some(1_240), first: None, next, sizes: vec![size(50), size(100)] }
}

fn figures() -> String {
    let trends = [
        history(60, 46, 4.4),
        history(60, 50, -2.2),
        history(60, usize::MAX, 0.0),
        history(1_000, 700, 4.0),
        history(1, 3, 0.0),
        history(0, 3, 0.0),
    ];
    let trends: String = trends
        .iter()
        .map(|shown| {
            let badge = Badge::from(Status::Worse).plain();
            format!(
                "<figure class=\"card\" tabindex=\"0\"><figcaption><h3>gamma-pro</h3>{badge}<span class=\"v num\">86.4%</span>\
                 </figcaption>{}</figure>",
                trend(shown)
            )
        })
        .collect();
    let sums = (0..60).map(|at| CusumPoint { at: hour(24 * at), sum: (at as f64 / 20.0).powi(2) + noise(at as usize) });
    let bins: Vec<ReliabilityBin> = (0..10)
        .map(|at| {
            let (confidence, agreement) = (f64::from(at) / 10.0 + 0.05, f64::from(at) / 13.0 + 0.15);
            ReliabilityBin { confidence, agreement, ends: Some((agreement - 0.09, (agreement + 0.08).min(1.0))), n: 30 }
        })
        .collect();
    let spark: Vec<Option<f64>> = (0..60).map(|at| (at != 30).then(|| noise(at) + at as f64 / 30.0)).collect();
    let figure =
        |svg: String| format!("<figure class=\"card pad\" tabindex=\"0\">{svg}</figure><div class=\"gap\"></div>");
    format!(
        "<div class=\"sec sm\">{trends}</div><div class=\"cols sec\"><div>{}{}{}</div><div>{}{}<p>{}</p></div></div>",
        figure(forest(&categories()).to_string()),
        figure(stack(&Stack { right: 423, regressed: 31, improved: 8, wrong: 38 }).to_string()),
        figure(cusum(&CusumSeries { points: sums.collect(), threshold: 5.0 }).to_string()),
        figure(frontier(&costs()).to_string()),
        figure(reliability(&bins).to_string()),
        sparkline(&spark, Tone::Better, "rising over 60 runs"),
    )
}

fn page() -> String {
    let frame = NoticePage { shell: shell(), notice: Notice::first_use() }.render().expect("as the fixture has it");
    let stats = StatStrip {
        stats: vec![
            Stat::new("Accuracy", "86.2%", "82.9 to 88.9"),
            Stat::new("Change from 5c10", "−4.6 points", "−7.0 to −2.2, paired").tone(Tone::Worse),
            Stat::new("Regressed / improved", "31 / 8", "461 unchanged"),
            Stat::new("Cost", "$2.20", "judge $0.61 of it"),
        ],
    };
    let answers = AnswerDiff {
        diff: WordDiff::of(
            "Each week the warehouse ships 5 × 35 = 175 crates and receives 120, a net change of −55.",
            "Each week the warehouse ships 35 crates and receives 120, a net change of +85.",
        ),
        before_title: "Before, run 5c10".into(),
        now_title: "Now, run 7f3a".into(),
        before_badge: Some(Badge::new(Tone::Better, eval_server::dashboard::page::Shape::Up, "Right").plain()),
        now_badge: Some(Badge::new(Tone::Worse, eval_server::dashboard::page::Shape::Down, "Wrong").plain()),
        before_why: Some("counts five weekday shipments and matches the reference, 910.".into()),
        now_why: Some("reads 35 crates as a weekly figure.".into()),
        full: None,
    };
    let refused = Notice::new(
        NoticeKind::NotComparable,
        "These runs are not comparable",
        "7f3a was graded by judge-v3 and 5c10 by judge-v2: a change cannot be told from the judge's.",
    );
    let (head, foot) = frame.split_once("<section").expect("as the fixture has it");
    let foot = foot.split_once("</section>").expect("as the fixture has it").1;
    let settings = settings("");
    format!(
        "{head}<p class=\"lede\">The loss is very unlikely to be noise.</p>{stats}{settings}<div class=\"sec\">{}</div>{}\
         <div class=\"sec card panel\">{answers}</div>{refused}{}{foot}",
        table(),
        figures(),
        Notice::first_use()
    )
}

#[test]
fn a_page_of_all_pieces_is_clean_and_small() {
    let page = page();
    assert_clean(&page);
    let all = tags(&page);
    assert!(all.len() < 1_500, "{} nodes", all.len());
    let mut ids: Vec<&str> = all.iter().filter_map(|tag| tag.get("id")).collect();
    let of = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), of, "an id stands once");
    // For looking at it: name a folder, and open page.html in it.
    if let Ok(folder) = std::env::var("EVAL_TEST_GALLERY") {
        let mut local = page;
        for asset in Asset::ALL {
            let name = asset.path().replace("/assets/", "");
            std::fs::write(format!("{folder}/{name}"), asset.bytes()).unwrap();
            local = local.replace(&asset.path(), &name);
        }
        std::fs::write(format!("{folder}/page.html"), local).unwrap();
    }
}
