//! The page, in a real browser: what it shows, that it loads nothing, and that it can be read on a phone and in the dark.

use serde_json::{Value, json};

use crate::chromium::{Chromium, Page};
use crate::support::{Folder, end_of, lab, run, signal};
use crate::{ATTACK, PATIENCE, Reports, posting, python_scenario};

/// A browser, or none, and then the test says that it was skipped.
macro_rules! browser {
    () => {
        match Chromium::start().await {
            Some(browser) => browser,
            None => {
                eprintln!("skipped: there is no chromium on this machine");
                return;
            }
        }
    };
}

/// Opens the page of these reports. A program starts the binary and waits for it, which keeps no test waiting.
async fn open(browser: &mut Chromium, reports: &Reports, width: u32) -> Page {
    let page = browser.open(&format!("file://{}", reports.folder().text("page.html")), width, "en").await;
    browser.until(&page, "document.readyState === 'complete' && document.querySelector('main')").await;
    page
}

async fn says(browser: &mut Chromium, page: &Page, text: &str) {
    let shown = browser.evaluate(page, "document.body.innerText").await;
    assert!(shown.as_str().unwrap().contains(text), "the page does not say {text}: {shown:#}");
}

/// Whether everything can be read: no page wider than its window with everything opened, enough contrast, headings in order.
async fn assert_readable(browser: &mut Chromium, reports: &Reports) {
    for width in [360, 1280] {
        let page = open(browser, reports, width).await;
        browser.evaluate(&page, "document.querySelectorAll('details').forEach((one) => { one.open = true; })").await;
        let overflow = browser.evaluate(&page, "document.documentElement.scrollWidth - window.innerWidth").await;
        assert!(overflow.as_i64().is_some_and(|overflow| overflow <= 0), "{overflow} pixels too wide at {width}");
        for scheme in ["light", "dark"] {
            let features = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
            browser.on(&page, "Emulation.setEmulatedMedia", features).await;
            let pale = browser.evaluate(&page, PALE).await;
            assert_eq!(pale, json!([]), "too little contrast, {scheme}");
        }
        let skipped = "[...document.querySelectorAll('h1, h2, h3, h4')].map((one) => Number(one.tagName[1]))
            .filter((level, at, all) => level > (all[at - 1] ?? 0) + 1).length
            + document.querySelectorAll('th:not([scope])').length";
        assert_eq!(browser.evaluate(&page, skipped).await, 0, "a heading skips a level, or a header heads nothing");
        let loaded = browser.evaluate(&page, "performance.getEntriesByType('resource').map((one) => one.name)").await;
        assert_eq!(loaded, json!([]), "something was loaded");
    }
    assert!(browser.said().is_empty(), "the browser complains: {:#?}", browser.said());
}

/// The texts whose contrast with what is behind them is below 4.5 (WCAG 2.2, success criterion 1.4.3).
const PALE: &str = "(() => {
    const channels = (color) => { const found = color.match(/[\\d.]+/g).map(Number); return found.length < 4 ? [...found, 1] : found; };
    const part = (value) => value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4;
    const light = ([red, green, blue]) => 0.2126 * part(red) + 0.7152 * part(green) + 0.0722 * part(blue);
    const behind = (one) => {
        for (; one; one = one.parentElement) {
            const color = channels(getComputedStyle(one).backgroundColor);
            if (color[3] === 1) return color;
        }
        return [255, 255, 255, 1];
    };
    const pale = [];
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
        const one = texts.currentNode.parentElement;
        if (!texts.currentNode.data.trim() || one.closest('.spoiler')) continue;
        const style = getComputedStyle(one);
        const [more, less] = [channels(one.closest('svg') ? style.fill : style.color), behind(one)].map(light).sort((a, b) => b - a);
        const contrast = (more + 0.05) / (less + 0.05);
        if (contrast < 4.5) pale.push(`${contrast.toFixed(2)}: ${texts.currentNode.data.trim().slice(0, 40)}`);
    }
    return pale;
})()";

