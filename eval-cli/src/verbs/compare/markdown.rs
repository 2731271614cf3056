//! A comparison as Markdown.

use eval_drift::neutral::{cut, markdown as neutral};
use eval_drift::{CategoryChange, QuestionChange, RunComparison};

use super::answers::Answers;
use super::diff::Piece;
use super::{LONGEST, differs, effect, ratios, word};

/// A section for a pair of runs, with so many questions at most.
pub(super) fn of(pair: &RunComparison, answers: &[Answers], limit: usize) -> String {
    let short = |text: &str| neutral(&cut(text, LONGEST));
    let mut text = format!("### {} against {}\n\n", short(&pair.now), short(&pair.before));
    text += &format!("- accuracy: {}\n- {} shared questions: {}\n", effect(pair), pair.shared, pair.changes);
    text.extend(pair.obstacles.iter().map(|why| format!("- not comparable: {}\n", neutral(&cut(why, 4 * LONGEST)))));
    text.extend(ratios(pair).map(|(name, words)| format!("- {name}: {}\n", neutral(&words))));
    text.extend(pair.differs.iter().take(20).map(|found| format!("- differs: {}\n", neutral(&differs(found)))));
    text.extend(pair.warnings.iter().take(20).map(|why| format!("- note: {}\n", neutral(&cut(why, 4 * LONGEST)))));
    if !pair.categories.is_empty() {
        text += "\n| Category | n | Change | 95% interval | |\n|---|--:|--:|--:|---|\n";
        text.extend(pair.categories.iter().map(of_category));
    }
    if limit > 0 && !pair.questions.is_empty() {
        text += "\n| Question | Category | Asked | Before → now | |\n|---|---|---|---|---|\n";
        text.extend(pair.questions.iter().take(limit).map(of_question));
    }
    text.extend(answers.iter().map(of_answers));
    text
}

fn of_category(category: &CategoryChange) -> String {
    let (change, interval) = category.effect.as_ref().map_or_else(
        || ("–".to_owned(), String::new()),
        |found| (format!("{:+.1}", found.points), format!("{:+.1} to {:+.1}", found.low, found.high)),
    );
    let certain = if category.p_holm.is_some_and(|p| p < 0.05) { "certain" } else { "" };
    format!("| {} | {} | {change} | {interval} | {certain} |\n", neutral(&cut(&category.name, LONGEST)), category.n)
}

fn of_question(question: &QuestionChange) -> String {
    let [id, category, asked] = [&*question.id, &*question.category, question.text.as_deref().unwrap_or_default()]
        .map(|text| neutral(&cut(text, LONGEST)));
    format!("| {id} | {category} | {asked} | {} → {} | {} |\n", question.before, question.now, word(question))
}

fn of_answers(answers: &Answers) -> String {
    let safe = |words: &str| neutral(&cut(words, LONGEST));
    let piece = |piece: &Piece| match piece {
        Piece::Same(words) => safe(words),
        Piece::Gone(words) => format!("<del>{}</del>", safe(words)),
        Piece::New(words) => format!("<ins>{}</ins>", safe(words)),
    };
    let words: Vec<String> = answers.diff.iter().map(piece).collect();
    format!("\n**{}**: {}\n", safe(&answers.id), words.join(" "))
}
