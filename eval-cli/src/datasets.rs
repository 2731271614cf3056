//! Data sets by name: what callers of a server name, and never a path.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use eval_core::Dataset;

/// How the files of data sets end.
const ENDINGS: [&str; 3] = ["csv", "jsonl", "json"];
/// The name of the questions that come with the program.
const GOLDEN: &str = "golden";
/// The largest file that is read, in bytes.
const MOST_BYTES: u64 = 64 << 20;
/// Devices that some systems find in every folder.
const DEVICES: [&str; 6] = ["con", "prn", "aux", "nul", "com", "lpt"];

/// The data sets of a server: the files of one folder, and the golden questions.
#[derive(Debug, Clone, Default)]
pub(crate) struct Datasets {
    root: Option<PathBuf>,
}

/// A data set that was found, and its file, where it has one.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) dataset: Dataset,
    pub(crate) path: Option<PathBuf>,
}

impl Datasets {
    /// The files of this folder, if there is one. Nothing in folders below it, and nothing that a link leads to.
    pub(crate) fn of(root: Option<PathBuf>) -> Self {
        Self { root }
    }

    /// The data set of this name: a file's name with or without its ending, or `golden`. It is read as a whole, from the
    /// very file that was looked at.
    ///
    /// # Errors
    /// What is wrong with the name or in the file, for whoever sent the name: it names no folder.
    pub(crate) fn open(&self, name: &str) -> Result<Found, String> {
        if !is_name(name) {
            return Err("that is no name of a data set: 1 to 100 letters, digits, dots, dashes".into());
        }
        let files: Vec<String> = self.files().into_iter().filter(|file| file == name || stem(file) == name).collect();
        match (files.as_slice(), &self.root) {
            ([file], Some(root)) => {
                let dataset = dataset(root, file).map_err(|why| format!("the data set `{name}`: {why}"))?;
                Ok(Found { dataset, path: Some(root.join(file)) })
            }
            ([], _) if name == GOLDEN => Ok(Found { dataset: Dataset::golden(), path: None }),
            ([], _) => Err(format!("there is no data set `{name}`; there are {}", self.names().join(", "))),
            (several, _) => Err(format!("`{name}` may be one of {}: name it with its ending", several.join(", "))),
        }
    }

    /// The names, sorted. A file whose name another has too is named with its ending.
    pub(crate) fn names(&self) -> Vec<String> {
        let files = self.files();
        let alone = |file: &String| files.iter().filter(|other| stem(other) == stem(file)).count() == 1;
        let name = |file: &String| if alone(file) { stem(file).to_owned() } else { file.clone() };
        let mut names: Vec<String> = files.iter().map(name).collect();
        if !files.iter().any(|file| stem(file) == GOLDEN) {
            names.push(GOLDEN.to_owned());
        }
        names.sort_unstable();
        names
    }

    /// The files of the folder that can be data sets.
    fn files(&self) -> Vec<String> {
        let entries = self.root.as_deref().and_then(|root| std::fs::read_dir(root).ok());
        let file = |entry: io::Result<std::fs::DirEntry>| {
            let entry = entry.ok().filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file()))?;
            let name = entry.file_name().into_string().ok()?;
            let fits =
                is_name(&name) && Path::new(&name).extension().is_some_and(|it| ENDINGS.iter().any(|e| it == *e));
            fits.then_some(name)
        };
        let mut files: Vec<String> = entries.into_iter().flatten().filter_map(file).collect();
        files.sort_unstable();
        files
    }
}

/// Whether a text can name a data set: `[A-Za-z0-9._-]{1,100}`, nothing hidden and no device.
fn is_name(name: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    let device = name.split('.').next().unwrap_or_default().to_ascii_lowercase();
    let is_device = DEVICES.contains(&device.trim_end_matches(|c: char| c.is_ascii_digit()));
    let is_hidden = name.starts_with('.') || name.ends_with('.');
    (1..=100).contains(&name.len()) && name.bytes().all(fits) && !is_hidden && !is_device
}

/// A file's name without its ending.
fn stem(file: &str) -> &str {
    file.rsplit_once('.').map_or(file, |(stem, _)| stem)
}

fn dataset(root: &Path, file: &str) -> Result<Dataset, String> {
    let text = read(root, file).map_err(|error| format!("it cannot be read: {}", error.kind()))?;
    let read = match file.ends_with(".csv") {
        true => Dataset::from_csv_text(stem(file), text),
        false => Dataset::from_jsonl_text(stem(file), text),
    };
    read.map_err(|error| error.to_string())
}