#[tokio::test]
async fn a_pass_is_drawn_to_scale_and_shows_what_people_got() {
    let mut browser = browser!();
    let reports = Reports::of(&[]);
    let page = open(&mut browser, &reports, 1280).await;
    assert_eq!(browser.evaluate(&page, "document.documentElement.lang").await, "en");
    assert_eq!(browser.evaluate(&page, "document.title").await, "✓ security-group-change · the alarm works as it must");
    for text in ["The alarm works as it must", "Opening SSH raises an alert", "🚨 보안 그룹 변경: 인바운드 규칙 추가"]
    {
        says(&mut browser, &page, text).await;
    }
    // Each dot stands where its hop's time is.
    let dots = "[...document.querySelectorAll('.rung .dot')].map((one) => one.cx.baseVal.value / one.closest('svg').clientWidth)";
    let dots: Vec<f64> = serde_json::from_value(browser.evaluate(&page, dots).await).unwrap();
    let report = reports.json();
    let hops = report["drills"][0]["hops"].as_array().unwrap();
    let times: Vec<f64> = hops.iter().map(|hop| hop["latency_ms"].as_f64().unwrap()).collect();
    let last = times.iter().copied().fold(0.0, f64::max);
    let end = dots.iter().copied().fold(0.0, f64::max);
    assert_eq!(dots.len(), times.len());
    assert!(end > 0.9, "the axis ends soon after the last arrival: {end}");
    for (dot, time) in dots.iter().zip(&times) {
        assert!((dot / end - time / last).abs() < 0.001, "{dot} of {end} is not {time} of {last}");
    }
    let axis = browser.evaluate(&page, "document.querySelector('.rung.axis').textContent").await;
    assert!(axis.as_str().is_some_and(|axis| axis.starts_with("0 ms")), "{axis}");
    let message = browser.evaluate(&page, "document.querySelector('.discord .content').innerText").await;
    assert!(message.as_str().unwrap().contains(report["drills"][0]["record"]["eventID"].as_str().unwrap()));
    let subject = browser.evaluate(&page, "document.querySelector('.mail b').textContent").await;
    assert_eq!(subject, "AWS Notification Message");
    let record = browser.evaluate(&page, "JSON.parse(document.querySelector('.record').textContent)").await;
    assert_eq!(record, report["drills"][0]["record"]);
    assert_readable(&mut browser, &reports).await;
}

#[tokio::test]
async fn a_failure_leads_to_its_cause_in_korean() {
    let mut browser = browser!();
    let folder = Folder::new();
    let scenario = folder.scenario_without("AuthorizeSecurityGroupIngress");
    let reports = Reports::of(&[&scenario, "--all", "--jobs", "4", "--timeout", "300ms", "--lang", "ko"]);
    let page = open(&mut browser, &reports, 1280).await;
    assert_eq!(browser.evaluate(&page, "document.documentElement.lang").await, "ko");
    for text in ["알림이 제대로 동작하지 않습니다", "원인과 해결 방법", "콘솔", "여기서 끊김", "디스코드 채널"]
    {
        says(&mut browser, &page, text).await;
    }
    let cause = "document.querySelector(document.querySelector('.problem.bad a').getAttribute('href')).innerText";
    let cause = browser.evaluate(&page, cause).await;
    assert!(cause.as_str().unwrap().contains("aws events put-rule"), "{cause}");
    let drills = browser.evaluate(&page, "document.querySelectorAll('table tbody tr').length").await;
    assert_eq!(drills, 8, "an overview has every drill");
    assert_readable(&mut browser, &reports).await;
}

#[tokio::test]
async fn many_runs_are_a_picture_and_a_table() {
    let mut browser = browser!();
    let reports = Reports::of(&["--repeat", "40", "--jobs", "8"]);
    let page = open(&mut browser, &reports, 1280).await;
    assert_eq!(browser.evaluate(&page, "document.querySelectorAll('.strip .run').length").await, 3 * 40);
    assert_eq!(browser.evaluate(&page, "document.querySelectorAll('.runs tbody tr').length").await, 40);
    assert_eq!(browser.evaluate(&page, "document.querySelectorAll('article.drill').length").await, 3);
    says(&mut browser, &page, "3 of 40 runs are shown in full").await;
    assert_readable(&mut browser, &reports).await;
}

