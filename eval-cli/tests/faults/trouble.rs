//! `evalctl` with a machine in trouble: no rights, no space, no files, odd places.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Output};

use crate::common::{clean, evalctl, fresh};
use crate::endpoint::{calls, endpoint, questions};
use crate::watch::Watched;
use eval_store::testing::{Postgres, query};
use tempfile::TempDir;

const NOBODY: u32 = 65534;

fn may(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("rights");
}

async fn output(mut command: Command) -> Output {
    tokio::task::spawn_blocking(move || command.output().expect("it starts")).await.expect("no panic")
}

/// What rights forbid, root may do all the same: then the program runs as nobody.
fn without_rights(folder: &TempDir) -> Command {
    let program = folder.path().join("evalctl");
    if !program.exists() {
        // Where it was built, nobody may have no access.
        fs::copy(env!("CARGO_BIN_EXE_evalctl"), &program).expect("a copy");
        may(&program, 0o755);
    }
    let mut command = clean(Command::new(program), folder);
    command.env("HOME", folder.path());
    if fs::metadata("/proc/self").is_ok_and(|me| me.uid() == 0) {
        command.uid(NOBODY).gid(NOBODY);
    }
    command
}

#[tokio::test(flavor = "multi_thread")]
async fn f10_what_cannot_be_written_is_refused_before_the_first_call() {
    let (folder, server) = (fresh(), endpoint().await);
    let at = |name: &str| folder.path().join(name);
    fs::write(at("q.csv"), questions(3)).unwrap();
    fs::create_dir(at("sealed")).unwrap();
    fs::create_dir(at("open")).unwrap();
    let made = evalctl(&folder).args(["run", "q.csv", "-m", "simulated:strong", "--judge", "exact"]).output().unwrap();
    assert!(made.status.success());
    fs::copy(at("eval.db"), at("open/read-only.db")).unwrap();
    for (path, mode) in
        [("open/read-only.db", 0o444), ("open", 0o777), ("sealed", 0o555), ("q.csv", 0o644), (".", 0o755)]
    {
        may(&at(path), mode);
    }
    for database in ["sealed/new.db", "open/read-only.db", "no/such/folder.db"] {
        let mut command = without_rights(&folder);
        command.args(["run", "q.csv", "-m", "quick", "--judge", "exact", "--database-url"]);
        command.arg(format!("sqlite://{database}")).env("OPENAI_BASE_URL", server.uri());
        let output = output(command).await;
        let text = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{database}: {text}");
        let named = database.rsplit_once('/').map_or(database, |(folder, _)| folder);
        assert!(text.contains(named) && text.contains("--database-url"), "{database}: {text}");
    }
    assert!(calls(&server).await.is_empty(), "something was asked");
    assert!(!at("no").exists(), "a folder was made");
}

/// Reading takes no right to write; a run does, and is refused before it costs anything.
#[tokio::test(flavor = "multi_thread")]
async fn f10_who_may_only_read_reads_and_begins_no_run() {
    let (folder, server) = (fresh(), endpoint().await);
    let at = |name: &str| folder.path().join(name);
    fs::write(at("q.csv"), questions(3)).unwrap();
    fs::create_dir(at("sealed")).unwrap();
    let fill = |url: &str| {
        let made =
            ["run", "q.csv", "-m", "simulated:strong", "--judge", "exact", "--as", "filled", "--database-url", url];
        assert!(evalctl(&folder).args(made).output().unwrap().status.success());
    };
    fill("sqlite://sealed/eval.db");
    let mut databases = vec!["sqlite://sealed/eval.db".to_owned()];
    if let Some(postgres) = Postgres::shared() {
        let url = postgres.database();
        fill(&url);
        query(&url, "GRANT SELECT ON ALL TABLES IN SCHEMA public TO PUBLIC");
        databases.push(postgres.user(&url));
    }
    for (path, mode) in [("sealed/eval.db", 0o444), ("sealed", 0o555), ("q.csv", 0o644), (".", 0o755)] {
        may(&at(path), mode);
    }
    for database in databases {
        for arguments in [&["runs"][..], &["show"], &["models"], &["db", "status"], &["export"], &["history", "filled"]]
        {
            let mut command = without_rights(&folder);
            command.args(arguments).env("DATABASE_URL", &database);
            let output = output(command).await;
            let text = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success() && !output.stdout.is_empty(), "{database} {arguments:?}: {text}");
        }
        let mut command = without_rights(&folder);
        command.args(["run", "q.csv", "-m", "quick", "--judge", "exact"]);
        command.env("DATABASE_URL", &database).env("OPENAI_BASE_URL", server.uri());
        let output = output(command).await;
        let text = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{database}: {text}");
        assert!(text.contains("writable") || text.contains("for a run to write"), "{database}: {text}");
    }
    assert!(calls(&server).await.is_empty(), "something was asked");
}