/// The bytes of a plain file. What was opened is what is looked at: it cannot be exchanged in between.
fn read(root: &Path, file: &str) -> io::Result<Vec<u8>> {
    let file = open(&root.join(file))?;
    if !file.metadata()?.is_file() {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    let mut text = Vec::new();
    file.take(MOST_BYTES + 1).read_to_end(&mut text)?;
    if text.len() as u64 > MOST_BYTES { Err(io::ErrorKind::FileTooLarge.into()) } else { Ok(text) }
}

/// Opens a file, and nothing that it links to; a pipe that nobody writes to is not waited for.
#[cfg(unix)]
fn open(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt as _;

    use rustix::fs::OFlags;

    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
    File::options().read(true).custom_flags(flags).open(path)
}

/// Opens a file, and nothing that it links to.
#[cfg(not(unix))]
fn open(path: &Path) -> io::Result<File> {
    match path.symlink_metadata()?.is_file() {
        true => File::open(path),
        false => Err(io::ErrorKind::InvalidInput.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CSV: &str = "id,question,expected_output\n1,What is 2 + 2?,4\n";

    fn folder() -> (tempfile::TempDir, Datasets) {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("sets");
        std::fs::create_dir(&root).unwrap();
        std::fs::write(folder.path().join("secret.csv"), CSV).unwrap();
        std::fs::write(root.join("sums.csv"), CSV).unwrap();
        std::fs::write(root.join("notes.txt"), CSV).unwrap();
        (folder, Datasets::of(Some(root)))
    }

    #[test]
    fn names_lead_to_files_with_and_without_their_ending() {
        let (folder, sets) = folder();
        assert_eq!(sets.names(), ["golden", "sums"]);
        for name in ["sums", "sums.csv"] {
            let found = sets.open(name).unwrap();
            assert_eq!((found.dataset.name(), found.dataset.len()), ("sums", 1));
        }
        let lines = r#"{"id": "1", "question": "What is 2 + 2?", "expected_output": "4"}"#;
        std::fs::write(folder.path().join("sets/sums.json"), lines).unwrap();
        assert_eq!(sets.names(), ["golden", "sums.csv", "sums.json"]);
        assert!(sets.open("sums").unwrap_err().contains("sums.csv, sums.json"));
        assert_eq!(sets.open("sums.json").unwrap().dataset.len(), 1);
    }

    #[test]
    fn the_golden_questions_are_there_until_a_file_has_their_name() {
        assert_eq!(Datasets::default().open("golden").unwrap().dataset.len(), Dataset::golden().len());
        let (folder, sets) = folder();
        std::fs::write(folder.path().join("sets/golden.csv"), CSV).unwrap();
        assert_eq!(sets.open("golden").unwrap().dataset.len(), 1);
    }

    #[test]
    fn s15_no_name_leads_out_of_the_folder() {
        let (_folder, sets) = folder();
        let long = "a".repeat(101);
        for name in [
            "",
            ".",
            "..",
            "../secret",
            "../secret.csv",
            "/etc/passwd",
            "sets/../secret",
            "%2e%2e%2fsecret",
            "..%2fsecret",
            "sums\0",
            "sums\n",
            ".sums",
            "sums.",
            "su ms",
            "sums.csv/",
            "c:sums",
            "\\\\host\\sums",
            "con",
            "NUL.csv",
            "com1",
            "lpt9.jsonl",
            "aux.json",
            "sùms",
            "~sums",
            "$HOME",
            "sums;ls",
            &long,
        ] {
            let error = sets.open(name).unwrap_err();
            assert!(error.starts_with("that is no name"), "{name:?}: {error}");
        }
        for name in ["secret", "notes", "notes.txt", "Sums", "sets", &"a".repeat(100)] {
            let error = sets.open(name).unwrap_err();
            assert!(error.starts_with("there is no data set"), "{name:?}: {error}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn s15_neither_links_nor_pipes_nor_devices_are_data_sets() {
        use rustix::fs::{CWD, FileType, Mode};

        let (folder, sets) = folder();
        let root = folder.path().join("sets");
        std::os::unix::fs::symlink("../secret.csv", root.join("link.csv")).unwrap();
        std::os::unix::fs::symlink("/dev/zero", root.join("zero.csv")).unwrap();
        std::os::unix::fs::symlink(&root, root.join("folder.csv")).unwrap();
        std::fs::create_dir(root.join("real.csv")).unwrap();
        rustix::fs::mknodat(CWD, root.join("pipe.csv"), FileType::Fifo, Mode::RUSR, 0).unwrap();
        for name in ["link", "zero", "folder", "real", "pipe"] {
            let error = sets.open(name).unwrap_err();
            assert!(error.starts_with("there is no data set"), "{name}: {error}");
            // Also where it took the place of a file after that was found.
            assert!(read(&root, &format!("{name}.csv")).is_err(), "{name}");
        }
        assert_eq!(sets.names(), ["golden", "sums"]);
    }

    #[test]
    fn s15_what_is_wrong_in_a_file_is_told_without_its_folder() {
        let (folder, sets) = folder();
        std::fs::write(folder.path().join("sets/sums.csv"), "id,question\n1\n").unwrap();
        let error = sets.open("sums").unwrap_err();
        assert!(error.contains("sums:1") && !error.contains(folder.path().to_str().unwrap()), "{error}");
    }
}
