//! The lab's Discord behind a real socket.

use alert_drill_lab::discord::{Discord, Request};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request as HttpRequest, Response as HttpResponse};

/// Serves this Discord and returns its origin.
pub(crate) async fn serve(discord: Discord) -> String {
    let answer = move |request: HttpRequest<Body>| {
        let discord = discord.clone();
        async move {
            let (parts, body) = request.into_parts();
            let mut request = Request::new(parts.method.as_str(), parts.uri.path_and_query().unwrap().as_str())
                .with_body(to_bytes(body, usize::MAX).await.unwrap());
            for (name, value) in &parts.headers {
                request = request.with_header(name.as_str(), value.to_str().unwrap());
            }
            let answer = discord.handle(&request);
            let mut response = HttpResponse::builder().status(answer.status);
            for (name, value) in answer.headers {
                response = response.header(name, value);
            }
            response.body(Body::from(answer.body)).unwrap()
        }
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(axum::serve(listener, Router::new().fallback(answer)).into_future());
    origin
}
