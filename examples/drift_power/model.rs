//! The questions of a golden set, and how a model does on them.

use crate::draw::Draw;

pub const CATEGORIES: usize = 7;
/// Deviations on the logit of what moves all answers of a run together, and those of a category in a run.
const RUN_NOISE: f64 = 0.04;
const CATEGORY_NOISE: f64 = 0.08;
/// How the graded answers to one question scatter: a Beta-binomial of 4 steps with `a + b` of this.
const CONCENTRATION: f64 = 6.0;
/// The part of right and wrong answers that the judge takes for the other, and of graded ones that it moves a grade.
const FLIPPED: f64 = 0.03;
const MOVED: f64 = 0.06;
const GRADES: usize = 5;

/// How a question is graded, and how hard it is.
#[derive(Clone, Copy)]
pub struct Question {
    /// The odds of an answer that is right.
    odds: f64,
    /// Right or wrong; else in quarters.
    binary: bool,
    /// The part of the answers that the judge sees wrongly.
    mistaken: f64,
    pub category: usize,
}

/// What is different in a run.
#[derive(Clone, Copy)]
pub struct Circumstances {
    /// What the odds of each category are multiplied by.
    pub factors: [f64; CATEGORIES],
    /// The part of the answers that a stricter judge gives a grade less.
    pub strictness: f64,
    /// The part of the questions that is refused besides, for a score of 0.
    pub refused: f64,
}

impl Circumstances {
    pub const USUAL: Self = Self { factors: [1.0; CATEGORIES], strictness: 0.0, refused: 0.0 };

    pub fn with_factor(factor: f64) -> Self {
        Self { factors: [factor; CATEGORIES], ..Self::USUAL }
    }

    /// The same in a run of its own, with the luck that all its answers share.
    pub fn shared_luck(&self, draw: &mut Draw) -> Self {
        let whole = draw.normal(RUN_NOISE);
        Self { factors: self.factors.map(|factor| factor * (whole + draw.normal(CATEGORY_NOISE)).exp()), ..*self }
    }
}

impl Question {
    fn drawn(at: usize, draw: &mut Draw) -> Self {
        let p = match draw.uniform() {
            kind if kind < 0.65 => draw.beta(20, 1),
            kind if kind < 0.90 => draw.beta(4, 2),
            _ => draw.beta(1, 4),
        };
        let p = p.clamp(1e-6, 1.0 - 1e-6);
        // Categories are an odd number, so each has questions of both kinds.
        let binary = at.is_multiple_of(2);
        let mistaken = if binary { FLIPPED } else { MOVED };
        Self { odds: p / (1.0 - p), binary, mistaken, category: at % CATEGORIES }
    }

    fn p(&self, factor: f64) -> f64 {
        let odds = self.odds * factor;
        odds / (1.0 + odds)
    }

    /// The expected score, as the usual judge sees it.
    pub fn expected(&self, factor: f64) -> f64 {
        let p = self.p(factor);
        if self.binary {
            self.mistaken + (1.0 - 2.0 * self.mistaken) * p
        } else {
            let grades = beta_binomial(p);
            p + self.mistaken / 2.0 * (grades[0] - grades[GRADES - 1]) / (GRADES - 1) as f64
        }
    }

    /// The expected loss if the judge gave every answer a grade less.
    fn expected_grade(&self) -> f64 {
        let highest = if self.binary { 0.0 } else { beta_binomial(self.p(1.0))[0] };
        if self.binary { self.expected(1.0) } else { (1.0 - highest) / (GRADES - 1) as f64 }
    }

    /// What the judge says of an answer that is drawn now.
    pub fn score(&self, circumstances: &Circumstances, draw: &mut Draw) -> f64 {
        self.judged(self.answer(circumstances, draw), circumstances.strictness, draw)
    }

    /// What an answer is worth.
    pub fn answer(&self, circumstances: &Circumstances, draw: &mut Draw) -> f64 {
        if circumstances.refused > 0.0 && draw.uniform() < circumstances.refused {
            return 0.0;
        }
        let p = self.p(circumstances.factors[self.category]);
        if self.binary { f64::from(draw.uniform() < p) } else { graded(p, draw.uniform()) }
    }

