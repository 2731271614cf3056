//! Labels that never lie on one another.

use super::svg::{Anchor, Pen};

/// So many px at least are between two labels of a line.
const APART: f64 = 4.0;

/// The widest that a letter of this script usually is, in parts of the font size.
fn em(letter: char) -> f64 {
    match letter as u32 {
        0x2000..0x2e80 => 0.8,
        0x1100.. => 1.1,
        _ => match letter {
            'm' | 'w' | 'M' | 'W' | '%' | '@' => 0.95,
            'i' | 'j' | 'l' | '.' | ',' | ' ' | ':' | '\'' | '|' => 0.57,
            _ => 0.64,
        },
    }
}

/// How wide a text is at most, in px: an estimate on the safe side, since who draws has no fonts.
pub(super) fn width(text: &str, font: f64) -> f64 {
    text.chars().map(em).sum::<f64>() * font
}

/// The text, or its beginning and its end with `…` between them, so that it is at most so wide.
pub(super) fn fit(text: &str, font: f64, px: f64) -> String {
    if width(text, font) <= px {
        return text.to_owned();
    }
    let letters: Vec<char> = text.chars().collect();
    let mut kept = letters.len().saturating_sub(1);
    loop {
        let (head, tail) = (kept.div_ceil(2), kept / 2);
        let short: String = letters[..head].iter().chain(&['…']).chain(&letters[letters.len() - tail..]).collect();
        if kept == 0 || width(&short, font) <= px {
            return short;
        }
        kept -= 1;
    }
}

/// A rectangle on the sheet.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Area {
    pub(super) left: f64,
    pub(super) top: f64,
    pub(super) right: f64,
    pub(super) bottom: f64,
}

impl Area {
    pub(super) fn around((x, y): (f64, f64), reach_x: f64, reach_y: f64) -> Self {
        Self { left: x - reach_x, top: y - reach_y, right: x + reach_x, bottom: y + reach_y }
    }

    /// What a straight line covers, upright or level, with so much beside it.
    pub(super) fn between((x1, y1): (f64, f64), (x2, y2): (f64, f64), beside: f64) -> Self {
        let (left, right) = (x1.min(x2) - beside, x1.max(x2) + beside);
        Self { left, top: y1.min(y2) - beside, right, bottom: y1.max(y2) + beside }
    }

    /// What a text covers, whose baseline is at y.
    fn of_text((x, y): (f64, f64), anchor: Anchor, text: &str, font: f64) -> Self {
        let width = width(text, font);
        let left = match anchor {
            Anchor::Start => x,
            Anchor::Middle => x - width / 2.0,
            Anchor::End => x - width,
        };
        Self { left, top: y - 0.8 * font, right: left + width, bottom: y + 0.25 * font }
    }

    fn meets(&self, other: &Self) -> bool {
        self.left < other.right && other.left < self.right && self.top < other.bottom && other.top < self.bottom
    }

    fn within(&self, other: &Self) -> bool {
        self.left >= other.left && self.right <= other.right && self.top >= other.top && self.bottom <= other.bottom
    }
}

/// What is taken on a sheet.
pub(super) struct Labels {
    sheet: Area,
    font: f64,
    taken: Vec<Area>,
}

impl Labels {
    /// An empty sheet of so many px, for labels of this font size.
    pub(super) fn new(width: f64, height: f64, font: f64) -> Self {
        Self { sheet: Area { left: 0.0, top: 0.0, right: width, bottom: height }, font, taken: Vec::new() }
    }

    /// Keeps labels away from here.
    pub(super) fn take(&mut self, area: Area) {
        self.taken.push(area);
    }

    /// Writes a text at the first of the places where it lies on nothing; returns whether there was one.
    pub(super) fn put(&mut self, pen: &mut Pen, class: &str, text: &str, places: &[(f64, f64, Anchor)]) -> bool {
        let area = |(x, y, anchor): (f64, f64, Anchor)| Area::of_text((x, y), anchor, text, self.font);
        let free = |area: &Area| area.within(&self.sheet) && !self.taken.iter().any(|taken| taken.meets(area));
        let found = places.iter().copied().find(|place| free(&area(*place)));
        let Some((x, y, anchor)) = found else { return false };
        let Area { left, top, right, bottom } = area((x, y, anchor));
        // Words that touch read as one.
        self.take(Area { left: left - APART, right: right + APART, top, bottom });
        pen.text(class, (x, y), anchor, text);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lose_their_middle() {
        assert_eq!(fit("gamma-pro", 11.0, 90.0), "gamma-pro");
        let short = fit("a-very-long-name-of-a-model-2026-08", 11.0, 90.0);
        assert!(short.starts_with("a-very") && short.ends_with("08") && short.contains('…'), "{short}");
        assert!(width(&short, 11.0) <= 90.0);
        assert_eq!(fit("abc", 11.0, 0.0), "…");
    }

    #[test]
    fn what_is_taken_is_not_written_over() {
        let (mut pen, mut labels) = (Pen::new("x", 100.0, 40.0), Labels::new(100.0, 40.0, 11.0));
        let place = (10.0, 20.0, Anchor::Start);
        assert!(labels.put(&mut pen, "", "one", &[place]));
        assert!(!labels.put(&mut pen, "", "two", &[place]));
        assert!(labels.put(&mut pen, "", "two", &[place, (10.0, 36.0, Anchor::Start)]));
        assert!(!labels.put(&mut pen, "", "off the sheet", &[(90.0, 20.0, Anchor::Start)]));
    }
}
