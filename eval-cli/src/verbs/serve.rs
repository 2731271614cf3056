//! `evalctl serve`

mod browser;
mod services;
mod welcome;

use std::io::Write as _;
use std::sync::Arc;

use eval_server::{AccessOptions, AppState, BindError, Bound, Schedules, ServeOptions, bind, first_token, router};
use eval_store::DieselStore;
use tokio::sync::oneshot;

use crate::args::{Global, ServeArgs};
use crate::compose;
use crate::config::{self, Configured, Settings, Typed};
use crate::datasets::Datasets;
use crate::exit::Exit;
use crate::failure::{Failure, Outcome, chain};
use crate::output::{Console, WARN, clean};
use crate::runner::LocalRunner;
use crate::stop;
use services::Services;
use welcome::{Welcome, is_in_memory};

/// Serves until Ctrl-C or SIGTERM.
pub(crate) async fn serve(console: &Console, global: &Global, args: ServeArgs) -> Outcome {
    let configured = Configured::load(global)?;
    let settings = configured.settings(Typed::default())?;
    let datasets = datasets(&settings)?;
    let (webhooks, schedules) = (config::webhooks(global)?, Schedules::new(config::schedules(global)?));
    let is_new = DieselStore::file(&settings.database_url.value).is_some_and(|file| !file.exists());
    let store = Arc::new(compose::plain_store(&settings).await?);
    let addr = args.addr.as_deref().unwrap_or(&settings.server.value.addr);
    let bound = bind(addr, &*store).await.map_err(|error| unbound(&error, &settings))?;
    let url = url(&settings, &bound);

    let alerts = config::alerts(global, store.clone(), Some(&url))?;
    let runner = Arc::new(LocalRunner::new(console, configured, datasets.clone(), store.clone()));
    let state = AppState::new(store.clone())
        .access(access(&settings, &bound))
        .runner(runner.clone())
        .alerts(alerts.clone())
        .exporter(Arc::new(eval_store::Files))
        .dataset_names({
            let datasets = datasets.clone();
            move || datasets.names()
        })
        .most_queued(settings.jobs.value.queue.get())
        .most_jobs_per_caller(settings.jobs.value.per_caller.get());
    for (name, error) in schedules.check(&*runner).await {
        console.note(format!("the schedule {name} could not run as things are: {}", clean(&chain(&error))));
    }
    let webhooks = webhooks.map(|webhooks| webhooks.public_url(&*url));
    let state = webhooks.iter().cloned().fold(state.schedules(schedules), AppState::webhooks);
    let services = Services::start(&settings, &state, runner, (webhooks, alerts));
    let link = state.login_link(&url).map_err(|error| Failure::usage(error.to_string()))?;
    // Where nothing is said, nobody would ever see it.
    let token = match console.quiet {
        true => None,
        false => first_token(&*store).await.map_err(|error| Failure::usage(chain(&*error)))?,
    };
    let address = bound.address;
    Welcome { url: &url, address, link: &link, token, settings: &settings, is_new, datasets: &datasets }.tell(console);
    if args.open {
        browser::open(console, &link);
    }
    until_stopped(bound, state, services, &settings).await?;
    Ok(Exit::Done)
}

/// Serves until somebody wants the end; then routes and services end side by side, since streams of events end with the
/// runs that they tell of.
async fn until_stopped(bound: Bound, state: AppState, services: Services, settings: &Settings) -> Result<(), Failure> {
    let (stop, stopped) = oneshot::channel::<()>();
    let options = ServeOptions::default().connections(settings.server.value.connections.get());
    let serving = tokio::spawn(eval_server::serve(bound.listener, router(state.clone()), options, async move {
        let _ = stopped.await;
    }));
    stop::signal().await;
    let _ = writeln!(
        anstream::stderr(),
        "\n{WARN}stopping:{WARN:#} questions in flight have {} s to finish{}. Once more stops at once.",
        settings.drain_s.value,
        if is_in_memory(settings) { "" } else { " and be saved; runs go on at the next start" },
    );
    tokio::spawn(async {
        stop::signal().await;
        let _ = writeln!(anstream::stderr(), "stopped at once");
        std::process::exit(Exit::Interrupted as i32);
    });
    state.stopping();
    let _ = stop.send(());
    let (served, ()) = tokio::join!(serving, services.shut_down());
    served.map_err(|error| Failure::usage(error.to_string()))??;
    Ok(())
}

/// The data sets of the settings.
fn datasets(settings: &Settings) -> Result<Datasets, Failure> {
    let server = &settings.server;
    let root = server.value.datasets.as_deref().map(std::path::absolute).transpose()?;
    match &root {
        Some(root) if !root.is_dir() => {
            Err(Failure::usage(format!("datasets: there is no folder {} ({})", root.display(), server.origin))
                .hint("it holds the CSV and JSON-lines files that callers may name; without one there is `golden`"))
        }
        _ => Ok(Datasets::of(root)),
    }
}

/// Where people find the server.
fn url(settings: &Settings, bound: &Bound) -> String {
    match &settings.server.value.public_url {
        Some(url) => url.as_str().to_owned(),
        None => format!("http://{}", bound.address),
    }
}

fn access(settings: &Settings, bound: &Bound) -> AccessOptions {
    let server = &settings.server.value;
    let public = server.public_url.as_ref();
    let names = server.hosts.iter().map(String::as_str).chain(public.map(|url| url.host()));
    let options = AccessOptions::default()
        .bound(bound.address)
        .https(public.is_some_and(|url| url.is_https()))
        .session(server.session_hours.duration())
        .per_second(server.requests_per_second.get())
        .strangers_per_second(server.strangers_per_second.get());
    names.fold(options, AccessOptions::host)
}

fn unbound(error: &BindError, settings: &Settings) -> Failure {
    let failure = Failure::usage(chain(error));
    match error {
        BindError::Io { source, .. } if source.kind() == std::io::ErrorKind::AddrInUse => failure
            .hint("somebody listens there already; another port: --addr 127.0.0.1:8081, or :0 for any that is free"),
        BindError::Io { .. } => {
            failure.hint("an address of this machine and a port from 1024 on: --addr 127.0.0.1:8080")
        }
        BindError::Unguarded { .. } => failure.hint(format!(
            "{}, then start again",
            crate::command::command(settings, "token create NAME --scope admin")
        )),
        _ => failure.hint("for instance --addr 127.0.0.1:8080"),
    }
}
