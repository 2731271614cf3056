//! The files that pages load.

use sha2::{Digest, Sha256};

/// A file that pages load, to be served under [`path`](Self::path) forever: the path changes with the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asset {
    name: &'static str,
    extension: &'static str,
    bytes: &'static [u8],
    content_type: &'static str,
}

/// The stylesheet.
pub const STYLE: Asset = Asset {
    name: "style",
    extension: "css",
    bytes: include_bytes!("../../assets/style.css"),
    content_type: "text/css; charset=utf-8",
};

/// The script, without which all pages work.
pub const SCRIPT: Asset = Asset {
    name: "app",
    extension: "js",
    bytes: include_bytes!("../../assets/app.js"),
    content_type: "text/javascript; charset=utf-8",
};

/// The icon.
pub const FAVICON: Asset = Asset {
    name: "favicon",
    extension: "svg",
    bytes: include_bytes!("../../assets/favicon.svg"),
    content_type: "image/svg+xml",
};

impl Asset {
    /// All of them.
    pub const ALL: [Self; 3] = [STYLE, SCRIPT, FAVICON];

    /// Where it is served, for instance `/assets/style-1f2e3d4c5b6a7980.css`: with a hash of the bytes, so that it may be
    /// kept forever.
    pub fn path(&self) -> String {
        let hash: String = Sha256::digest(self.bytes).iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        format!("/assets/{}-{hash}.{}", self.name, self.extension)
    }

    /// What is served.
    pub fn bytes(&self) -> &'static [u8] {
        self.bytes
    }

    /// What it is, for the header `content-type`.
    pub fn content_type(&self) -> &'static str {
        self.content_type
    }

    /// The one that is served under this path; `None` where there is none, as for an older hash.
    pub fn at(path: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|asset| asset.path() == path)
    }
}
