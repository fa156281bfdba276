//! Dealers' CRMs: a receiver that takes pushes as the test says, and dealers that have one.

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use baton::config::CrmReach;
use baton::domain::delivery::Delivery;
use baton::domain::id::{DealerId, LeadId};
use baton::domain::message::Template;
use baton::store::deliveries;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

use super::app::{Engine, TestApp};

/// A CRM over HTTP. Each path is an address of its own, and takes everything unless it was told otherwise.
pub struct Receiver {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    answers: HashMap<String, VecDeque<String>>,
    gates: HashMap<String, Arc<Semaphore>>,
    posted: Vec<Posted>,
    under_way: HashMap<String, usize>,
    most_under_way: HashMap<String, usize>,
}

/// A push that came.
#[derive(Clone, Debug)]
pub struct Posted {
    pub path: String,
    pub key: String,
    pub content_type: String,
    pub body: String,
}

/// Runs the test on each database, with a configuration that lets pushes reach this machine.
pub async fn with_receiver(test: impl AsyncFn(&TestApp, &Receiver)) {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let app = TestApp::start_with(engine, |config| config.crm.reach = CrmReach::Anywhere).await;
        test(&app, &Receiver::start().await).await;
        app.finish().await;
    }
}

impl Receiver {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(Mutex::new(State::default()));
        let of_server = Arc::clone(&state);
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                tokio::spawn(serve(socket, Arc::clone(&of_server)));
            }
        });
        Self { address, state }
    }

    /// The address of a path: `/leads`.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Answers the next pushes to a path so, one after the other: `503 Busy`, with headers in further lines and a body after an empty one;
    /// the last one from then on.
    pub fn answers(&self, path: &str, answers: &[&str]) {
        let answers = answers.iter().map(|answer| (*answer).to_owned()).collect();
        self.state.lock().unwrap().answers.insert(path.to_owned(), answers);
    }

    /// Answers nothing at a path until the gate has room.
    pub fn holds(&self, path: &str) -> Arc<Semaphore> {
        let gate = Arc::new(Semaphore::new(0));
        self.state.lock().unwrap().gates.insert(path.to_owned(), Arc::clone(&gate));
        gate
    }

    /// What came to a path, whatever it was answered.
    pub fn posted(&self, path: &str) -> Vec<Posted> {
        self.state.lock().unwrap().posted.iter().filter(|posted| posted.path == path).cloned().collect()
    }

    /// How much came to a path at one time, at most.
    pub fn most_under_way(&self, path: &str) -> usize {
        self.state.lock().unwrap().most_under_way.get(path).copied().unwrap_or_default()
    }
}

async fn serve(mut socket: TcpStream, state: Arc<Mutex<State>>) {
    let Some(posted) = read(&mut socket).await else { return };
    let path = posted.path.clone();
    let gate = {
        let mut state = state.lock().unwrap();
        state.posted.push(posted);
        let under_way = state.under_way.entry(path.clone()).or_default();
        *under_way += 1;
        let now = *under_way;
        let most = state.most_under_way.entry(path.clone()).or_default();
        *most = now.max(*most);
        state.gates.get(&path).cloned()
    };
    if let Some(gate) = gate {
        let _passed = gate.acquire().await.unwrap();
    }
    let answer = {
        let mut state = state.lock().unwrap();
        *state.under_way.get_mut(&path).unwrap() -= 1;
        match state.answers.get_mut(&path) {
            Some(answers) if answers.len() > 1 => answers.pop_front(),
            Some(answers) => answers.front().cloned(),
            None => None,
        }
    };
    let answer = answer.unwrap_or_else(|| "200 OK".to_owned());
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, "ok"));
    let whole = format!("HTTP/1.1 {head}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len());
    let _ = socket.write_all(whole.as_bytes()).await;
}

async fn read(socket: &mut TcpStream) -> Option<Posted> {
    let (mut bytes, mut buffer) = (Vec::new(), [0; 4096]);
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let header = |name: &str| {
                let line = head.lines().find(|line| line.to_lowercase().starts_with(&format!("{name}: ")));
                line.map(|line| line[name.len() + 2..].to_owned()).unwrap_or_default()
            };
            if body.len() >= header("content-length").parse().unwrap_or(0) {
                return Some(Posted {
                    path: head.split(' ').nth(1)?.to_owned(),
                    key: header("idempotency-key"),
                    content_type: header("content-type"),
                    body: body.to_owned(),
                });
            }
        }
        match socket.read(&mut buffer).await {
            Ok(count) if count > 0 => bytes.extend_from_slice(&buffer[..count]),
            _ => return None,
        }
    }
}

impl TestApp {
    /// Gives a dealer these CRM integrations, each with its kind and address, over the API.
    pub async fn set_crm(&self, dealer: DealerId, crm: &[(&str, &str)]) {
        let crm = crm.iter().map(|(kind, address)| json!({ "kind": kind, "address": address })).collect();
        self.set_integrations(dealer, crm).await;
    }

    /// The same with everything that the API takes.
    pub async fn set_integrations(&self, dealer: DealerId, crm: Value) {
        let update = "mutation($input: UpdateDealerInput!) { updateDealer(input: $input) { userErrors { message } } }";
        let input = json!({ "dealerId": dealer.to_string(), "crm": crm });
        let done = self.graphql(&self.admin(), update, json!({ "input": input })).await;
        assert_eq!(done["updateDealer"]["userErrors"], json!([]), "{done:#}");
    }

    /// A dealer with one CRM, which takes ADF over HTTP.
    pub async fn dealer_with_crm(&self, name: &str, address: &str) -> DealerId {
        let dealer = self.new_dealer(name).await;
        self.set_crm(dealer, &[("ADF_HTTP", address)]).await;
        dealer
    }

    /// Hands a lead on to a dealer and pushes it, without a mail to anybody. The new copy.
    pub async fn pushed(&self, lead: LeadId, dealer: DealerId) -> LeadId {
        let hand_on = "mutation($input: ReassignLeadsInput!) { reassignLeads(input: $input) { leads { id } userErrors { message } } }";
        let target = json!({ "dealerId": dealer.to_string() });
        let input =
            json!({ "leadIds": [lead.to_string()], "target": target, "notifyNewOwner": false, "pushToCrm": true });
        let done = self.graphql(&self.admin(), hand_on, json!({ "input": input })).await;
        let done = &done["reassignLeads"];
        assert_eq!(done["userErrors"], json!([]), "{done:#}");
        done["leads"][0]["id"].as_str().unwrap().parse().unwrap()
    }

    /// The pushes of a copy.
    pub async fn pushes(&self, copy: LeadId) -> Vec<Delivery<Template>> {
        let all = deliveries::list_by_leads(self.store().reader(), self.tenant.id, &[copy]).await.unwrap();
        all.into_iter().filter(|delivery| delivery.message == Template::Crm).collect()
    }
}
