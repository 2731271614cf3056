//! What channels say, and what they do with receivers of every kind.

use std::time::Duration;

use eval_server::{
    AlertHook, Channel, Email, MailError, MailServer, MailTls, Message, Next, Outbound, Receiver, Slack, Told,
    WebhookSecret,
};
use secrecy::SecretString;
use serde_json::{Value, json};

use super::mail::Read;
use super::sink::{Behaviour, Sink};
use super::smtp::{Kind, Smtp};
use super::*;

const NOW: i64 = 60;
const AGAIN: Next = Next::Retry { not_before: None };

fn slack(sink: &Sink) -> Slack {
    let outbound = Outbound::builder().allow([sink.address()]).build().expect("a client");
    Slack::new(sink.url("/services/T0/B0/s3cr3t"), outbound)
}

fn server(smtp: &Smtp, tls: MailTls) -> MailServer {
    let server = MailServer::new("localhost", "Evals <evals@example.com>").expect("an address");
    let server = server.port(smtp.port()).tls(tls).login("evals", SecretString::from("pa55word"));
    server.root_certificate(smtp.certificate.as_bytes())
}

fn email(smtp: &Smtp, tls: MailTls) -> Email {
    server(smtp, tls).to("ops@example.com").expect("a channel")
}

/// What people are told of this report.
async fn opened(name: &str, report: &DriftReport) -> Message {
    let (store, book) = (Arc::new(InMemory::new()), Notebook::default());
    found(&store, &run(name, 22), report).await;
    turn(&alerts(&store, settings(), book.clone()), after(NOW)).await;
    book.messages().pop().expect("a message")
}

async fn tell(channel: &impl Channel, message: &Message) -> Told {
    channel.tell("ntc_00c0ffee", message, after(NOW)).await
}

/// What Slack gets of a message.
async fn posted(message: &Message) -> Value {
    let mut sink = Sink::start(Behaviour::status("200 OK")).await;
    let told = tell(&slack(&sink), message).await;
    assert_eq!(told, Told::taken("ok"));
    serde_json::from_str(&sink.next().await.body).expect("JSON")
}

/// What a reader of mail gets of a message.
async fn mailed(message: &Message) -> (String, Read) {
    let mut smtp = Smtp::start(Kind::StartTls).await;
    let told = tell(&email(&smtp, MailTls::StartTls), message).await;
    assert_eq!((told.next, told.failure.as_deref()), (Next::Done, None), "{told:?}");
    let mail = smtp.mails.recv().await.expect("a mail");
    assert!(mail.tls && mail.login.is_some(), "{mail:?}");
    let read = Read::of(&mail.data);
    (mail.data, read)
}

fn id() -> String {
    run("gamma-pro", 22).id.to_string()
}

#[tokio::test]
async fn slack_gets_blocks() {
    let message = opened("gamma-pro", &worse()).await;
    let mut posted = posted(&message).await;
    let action = posted["blocks"][3]["elements"][0]["text"].take();
    assert!(action.as_str().expect("a text").starts_with("Read what regressed: evalctl drift gamma-pro."), "{action}");
    let text = |text: &str| json!({"type": "mrkdwn", "text": text, "verbatim": true});
    let button = |text: &str, url: String| json!({"type": "button", "text": {"type": "plain_text", "text": text, "emoji": false}, "url": url});
    let expected = json!({
        "text": "▼ gamma-pro is worse by 4.4 points (95% interval −6.1 to −2.7)",
        "parse": "none", "link_names": false, "unfurl_links": false, "unfurl_media": false,
        "blocks": [
            {"type": "header", "text": {"type": "plain_text", "text": "▼ gamma-pro is worse by 4.4 points", "emoji": false}},
            {"type": "section", "fields": [
                text("*Interval*\n95% interval −6.1 to −2.7"),
                text("*Since*\n9 Nov ± 2 days"),
                text("*Evidence*\nvery strong, 14 runs"),
                text("*Where*\nReasoning −18.8 (−28.6 to −8.9)"),
            ]},
            {"type": "context", "elements": [text("Provider fingerprint fp_44a1 → fp_9e07 on 9 Nov. \
                Judge, data set and prompt did not change. Data set support-qa.")]},
            {"type": "context", "elements": [{"type": "mrkdwn", "text": null, "verbatim": true}]},
            {"type": "actions", "elements": [
                button("See 31 regressions", format!("https://evals.example/runs/{}?change=regressed", id())),
                button("Overview", "https://evals.example/d/support-qa".into()),
            ]},
        ],
    });
    assert_eq!(posted, expected, "{posted:#}");
}

