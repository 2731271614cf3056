//! How many connections the process may have: each is an open file.

use crate::output::Console;

/// What the database, the streams and the runtime need, with some room.
const RESERVED: usize = 32;

/// The questions that can be in flight for each model: as many as wanted, or as many as there may be connections.
/// `connections` is what one question in flight of every model needs together.
pub(super) fn affordable(console: &Console, wanted: usize, connections: usize) -> usize {
    // Linux alone tells; elsewhere the limit is met when it is met, as a network error that is tried again.
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let Some(files) = open_files(&limits) else { return wanted };
    let affordable = fit(files, wanted, connections);
    if affordable < wanted {
        console.warn(format!(
            "this process may open {files} files only, so {affordable} questions are in flight for each model instead \
             of {wanted}; `ulimit -n` raises it"
        ));
    }
    affordable
}

fn open_files(limits: &str) -> Option<usize> {
    let soft = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    soft.split_whitespace().next()?.parse().ok()
}

fn fit(files: usize, wanted: usize, connections: usize) -> usize {
    wanted.min((files.saturating_sub(RESERVED) / connections.max(1)).max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f55_connections_fit_into_the_files_that_may_be_open() {
        let limits = "Limit                     Soft Limit           Hard Limit           Units     \n\
                      Max processes             63432                63432                processes \n\
                      Max open files            64                   4096                 files     \n";
        assert_eq!(open_files(limits), Some(64));
        assert_eq!(open_files(&limits.replace("64 ", "unlimited ")), None, "as many as one likes");
        assert_eq!(open_files(""), None);
        for (files, wanted, connections, fitting) in
            [(64, 200, 1, 32), (64, 8, 1, 8), (64, 8, 6, 5), (20, 8, 1, 1), (1024, 8, 3, 8), (1024, 0, 0, 0)]
        {
            assert_eq!(fit(files, wanted, connections), fitting, "{files} {wanted} {connections}");
        }
    }
}
