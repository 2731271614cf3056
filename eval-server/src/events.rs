//! What happens in runs, for those who watch: live, as server-sent events.

mod hub;
pub(crate) mod route;
mod snapshot;
mod stream;

pub(crate) use hub::Hub;
