//! Runs one after the other: monitors, charts and change points.

mod pipeline;

use serde_json::{Value, json};

use super::input::{field, number};
use crate::{
    Adwin, AdwinSettings, Cusum, Direction, Ewma, PageHinkley, PageHinkleySettings, ShiryaevRoberts,
    bernoulli_sequence, betting_cs, empirical_bernstein_cs, normal_mixture, normal_mixture_one_sided, pelt,
};

type Figures = Result<Value, String>;

/// The figures of a statistic of this family; `None` when it is none of them.
pub(super) fn compute(statistic: &str, input: &Value) -> Option<Figures> {
    Some(match statistic {
        "adwin" => adwin(input),
        "betting_cs" => betting(input),
        "confseq_bounds" => bounds(input),
        "cusum_ewma" => charts(input),
        "drift_pipeline" => pipeline::drift_pipeline(input),
        "page_hinkley" => page_hinkley(input),
        "pelt_l2" => segments(input),
        "sr_edetector" => sr_edetector(input),
        _ => return None,
    })
}

fn adwin(input: &Value) -> Figures {
    let settings = AdwinSettings {
        delta: field(input, "delta")?,
        clock: field(input, "clock")?,
        max_buckets: field(input, "max_buckets")?,
        min_window_length: field(input, "min_window_length")?,
        grace_period: field(input, "grace_period")?,
    };
    let mut window = Adwin::new(settings).ok_or("the settings are out of range")?;
    let detections = detections(input, |value| window.update(value))?;
    Ok(json!({
        "detections": detections,
        "width": window.width(),
        // The reference says 0 for an empty window.
        "estimation": window.estimation().unwrap_or(0.0),
        "variance": window.squares(),
    }))
}

fn page_hinkley(input: &Value) -> Figures {
    let settings = PageHinkleySettings {
        min_instances: field(input, "min_instances")?,
        delta: field(input, "delta")?,
        threshold: field(input, "threshold")?,
        alpha: field(input, "alpha")?,
        direction: direction(&field::<String>(input, "mode")?)?,
    };
    let mut test = PageHinkley::new(settings).ok_or("the settings are out of range")?;
    Ok(json!({"detections": detections(input, |value| test.update(value))?}))
}

fn direction(mode: &str) -> Result<Direction, String> {
    match mode {
        "up" => Ok(Direction::Up),
        "down" => Ok(Direction::Down),
        "both" => Ok(Direction::Both),
        _ => Err(format!("the mode `{mode}` is not known")),
    }
}

/// The indices of the values at which a change is found.
fn detections(input: &Value, mut update: impl FnMut(f64) -> bool) -> Result<Vec<usize>, String> {
    let values: Vec<f64> = field(input, "x")?;
    Ok(values.iter().enumerate().filter(|(_, value)| update(**value)).map(|(at, _)| at).collect())
}

fn charts(input: &Value) -> Figures {
    let values: Vec<f64> = field(input, "u")?;
    let mut cusum = Cusum::new(field(input, "k")?);
    let mut ewma = Ewma::new(field(input, "lam")?);
    let sums: Option<Vec<Value>> =
        cusum.as_mut().map(|cusum| values.iter().map(|u| number(cusum.update(*u))).collect());
    let averages: Option<Vec<Value>> =
        ewma.as_mut().map(|ewma| values.iter().map(|u| number(ewma.update(*u))).collect());
    Ok(json!({"cusum": sums, "ewma_z": averages}))
}

fn sr_edetector(input: &Value) -> Figures {
    let values: Vec<f64> = field(input, "u")?;
    let alpha: f64 = field(input, "alpha")?;
    let Some(mut detector) = ShiryaevRoberts::new(&field::<Vec<f64>>(input, "deltas")?) else {
        return Ok(json!({"M": null, "first_alarm": null}));
    };
    let evidence: Vec<f64> = values.iter().map(|u| detector.update(*u)).collect();
    let alarm = evidence.iter().position(|evidence| *evidence >= 1.0 / alpha);
    Ok(json!({"M": evidence, "first_alarm": alarm}))
}

fn bounds(input: &Value) -> Figures {
    let (v, alpha, v_opt) = (field(input, "v")?, field(input, "alpha")?, field(input, "v_opt")?);
    let rate = bernoulli_sequence(field(input, "k")?, field(input, "n")?, alpha, field(input, "t_opt")?);
    Ok(json!({
        "normal_mixture_two_sided": number(normal_mixture(v, alpha, v_opt)),
        "normal_mixture_one_sided": number(normal_mixture_one_sided(v, alpha, v_opt)),
        "bernoulli_cs": rate,
    }))
}

fn betting(input: &Value) -> Figures {
    let (scores, alpha): (Vec<f64>, f64) = (field(input, "x")?, field(input, "alpha")?);
    let times: Vec<usize> = field(input, "times0")?;
    let at_times = |intervals: Option<Vec<(f64, f64)>>| -> Option<Vec<Option<(f64, f64)>>> {
        intervals.map(|intervals| times.iter().map(|time| intervals.get(*time).copied()).collect())
    };
    Ok(json!({
        "betting": at_times(betting_cs(&scores, alpha)),
        "empbern": at_times(empirical_bernstein_cs(&scores, alpha)),
    }))
}

fn segments(input: &Value) -> Figures {
    let values: Vec<f64> = field(input, "x")?;
    Ok(json!({"changes": pelt(&values, field(input, "pen")?, field(input, "min_size")?)}))
}
