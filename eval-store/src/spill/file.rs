//! The file of a spill.

use std::collections::HashSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use eval_core::RunId;

/// Where to spill.
#[derive(Debug, Clone)]
pub(super) enum Place {
    /// To this file, at its end.
    File(PathBuf),
    /// To a new file in this folder.
    Folder(PathBuf),
}

/// The file in use, once something was spilled.
#[derive(Debug, Default)]
pub(super) struct SpillFile {
    open: Option<Open>,
    /// Runs that stand in it.
    runs: HashSet<RunId>,
}

#[derive(Debug)]
struct Open {
    path: PathBuf,
    file: File,
    /// The length that it had before.
    before: u64,
    /// What was appended and does not stand in the database yet.
    owed: u64,
}

impl SpillFile {
    /// Appends the lines and waits for the disk. The run itself goes before them, once; a run without lines is a newer
    /// form of it and is appended too. Gives the path.
    pub(super) fn append(
        &mut self,
        places: &[Place],
        run: RunId,
        head: Option<Vec<u8>>,
        lines: &[u8],
    ) -> io::Result<PathBuf> {
        if let Some(open) = &mut self.open {
            let known = !lines.is_empty() && self.runs.contains(&run);
            let head = head.as_deref().filter(|_| !known).unwrap_or_default();
            if write(&mut open.file, head, lines).is_ok() {
                self.runs.insert(run);
                open.owed += 1;
                return Ok(open.path.clone());
            }
        }
        self.move_on(places, run, &head.unwrap_or_default(), lines)
    }

    /// One of the things appended stands in the database after all. When all do, the file has said nothing new.
    pub(super) fn settle(&mut self) {
        let Some(open) = &mut self.open else { return };
        open.owed = open.owed.saturating_sub(1);
        if open.owed > 0 {
            return;
        }
        let removed = match open.before {
            0 => fs::remove_file(&open.path),
            before => open.file.set_len(before),
        };
        // What stays there is known to the database: importing it does no harm.
        let _ = removed.inspect_err(|why| tracing::debug!(%why, path = %open.path.display(), "a spill file stays"));
        *self = Self::default();
    }

    /// Where lines stand that the database has not taken.
    pub(super) fn path(&self) -> Option<PathBuf> {
        self.open.as_ref().map(|open| open.path.clone())
    }

    /// Opens the first place that takes the lines.
    fn move_on(&mut self, places: &[Place], run: RunId, head: &[u8], lines: &[u8]) -> io::Result<PathBuf> {
        let last = Place::Folder(std::env::temp_dir());
        let mut problems = Vec::new();
        for place in places.iter().chain([&last]) {
            let tried = place.open().and_then(|(path, mut file)| {
                let before = file.metadata()?.len();
                write(&mut file, head, lines)?;
                Ok(Open { path, file, before, owed: 1 })
            });
            match tried {
                Ok(open) => {
                    let path = open.path.clone();
                    tracing::warn!(path = %path.display(), "the database is in trouble; results are saved to a file");
                    self.open = Some(open);
                    self.runs = HashSet::from([run]);
                    return Ok(path);
                }
                Err(error) => problems.push(format!("{}: {error}", place.path().display())),
            }
        }
        Err(io::Error::other(problems.join("; ")))
    }
}

impl Place {
    fn path(&self) -> &Path {
        match self {
            Self::File(path) | Self::Folder(path) => path,
        }
    }

    fn open(&self) -> io::Result<(PathBuf, File)> {
        match self {
            Self::File(path) => Ok((path.clone(), private().create(true).open(path)?)),
            Self::Folder(folder) => {
                if !folder.as_os_str().is_empty() {
                    fs::create_dir_all(folder)?;
                }
                // A name that nobody can foresee: others may write to a temporary folder too.
                let path = folder.join(format!("eval-{}.spill.jsonl", RunId::new().short()));
                let file = private().create_new(true).open(&path)?;
                Ok((path, file))
            }
        }
    }
}

/// Answers may be confidential: for the owner's eyes only.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Appends both and waits for the disk; where that fails, the file is as before.
fn write(file: &mut File, head: &[u8], lines: &[u8]) -> io::Result<()> {
    let before = file.metadata()?.len();
    let written = file.write_all(head).and_then(|()| file.write_all(lines)).and_then(|()| file.sync_all());
    if written.is_err() {
        // A cut line would make the rest unreadable.
        let _ = file.set_len(before);
    }
    written
}
