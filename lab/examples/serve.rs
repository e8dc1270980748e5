//! A lab to try clients on: `cargo run -p alert-drill-lab --example serve -- 127.0.0.1:4566`.
//!
//! It prints its endpoint URL and runs until it is interrupted.

use std::error::Error;
use std::net::SocketAddr;

use alert_drill_lab::Lab;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let address: SocketAddr = std::env::args().nth(1).as_deref().unwrap_or("127.0.0.1:0").parse()?;
    let lab = Lab::builder().listen(address).start().await?;
    println!("{}", lab.endpoint_url());
    tokio::signal::ctrl_c().await?;
    lab.stop().await;
    Ok(())
}
