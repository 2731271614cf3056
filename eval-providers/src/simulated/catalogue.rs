//! Simulated models by name.

use super::{Simulated, SimulatedBuilder};

/// A simulated model that is there by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct CatalogueEntry {
    /// The name, as in `-m simulated:NAME`.
    pub name: &'static str,
    /// What it is like.
    pub description: &'static str,
}

const fn entry(name: &'static str, description: &'static str) -> CatalogueEntry {
    CatalogueEntry { name, description }
}

pub(super) const ENTRIES: &[CatalogueEntry] = &[
    entry("strong", "right in 92 of 100, 2.5 s, dear"),
    entry("steady", "right in 84 of 100, 1.8 s, hardly varies"),
    entry("quick", "right in 78 of 100, 0.4 s, inexpensive"),
    entry("cheap", "right in 68 of 100, 1 s, very cheap; weak at math and coding"),
    entry("slow", "right in 88 of 100, 12 s"),
    entry("flaky", "right in 85 of 100 when it answers; 12 of 100 calls time out"),
];

pub(super) fn builder(name: &str) -> Option<SimulatedBuilder> {
    let model = |seed| Simulated::builder(name, seed);
    Some(match name {
        "strong" => model(11).accuracy(0.92).latency(2_500.0, 0.4).price(3.0, 15.0),
        "steady" => model(12).accuracy(0.84).luck(0.02).latency(1_800.0, 0.2).price(2.5, 10.0),
        "quick" => model(13).accuracy(0.78).latency(400.0, 0.3).price(0.4, 1.6),
        "cheap" => model(14)
            .accuracy(0.68)
            .accuracy_in("math", 0.45)
            .accuracy_in("coding", 0.5)
            .latency(1_000.0, 0.4)
            .price(0.05, 0.2),
        "slow" => model(15).accuracy(0.88).latency(12_000.0, 0.5).price(2.0, 8.0),
        "flaky" => model(16).accuracy(0.85).latency(1_500.0, 0.8).price(1.0, 3.0).error_rate(0.12),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_entry_can_be_built() {
        for entry in ENTRIES {
            assert!(builder(entry.name).is_some(), "{}", entry.name);
        }
        assert!(builder("nobody").is_none());
    }
}
