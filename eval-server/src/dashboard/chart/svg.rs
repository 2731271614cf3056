//! A drawing, and the pen that makes it.

use std::fmt::{self, Write};

/// A drawing that the functions of [`chart`](super) made: safe to stand in a page as it is. Nothing else can make one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Svg(String);

impl Svg {
    /// Its text, `<svg …>…</svg>`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Svg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl askama::filters::HtmlSafe for Svg {}

/// Where a text stands around its x.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

impl Anchor {
    const fn name(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Middle => "middle",
            Self::End => "end",
        }
    }
}

/// A coordinate as drawings write it: to 0.1 px, and 0 for what is no number.
pub(super) struct Px(pub(super) f64);

impl fmt::Display for Px {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tenths = if self.0.is_finite() { (self.0.clamp(-1e5, 1e5) * 10.0).round() as i64 } else { 0 };
        let sign = if tenths < 0 { "-" } else { "" };
        match (tenths.abs() / 10, tenths.abs() % 10) {
            (whole, 0) => write!(f, "{sign}{whole}"),
            (whole, tenth) => write!(f, "{sign}{whole}.{tenth}"),
        }
    }
}

/// Text inside an element or an attribute. What XML has no place for is left out.
pub(super) struct Escaped<'a>(pub(super) &'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for letter in self.0.chars() {
            match letter {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                '\n' => f.write_str("&#10;")?,
                letter if letter.is_control() => {}
                letter => f.write_char(letter)?,
            }
        }
        Ok(())
    }
}

/// A drawing that is being made. Classes are written in this crate and never come from data.
pub(super) struct Pen {
    width: f64,
    height: f64,
    kind: &'static str,
    points: String,
    body: String,
}

impl Pen {
    /// A sheet of so many px. `kind` is the class of the drawing.
    pub(super) fn new(kind: &'static str, width: f64, height: f64) -> Self {
        Self { width, height, kind, points: String::new(), body: String::new() }
    }

    fn put(&mut self, arguments: fmt::Arguments<'_>) {
        // Writing to a String cannot fail.
        let _ = self.body.write_fmt(arguments);
    }

    fn close(&mut self, element: &str, title: &str) {
        match title {
            "" => self.put(format_args!("/>")),
            title => self.put(format_args!("><title>{}</title></{element}>", Escaped(title))),
        }
    }

    pub(super) fn line(&mut self, class: &str, (x1, y1): (f64, f64), (x2, y2): (f64, f64)) {
        self.titled_line(class, (x1, y1), (x2, y2), "");
    }

    pub(super) fn titled_line(&mut self, class: &str, from: (f64, f64), to: (f64, f64), title: &str) {
        let [x1, y1, x2, y2] = [from.0, from.1, to.0, to.1].map(Px);
        self.put(format_args!("<line class=\"{class}\" x1=\"{x1}\" y1=\"{y1}\" x2=\"{x2}\" y2=\"{y2}\""));
        self.close("line", title);
    }

    pub(super) fn rect(&mut self, class: &str, (x, y): (f64, f64), (width, height): (f64, f64), title: &str) {
        let [x, y, width, height] = [x, y, width.max(0.0), height.max(0.0)].map(Px);
        self.put(format_args!("<rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\""));
        self.close("rect", title);
    }

    pub(super) fn circle(&mut self, class: &str, (x, y): (f64, f64), radius: f64, title: &str) {
        let [x, y, radius] = [x, y, radius].map(Px);
        self.put(format_args!("<circle class=\"{class}\" cx=\"{x}\" cy=\"{y}\" r=\"{radius}\""));
        self.close("circle", title);
    }

    pub(super) fn path(&mut self, class: &str, d: &str, title: &str) {
        if !d.is_empty() {
            self.put(format_args!("<path class=\"{class}\" d=\"{d}\""));
            self.close("path", title);
        }
    }

    pub(super) fn text(&mut self, class: &str, (x, y): (f64, f64), anchor: Anchor, text: &str) {
        let [x, y] = [x, y].map(Px);
        let class = if class.is_empty() { String::new() } else { format!(" class=\"{class}\"") };
        let anchor =
            if anchor == Anchor::Start { String::new() } else { format!(" text-anchor=\"{}\"", anchor.name()) };
        self.put(format_args!("<text{class} x=\"{x}\" y=\"{y}\"{anchor}>{}</text>", Escaped(text)));
    }

    /// What the pointer reads out at this x; see `data-points` in the script.
    pub(super) fn point(&mut self, x: f64, text: &str) {
        if !self.points.is_empty() {
            self.points.push('\n');
        }
        let text = text.replace('\n', " ");
        let _ = write!(self.points, "{}|{text}", Px(x));
    }

    /// The drawing, with the sentence that says it.
    pub(super) fn finish(self, sentence: &str) -> Svg {
        let Self { kind, points, body, .. } = &self;
        let [width, height] = [self.width, self.height].map(Px);
        let points = if points.is_empty() { String::new() } else { format!(" data-points=\"{}\"", Escaped(points)) };
        let sentence = Escaped(sentence);
        Svg(format!(
            "<svg class=\"{kind}\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" role=\"img\" \
             aria-label=\"{sentence}\"{points}>{body}</svg>"
        ))
    }
}

/// A line through points, as the `d` of a path; empty without points.
pub(super) fn through(points: impl IntoIterator<Item = (f64, f64)>) -> String {
    let mut d = String::new();
    for (x, y) in points {
        let command = if d.is_empty() { 'M' } else { 'L' };
        let _ = write!(d, "{command}{} {}", Px(x), Px(y));
    }
    d
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coordinates_are_tenths_and_never_nan() {
        let text = |value| Px(value).to_string();
        assert_eq!([text(1.0), text(-0.04), text(2.349), text(-2.35)], ["1", "0", "2.3", "-2.4"]);
        assert_eq!([text(f64::NAN), text(f64::INFINITY), text(1e300)], ["0", "0", "100000"]);
    }

    #[test]
    fn hostile_text_is_text() {
        let text = Escaped("<script>alert('1')</script>&\"\u{0}\u{1b}").to_string();
        assert_eq!(text, "&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&amp;&quot;");
    }
}
