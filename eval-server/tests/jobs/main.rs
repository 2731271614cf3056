//! Background runs and live events, as a client of the API sees them. Time is tokio's and paused: nothing here waits in
//! earnest.

mod control;
mod events;
mod queue;
mod restart;
mod server;
