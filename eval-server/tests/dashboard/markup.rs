//! Reads drawings as a browser would, as far as the tests need it.

use eval_server::dashboard::chart::Svg;

/// A start tag, and the text up to the next one.
#[derive(Debug, Clone)]
pub(crate) struct Tag {
    pub(crate) name: String,
    pub(crate) attributes: Vec<(String, String)>,
    pub(crate) text: String,
}

impl Tag {
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn number(&self, name: &str) -> f64 {
        let text = self.get(name).unwrap_or_else(|| panic!("{} has no {name}", self.name));
        text.parse().unwrap_or_else(|_| panic!("{name} is {text:?}"))
    }

    pub(crate) fn has_class(&self, class: &str) -> bool {
        self.get("class").is_some_and(|all| all.split(' ').any(|found| found == class))
    }
}

/// The start tags of a text in order.
pub(crate) fn tags(html: &str) -> Vec<Tag> {
    let mut tags = Vec::new();
    for piece in html.split('<').skip(1).filter(|piece| !piece.starts_with(['/', '!'])) {
        let (head, text) = piece.split_once('>').unwrap_or_else(|| panic!("an open tag: {piece}"));
        let name: String = head.chars().take_while(|letter| letter.is_alphanumeric()).collect();
        let mut attributes = Vec::new();
        let mut rest = head[name.len()..].trim_end_matches('/');
        while let Some((key, after)) = rest.split_once("=\"") {
            let (value, after) = after.split_once('"').unwrap_or_else(|| panic!("an open value: {piece}"));
            attributes.push((key.trim().to_owned(), value.to_owned()));
            rest = after;
        }
        tags.push(Tag { name, attributes, text: text.to_owned() });
    }
    tags
}

/// Where the texts of a drawing stand: left, top, right, bottom. The widths are the ones that a usual font has at most.
pub(crate) fn text_boxes(svg: &Svg, font: f64) -> Vec<(String, [f64; 4])> {
    let of = |tag: Tag| {
        let text = unescaped(&tag.text);
        let width = text.chars().count() as f64 * font * 0.56;
        let (x, y) = (tag.number("x"), tag.number("y"));
        let left = match tag.get("text-anchor") {
            Some("middle") => x - width / 2.0,
            Some("end") => x - width,
            _ => x,
        };
        (text, [left, y - 0.75 * font, left + width, y + 0.2 * font])
    };
    tags(svg.as_str()).into_iter().filter(|tag| tag.name == "text").map(of).collect()
}

fn unescaped(text: &str) -> String {
    let entities = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")];
    entities.iter().fold(text.to_owned(), |text, (entity, letter)| text.replace(entity, letter))
}

/// What every drawing must hold to, whatever the data are.
pub(crate) fn assert_well_drawn(svg: &Svg, font: f64) {
    let text = svg.as_str();
    let drawn = text.replace("\"infeas\"", "");
    for forbidden in ["NaN", "inf ", "inf\"", "inf<", " style=", "href", "<script", "fill=\"", "stroke=\"", "url("] {
        assert!(!drawn.contains(forbidden), "{forbidden} in {text}");
    }
    let all = tags(text);
    let root = &all[0];
    assert!(root.get("role") == Some("img") && root.get("aria-label").is_some_and(|said| !said.is_empty()), "{text}");
    let (width, height) = (root.number("width"), root.number("height"));
    for tag in &all {
        assert!(tag.attributes.iter().all(|(name, _)| !name.starts_with("on")), "{tag:?}");
        for (name, value) in &tag.attributes {
            let most = match name.as_str() {
                "x" | "x1" | "x2" | "cx" | "width" => width,
                "y" | "y1" | "y2" | "cy" | "height" => height,
                _ => continue,
            };
            let value: f64 = value.parse().unwrap_or_else(|_| panic!("{name} is {value:?}"));
            assert!((0.0..=most).contains(&value), "{name}={value} is off the sheet: {tag:?}");
            assert!(((value * 10.0).round() / 10.0 - value).abs() < 1e-9, "{name}={value} has more than tenths");
        }
    }
    let boxes = text_boxes(svg, font);
    for (at, (one, a)) in boxes.iter().enumerate() {
        for (other, b) in &boxes[at + 1..] {
            let meet = a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3];
            assert!(!meet, "{one:?} {a:?} lies on {other:?} {b:?} in {text}");
        }
    }
}
