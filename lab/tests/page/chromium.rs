//! A headless Chromium, driven by the DevTools protocol over its pipe: messages of JSON, each ended by a zero byte.
//!
//! The pipe needs no port and no WebSocket, so that no crate is needed for it either. The harness's tests of its reports
//! (`tests/reports.rs` of the root package) drive the same file.

use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::timeout;

/// How long anything that a test waits for may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// A browser of its own profile; dropping it kills it.
pub(crate) struct Chromium {
    to: ChildStdin,
    from: BufReader<ChildStdout>,
    next: u64,
    /// What the pages said by themselves: exceptions, the console, violations of the policy.
    said: Vec<Value>,
    _browser: Child,
    _profile: TempDir,
}

/// One open page: its session.
#[derive(Clone)]
pub(crate) struct Page(String);

impl Chromium {
    /// Starts the browser; none if there is none on this machine.
    pub(crate) async fn start() -> Option<Self> {
        let program = ["chromium", "chromium-browser", "google-chrome"].into_iter().find(|name| {
            let mut asked = std::process::Command::new(name);
            let asked = asked.arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
            asked.is_ok_and(|status| status.success())
        })?;
        let profile = tempfile::tempdir().unwrap();
        // The pipe is at the descriptors 3 and 4, which a shell can put there without `unsafe`.
        let mut browser = Command::new("sh")
            .args(["-c", r#"exec "$0" "$@" 3<&0 4>&1 </dev/null >/dev/null 2>/dev/null"#, program])
            // Without a sandbox, as tests may run as root; the browser sees no page but those of the tests.
            .args(["--headless=new", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe", "--no-first-run"])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .arg("about:blank")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let (to, from) = (browser.stdin.take().unwrap(), BufReader::new(browser.stdout.take().unwrap()));
        Some(Self { to, from, next: 0, said: Vec::new(), _browser: browser, _profile: profile })
    }

    /// Opens a page in a window of this width, in a browser of this language.
    pub(crate) async fn open(&mut self, url: &str, width: u32, language: &str) -> Page {
        let target = self.command(None, "Target.createTarget", json!({ "url": "about:blank" })).await;
        let attach = json!({ "targetId": target["targetId"], "flatten": true });
        let session = self.command(None, "Target.attachToTarget", attach).await;
        let page = Page(session["sessionId"].as_str().unwrap().to_owned());
        for domain in ["Page.enable", "Runtime.enable", "Log.enable"] {
            self.on(&page, domain, json!({})).await;
        }
        let size = json!({ "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false });
        self.on(&page, "Emulation.setDeviceMetricsOverride", size).await;
        let agent = self.command(None, "Browser.getVersion", json!({})).await["userAgent"].clone();
        let language = json!({ "userAgent": agent, "acceptLanguage": language });
        self.on(&page, "Emulation.setUserAgentOverride", language).await;
        self.on(&page, "Page.navigate", json!({ "url": url })).await;
        page
    }

    /// What an expression comes to, in the page.
    pub(crate) async fn evaluate(&mut self, page: &Page, expression: &str) -> Value {
        let parameters = json!({ "expression": expression, "awaitPromise": true, "returnByValue": true });
        let answer = self.on(page, "Runtime.evaluate", parameters).await;
        assert!(answer.get("exceptionDetails").is_none(), "{expression}: {answer:#}");
        answer["result"]["value"].clone()
    }

    /// Waits until a condition holds in the page, which is asked with every frame.
    pub(crate) async fn until(&mut self, page: &Page, condition: &str) {
        let promise = format!(
            "new Promise((done) => {{ const look = () => ({condition}) ? done(true) : setTimeout(look, 16); look(); }})"
        );
        if timeout(PATIENCE, self.evaluate(page, &promise)).await.is_err() {
            panic!("the page never came to: {condition}");
        }
    }

    /// What the pages said by themselves so far.
    pub(crate) fn said(&self) -> &[Value] {
        &self.said
    }

    pub(crate) async fn on(&mut self, page: &Page, method: &str, parameters: Value) -> Value {
        self.command(Some(page), method, parameters).await
    }

    async fn command(&mut self, page: Option<&Page>, method: &str, parameters: Value) -> Value {
        self.next += 1;
        let mut message = json!({ "id": self.next, "method": method, "params": parameters });
        if let Some(Page(session)) = page {
            message["sessionId"] = session.clone().into();
        }
        self.to.write_all(format!("{message}\0").as_bytes()).await.unwrap();
        loop {
            let mut answer = self.receive().await;
            if answer["id"] == self.next {
                assert!(answer.get("error").is_none(), "{method}: {answer}");
                return answer["result"].take();
            }
            if matches!(
                answer["method"].as_str(),
                Some("Runtime.exceptionThrown" | "Runtime.consoleAPICalled" | "Log.entryAdded")
            ) {
                self.said.push(answer["params"].take());
            }
        }
    }

    async fn receive(&mut self) -> Value {
        let mut message = Vec::new();
        let read = timeout(PATIENCE * 2, self.from.read_until(0, &mut message)).await.expect("the browser is silent");
        assert!(read.unwrap() > 0, "the browser is gone");
        message.pop();
        serde_json::from_slice(&message).unwrap()
    }
}
