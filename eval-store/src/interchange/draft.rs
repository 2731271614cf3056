//! Files that are there as a whole or not at all.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use eval_core::RunId;

/// A file on its way: written beside its place under another name, then moved. Removed when it is dropped before.
#[derive(Debug)]
pub(super) struct Draft {
    path: PathBuf,
    target: PathBuf,
}

impl Draft {
    /// A new draft of this file. Behind a link the file is replaced, not the link.
    pub(super) fn of(target: &Path) -> io::Result<(Self, File)> {
        let target = fs::canonicalize(target).unwrap_or_else(|_| target.to_owned());
        let name = target
            .file_name()
            .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "the path names no file"))?
            .to_owned();
        let mut draft = name;
        draft.push(format!(".{}.tmp", RunId::new().short()));
        let path = target.with_file_name(draft);
        let file = File::create_new(&path)?;
        Ok((Self { path, target }, file))
    }

    /// Makes the draft the file, on disk too. The rights of a file that was there before stay.
    pub(super) fn publish(self, file: &File) -> io::Result<()> {
        if let Ok(old) = fs::metadata(&self.target) {
            file.set_permissions(old.permissions())?;
        }
        file.sync_all()?;
        fs::rename(&self.path, &self.target)?;
        // The name is on disk when the folder is; where folders cannot be synced, there is nothing left to do.
        if let Some(folder) = self.target.parent().and_then(|folder| File::open(folder).ok()) {
            let _ = folder.sync_all();
        }
        Ok(())
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // After the rename there is nothing left to remove.
        let _ = fs::remove_file(&self.path);
    }
}
