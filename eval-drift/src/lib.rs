#![doc = include_str!("../README.md")]

mod adwin;
mod attribution;
mod best_run;
mod betting_cs;
mod bisect;
mod bonett_price;
mod confidence_sequence;
mod count_monitor;
mod cusum;
mod ewma;
mod glr_thresholds;
mod moments;
mod monitor;
mod normal_scores;
mod page_hinkley;
mod paired_t;
mod paired_test;
mod pairs;
mod pelt;
mod question_drop;
mod ratio_monitor;
#[cfg(feature = "reference")]
pub mod reference;
mod sign_flip;
mod sr_edetector;

pub use adwin::{Adwin, AdwinSettings};
pub use attribution::{Attribution, Cause, Shift, attribute};
pub use best_run::BestRunThreshold;
pub use betting_cs::{betting_cs, empirical_bernstein_cs};
pub use bonett_price::{BonettPrice, bonett_price};
pub use confidence_sequence::{bernoulli_sequence, normal_mixture, normal_mixture_one_sided};
pub use count_monitor::{CountMonitor, CountReading};
pub use cusum::Cusum;
pub use ewma::Ewma;
pub use glr_thresholds::glr_threshold;
pub use monitor::{
    Change, Effect, MonitorError, MonitorSettings, MonitorState, QualityMonitor, QuestionBaseline, Reading, Status,
    StreamKind, StreamReading,
};
pub use page_hinkley::{Direction, PageHinkley, PageHinkleySettings};
pub use paired_t::{PairedT, StudentTest, paired_t};
pub use paired_test::PairedTest;
pub use pelt::pelt;
pub use question_drop::{binary_drop, failures_needed, graded_drop};
pub use ratio_monitor::{RatioMonitor, RatioReading};
pub use sign_flip::{Flips, SignFlip, sign_flip};
pub use sr_edetector::ShiryaevRoberts;
