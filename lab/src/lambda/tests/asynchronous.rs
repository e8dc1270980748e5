use super::*;

fn quick() -> RetryPolicy {
    RetryPolicy {
        delays: [Duration::from_millis(5), Duration::from_millis(10)],
        throttle_delay: Duration::from_millis(5),
        ..RetryPolicy::default()
    }
}

#[tokio::test]
async fn a_failing_function_is_tried_three_times_with_one_request_id() {
    let lab = Lab::start();
    let function = lab.deploy(&[]);
    let mut invocation = function.invoke_async(InvokeRequest::new(r#"{"do":"fail"}"#), quick()).unwrap();
    let mut numbers = Vec::new();
    let done = loop {
        match invocation.events.recv().await.unwrap() {
            AsyncEvent::Attempt { number, outcome } => {
                assert_eq!(outcome.request_id, invocation.request_id);
                numbers.push(number);
            }
            AsyncEvent::Done(done) => break done,
            AsyncEvent::NotInvoked { error } => panic!("{error}"),
        }
    };
    assert_eq!(numbers, [1, 2, 3]);
    assert_eq!((done.condition.as_str(), done.invoke_count), ("RetriesExhausted", 3));
    assert_eq!(document(&done.last.unwrap())["errorType"], "ValueError");
}

#[tokio::test]
async fn success_ends_it_and_no_retries_means_one_attempt() {
    let lab = Lab::start();
    let function = lab.deploy(&[]);
    let done = function.invoke_async(InvokeRequest::new("{}"), quick()).unwrap().finished().await.unwrap();
    assert_eq!((done.condition, done.invoke_count), (AsyncCondition::Success, 1));
    let once = RetryPolicy { maximum_retry_attempts: 0, ..quick() };
    let event = InvokeRequest::new(r#"{"do":"exit"}"#);
    let done = function.invoke_async(event, once).unwrap().finished().await.unwrap();
    assert_eq!((done.condition, done.invoke_count), (AsyncCondition::RetriesExhausted, 1));
}

#[tokio::test]
async fn an_event_grows_too_old_while_it_waits_for_a_retry() {
    let lab = Lab::start();
    let function = lab.deploy(&[]);
    let policy = RetryPolicy { maximum_event_age: Duration::from_secs(60), ..RetryPolicy::aws() };
    let event = InvokeRequest::new(r#"{"do":"fail"}"#);
    let done = function.invoke_async(event, policy).unwrap().finished().await.unwrap();
    assert_eq!((done.condition, done.invoke_count), (AsyncCondition::EventAgeExceeded, 1));
}

#[tokio::test]
async fn a_throttled_event_waits_and_with_no_concurrency_at_all_it_is_given_up() {
    let lab = Lab::start();
    lab.concurrency.set(Some(1));
    let function = lab.deploy(&[]);
    let (_directory, file) = scratch_file();
    let blocking = {
        let (function, event) = (Arc::clone(&function), json!({"do": "wait for file", "file": file}));
        tokio::spawn(async move { call(&function, event).await })
    };
    let mark = PathBuf::from(format!("{}.waiting", file.display()));
    eventually("the function is busy", || mark.exists()).await;
    let mut invocation = function.invoke_async(InvokeRequest::new("{}"), quick()).unwrap();
    let event = invocation.events.recv().await.unwrap();
    assert!(matches!(event, AsyncEvent::NotInvoked { error: InvokeError::TooManyRequests { .. } }), "{event:?}");
    std::fs::write(&file, "").unwrap();
    blocking.await.unwrap();
    assert_eq!(invocation.finished().await.unwrap().condition, AsyncCondition::Success);
    lab.concurrency.set(Some(0));
    let done = function.invoke_async(InvokeRequest::new("{}"), quick()).unwrap().finished().await.unwrap();
    assert_eq!((done.condition, done.invoke_count), (AsyncCondition::ZeroReservedConcurrency, 0));
}
