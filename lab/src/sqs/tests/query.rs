/// What a client sends that knows SQS's older protocol only.
async fn form(lab: &crate::Lab, parameters: &[(&str, &str)]) -> (u16, String) {
    let signature = "AWS4-HMAC-SHA256 Credential=test/20260101/ap-northeast-2/sqs/aws4_request";
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let request = client.post(lab.endpoint_url()).header("authorization", signature);
    let request = request.header("content-type", "application/x-www-form-urlencoded; charset=utf-8").body(body);
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

#[tokio::test]
async fn an_older_client_gets_its_answers_in_xml() {
    let lab = crate::Lab::start().await.unwrap();
    let create = [("Action", "CreateQueue"), ("QueueName", "q"), ("Attribute.1.Name", "DelaySeconds")];
    let (status, created) = form(&lab, &[&create[..], &[("Attribute.1.Value", "0")]].concat()).await;
    assert_eq!(status, 200, "{created}");
    let url = created.split("<QueueUrl>").nth(1).unwrap().split('<').next().unwrap().to_owned();
    assert_eq!(url, format!("{}/000000000000/q", lab.endpoint_url()));

    let poll = [("Action", "ReceiveMessage"), ("QueueUrl", url.as_str()), ("WaitTimeSeconds", "20")];
    let send = [("Action", "SendMessage"), ("QueueUrl", &url), ("MessageBody", "a<b")];
    let ((_, received), (_, sent)) = tokio::join!(form(&lab, &poll), form(&lab, &send));
    assert!(sent.contains("<SendMessageResult><MessageId>"), "{sent}");
    assert!(received.contains("<Body>a&lt;b</Body>"), "{received}");

    let (status, refused) = form(&lab, &[("Action", "GetQueueUrl"), ("QueueName", "none")]).await;
    assert_eq!(status, 400);
    assert!(refused.contains("<Code>AWS.SimpleQueueService.NonExistentQueue</Code>"), "{refused}");
    assert!(
        refused.contains("<Message>The specified queue does not exist for this wsdl version.</Message>"),
        "{refused}"
    );
    let (status, refused) = form(&lab, &[("Action", "Dance")]).await;
    assert_eq!(status, 501);
    assert!(refused.contains("the lab does not support the operation sqs:Dance"), "{refused}");
}
