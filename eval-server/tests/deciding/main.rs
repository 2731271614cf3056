//! The routes by which people and programs decide: through the router, over a store in memory.

mod baselines;
mod compare;
mod drift;
mod figures;
mod gate;
mod labels;
mod service;
