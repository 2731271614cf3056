//! Every drawing, for good data, bad data and much of it.

use eval_server::dashboard::Tone;
use eval_server::dashboard::chart::{
    Axis, CostPoint, CusumPoint, CusumSeries, Forest, ForestRow, Frontier, Interval, Limits, ReliabilityBin, Stack,
    cusum, forest, frontier, interval, interval_axis, reliability, sparkline, stack, trend,
};
use proptest::prelude::*;

use crate::fixtures::{categories, costs, history, hour};
use crate::markup::{assert_well_drawn, tags, text_boxes};

const BAD: [f64; 6] = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e300, -1e300, 0.0];

/// Any number that a caller may have by mistake, and often a good one.
fn any_number() -> impl Strategy<Value = f64> {
    prop_oneof![8 => -100.0..100.0, 1 => prop::sample::select(&BAD[..]), 1 => any::<f64>()]
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z0-9-]{1,12}", "\\PC{0,60}", Just("<img src=x onerror=alert(1)>\"'&".to_owned())]
}

fn ends() -> impl Strategy<Value = Option<(f64, f64)>> {
    prop::option::of((any_number(), any_number()))
}

#[test]
fn histories_of_any_length_are_drawn_within_the_sheet() {
    for runs in [0, 1, 2, 3, 26, 60, 160, 1_000] {
        for fall in [usize::MAX, runs / 2, runs.saturating_sub(1), 3] {
            let svg = trend(&history(runs, fall.max(3), 4.4));
            assert_well_drawn(&svg, 14.0);
            let dots = tags(svg.as_str()).iter().filter(|tag| tag.has_class("pts")).count();
            assert_eq!(dots, usize::from(runs > 0), "all dots are one path, so that the page stays small");
        }
    }
    assert!(tags(trend(&history(1_000, 500, 4.4)).as_str()).len() < 60);
}

#[test]
fn a_history_says_what_it_shows() {
    let svg = trend(&history(60, 46, 4.4));
    let texts: Vec<String> = text_boxes(&svg, 14.0).into_iter().map(|(text, _)| text).collect();
    for text in ["baseline", "changed 17 Oct ± 2 d", "no runs", "PF", "J", "−3", "0", "1 Sep"] {
        assert!(texts.iter().any(|found| found == text), "{text} in {texts:?}");
    }
    let all = tags(svg.as_str());
    let change = all.iter().find(|tag| tag.has_class("cpz")).unwrap();
    let line = all.iter().find(|tag| tag.has_class("cp")).unwrap();
    let (left, width) = (change.number("x"), change.number("width"));
    assert!((left..=left + width).contains(&line.number("x1")), "the change point lies in its uncertainty");
    assert!(all.iter().any(|tag| tag.name == "title" && tag.text.contains("between 15 Oct and 19 Oct")), "{all:?}");
    // Two parts before the change point, because runs are missing, and one after it.
    assert_eq!(all.iter().filter(|tag| tag.has_class("ln")).count(), 3);
    assert!(all[0].get("data-points").unwrap().contains("|run 12"));
    let empty = trend(&history(0, 3, 4.4));
    assert!(empty.as_str().contains("no runs in this window"));
}

#[test]
fn a_forest_tells_what_is_certain_from_what_is_not() {
    let svg = forest(&categories());
    assert_well_drawn(&svg, 11.0);
    let all = tags(svg.as_str());
    let marks: Vec<_> = all.iter().filter(|tag| tag.name == "circle").collect();
    assert_eq!(marks.iter().filter(|tag| tag.has_class("hollow")).count(), 6);
    assert!(marks[0].has_class("k-worse") && marks[7].has_class("k-better"));
    assert_eq!(all.iter().filter(|tag| tag.name == "path" && tag.has_class("k-worse")).count(), 1, "the diamond");
    assert!(all[0].get("aria-label").unwrap().contains("Reasoning: −18.8 points (−28.6 to −8.9)"));
    assert!(svg.as_str().contains('…'), "a long name is shortened");
    assert!(all.iter().any(|tag| tag.name == "title" && tag.text.contains("far too long for its column")));
}

