//! The programs of Postgres, and a server in a temporary folder.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

/// Waits for the end of the process that started the server, however that comes, then ends the server too.
const GUARD: &str = r#"cat >/dev/null; p=$(head -n 1 data/postmaster.pid 2>/dev/null) &&
    kill -KILL $p $(grep -ls "^PPid:.$p\$" /proc/[0-9]*/status | cut -d/ -f3); cd / && rm -rf "$0""#;
/// Sends a signal to the server and to all its processes.
const SIGNAL: &str = r#"p=$(head -n 1 data/postmaster.pid) && kill -"$0" $p \
    $(grep -ls "^PPid:.$p\$" /proc/[0-9]*/status | cut -d/ -f3)"#;

/// Who signs a server must be another than who is signed. The end with 127 is the shell's, where a program is missing.
const CERTIFICATE: &str = r#"
    command -v openssl >/dev/null || exit 127
    openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=authority -keyout authority.key -out authority.crt &&
    openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=server -addext subjectAltName=DNS:localhost \
        -addext basicConstraints=critical,CA:FALSE -CA authority.crt -CAkey authority.key \
        -keyout data/server.key -out data/server.crt && chmod 600 data/server.key"#;

/// A server in a folder of its own, which is removed in the end.
#[derive(Debug)]
pub(super) struct Programs {
    programs: PathBuf,
    folder: PathBuf,
    port: u16,
    /// Postgres refuses to be run by root.
    user: Option<(u32, u32)>,
    guard: Option<Child>,
}

impl Programs {
    /// Makes ready where the programs are found: on Debian's path, else on the `PATH`.
    pub(super) fn find() -> Option<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let programs = folders().into_iter().find(|folder| folder.join("initdb").is_file())?;
        let name = format!("eval-postgres-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let folder = std::env::temp_dir().join(name);
        let port = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port");
        let mut made = Self { programs, folder, port: port.port(), user: other_user(), guard: None };
        made.make_folder();
        made.guard = Some(made.start_guard());
        Some(made)
    }

    pub(super) fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }

    /// Makes an authority and a certificate for `localhost`, and puts that where the server looks for it. The file of
    /// the authority; `None` without the program for that.
    pub(super) fn make_certificate(&self) -> Option<PathBuf> {
        let status = self.as_user(Command::new("sh").args(["-c", CERTIFICATE]).stderr(Stdio::null())).status();
        let made = status.expect("sh");
        assert!(made.success() || made.code() == Some(127), "openssl does not make a certificate");
        made.success().then(|| self.folder.join("authority.crt"))
    }

    /// Makes the files of the server. What the operating system has taken survives a killed server, so that nothing
    /// waits for the disk.
    pub(super) fn initialize(&self, settings: &[&str]) {
        self.run("initdb", &["-D", "data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync"]);
        let mut lines = format!(
            "port = {}\nlisten_addresses = '127.0.0.1'\nunix_socket_directories = ''\nfsync = off\n\
             full_page_writes = off\nlogging_collector = off\n",
            self.port
        );
        settings.iter().for_each(|setting| lines.push_str(&format!("{setting}\n")));
        let path = self.folder.join("data/postgresql.auto.conf");
        fs::write(path, lines).expect("the settings are written");
    }

    pub(super) fn start(&self) {
        self.run("pg_ctl", &["-D", "data", "-l", "log", "-w", "-t", "60", "start"]);
    }

    pub(super) fn stop(&self) {
        self.run("pg_ctl", &["-D", "data", "-m", "immediate", "-w", "stop"]);
    }

    pub(super) fn signal(&self, signal: &str) {
        let status = self.as_user(Command::new("sh").args(["-c", SIGNAL, signal])).status().expect("sh");
        assert!(status.success(), "SIG{signal} did not reach the server");
    }

    fn make_folder(&self) {
        fs::create_dir(&self.folder).expect("a temporary folder");
        fs::set_permissions(&self.folder, PermissionsExt::from_mode(0o755)).expect("its rights");
        if let Some((user, group)) = self.user {
            chown(&self.folder, Some(user), Some(group)).expect("its owner");
        }
    }

    fn start_guard(&self) -> Child {
        let mut command = Command::new("sh");
        command.args(["-c", GUARD]).arg(&self.folder).stdin(Stdio::piped());
        command.stdout(Stdio::null()).stderr(Stdio::null());
        // Apart from the terminal's group: the end of the tests by Ctrl-C is the very thing it waits for.
        self.as_user(&mut command).process_group(0).spawn().expect("sh")
    }

    fn run(&self, program: &str, arguments: &[&str]) {
        let mut command = Command::new(self.programs.join(program));
        // A server inherits what it is started with: a pipe would stay open as long as it lives.
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null());
        let output = self.folder.join("output");
        let file = fs::File::create(&output).expect("a file for the output");
        let status = self.as_user(command.stderr(file)).status().expect("a program of Postgres");
        let said = |name: &str| fs::read_to_string(self.folder.join(name)).unwrap_or_default();
        assert!(status.success(), "{program}: {}{}", said("output"), said("log"));
    }

    fn as_user<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        if let Some((user, group)) = self.user {
            command.uid(user).gid(group);
        }
        command.current_dir(&self.folder).env("LC_ALL", "C")
    }
}

impl Drop for Programs {
    fn drop(&mut self) {
        if let Some(mut guard) = self.guard.take() {
            drop(guard.stdin.take());
            let _ = guard.wait();
        }
    }
}

/// Where the programs may be, the newest version first.
fn folders() -> Vec<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let number = |path: &PathBuf| path.file_name().and_then(|name| name.to_str()?.parse::<u32>().ok());
    let mut versions: Vec<_> = versions.map(|entry| entry.path()).collect();
    versions.sort_by_key(|path| std::cmp::Reverse(number(path)));
    let path = std::env::var_os("PATH").unwrap_or_default();
    versions.iter().map(|version| version.join("bin")).chain(std::env::split_paths(&path)).collect()
}

/// User and group of `postgres`, else of `nobody`, where this process is root's.
fn other_user() -> Option<(u32, u32)> {
    fs::metadata("/proc/self").ok().filter(|me| me.uid() == 0)?;
    let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let ids = |name: &str| {
        let line = users.lines().find(|line| line.split(':').next() == Some(name))?;
        let mut fields = line.split(':').skip(2).map(|field| field.parse().ok());
        Some((fields.next()??, fields.next()??))
    };
    ids("postgres").or_else(|| ids("nobody"))
}