#[tokio::test]
async fn a_check_shows_findings_and_a_message_with_literal_newlines_as_discord_does() {
    let mut browser = browser!();
    let folder = Folder::new();
    let body = r#"{"content": "**changed**\\nevent: " + detail["eventName"] + "\\n" + detail["eventID"]}"#;
    let Some(scenario) = python_scenario(&folder, &posting(body), "Opening SSH") else { return };
    let (lab, endpoint) = lab();
    let kept = run(&["run", &scenario, "--keep", "--timeout", PATIENCE, "--endpoint-url", &endpoint]);
    assert_eq!(kept.code, Some(6), "{}{}", kept.stdout, kept.stderr);
    let reports = Reports::of(&["check", &scenario, "--live", "--timeout", PATIENCE, "--endpoint-url", &endpoint]);
    signal(&lab, "INT");
    end_of(lab);
    let codes: Vec<Value> =
        reports.json()["findings"].as_array().unwrap().iter().map(|one| one["code"].clone()).collect();
    assert!(codes.contains(&"MESSAGE_LITERAL_NEWLINES".into()), "{codes:?}");
    let page = open(&mut browser, &reports, 1280).await;
    for shown in ["article.drill .discord", ".trial .discord"] {
        let content = format!("document.querySelector('{shown} .content')");
        let bold = browser.evaluate(&page, &format!("{content}.querySelector('strong').textContent")).await;
        assert_eq!(bold, "changed", "{shown}");
        let text = browser.evaluate(&page, &format!("{content}.innerText")).await;
        let text = text.as_str().unwrap();
        assert!(text.starts_with(r"changed\nevent: ") && !text.contains('\n'), "{shown}: {text}");
    }
    for code in codes {
        says(&mut browser, &page, code.as_str().unwrap()).await;
    }
    assert_readable(&mut browser, &reports).await;
}

#[tokio::test]
async fn texts_of_others_stay_text() {
    let mut browser = browser!();
    let folder = Folder::new();
    let attack = serde_json::to_string(ATTACK).unwrap();
    let body = format!(
        "{{'username': 'a\"><b>x</b>', 'content': detail['eventID'] + '\\n> **' + {attack} + '**\\n`' + {attack} + '`\\n[' + {attack} + '](javascript:hacked)', \
          'embeds': [{{'title': {attack}, 'description': {attack}, 'color': 255, 'fields': [{{'name': {attack}, 'value': {attack}}}], 'footer': {{'text': {attack}}}}}]}}"
    );
    let Some(scenario) = python_scenario(&folder, &posting(&body), ATTACK) else { return };
    let reports = Reports::of(&[&scenario, "--repeat", "2", "--timeout", PATIENCE]);
    assert_eq!(reports.ended.code, Some(0), "{}{}", reports.ended.stdout, reports.ended.stderr);
    let page = open(&mut browser, &reports, 1280).await;
    assert_eq!(browser.evaluate(&page, "document.querySelectorAll('script, img, iframe, object').length").await, 0);
    assert_eq!(browser.evaluate(&page, "typeof window.hacked").await, "undefined");
    assert_eq!(browser.evaluate(&page, "document.querySelectorAll('style').length").await, 1);
    let policy = browser.evaluate(&page, "document.querySelector('meta[http-equiv]').content").await;
    assert!(policy.as_str().unwrap().starts_with("default-src 'none'"), "{policy}");
    for shown in ["h3", ".discord .content", ".embed .title", ".embed dd", ".discord .who"] {
        let text = browser.evaluate(&page, &format!("document.querySelector('{shown}').textContent")).await;
        let wanted = if shown.ends_with("who") { "<b>x</b>" } else { "<img src=x onerror" };
        assert!(text.as_str().unwrap().contains(wanted), "{shown}: {text}");
    }
    assert_readable(&mut browser, &reports).await;
}
