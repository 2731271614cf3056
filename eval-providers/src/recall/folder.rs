//! A folder of stored texts, each under its key.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use eval_core::short_hash;

/// How an entry begins: what it is, and the version of its form.
const HEAD: &str = "eval-cache 1";
/// What the names of entries end with.
const ENDING: &str = "answer";
/// What the names of unfinished files end with.
const UNFINISHED: &str = "unfinished";
/// After so long, nobody writes a file any more that is still unfinished.
const ABANDONED: Duration = Duration::from_secs(3600);

/// Entries in files: `ab/cdef….answer` holds a line with the time and a checksum, and the text below.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    pub(super) ttl: Duration,
    pub(super) max_bytes: u64,
    /// Bytes that were written since the folder was last looked through.
    written: AtomicU64,
    files: AtomicU64,
}

impl Folder {
    pub(super) fn open(path: &Path, ttl: Duration, max_bytes: u64) -> io::Result<Self> {
        fs::create_dir_all(path)?;
        // Looked through before the first entry is written: the bound may be another one than last time.
        let written = AtomicU64::new(u64::MAX / 2);
        Ok(Self { path: path.to_owned(), ttl, max_bytes, written, files: AtomicU64::new(0) })
    }

    /// The text of a key. What is not there, not whole, not ours or too old is `None`.
    pub(super) fn read(&self, key: &str) -> Option<String> {
        let entry = fs::read_to_string(self.file(key)?).ok()?;
        let (head, text) = entry.split_once('\n')?;
        let mut words = head.strip_prefix(HEAD)?.split_ascii_whitespace();
        let stored: u64 = words.next()?.parse().ok()?;
        let whole = words.next()? == checksum(key, stored, text);
        (whole && self.is_fresh(Duration::from_secs(stored))).then(|| text.to_owned())
    }

    /// Puts a text under its key, in the place of what is there. Readers see the old one or the new one.
    pub(super) fn write(&self, key: &str, text: &str) -> io::Result<()> {
        let file = self.file(key).ok_or_else(|| io::Error::other("no key"))?;
        let folder = file.parent().unwrap_or(&self.path);
        fs::create_dir_all(folder)?;
        let stored = since_epoch().as_secs();
        let entry = format!("{HEAD} {stored} {}\n{text}", checksum(key, stored, text));
        let number = self.files.fetch_add(1, Ordering::Relaxed);
        let unfinished = folder.join(format!("{}-{number}.{UNFINISHED}", std::process::id()));
        let put = fs::File::create(&unfinished)
            .and_then(|mut file| file.write_all(entry.as_bytes()))
            .and_then(|()| fs::rename(&unfinished, &file));
        put.inspect_err(|_| drop(fs::remove_file(&unfinished)))?;
        self.keep_small(entry.len() as u64);
        Ok(())
    }

    fn file(&self, key: &str) -> Option<PathBuf> {
        let (first, rest) = key.split_at_checked(2)?;
        Some(self.path.join(first).join(format!("{rest}.{ENDING}")))
    }

    fn is_fresh(&self, stored: Duration) -> bool {
        // An entry of the future comes from a clock that was set back since: nobody knows how old it is.
        since_epoch().checked_sub(stored).is_some_and(|age| age < self.ttl)
    }

    /// Looks the folder through whenever a tenth of the bound was written.
    fn keep_small(&self, bytes: u64) {
        let written = self.written.fetch_add(bytes, Ordering::Relaxed) + bytes;
        if written <= self.max_bytes / 10 {
            return;
        }
        self.written.store(0, Ordering::Relaxed);
        self.sweep();
    }

    /// Removes what is too old, and then what was written first, until nine tenths of the bound are left. Files that are
    /// not ours stay. Another process may remove the same ones.
    fn sweep(&self) {
        let mut entries = self.entries();
        entries.sort_unstable();
        let mut total: u64 = entries.iter().map(|entry| entry.bytes).sum();
        let enough = if total > self.max_bytes { self.max_bytes / 10 * 9 } else { self.max_bytes };
        for entry in entries {
            let fresh = self.is_fresh(entry.written);
            if total <= enough && fresh {
                break;
            }
            if fs::remove_file(&entry.file).is_ok() {
                total -= entry.bytes;
            }
        }
    }

    /// All entries; abandoned unfinished files are removed by the way.
    fn entries(&self) -> Vec<Entry> {
        let folders = fs::read_dir(&self.path).into_iter().flatten().flatten();
        let folders = folders.filter(|folder| is_hex(&folder.file_name().to_string_lossy(), 2));
        let files = folders.flat_map(|folder| fs::read_dir(folder.path()).into_iter().flatten().flatten());
        let mut entries = Vec::new();
        for file in files {
            let name = file.file_name().to_string_lossy().into_owned();
            let Ok(metadata) = file.metadata() else { continue };
            let modified = metadata.modified().unwrap_or(UNIX_EPOCH);
            let written = modified.duration_since(UNIX_EPOCH).unwrap_or_default();
            match name.split_once('.') {
                Some((key, ENDING)) if is_hex(key, 30) => {
                    entries.push(Entry { written, bytes: metadata.len(), file: file.path() });
                }
                Some((_, UNFINISHED)) if since_epoch().saturating_sub(written) > ABANDONED => {
                    drop(fs::remove_file(file.path()));
                }
                _ => {}
            }
        }
        entries
    }
}

/// A file of the folder; the one written first is the least.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    written: Duration,
    bytes: u64,
    file: PathBuf,
}

fn checksum(key: &str, stored: u64, text: &str) -> String {
    short_hash([key, &stored.to_string(), text])
}

fn is_hex(name: &str, digits: usize) -> bool {
    name.len() == digits && name.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn since_epoch() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}
