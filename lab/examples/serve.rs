//! A lab to try clients on: `cargo run -p alert-drill-lab --example serve -- 127.0.0.1:4566 [--enforce-iam]`.
//!
//! It prints its endpoint URL and runs until it is interrupted.

use std::error::Error;
use std::net::SocketAddr;

use alert_drill_lab::Lab;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let (flags, addresses): (Vec<String>, Vec<String>) =
        std::env::args().skip(1).partition(|argument| argument == "--enforce-iam");
    let address: SocketAddr = addresses.first().map_or("127.0.0.1:0", String::as_str).parse()?;
    let lab = Lab::builder().listen(address).enforce_iam(!flags.is_empty()).start().await?;
    println!("{}", lab.endpoint_url());
    tokio::signal::ctrl_c().await?;
    lab.stop().await;
    Ok(())
}