/// A folder of this name is a guess, so it is a caution and no refusal.
#[test]
fn f14_doctor_cautions_and_goes_on() {
    let folder = fresh();
    fs::create_dir(folder.path().join("Dropbox")).unwrap();
    for (database, cautioned) in [("sqlite://Dropbox/eval.db", true), ("sqlite://eval.db", false)] {
        let mut doctor = evalctl(&folder);
        let doctor = doctor.args(["doctor", "-m", "simulated:strong", "--judge", "exact", "--database-url", database]);
        let output = doctor.output().unwrap();
        let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{stderr}");
        assert!(stdout.contains(database), "{stdout}");
        assert_eq!(stderr.contains("Dropbox") && stderr.contains("another folder"), cautioned, "{stderr}");
    }
}

/// Two hundred questions in flight would need two hundred connections: as many as fit are made, and none fails.
#[tokio::test(flavor = "multi_thread")]
async fn f55_few_open_files_make_a_slower_run_and_not_a_failed_one() {
    let (folder, server) = (fresh(), endpoint().await);
    fs::write(folder.path().join("q.csv"), questions(150)).unwrap();
    let program = env!("CARGO_BIN_EXE_evalctl");
    let line = format!(
        "ulimit -n 48; exec {program} run q.csv -m slow --judge slow-grader --concurrency 200 --max-attempts 1 --json"
    );
    let mut command = clean(Command::new("sh"), &folder);
    command.args(["-c", &line]).env("OPENAI_BASE_URL", server.uri());
    let output = output(command).await;
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
    assert!(told.contains("48 files") && told.contains("instead of 200"), "{told}");
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let counts = &document["runs"][0]["summary"]["counts"];
    assert_eq!(*counts, serde_json::json!({"scored": 150, "unscored": 0, "failed": 0}), "{told}");
    assert_eq!(calls(&server).await.values().sum::<u64>(), 300);
}

/// A disk of two megabytes of its own, in a namespace that needs no rights.
fn on_a_small_disk(folder: &TempDir, arguments: &str) -> Command {
    fs::create_dir(folder.path().join("small")).expect("a folder");
    let program = env!("CARGO_BIN_EXE_evalctl");
    let line = format!("mount -t tmpfs -o size=2m none small && {program} {arguments}");
    let mut command = clean(Command::new("unshare"), folder);
    command.args(["--map-root-user", "--mount", "sh", "-c", &line]);
    command
}

fn may_make_namespaces() -> bool {
    let mut probe = Command::new("unshare");
    let probe = probe.args(["--map-root-user", "--mount", "sh", "-c", "mount -t tmpfs none /mnt"]).output();
    let may = probe.is_ok_and(|output| output.status.success());
    if !may {
        // Not by a macro: the test harness would keep it to itself.
        let _ = writeln!(std::io::stderr(), "SKIPPED: no disk can be filled where unshare(1) may not make a namespace");
    }
    may
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn f09_a_full_disk_is_waited_out_and_nothing_is_counted_twice() {
    if !may_make_namespaces() {
        return;
    }
    let (folder, server) = (fresh(), endpoint().await);
    fs::write(folder.path().join("q.csv"), questions(60)).unwrap();
    let run = "run q.csv -m slow --judge exact --profile litellm --concurrency 4 --database-url sqlite://small/eval.db";
    let copy = format!("{run} --format jsonl && cp small/eval.db .");
    let mut command = on_a_small_disk(&folder, &copy);
    let mut run = Watched::start(command.env("LITELLM_BASE_URL", server.uri()));
    run.wait_for("sample_finished", 5);
    let ballast = format!("/proc/{}/root{}/small/ballast", run.pid(), folder.path().display());
    let full = fs::write(&ballast, vec![0; 4 << 20]).unwrap_err();
    assert_eq!(full.kind(), std::io::ErrorKind::StorageFull);
    run.wait_for("waiting:", 1);
    fs::remove_file(&ballast).unwrap();
    let (status, said) = run.end();
    assert!(status.success(), "{said}");
    assert_eq!(said.matches("waiting:").count(), 1, "said once: {said}");
    assert!(calls(&server).await.values().all(|times| *times == 1), "asked twice");
    let shown = evalctl(&folder).args(["show", "--json", "-n", "100"]).output().unwrap();
    let document: serde_json::Value = serde_json::from_slice(&shown.stdout).unwrap();
    assert_eq!(document["run"]["summary"]["counts"]["scored"], 60);
    assert_eq!(document["evaluations"].as_array().unwrap().len(), 60);
}