#[tokio::test]
async fn a_mail_says_it_in_text_and_in_html() {
    let mut message = opened("gamma-pro", &worse()).await;
    message.action = Some("Do something".into());
    let (_, mail) = mailed(&message).await;
    assert_eq!(mail.header("subject"), "[support-qa] gamma-pro is worse by 4.4 points since 9 Nov ± 2 days");
    assert_eq!(mail.header("message-id"), "<ntc_00c0ffee@example.com>");
    assert_eq!(mail.header("to"), "ops@example.com");
    let expected = format!(
        "gamma-pro is worse by 4.4 points (95% interval −6.1 to −2.7). It has held for 14 runs. \
         No-drift histories reach this once in 24,000 runs or more rarely.\n\
         Since: 9 Nov ± 2 days\n\
         Evidence: very strong, 14 runs\n\
         Where: Reasoning −18.8 (−28.6 to −8.9). Other categories: too close to call.\n\
         What changed: Provider fingerprint fp_44a1 → fp_9e07 on 9 Nov. Judge, data set and prompt did not change.\n\
         Do something\n\
         See 31 regressions: https://evals.example/runs/{}?change=regressed\n\
         Overview: https://evals.example/d/support-qa\n\
         Sent because of [alerts.email] in evalctl.toml. Mute: evalctl alerts mute gamma-pro --for 7d --reason 'seen'",
        id()
    );
    assert_eq!(mail.text, expected);
    let mut report = worse();
    report.categories.remove(0);
    let (_, named_all) = mailed(&opened("my model", &report).await).await;
    assert!(named_all.text.contains("Where: Reasoning −18.8 (−28.6 to −8.9).\n"), "{}", named_all.text);
    assert!(named_all.text.contains("alerts mute 'my model' --for 7d --reason 'seen'"), "{}", named_all.text);
    for part in ["<h2>▼ gamma-pro is worse by 4.4 points</h2>", "<td>9 Nov ± 2 days</td>", "?change=regressed\">See 31"]
    {
        assert!(mail.html.contains(part), "{part}: {}", mail.html);
    }
    for remote in ["<img", "<script", "<link", "src=", "url(", "@import"] {
        assert!(!mail.html.contains(remote), "{remote}: {}", mail.html);
    }
}

#[tokio::test]
async fn f48_a_digest_stays_within_what_slack_takes() {
    let store = Arc::new(InMemory::new());
    let book = Notebook::default();
    for n in 0..500 {
        found(&store, &run(&format!("{}-{n}", "<&>".repeat(100)), 22), &worse()).await;
    }
    turn(&alerts(&store, settings(), book.clone()), after(NOW)).await;
    let message = book.messages().pop().expect("a message");
    let posted = posted(&message).await;
    let blocks = posted["blocks"].as_array().expect("blocks");
    assert!(blocks.len() <= 50 && posted.to_string().chars().count() <= 13_000, "{}", posted.to_string().len());
    for block in blocks {
        assert!(block["text"]["text"].as_str().is_none_or(|text| text.chars().count() <= 3_000), "{block}");
    }
    assert!(posted.to_string().contains("more\""), "what did not fit is counted: {posted:#}");
    let (_, mail) = mailed(&message).await;
    assert!(mail.text.contains("- and 480 more"), "{}", mail.text);
}

/// Texts that models, data sets and users write.
const HOSTILE: [&str; 12] = [
    "a\r\nBcc: victim@example.com",
    "a\nSubject: other\n\nbody",
    "<!channel> <!here> <!everyone>",
    "<@U012AB3CD> <#C012AB3CD>",
    "<https://evil.example|See the run>",
    "&lt;!channel&gt;",
    "@channel @here",
    "<img src=\"https://evil.example/x.png\"><script>alert(1)</script>",
    "\u{1b}[31mred\u{1b}[0m \u{7} \0",
    "\u{202e}desrever\u{2066}",
    "=?utf-8?q?=0D=0ABcc:_x@example.com?=",
    "{{ 7 * 7 }} {% raw %} ${jndi:ldap://evil}",
];

