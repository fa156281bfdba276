//! A mail server for tests that misbehaves on request; none of it is compiled into the product.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// What it does other than take every mail.
#[derive(Clone, Default)]
pub struct Script {
    /// A step (`GREETING`, `EHLO`, `AUTH`, `MAIL`, `RCPT`, `DATA`, `.`) and the answer to it.
    pub answer: Option<(String, String)>,
    /// On how many connections it hangs up while the mail is being sent.
    pub drops_in_data: usize,
    /// On how many connections it falls silent after the mail, with the answer never sent.
    pub silent_after_data: usize,
    /// After how many mails it closes a connection; 0 for never.
    pub mails_per_connection: usize,
}

impl Script {
    pub fn answers(step: &str, answer: &str) -> Self {
        Self { answer: Some((step.to_owned(), answer.to_owned())), ..Self::default() }
    }
}

/// A server on a port of its own, for as long as the test's runtime lives.
pub struct SmtpServer {
    pub port: u16,
    mails: Arc<Mutex<Vec<String>>>,
    connections: Arc<AtomicUsize>,
}

impl SmtpServer {
    pub async fn start(script: Script) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let server =
            Self { port: listener.local_addr().unwrap().port(), mails: Arc::default(), connections: Arc::default() };
        let (mails, connections) = (server.mails.clone(), server.connections.clone());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let number = connections.fetch_add(1, Ordering::SeqCst);
                let session = Session { script: script.clone(), number, mails: mails.clone() };
                tokio::spawn(session.run(stream));
            }
        });
        server
    }

    /// The mails taken, each with its envelope in front.
    pub fn mails(&self) -> Vec<String> {
        self.mails.lock().unwrap().clone()
    }

    pub fn connection_count(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

struct Session {
    script: Script,
    number: usize,
    mails: Arc<Mutex<Vec<String>>>,
}

impl Session {
    fn answer(&self, step: &str, usual: &str) -> String {
        match &self.script.answer {
            Some((at, answer)) if at == step => format!("{answer}\r\n"),
            _ => format!("{usual}\r\n"),
        }
    }

    /// Ends with `None` when either side hangs up.
    async fn run(self, stream: TcpStream) -> Option<()> {
        let mut stream = BufReader::new(stream);
        let mut taken = 0;
        let mut mail = String::new();
        stream.write_all(self.answer("GREETING", "220 test").as_bytes()).await.ok()?;
        loop {
            let line = line(&mut stream).await?;
            let step = line.split([' ', ':', '\r']).next().unwrap_or_default().to_owned();
            let answer = match step.as_str() {
                "EHLO" => self.answer("EHLO", "250-test\r\n250 AUTH PLAIN LOGIN"),
                "AUTH" => self.answer("AUTH", "235 welcome"),
                "MAIL" | "RCPT" => {
                    mail.push_str(&line);
                    self.answer(&step, "250 ok")
                }
                "DATA" => self.answer("DATA", "354 go on"),
                "QUIT" => "221 bye\r\n".to_owned(),
                _ => "250 ok\r\n".to_owned(),
            };
            stream.write_all(answer.as_bytes()).await.ok()?;
            if step == "DATA" && answer.starts_with('3') {
                self.data(&mut stream, &mut mail).await?;
                taken += 1;
                if taken == self.script.mails_per_connection {
                    return None;
                }
            }
        }
    }

    async fn data(&self, stream: &mut BufReader<TcpStream>, mail: &mut String) -> Option<()> {
        loop {
            let line = line(stream).await?;
            if self.number < self.script.drops_in_data && line.starts_with("Subject") {
                return None;
            }
            if line == ".\r\n" {
                break;
            }
            mail.push_str(&line);
        }
        if self.number < self.script.silent_after_data {
            std::future::pending::<()>().await;
        }
        let answer = self.answer(".", "250 queued");
        if answer.starts_with('2') {
            self.mails.lock().unwrap().push(std::mem::take(mail));
        }
        stream.write_all(answer.as_bytes()).await.ok()
    }
}

async fn line(stream: &mut BufReader<TcpStream>) -> Option<String> {
    let mut line = String::new();
    let count = stream.read_line(&mut line).await.ok()?;
    (count > 0).then_some(line)
}