    /// What the judge says an answer is worth.
    pub fn judged(&self, answer: f64, strictness: f64, draw: &mut Draw) -> f64 {
        let step = if self.binary { 1.0 } else { 0.25 };
        let seen = match draw.uniform() {
            luck if luck >= self.mistaken => answer,
            _ if self.binary => 1.0 - answer,
            luck => (answer + if luck < self.mistaken / 2.0 { step } else { -step }).clamp(0.0, 1.0),
        };
        if strictness > 0.0 && draw.uniform() < strictness { (seen - step).max(0.0) } else { seen }
    }
}

/// The probabilities of the grades of a Beta-binomial of 4 steps with this mean.
fn beta_binomial(p: f64) -> [f64; GRADES] {
    let (a, b) = (CONCENTRATION * p, CONCENTRATION * (1.0 - p));
    let (a2, b2) = (a * (a + 1.0), b * (b + 1.0));
    let (a3, b3) = (a2 * (a + 2.0), b2 * (b + 2.0));
    let all = (0..GRADES - 1).map(|step| CONCENTRATION + step as f64).product::<f64>();
    [b3 * (b + 3.0), 4.0 * a * b3, 6.0 * a2 * b2, 4.0 * a3 * b, a3 * (a + 3.0)].map(|ways| ways / all)
}

fn graded(p: f64, luck: f64) -> f64 {
    let mut rest = luck;
    for (grade, share) in beta_binomial(p).into_iter().enumerate().rev() {
        rest -= share;
        if rest < 0.0 {
            return grade as f64 / (GRADES - 1) as f64;
        }
    }
    0.0
}

/// A golden set.
pub struct Model {
    pub questions: Vec<Question>,
}

impl Model {
    pub fn drawn(questions: usize, draw: &mut Draw) -> Self {
        Self { questions: (0..questions).map(|at| Question::drawn(at, draw)).collect() }
    }

    /// The same with a judge that never errs.
    pub fn well_judged(mut self) -> Self {
        self.questions.iter_mut().for_each(|question| question.mistaken = 0.0);
        self
    }

    pub fn run(&self, circumstances: &Circumstances, draw: &mut Draw) -> Vec<f64> {
        self.questions.iter().map(|question| question.score(circumstances, draw)).collect()
    }

    /// What the odds of these questions are multiplied by when their expected mean falls by so many points.
    pub fn factor(&self, points: f64, is_meant: impl Fn(&Question) -> bool) -> f64 {
        let meant: Vec<&Question> = self.questions.iter().filter(|question| is_meant(question)).collect();
        let mean = |log: f64| {
            let factor = log.exp();
            meant.iter().map(|question| question.expected(factor)).sum::<f64>() / meant.len().max(1) as f64
        };
        let goal = mean(0.0) - points / 100.0;
        let (mut low, mut high) = (-12.0, 0.0);
        for _ in 0..24 {
            let middle = (low + high) / 2.0;
            if mean(middle) < goal { low = middle } else { high = middle }
        }
        f64::exp((low + high) / 2.0)
    }

    /// The part of the answers that a judge must give a grade less for the expected mean to fall by so many points.
    pub fn strictness(&self, points: f64) -> f64 {
        let grade = self.questions.iter().map(Question::expected_grade).sum::<f64>() / self.questions.len() as f64;
        points / 100.0 / grade
    }

    /// The same model after some of its questions, chosen by luck among those it usually got right, collapsed: 3.5 % of
    /// all, which are 3 to 4 %.
    pub fn broken(&self, draw: &mut Draw) -> Self {
        let mut questions = self.questions.clone();
        let mut left = (questions.len() as f64 * 0.035).round() as usize;
        while left > 0 {
            let at = (draw.uniform() * questions.len() as f64) as usize;
            if questions[at].odds > 1.0 {
                questions[at].odds = 0.02;
                left -= 1;
            }
        }
        Self { questions }
    }
}
