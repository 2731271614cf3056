#![doc = include_str!("../README.md")]

mod best_run;
mod bonett_price;
mod moments;
mod paired_t;
mod paired_test;
mod pairs;
#[cfg(feature = "reference")]
pub mod reference;
mod sign_flip;

pub use best_run::BestRunThreshold;
pub use bonett_price::{BonettPrice, bonett_price};
pub use paired_t::{PairedT, StudentTest, paired_t};
pub use paired_test::PairedTest;
pub use sign_flip::{Flips, SignFlip, sign_flip};