fn hostile(text: &str) -> DriftReport {
    let mut report = worse();
    report.categories[1].name = text.into();
    report.changes[0].before = vec![text.into()];
    report
}

#[tokio::test]
async fn s11_hostile_texts_call_nobody_in_slack_and_are_no_links() {
    for text in HOSTILE {
        let posted = posted(&opened(text, &hostile(text)).await).await;
        let mut texts = vec![posted["text"].as_str().expect("a text").to_owned()];
        for block in posted["blocks"].as_array().expect("blocks") {
            let parts = [&block["fields"], &block["elements"]].into_iter().flat_map(|list| list.as_array()).flatten();
            let marked = parts.filter(|part| part["type"] == "mrkdwn");
            texts.extend(marked.map(|part| {
                assert_eq!(part["verbatim"], true);
                part["text"].as_str().expect("a text").to_owned()
            }));
        }
        for shown in texts {
            assert!(!shown.contains(['<', '>', '\u{1b}', '\0', '\u{202e}', '\r']), "{text:?}: {shown:?}");
            let escapes = shown.matches('&').count();
            let known = ["&amp;", "&lt;", "&gt;"].iter().map(|escape| shown.matches(escape).count()).sum::<usize>();
            assert_eq!(escapes, known, "{text:?}: {shown:?}");
        }
        assert_eq!((&posted["parse"], &posted["link_names"]), (&json!("none"), &json!(false)));
    }
}

#[tokio::test]
async fn s11_hostile_texts_stay_out_of_the_headers_and_the_markup_of_mail() {
    let (_, harmless) = mailed(&opened("gamma-pro", &worse()).await).await;
    for text in HOSTILE {
        let mut run_of = run(text, 22);
        run_of.dataset.name = text.into();
        let (data, mail) = mailed(&opened(text, &hostile(text)).await).await;
        assert_eq!(mail.names, harmless.names, "{text:?}: {data}");
        assert!(!mail.header("subject").contains(['\r', '\n', '\u{1b}', '\0', '\u{202e}']), "{text:?}");
        for markup in ["<img", "<script", "<!channel", "<a href=\"https://evil", "\u{1b}", "\u{202e}"] {
            assert!(!mail.html.contains(markup), "{text:?}: {markup} in {}", mail.html);
        }
        assert!(
            !mail.text.lines().any(|line| line.starts_with("Bcc:") || line.starts_with("Subject:")),
            "{}",
            mail.text
        );
    }
}

#[tokio::test]
async fn f47_slack_that_refuses_is_tried_again_and_its_url_stays_secret() {
    let message = Message::test(after(NOW));
    let pause = |seconds| Next::Retry { not_before: Some(Duration::from_secs(seconds)) };
    for (line, next) in [
        ("429 Too Many Requests\r\nretry-after: 120", pause(120)),
        ("404 Not Found", AGAIN),
        ("500 Internal Server Error", AGAIN),
        ("302 Found\r\nlocation: http://127.0.0.1:9/", AGAIN),
    ] {
        let sink = Sink::start(Behaviour::status(line)).await;
        let told = tell(&slack(&sink), &message).await;
        assert_eq!(told.next, next, "{line}");
        let why = told.failure.clone().expect("a reason");
        assert!(why.starts_with(&format!("Slack answered {}", &line[..3])), "{why}");
        assert!(!format!("{told:?}{:?}", slack(&sink)).contains("s3cr3t"), "{told:?}");
    }
    let sink = Sink::start(Behaviour::Reset).await;
    let told = tell(&slack(&sink), &message).await;
    assert!(told.next == AGAIN && !format!("{told:?}").contains("s3cr3t"), "{told:?}");
    let inside = Slack::new("http://127.0.0.1:9/s3cr3t", Outbound::builder().build().expect("a client"));
    let told = tell(&inside, &message).await;
    assert!(told.next == Next::GiveUp && !format!("{told:?}").contains("s3cr3t"), "{told:?}");
}

