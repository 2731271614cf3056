//! Who is told, on loopback: a receiver of webhooks and a mail server that take everything.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

/// The longest that the tests wait for news: they come at once, or something is broken.
const PATIENCE: Duration = Duration::from_secs(120);

/// What arrives, in its order.
pub(crate) struct Arrivals<T>(UnboundedReceiver<T>);

impl<T> Arrivals<T> {
    pub(crate) async fn next(&mut self) -> T {
        tokio::time::timeout(PATIENCE, self.0.recv()).await.expect("nothing arrived").expect("the sink is there")
    }

    /// What has arrived by now.
    pub(crate) fn rest(&mut self) -> Vec<T> {
        std::iter::from_fn(|| self.0.try_recv().ok()).collect()
    }
}

/// A receiver over HTTP.
pub(crate) struct Receiver {
    server: MockServer,
    pub(crate) requests: Arrivals<Request>,
}

impl Receiver {
    pub(crate) async fn start() -> Self {
        let (told, requests) = unbounded_channel();
        let server = MockServer::start().await;
        let take = move |request: &Request| {
            let _ = told.send(request.clone());
            ResponseTemplate::new(200).set_body_string("ok")
        };
        Mock::given(any()).respond_with(take).mount(&server).await;
        Self { server, requests: Arrivals(requests) }
    }

    pub(crate) fn address(&self) -> &SocketAddr {
        self.server.address()
    }
}

/// A mail server without TLS; each mail arrives as it was written, with its headers.
pub(crate) fn mail_server() -> (SocketAddr, Arrivals<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let (told, mails) = unbounded_channel();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let told = told.clone();
            std::thread::spawn(move || take_mails(stream, &told));
        }
    });
    (address, Arrivals(mails))
}

/// One connection, until its end.
fn take_mails(mut stream: TcpStream, told: &UnboundedSender<String>) -> Option<()> {
    let mut lines = BufReader::new(stream.try_clone().ok()?).lines().map_while(Result::ok);
    let mut say = |answer: &str| stream.write_all(format!("{answer}\r\n").as_bytes()).ok();
    say("220 test ESMTP")?;
    while let Some(line) = lines.next() {
        if line != "DATA" {
            say(if line.starts_with("EHLO") { "250 test" } else { "250 ok" })?;
            continue;
        }
        say("354 go on")?;
        let mail: Vec<String> = lines.by_ref().take_while(|line| line != ".").collect();
        let _ = told.send(mail.join("\n"));
        say("250 2.0.0 queued as 42")?;
    }
    Some(())
}