#[test]
fn every_model_has_its_name_beside_it() {
    let svg = frontier(&costs());
    assert_well_drawn(&svg, 12.0);
    let texts: Vec<String> = text_boxes(&svg, 12.0).into_iter().map(|(text, _)| text).collect();
    for point in &costs().points {
        assert!(texts.contains(&point.name), "{} in {texts:?}", point.name);
    }
    assert!(texts.contains(&"over your $5.00 limit".to_owned()) && texts.contains(&"below your 80% floor".to_owned()));
    let all = tags(svg.as_str());
    assert_eq!(all.iter().filter(|tag| tag.has_class("hollow")).count(), 3);
    assert!(all[0].get("aria-label").unwrap().contains("alpha-mini, beta-4-mini and beta-4 are on the frontier"));
}

#[test]
fn parts_of_a_bar_are_as_wide_as_their_counts() {
    let shown = Stack { right: 423, regressed: 31, improved: 8, wrong: 38 };
    let svg = stack(&shown);
    assert_well_drawn(&svg, 11.0);
    let widths: Vec<f64> =
        tags(svg.as_str()).iter().filter(|tag| tag.name == "rect").map(|tag| tag.number("width")).collect();
    for (width, n) in widths.iter().zip([423.0, 31.0, 8.0, 38.0]) {
        assert!((width - (640.0 * n / 500.0 - 1.5)).abs() < 0.11, "{widths:?}");
    }
    assert_eq!(text_boxes(&svg, 11.0).len(), 4);
    assert_well_drawn(&stack(&Stack::default()), 11.0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn an_interval_holds_its_point_and_keeps_the_order(low in -90.0..0.0, reach in 0.1..50.0, share in 0.0..1.0) {
        let (high, value) = (low + reach, low + share * reach);
        let axis = Axis::over([low, high, 0.0]);
        let shown =
            Interval { value: Some(value), ends: Some((low, high)), tone: Tone::Worse, threshold: Some(-3.0), is_change: true };
        let svg = interval(&axis, &shown);
        assert_well_drawn(&svg, 11.0);
        let all = tags(svg.as_str());
        let whisker = all.iter().find(|tag| tag.has_class("wh")).unwrap();
        let point = all.iter().find(|tag| tag.name == "circle").unwrap().number("cx");
        prop_assert!(whisker.number("x1") <= point && point <= whisker.number("x2"), "{}", svg.as_str());
        prop_assert!(whisker.number("x1") < whisker.number("x2"));
    }

    #[test]
    fn intervals_of_anything_are_drawn(
        value in prop::option::of(any_number()), ends in ends(), threshold in prop::option::of(any_number()),
        values in prop::collection::vec(any_number(), 0..8), is_change in any::<bool>(),
    ) {
        let axis = Axis::over(values);
        assert_well_drawn(&interval(&axis, &Interval { value, ends, tone: Tone::Calm, threshold, is_change }), 11.0);
        assert_well_drawn(&interval_axis(&axis, is_change), 11.0);
    }

    #[test]
    fn histories_of_anything_are_drawn(
        values in prop::collection::vec((any_number(), any_number(), -2_000_i64..2_000), 0..40),
        axis in prop::collection::vec(any_number(), 0..3), span in (-3_000_i64..3_000, -3_000_i64..3_000),
    ) {
        let mut shown = history(60, 40, -2.0);
        shown.axis = Axis::over(axis);
        shown.range = (hour(span.0), hour(span.1));
        for (dot, (value, _, at)) in shown.dots.iter_mut().zip(&values) {
            (dot.value, dot.at) = (*value, hour(*at));
        }
        for (level, (value, end, at)) in shown.segments.iter_mut().flat_map(|s| &mut s.levels).zip(&values) {
            (level.value, level.low, level.high, level.at) = (*value, *end, *value, hour(*at));
        }
        for (mark, (_, _, at)) in shown.marks.iter_mut().zip(&values) {
            mark.at = hour(*at);
        }
        assert_well_drawn(&trend(&shown), 14.0);
    }

    #[test]
    fn forests_of_anything_are_drawn(
        rows in prop::collection::vec((name(), any::<u64>(), prop::option::of(any_number()), ends(), any::<bool>()), 0..12),
    ) {
        let rows: Vec<ForestRow> = rows.into_iter()
            .map(|(name, n, change, ends, distinguishable)| ForestRow { name, n: n % 100_000, change, ends, distinguishable })
            .collect();
        let overall = rows.first().cloned();
        assert_well_drawn(&forest(&Forest { rows, overall }), 11.0);
    }

    #[test]
    fn frontiers_of_anything_are_drawn(
        points in prop::collection::vec((name(), any_number(), 0.0..1.0, ends(), any::<bool>(), any::<bool>()), 0..14),
        max_cost in prop::option::of(any_number()), min_accuracy in prop::option::of(any_number()),
    ) {
        let points = points.into_iter()
            .map(|(name, cost, accuracy, ends, dominated, chosen)| CostPoint { name, cost, accuracy, ends, dominated, chosen })
            .collect();
        assert_well_drawn(&frontier(&Frontier { points, limits: Limits { max_cost, min_accuracy } }), 12.0);
    }

    #[test]
    fn dearer_is_further_right_and_better_is_higher(costs in prop::collection::vec((0.01..50.0, 0.1..0.9), 2..7)) {
        let point = |(cost, accuracy): &(f64, f64)| CostPoint {
            name: "m".into(), cost: *cost, accuracy: *accuracy, ends: None, dominated: false, chosen: false,
        };
        let svg = frontier(&Frontier { points: costs.iter().map(point).collect(), limits: Limits::default() });
        let marks: Vec<_> = tags(svg.as_str()).into_iter().filter(|tag| tag.name == "circle").collect();
        prop_assert_eq!(marks.len(), costs.len());
        for (one, a) in costs.iter().zip(&marks) {
            for (other, b) in costs.iter().zip(&marks) {
                prop_assert!(one.0 > other.0 || a.number("cx") <= b.number("cx"));
                prop_assert!(one.1 > other.1 || a.number("cy") >= b.number("cy"));
            }
        }
    }

    #[test]
    fn bars_bins_sums_and_sparks_of_anything_are_drawn(
        counts in prop::array::uniform4(0_u64..100_000),
        bins in prop::collection::vec((any_number(), any_number(), ends(), 0_u64..500), 0..10),
        sums in prop::collection::vec(any_number(), 0..200), threshold in any_number(),
    ) {
        let [right, regressed, improved, wrong] = counts;
        assert_well_drawn(&stack(&Stack { right, regressed, improved, wrong }), 11.0);
        let bins: Vec<ReliabilityBin> = bins.into_iter()
            .map(|(confidence, agreement, ends, n)| ReliabilityBin { confidence, agreement, ends, n }).collect();
        assert_well_drawn(&reliability(&bins), 11.0);
        let points = sums.iter().enumerate().map(|(at, sum)| CusumPoint { at: hour(at as i64), sum: *sum }).collect();
        assert_well_drawn(&cusum(&CusumSeries { points, threshold }), 14.0);
        let values: Vec<Option<f64>> = sums.iter().map(|sum| (*sum > -50.0).then_some(*sum)).collect();
        assert_well_drawn(&sparkline(&values, Tone::Calm, "a spark"), 11.0);
    }
}

#[test]
fn a_thousand_points_are_drawn_once_each() {
    let points = (0..1_000).map(|at| CusumPoint { at: hour(at), sum: at as f64 / 100.0 }).collect();
    let svg = cusum(&CusumSeries { points, threshold: 5.0 });
    assert_well_drawn(&svg, 14.0);
    assert!(svg.as_str().contains("has been an alarm since 21 Sep"), "{}", svg.as_str());
    let values: Vec<Option<f64>> = (0..1_000).map(|at| Some(f64::from(at))).collect();
    assert_well_drawn(&sparkline(&values, Tone::Better, "rising"), 11.0);
}