#[tokio::test]
async fn f47_mail_that_is_refused_for_good_is_given_up_and_all_else_is_tried_again() {
    let message = Message::test(after(NOW));
    for (kind, tls, next, why) in [
        (Kind::Refuses, MailTls::StartTls, Next::GiveUp, "localhost answered 550: "),
        (Kind::Busy, MailTls::StartTls, AGAIN, "localhost answered 451: "),
        (Kind::Clear, MailTls::StartTls, AGAIN, "STARTTLS"),
        (Kind::StartTls, MailTls::Implicit, AGAIN, ""),
    ] {
        let mut smtp = Smtp::start(kind).await;
        let told = tell(&email(&smtp, tls), &message).await;
        let failure = told.failure.clone().expect("a reason");
        assert_eq!(told.next, next, "{kind:?}: {failure}");
        assert!(failure.contains(why) && !failure.contains("pa55word"), "{kind:?}: {failure}");
        assert!(smtp.mails.try_recv().is_err(), "{kind:?}: nothing was told");
    }
    let smtp = Smtp::start(Kind::StartTls).await;
    let mut nobody = server(&smtp, MailTls::StartTls);
    nobody = nobody
        .port(tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port").local_addr().expect("one").port());
    let told = tell(&nobody.to("ops@example.com").expect("a channel"), &message).await;
    assert_eq!(told.next, AGAIN, "{told:?}");
    let stranger = MailServer::new("localhost", "evals@example.com").expect("an address").port(smtp.port());
    let told = tell(&stranger.to("ops@example.com").expect("a channel"), &message).await;
    assert_eq!((told.next, told.failure.is_some()), (AGAIN, true), "a certificate that nobody trusts: {told:?}");
}

#[tokio::test]
async fn f47_a_mail_server_that_says_nothing_costs_thirty_seconds() {
    let mut smtp = Smtp::start(Kind::Hangs).await;
    let channel = email(&smtp, MailTls::StartTls);
    let attempt = tokio::spawn(async move { tell(&channel, &Message::test(after(NOW))).await });
    smtp.connections.recv().await.expect("a connection");
    // From here on nothing but time can happen, and the runtime lets it pass.
    tokio::time::pause();
    let begun = tokio::time::Instant::now();
    let told = attempt.await.expect("a task");
    assert!(begun.elapsed() <= Duration::from_secs(31), "{:?}", begun.elapsed());
    assert_eq!(told.next, AGAIN, "{told:?}");
}

#[tokio::test]
async fn mail_in_the_clear_goes_to_this_machine_alone() {
    let mut smtp = Smtp::start(Kind::Clear).await;
    let told = tell(&email(&smtp, MailTls::Plain), &Message::test(after(NOW))).await;
    assert_eq!((told.failure.as_deref(), told.answer.as_str()), (None, "2.0.0 queued as 42"));
    assert!(!smtp.mails.recv().await.expect("a mail").tls);
    let elsewhere = MailServer::new("mail.example.com", "evals@example.com").expect("an address").tls(MailTls::Plain);
    assert!(matches!(elsewhere.to("ops@example.com"), Err(MailError::NotLoopback { .. })));
    assert!(matches!(elsewhere.to("ops"), Err(MailError::Address { .. })));
    assert!(matches!(MailServer::new("localhost", "a\r\nb@c"), Err(MailError::Address { .. })));
}

#[tokio::test]
async fn a_program_gets_the_message_as_json_under_the_same_id() {
    let message = opened("gamma-pro", &worse()).await;
    let mut sink = Sink::start(Behaviour::status("204 No Content")).await;
    let outbound = Outbound::builder().allow([sink.address()]).build().expect("a client");
    let secret = WebhookSecret::generate().expect("a secret");
    let hook = AlertHook::new(Receiver::new(sink.url("/alerts"), secret), outbound);
    assert_eq!(tell(&hook, &message).await.next, Next::Done);
    let received = sink.next().await;
    assert_eq!(received.header("webhook-id"), "ntc_00c0ffee");
    assert!(received.header("webhook-signature").starts_with("v1,"));
    let body: Value = serde_json::from_str(&received.body).expect("JSON");
    assert_eq!(
        (&body["type"], &body["data"]["headline"]),
        (&json!("alert.opened"), &json!("gamma-pro is worse by 4.4 points"))
    );
    assert_eq!((&body["data"]["severity"], &body["data"]["name"]), (&json!("major"), &json!("gamma-pro")));
    let gone = Sink::start(Behaviour::status("410 Gone")).await;
    let outbound = Outbound::builder().allow([gone.address()]).build().expect("a client");
    let hook = AlertHook::new(Receiver::new(gone.url("/"), WebhookSecret::generate().expect("a secret")), outbound);
    assert_eq!(tell(&hook, &message).await.next, Next::GiveUp);
}
