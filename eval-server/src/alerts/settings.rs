//! What calls people, and how often.

use std::time::Duration;

/// What calls people, and how often.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct AlertSettings {
    /// The smallest change that calls anybody, in points (percent, for what is watched beside the scores). It changes
    /// nothing in the evidence. Default: 1.
    pub min_drop: f64,
    /// How long nobody is told of a finding again that was told, was over and is back. Default: 24 hours.
    pub cooldown: Duration,
    /// How long alerts wait for others, to be told together. Default: 30 seconds.
    pub gather: Duration,
    /// So many alerts at once are told one by one; more are one message. Default: 5.
    pub digest: usize,
    /// A history that had runs regularly and has none for so many days is silent; `None` for never. Default: 3.
    pub no_data_days: Option<u32>,
    /// The address at which people reach the server, for links; `None` for no links. Default: none.
    pub public_url: Option<String>,
}

impl Default for AlertSettings {
    fn default() -> Self {
        Self {
            min_drop: 1.0,
            cooldown: Duration::from_secs(24 * 3600),
            gather: Duration::from_secs(30),
            digest: 5,
            no_data_days: Some(3),
            public_url: None,
        }
    }
}
