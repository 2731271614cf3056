//! Where the file of a database lies: on a disk of this machine, or where SQLite cannot be trusted.

use std::path::{Component, Path, PathBuf};

/// Names of file systems that other machines write to as well, or that a program of the user stands behind.
const SHARED: [&str; 12] =
    ["nfs", "cifs", "smb", "9p", "afs", "ceph", "glusterfs", "lustre", "beegfs", "gpfs", "vboxsf", "fuse."];
/// A layer over local folders, as containers without root have it.
const LOCAL: &str = "fuse.fuse-overlayfs";
/// Beginnings of the names of folders that a program copies elsewhere while the database writes.
const SYNCED: [&str; 12] = [
    "dropbox",
    "onedrive",
    "google drive",
    "googledrive",
    "icloud",
    "com~apple~clouddocs",
    "mobile documents",
    "cloudstorage",
    "nextcloud",
    "owncloud",
    "pcloud",
    "box sync",
];

/// What is risky about the place of a SQLite file, for a person; `None` when nothing is known against it.
pub(crate) fn caution(file: &Path) -> Option<String> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let folder = folder.canonicalize().ok()?;
    // Linux alone tells; elsewhere the names of folders are all there is.
    let mounts = std::fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    shared(&mounts, &folder).or_else(|| synced(&folder))
}

fn shared(mounts: &str, folder: &Path) -> Option<String> {
    let (point, kind) = mounts
        .lines()
        .filter_map(mount)
        .filter(|(point, _)| folder.starts_with(point))
        // The longest is the innermost; of equals, the one that was mounted last hides the others.
        .max_by_key(|(point, _)| point.components().count())?;
    let risky = kind != LOCAL && SHARED.iter().any(|name| kind.starts_with(name));
    risky.then(|| {
        format!(
            "it lies on {kind} ({}), where locks between machines do not hold and a write-ahead log cannot be shared: \
             put it on a local disk, or use Postgres",
            point.display()
        )
    })
}

/// The mount point and the file system of a line of `/proc/self/mountinfo`.
fn mount(line: &str) -> Option<(PathBuf, &str)> {
    let (mounted, source) = line.split_once(" - ")?;
    Some((unescape(mounted.split(' ').nth(4)?), source.split(' ').next()?))
}

/// Spaces and the like stand as three octal digits after a backslash.
fn unescape(text: &str) -> PathBuf {
    let mut parts = text.split('\\');
    let mut path = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        match part.get(..3).and_then(|digits| u8::from_str_radix(digits, 8).ok()) {
            Some(byte) => path.extend([char::from(byte).to_string().as_str(), &part[3..]]),
            None => path.extend(["\\", part]),
        }
    }
    path.into()
}

fn synced(folder: &Path) -> Option<String> {
    let names = folder.components().filter_map(|component| match component {
        Component::Normal(name) => name.to_str(),
        _ => None,
    });
    let name = names.into_iter().find(|name| {
        let name = name.to_lowercase();
        SYNCED.iter().any(|beginning| name.starts_with(beginning))
    })?;
    Some(format!(
        "it lies in `{name}`, which looks like a folder that is copied elsewhere: the copy of a database that is being \
         written is a broken one. Put it into another folder"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOUNTS: &str = "\
        22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n\
        31 22 0:27 / /srv rw,relatime shared:15 - nfs4 server:/export rw,vers=4.2\n\
        32 31 8:2 / /srv/me/local\\040disk rw - xfs /dev/sdb1 rw\n\
        33 22 0:30 / /mnt/share rw - cifs //server/share rw\n\
        34 22 0:31 / /mnt/remote rw - fuse.sshfs me@server:/ rw\n\
        35 22 0:32 / /mnt/windows rw - fuseblk /dev/sdc1 rw\n\
        36 22 0:33 / /mnt/twice rw - nfs server:/old rw\n\
        37 36 8:3 / /mnt/twice rw - ext4 /dev/sdd1 rw\n\
        38 22 0:34 / /var/lib/containers rw - fuse.fuse-overlayfs fuse-overlayfs rw\n";

    #[test]
    fn f14_network_file_systems_are_cautioned_against() {
        for (folder, kind) in [
            ("/srv/me/evals", Some("nfs4 (/srv)")),
            ("/srv", Some("nfs4 (/srv)")),
            ("/mnt/share/x", Some("cifs")),
            ("/mnt/remote", Some("fuse.sshfs")),
            ("/srv/me/local disk/evals", None),
            ("/srvs", None),
            ("/mnt/windows", None),
            ("/mnt/twice", None),
            ("/var/lib/containers/x", None),
            ("/", None),
        ] {
            let found = shared(MOUNTS, Path::new(folder));
            assert_eq!(found.is_some(), kind.is_some(), "{folder}: {found:?}");
            assert!(found.unwrap_or_default().contains(kind.unwrap_or_default()), "{folder}");
        }
        assert_eq!(shared("", Path::new("/srv")), None, "not Linux");
        assert_eq!(shared("nonsense\n", Path::new("/srv")), None);
    }

    #[test]
    fn f14_synced_folders_are_cautioned_against() {
        for (folder, name) in [
            ("/srv/me/Dropbox/evals", Some("Dropbox")),
            ("/Volumes/me/Library/Mobile Documents/com~apple~CloudDocs", Some("Mobile Documents")),
            ("/Volumes/me/Library/CloudStorage/GoogleDrive-me", Some("CloudStorage")),
            ("/mnt/c/me/OneDrive - Company/evals", Some("OneDrive - Company")),
            ("/data/Google Drive", Some("Google Drive")),
            ("/srv/me/iCloudDrive", Some("iCloudDrive")),
            ("/srv/me/my-dropbox-clone", None),
            ("/srv/me/evals", None),
        ] {
            let found = synced(Path::new(folder));
            assert_eq!(found.is_some(), name.is_some(), "{folder}: {found:?}");
            assert!(found.unwrap_or_default().contains(name.unwrap_or_default()), "{folder}");
        }
    }
}
