//! The files that pages load: small, from here, and named by what is in them.

use std::io::Write;
use std::process::{Command, Stdio};

use eval_server::dashboard::{Asset, FAVICON, SCRIPT, STYLE};

/// The budget for the stylesheet and the script together, compressed.
const BUDGET: usize = 25_000;

/// Compressed by what every system has; an upper bound where it has none.
fn compressed(bytes: &[u8]) -> usize {
    let child = Command::new("gzip").arg("-9c").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let Ok(mut child) = child else { return bytes.len() };
    child.stdin.take().expect("as the fixture has it").write_all(bytes).expect("as the fixture has it");
    child.wait_with_output().expect("as the fixture has it").stdout.len()
}

#[test]
fn stylesheet_and_script_keep_to_the_budget() {
    let both = compressed(STYLE.bytes()) + compressed(SCRIPT.bytes());
    assert!((1_000..=BUDGET).contains(&both), "{both} bytes");
}

#[test]
fn assets_are_found_by_their_hash_and_by_nothing_else() {
    for asset in Asset::ALL {
        let path = asset.path();
        assert_eq!(Asset::at(&path), Some(asset));
        assert!(path.starts_with("/assets/") && path.len() > 24, "{path}");
        assert_eq!(Asset::at(&path.replace('-', "-0")), None);
    }
    assert_eq!(Asset::at("/assets/style.css"), None);
    assert_eq!(STYLE.content_type(), "text/css; charset=utf-8");
    assert_eq!(FAVICON.content_type(), "image/svg+xml");
}

#[test]
fn nothing_is_loaded_from_outside_and_nothing_is_run_from_text() {
    for asset in [STYLE, SCRIPT] {
        let text = std::str::from_utf8(asset.bytes()).unwrap();
        let text = text.replace("http://www.w3.org/2000/svg", "");
        for forbidden in
            ["http://", "https://", "@import", "url(", "eval(", "innerHTML", "insertAdjacentHTML", "new Function"]
        {
            assert!(!text.contains(forbidden), "{forbidden} in {}", asset.path());
        }
    }
}

#[test]
fn every_class_of_a_drawing_has_its_style() {
    let style = std::str::from_utf8(STYLE.bytes()).unwrap();
    for class in [
        "basew", "grid", "zero", "thr", "halo", "wh", "ln", "pts", "cpz", "cp", "mk", "mkl", "gapw", "lab", "t1", "t2",
        "ax", "infeas", "cons", "front", "ring", "dim", "hollow", "bandp", "f0", "f1", "f2", "f3", "k-worse",
        "b-worse", "f-worse",
    ] {
        assert!(style.contains(&format!(".{class}")), "{class}");
    }
}
