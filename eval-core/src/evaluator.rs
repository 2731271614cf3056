//! x
/// x
#[derive(Debug)]
pub struct Evaluator;
/// x
#[derive(Debug)]
pub struct EvaluatorBuilder;
/// x
#[derive(Debug)]
pub struct Group;
