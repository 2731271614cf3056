//! Distributions: `statrs` where it is exact enough, our own where it is not (each file says why).

pub(crate) mod beta;
pub(crate) mod binomial;
pub(crate) mod chi_squared;
#[cfg(feature = "reference")]
pub(crate) mod kolmogorov;
pub(crate) mod noncentral_t;
pub(crate) mod normal;
pub(crate) mod student;
