//! Distributions, and scores on the scale of the normal one.

use serde_json::{Value, json};
use statrs::function::gamma::ln_gamma;

use crate::reference::input::{field, number};
use crate::special::beta::{beta_quantile, regularized_beta};
use crate::special::{binomial, chi_squared, kolmogorov, normal, student};
use crate::{hill_score, normal_score, wilson_hilferty_score};

pub(super) fn normal_scores(input: &Value) -> Result<Value, String> {
    let (t, df) = (field(input, "t")?, field(input, "df")?);
    Ok(json!({
        "hill": hill_score(t, df),
        "t_exact": normal_score(t, df),
        "wh": wilson_hilferty_score(t, field(input, "g")?),
    }))
}

pub(super) fn special_functions(input: &Value) -> Result<Value, String> {
    let real = |name| field::<f64>(input, name);
    let (x, df, p, c, y) = (real("x")?, real("df")?, real("p")?, real("c")?, real("y")?);
    let (a, b) = (real("a")?, real("b")?);
    // F with df and 2 df degrees of freedom is above c where a beta of half of each is below this.
    let below = 2.0 / (2.0 + c);
    Ok(json!({
        "norm_cdf": normal::cdf(x),
        "norm_sf": normal::sf(x),
        "norm_ppf_p": number(normal::quantile(p)),
        "t_sf": student::sf(x, df),
        "t_ppf_p": number(student::quantile(p, df)),
        "chi2_sf_c": chi_squared::sf(c, df),
        "beta_cdf_y": regularized_beta(a, b, y, 1.0 - y),
        "beta_ppf_p": beta_quantile(a, b, p),
        "f_sf_c": regularized_beta(df, df / 2.0, below, 1.0 - below),
        "kolmogorov_sf_z": kolmogorov::sf(real("z")?),
        "gammaln_c": number(ln_gamma(c)),
        "binom_cdf": binomial::cdf(c as u64 % 20, 20, y),
    }))
}
