//! How what a target runs reaches this process: the address to listen at, and the host to name to it.
//!
//! A function in a container, or an emulator in one, does not find this process at `127.0.0.1`. From a container the way leads
//! over the address of Docker's bridge, which is an address of this machine; nothing else is listened at, so that other
//! machines reach nothing. Where the bridge is inside of a virtual machine (Docker Desktop), its address is none of this
//! machine's: there `host.docker.internal` leads to the loopback interface. From AWS there is no way but one that somebody makes:
//! a tunnel with a public address.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};

use super::{container, plain_http};

/// The name by which a container finds the machine that it runs on.
pub(super) const HOST_NAME: &str = "host.docker.internal";

/// The way from what a target runs to this process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// At a free port of an address of this machine, under this host's name.
    Host {
        /// The address.
        listen: IpAddr,
        /// The host.
        host: String,
    },
    /// By an address that leads here from elsewhere.
    Behind {
        /// Where it leads.
        listen: SocketAddr,
        /// The address.
        url: String,
    },
}

impl Reach {
    /// From this machine: the loopback interface.
    pub(crate) fn from_here() -> Self {
        Self::at(Ipv4Addr::LOCALHOST.into())
    }

    fn at(address: IpAddr) -> Self {
        Self::Host { listen: address, host: address.to_string() }
    }

    /// By a public address in front of this one of this machine.
    pub(crate) fn behind(listen: SocketAddr, url: &str) -> Self {
        Self::Behind { listen, url: url.trim_end_matches('/').to_owned() }
    }

    /// From the container behind an endpoint, whose network has this gateway.
    pub(super) fn from_container(gateway: Option<IpAddr>, endpoint_url: &str) -> Self {
        if let Some(gateway) = gateway.filter(|gateway| TcpListener::bind((*gateway, 0)).is_ok()) {
            return Self::at(gateway);
        }
        match own_address(endpoint_url) {
            // In a container oneself, on one network with the other: the way back is the way there.
            Some(own) if !own.is_loopback() => Self::at(own),
            // In a container oneself, which shares the other's network with its loopback interface.
            _ if std::path::Path::new("/.dockerenv").exists() => Self::from_here(),
            _ => Self::Host { listen: Ipv4Addr::LOCALHOST.into(), host: HOST_NAME.to_owned() },
        }
    }

    /// From an endpoint that runs already. LocalStack says whether it runs in a container; everything else is taken to run
    /// on this machine.
    pub(super) async fn from_endpoint(url: &str) -> Self {
        if !is_in_container(url).await {
            return Self::from_here();
        }
        Self::from_container(container::bridge().await, url)
    }

    /// A listener that what the target runs can reach, at a free port unless another leads there.
    pub(crate) fn listener(&self) -> std::io::Result<TcpListener> {
        match self {
            Self::Host { listen, .. } => TcpListener::bind((*listen, 0)),
            Self::Behind { listen, .. } => TcpListener::bind(listen),
        }
    }

    /// The address of a listener as what the target runs has to name it.
    pub(crate) fn url(&self, listener: SocketAddr) -> String {
        match self {
            Self::Host { host, .. } => format!("http://{host}:{}", listener.port()),
            Self::Behind { url, .. } => url.clone(),
        }
    }
}

/// Whether the endpoint is a LocalStack in a container, by its own word.
async fn is_in_container(url: &str) -> bool {
    let page = async {
        let client = plain_http().timeout(std::time::Duration::from_secs(5)).build().ok()?;
        let answer = client.get(format!("{}/_localstack/info", url.trim_end_matches('/'))).send().await.ok()?;
        answer.json::<serde_json::Value>().await.ok()
    };
    page.await.is_some_and(|info| info["is_docker"] == true)
}

/// The address of this process on its way to the endpoint. Nothing is sent.
fn own_address(url: &str) -> Option<IpAddr> {
    let url = reqwest::Url::parse(url).ok()?;
    let there = url.socket_addrs(|| None).ok()?;
    let socket = std::net::UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).ok()?;
    socket.connect(there.as_slice()).ok()?;
    socket.local_addr().ok().map(|address| address.ip())
}
