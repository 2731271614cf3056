//! The bare loop: one thread, reqwest, the same calls, rows into SQLite in batches. No retries, no checks, no events.

use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, Result};
use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use serde::Deserialize;
use serde_json::json;
use tokio::task::JoinSet;

use crate::load::Load;
use crate::usage::Usage;

diesel::table! {
    rows (id) {
        id -> Text,
        model -> Text,
        category -> Text,
        question -> Text,
        expected -> Text,
        answer -> Text,
        score -> Double,
        reasoning -> Text,
        latency_ms -> Double,
        prompt_tokens -> BigInt,
        completion_tokens -> BigInt,
    }
}

#[derive(Insertable)]
#[diesel(table_name = rows, treat_none_as_default_value = false)]
struct Row {
    id: String,
    model: String,
    category: String,
    question: String,
    expected: String,
    answer: String,
    score: f64,
    reasoning: String,
    latency_ms: f64,
    prompt_tokens: i64,
    completion_tokens: i64,
}

#[derive(Deserialize)]
struct Response {
    choices: Vec<Choice>,
    usage: Tokens,
}

#[derive(Deserialize)]
struct Choice {
    message: Content,
}

#[derive(Deserialize)]
struct Content {
    content: String,
}

#[derive(Deserialize)]
struct Tokens {
    prompt_tokens: i64,
    completion_tokens: i64,
}

#[derive(Deserialize)]
struct Verdict {
    reasoning: String,
    score: f64,
}

const SCHEMA: &str = "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;
CREATE TABLE rows (id TEXT, model TEXT, category TEXT, question TEXT, expected TEXT, answer TEXT, score DOUBLE,
    reasoning TEXT, latency_ms DOUBLE, prompt_tokens BIGINT, completion_tokens BIGINT);";
const BATCH: usize = 256;
/// As long as what our own LLM judge sends, so that both sides make the same calls: instructions with the rubric, marks
/// around the question, the expected output and the answer, and the schema of the verdict.
const INSTRUCTIONS: usize = 2_324;
const MARKS: usize = 580;

/// What every verdict is asked for with.
struct Grading {
    instructions: String,
    marks: String,
    format: serde_json::Value,
}

impl Grading {
    fn new() -> Self {
        let schema = json!({
            "type": "object", "additionalProperties": false, "required": ["reasoning", "score"],
            "properties": {
                "reasoning": {"type": "string", "description": "why the answer gets its score, in a few sentences"},
                "score": {"type": "number", "description": "from 0 (wrong) to 1 (right)", "minimum": 0, "maximum": 1},
            },
        });
        Self {
            instructions: "Grade the answer. ".repeat(INSTRUCTIONS / 18),
            marks: "= ".repeat(MARKS / 2),
            format: json!({"type": "json_schema", "json_schema": {"name": "verdict", "strict": true, "schema": schema}}),
        }
    }
}

pub fn run(load: &Load) -> Result<()> {
    let begun = Instant::now();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(ask(load))?;
    println!("{}", serde_json::to_string(&Usage::of_this_process(begun)?)?);
    Ok(())
}

async fn ask(load: &Load) -> Result<()> {
    let database = load.database();
    let mut connection = SqliteConnection::establish(database.to_str().context("a path in UTF-8")?)?;
    connection.batch_execute(SCHEMA)?;
    let client = reqwest::Client::new();
    let grading = Arc::new(Grading::new());
    let mut reader = csv::Reader::from_path(&load.csv)?;
    let mut questions = Vec::new();
    for record in reader.records() {
        let record = record?;
        questions.extend(load.models.iter().map(|model| (model.clone(), record.clone())));
    }
    let mut questions = questions.into_iter();
    let (mut tasks, mut rows) = (JoinSet::new(), Vec::with_capacity(BATCH));
    loop {
        while tasks.len() < load.concurrency * load.models.len()
            && let Some((model, record)) = questions.next()
        {
            tasks.spawn(one(client.clone(), load.url.clone(), load.grader.clone(), grading.clone(), model, record));
        }
        let Some(row) = tasks.join_next().await else { break };
        rows.push(row??);
        if rows.len() == BATCH {
            write(&mut connection, &mut rows)?;
        }
    }
    write(&mut connection, &mut rows)
}

async fn one(
    client: reqwest::Client,
    url: String,
    grader: String,
    grading: Arc<Grading>,
    model: String,
    record: csv::StringRecord,
) -> Result<Row> {
    let (question, expected) = (record[2].to_owned(), record[3].to_owned());
    let begun = Instant::now();
    let messages = json!([{"role": "user", "content": question}]);
    let answered = call(&client, &url, &json!({"model": model, "messages": messages})).await?;
    let latency_ms = begun.elapsed().as_secs_f64() * 1e3;
    let answer = answered.choices.into_iter().next().context("no choice")?.message.content;
    let asked = format!("Question: {question}\nExpected: {expected}\nAnswer: {answer}\n{}", grading.marks);
    let messages = json!([{"role": "system", "content": grading.instructions}, {"role": "user", "content": asked}]);
    let format = &grading.format;
    let body = json!({"model": grader, "messages": messages, "temperature": 0, "response_format": format});
    let judged = call(&client, &url, &body).await?;
    let verdict: Verdict = serde_json::from_str(&judged.choices.first().context("no choice")?.message.content)?;
    Ok(Row {
        id: record[0].to_owned(),
        model,
        category: record[1].to_owned(),
        question,
        expected,
        answer,
        score: verdict.score,
        reasoning: verdict.reasoning,
        latency_ms,
        prompt_tokens: answered.usage.prompt_tokens,
        completion_tokens: answered.usage.completion_tokens,
    })
}

async fn call(client: &reqwest::Client, url: &str, body: &serde_json::Value) -> Result<Response> {
    let response = client.post(format!("{url}/chat/completions")).bearer_auth("none").json(body).send().await?;
    Ok(response.error_for_status()?.json().await?)
}

fn write(connection: &mut SqliteConnection, rows: &mut Vec<Row>) -> Result<()> {
    connection
        .immediate_transaction(|connection| diesel::insert_into(rows::table).values(&*rows).execute(connection))?;
    rows.clear();
    Ok(())
}
