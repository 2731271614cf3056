//! What was expected, in the words of people.

/// What a reader of a document says it expected, in plain words where it names a type of numbers: `expected a nonzero
/// u16` is "expected a whole number from 1 to 65535". All else stays as it is.
///
/// ```
/// let plain = eval_server::plain_expected("invalid value: integer `0`, expected a nonzero usize");
/// assert_eq!(plain, "invalid value: integer `0`, expected a whole number above 0");
/// ```
pub fn plain_expected(message: &str) -> String {
    let plain = message.rsplit_once("expected ").and_then(|(before, kind)| Some((before, number(kind)?)));
    plain.map_or_else(|| message.to_owned(), |(before, kind)| format!("{before}expected {kind}"))
}

fn number(kind: &str) -> Option<String> {
    let (least, kind) = kind.strip_prefix("a nonzero ").map_or((0, kind), |kind| (1, kind));
    let most = match kind {
        "u8" => Some(u32::from(u8::MAX)),
        "u16" => Some(u32::from(u16::MAX)),
        "u32" => Some(u32::MAX),
        "u64" | "usize" => None,
        "i8" | "i16" | "i32" | "i64" | "isize" => return Some("a whole number".into()),
        "f32" | "f64" => return Some("a number".into()),
        _ => return None,
    };
    Some(match (most, least) {
        (Some(most), _) => format!("a whole number from {least} to {most}"),
        (None, 0) => "a whole number, 0 or more".into(),
        (None, _) => "a whole number above 0".into(),
    })
}
