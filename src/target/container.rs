//! A container of the run's own, which is gone however the run ends.
//!
//! ```text
//! the run ends          the container and those that it started are removed, and waited for
//! it fails, it panics   the same, by dropping
//! this process dies     a guard, a process of its own that waits for this one's end, removes them
//! the machine dies      the next start removes what a run without a process has left
//! ```
//! All of them are found by one label. It names the process that owns them, so that no run removes what another one uses.

use std::net::{IpAddr, Ipv4Addr};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use testcontainers::bollard::Docker;
use testcontainers::bollard::query_parameters::{
    InspectContainerOptions, InspectNetworkOptions, ListContainersOptionsBuilder, RemoveContainerOptionsBuilder,
};
use testcontainers::core::client::docker_client_instance;
use testcontainers::core::{Host, IntoContainerPort as _, Mount};
use testcontainers::runners::AsyncRunner as _;
use testcontainers::{ContainerAsync, ContainerRequest, GenericImage, ImageExt as _};
use tokio::time;
use tokio_util::sync::CancellationToken;

use super::reach::HOST_NAME;
use super::{TargetError, plain_http};
use crate::sdk;

/// The label of everything that a run starts in Docker: whose it is.
const LABEL: &str = "alert-drill.owner";

/// How often a container is asked whether it is healthy, and whether it is still there.
const POLL: Duration = Duration::from_millis(100);

/// How long Docker may take to say that it is there.
const PING: Duration = Duration::from_secs(10);

/// How long one question for its health may take.
const ANSWER: Duration = Duration::from_secs(2);

/// How many of a container's last lines are shown when it fails.
const LOG_LINES: usize = 20;

/// What the guard does: it waits until its standard input ends, which it does when the owner does, in whatever way.
const GUARD: &str = r#"[ "$(cat)" = removed ] && exit
ids=$(docker ps --all --quiet --filter "label=$1") && [ -n "$ids" ] && docker rm --force --volumes $ids"#;

/// What to start.
pub(super) struct Recipe {
    /// The image.
    pub(super) image: String,
    /// The port that it serves.
    pub(super) port: u16,
    /// Its environment.
    pub(super) variables: Vec<(&'static str, String)>,
    /// Docker's socket, where it is handed on.
    pub(super) socket: Option<&'static str>,
    /// The variable that tells it with which flags to start containers of its own.
    pub(super) function_flags: &'static str,
}

/// A container that runs. Dropping it removes it.
#[derive(Debug)]
pub(super) struct Container {
    // In the order of removal: the guard comes last, and finds what is left.
    container: Option<ContainerAsync<GenericImage>>,
    docker: Docker,
    label: String,
    image: String,
    /// Where it may answer: a port of this machine, or its own address, which another container reaches.
    endpoints: Vec<String>,
    gateway: Option<IpAddr>,
    guard: Option<Guard>,
}

impl Container {
    /// Pulls the image where it is missing, and starts it.
    pub(super) async fn start(recipe: &Recipe, stop: &CancellationToken) -> Result<Self, TargetError> {
        let docker = engine().await.map_err(|reason| TargetError::NoDocker { reason })?;
        remove_orphans(&docker).await;
        let label = owner::label();
        let not_started = |error: &dyn std::fmt::Display| TargetError::NotStarted {
            image: recipe.image.clone(),
            reason: error.to_string(),
        };
        // Pulled by itself, because a pull may take minutes, and dropping it in the middle leaves nothing.
        if docker.inspect_image(&recipe.image).await.is_err() {
            tokio::select! {
                pulled = request(recipe, &label).pull_image() => { pulled.map(drop).map_err(|error| not_started(&error))?; }
                () = stop.cancelled() => return Err(TargetError::Interrupted),
            }
        }
        let guard = Guard::start(&label);
        // Not dropped in the middle: the engine might have made what nobody then knew of.
        let started = request(recipe, &label).start().await;
        let mut this = Self {
            container: None,
            docker,
            label,
            image: recipe.image.clone(),
            endpoints: Vec::new(),
            gateway: None,
            guard,
        };
        match started {
            Ok(container) => this.container = Some(container),
            Err(error) => {
                this.remove().await;
                return Err(not_started(&error));
            }
        }
        match this.locate(recipe.port).await {
            Ok(()) => Ok(this),
            Err(reason) => {
                // What has ended already has no port any more, and says why itself.
                let reason = this.ended().await.unwrap_or(reason);
                let error = this.failed(reason).await;
                this.remove().await;
                Err(error)
            }
        }
    }

    /// Reads where the port is published, and the gateway by which the container reaches this machine.
    async fn locate(&mut self, port: u16) -> Result<(), String> {
        let Some(container) = &self.container else { return Err("there is no container".to_owned()) };
        let inspected = self.docker.inspect_container(container.id(), None::<InspectContainerOptions>).await;
        let settings = inspected.map_err(|error| error.to_string())?.network_settings.unwrap_or_default();
        let network = settings.networks.unwrap_or_default().into_values().next().unwrap_or_default();
        self.gateway = network.gateway.and_then(|gateway| gateway.parse().ok());
        let published = settings.ports.unwrap_or_default().remove(&format!("{port}/tcp")).flatten().unwrap_or_default();
        let published =
            published.into_iter().find_map(|binding| binding.host_port).map(|port| ("127.0.0.1".to_owned(), port));
        let own = network.ip_address.filter(|address| !address.is_empty()).map(|address| (address, port.to_string()));
        self.endpoints = published.into_iter().chain(own).map(|(host, port)| format!("http://{host}:{port}")).collect();
        if self.endpoints.is_empty() { Err(format!("its port {port} is not published")) } else { Ok(()) }
    }

    /// Waits until it says that it is healthy: an answer of success at this path. Returns where it answers.
    pub(super) async fn healthy(
        &self,
        path: &str,
        within: Duration,
        stop: &CancellationToken,
    ) -> Result<String, TargetError> {
        let client = plain_http().timeout(ANSWER).build().map_err(|error| TargetError::NotHealthy {
            image: self.image.clone(),
            reason: error.to_string(),
            log: String::new(),
        })?;
        let healthy = async {
            loop {
                for endpoint in &self.endpoints {
                    let answer = client.get(format!("{endpoint}{path}")).send().await;
                    if answer.is_ok_and(|answer| answer.status().is_success()) {
                        return Ok(endpoint.clone());
                    }
                }
                if let Some(ended) = self.ended().await {
                    return Err(ended);
                }
                time::sleep(POLL).await;
            }
        };
        let waited = tokio::select! {
            waited = time::timeout(within, healthy) => waited,
            () = stop.cancelled() => return Err(TargetError::Interrupted),
        };
        match waited {
            Ok(Ok(endpoint)) => Ok(endpoint),
            Ok(Err(ended)) => Err(self.failed(ended).await),
            Err(_) => Err(self.failed(format!("it is not healthy after {} s", within.as_secs_f64())).await),
        }
    }

    /// How it ended; none while it runs.
    async fn ended(&self) -> Option<String> {
        let container = self.container.as_ref()?;
        match self.docker.inspect_container(container.id(), None::<InspectContainerOptions>).await {
            Ok(inspected) => {
                let state = inspected.state.unwrap_or_default();
                let code = state.exit_code.unwrap_or_default();
                (state.running == Some(false)).then(|| match state.oom_killed {
                    Some(true) => "it was ended because the memory ran out".to_owned(),
                    _ => format!("it ended with exit status {code}"),
                })
            }
            // Docker itself does not answer, which says nothing of the container; or it is gone.
            Err(error) => error.to_string().contains("No such container").then(|| "it was removed".to_owned()),
        }
    }

    /// Waits until it ends, and says how, with its last lines. A run that goes on has no use for it: it waits forever.
    pub(super) async fn until_ended(&self) -> String {
        loop {
            if let Some(ended) = self.ended().await {
                let log = self.log().await;
                return if log.is_empty() { ended } else { format!("{ended}; it said at the end:\n{log}") };
            }
            time::sleep(POLL * 5).await;
        }
    }

    /// An error on the way to it, or how it ended, if that is why.
    pub(super) async fn explained(&self, error: TargetError) -> TargetError {
        match self.ended().await {
            Some(ended) if !matches!(error, TargetError::NotHealthy { .. }) => self.failed(ended).await,
            _ => error,
        }
    }

    async fn failed(&self, reason: String) -> TargetError {
        TargetError::NotHealthy { image: self.image.clone(), reason, log: self.log().await }
    }

    /// Its last lines.
    async fn log(&self) -> String {
        let Some(container) = &self.container else { return String::new() };
        let (out, err) = (container.stdout_to_vec().await, container.stderr_to_vec().await);
        let said = [out.unwrap_or_default(), err.unwrap_or_default()].concat();
        let said = String::from_utf8_lossy(&said);
        let lines: Vec<&str> = said.trim_end().lines().collect();
        lines[lines.len().saturating_sub(LOG_LINES)..].join("\n")
    }

    /// The address by which it reaches this machine.
    pub(super) fn gateway(&self) -> Option<IpAddr> {
        self.gateway
    }

    /// Removes it, and the containers that it started. Returns once they are gone.
    pub(super) async fn remove(mut self) {
        if let Some(container) = self.container.take()
            && let Err(error) = container.rm().await
        {
            // The guard tries again.
            anstream::eprintln!("cannot remove the container of {}: {error}", self.image);
            return;
        }
        if remove_all(&self.docker, &self.label).await
            && let Some(guard) = &mut self.guard
        {
            guard.dismiss();
        }
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        // Its own destructor needs a runtime. Without one, the guard does it.
        if tokio::runtime::Handle::try_current().is_err()
            && let Some(container) = self.container.take()
        {
            std::mem::forget(container);
        }
    }
}

/// Docker, if it is there and answers.
async fn engine() -> Result<Docker, String> {
    let docker = docker_client_instance().await.map_err(|error| error.to_string())?;
    match time::timeout(PING, docker.ping()).await {
        Ok(Ok(_)) => Ok(docker),
        Ok(Err(error)) => Err(sdk::cause(&error).to_string()),
        Err(_) => Err(format!("no answer within {} s", PING.as_secs())),
    }
}

/// What Docker is asked for.
fn request(recipe: &Recipe, label: &str) -> ContainerRequest<GenericImage> {
    let (name, tag) = match recipe.image.rsplit_once(':') {
        // A colon before a slash belongs to a registry's port.
        Some((name, tag)) if !tag.contains('/') => (name, tag),
        _ => (recipe.image.as_str(), "latest"),
    };
    let port = recipe.port;
    let flags = format!("--label {LABEL}={label} --add-host {HOST_NAME}:host-gateway");
    let mut request = GenericImage::new(name, tag)
        .with_exposed_port(port.tcp())
        .with_label(LABEL, label)
        .with_host(HOST_NAME, Host::HostGateway)
        .with_env_var(recipe.function_flags, flags)
        // A port that is published without an address is open to other machines.
        .with_host_config_modifier(move |config| {
            let binding = testcontainers::bollard::models::PortBinding {
                host_ip: Some("127.0.0.1".to_owned()),
                host_port: Some(String::new()),
            };
            config.publish_all_ports = Some(false);
            config.port_bindings = Some([(format!("{port}/tcp"), Some(vec![binding]))].into());
        });
    for (name, value) in &recipe.variables {
        request = request.with_env_var(*name, value);
    }
    if let Some(socket) = recipe.socket {
        request = request.with_mount(Mount::bind_mount(socket, socket));
    }
    request
}

/// The address of Docker's default bridge, which containers of every network reach; none without Docker.
pub(super) async fn bridge() -> Option<IpAddr> {
    let docker = engine().await.ok()?;
    let bridge = docker.inspect_network("bridge", None::<InspectNetworkOptions>).await.ok()?;
    let configured = bridge.ipam?.config?;
    configured.into_iter().find_map(|network| match network.gateway {
        Some(gateway) => gateway.parse().ok(),
        // An engine may leave it out: it is the first address of the network then.
        None => first_of(&network.subnet?),
    })
}

/// The first address of a network such as 172.17.0.0/16.
fn first_of(subnet: &str) -> Option<IpAddr> {
    let network: Ipv4Addr = subnet.split('/').next()?.parse().ok()?;
    Some(Ipv4Addr::from(u32::from(network).checked_add(1)?).into())
}

/// Removes every container with this label. Whether none is left.
async fn remove_all(docker: &Docker, label: &str) -> bool {
    let mut all = true;
    for (id, _) in labelled(docker, &format!("{LABEL}={label}")).await {
        let options = RemoveContainerOptionsBuilder::new().force(true).v(true).build();
        all &= docker.remove_container(&id, Some(options)).await.is_ok();
    }
    all
}

/// Removes what runs have left whose process is gone.
async fn remove_orphans(docker: &Docker) {
    let mut owners: Vec<String> = labelled(docker, LABEL).await.into_iter().map(|(_, owner)| owner).collect();
    owners.sort_unstable();
    owners.dedup();
    for owner in owners.iter().filter(|owner| owner::is_gone(owner)) {
        remove_all(docker, owner).await;
    }
}

/// The containers with a label, running or not: their ids, and the label's value.
async fn labelled(docker: &Docker, label: &str) -> Vec<(String, String)> {
    let filters = std::collections::HashMap::from([("label", vec![label])]);
    let options = ListContainersOptionsBuilder::new().all(true).filters(&filters).build();
    let listed = docker.list_containers(Some(options)).await.unwrap_or_default();
    let found = listed.into_iter().filter_map(|container| Some((container.id?, container.labels?.remove(LABEL)?)));
    found.collect()
}

/// A process that removes what has the label once this process is gone, in whatever way. It needs Docker's command line;
/// where there is none, the next start does it.
#[derive(Debug)]
struct Guard {
    process: Child,
}

impl Guard {
    fn start(label: &str) -> Option<Self> {
        use std::os::unix::process::CommandExt as _;
        let mut command = Command::new("/bin/sh");
        command.args(["-c", GUARD, "alert-drill-guard", &format!("{LABEL}={label}")]);
        // In a group of its own: what ends this process's group must not end it.
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).process_group(0);
        command.spawn().ok().map(|process| Self { process })
    }

    /// There is nothing left to remove.
    fn dismiss(&mut self) {
        use std::io::Write as _;
        if let Some(mut stdin) = self.process.stdin.take() {
            let _ = stdin.write_all(b"removed");
        }
        let _ = self.process.wait();
    }
}

/// Who owns a container: a process, of one system, told apart from a later one with the same number.
mod owner {
    use std::fs;
    use std::sync::atomic::{AtomicU32, Ordering};

    /// How many labels this process has given.
    static GIVEN: AtomicU32 = AtomicU32::new(1);

    /// A label's value: the system, the process, when it started, and a number.
    pub(super) fn label() -> String {
        let (process, number) = (std::process::id(), GIVEN.fetch_add(1, Ordering::Relaxed));
        format!("{}.{process}.{}.{number}", system(), started(process).unwrap_or_default())
    }

    /// Whether the process of a label is gone. Of another system's nobody here can say, and they are left alone.
    pub(super) fn is_gone(label: &str) -> bool {
        let parts: Vec<&str> = label.split('.').collect();
        let [of, process, since, _number] = parts.as_slice() else { return false };
        let Ok(process) = process.parse() else { return false };
        *of == system() && started(process).unwrap_or_default() != *since
    }

    /// One boot of one system, and its process numbers: a container has numbers of its own.
    fn system() -> String {
        let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
        let numbers = fs::read_link("/proc/self/ns/pid").unwrap_or_default();
        let numbers = numbers.to_string_lossy().chars().filter(char::is_ascii_digit).collect::<String>();
        format!("{}-{numbers}", boot.trim())
    }

    /// When a process started, in the kernel's own count; none where there is no such process.
    fn started(process: u32) -> Option<String> {
        if !cfg!(target_os = "linux") {
            // The number alone: `ps` is there on every Unix.
            let listed = std::process::Command::new("ps").args(["-o", "lstart=", "-p", &process.to_string()]).output();
            let text = String::from_utf8(listed.ok()?.stdout).ok()?;
            let text: String = text.chars().filter(char::is_ascii_alphanumeric).collect();
            return (!text.is_empty()).then_some(text);
        }
        let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
        // The name in brackets may hold spaces; the start is the twentieth field behind it.
        stat.rsplit(')').next()?.split_whitespace().nth(19).map(str::to_owned)
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn a_label_tells_whether_its_process_is_gone() {
            assert!(!is_gone(&label()), "this process runs");
            let mut command = std::process::Command::new("/bin/sh");
            let command = command.args(["-c", "read line"]).stdin(std::process::Stdio::piped());
            let mut child = command.spawn().unwrap();
            let of_child = format!("{}.{}.{}.1", system(), child.id(), started(child.id()).unwrap());
            assert!(!is_gone(&of_child), "{of_child}");
            drop(child.stdin.take());
            child.wait().unwrap();
            assert!(is_gone(&of_child), "{of_child}");
            assert!(!is_gone(&of_child.replacen('-', "_", 1)), "another system's process is not judged");
            assert!(!is_gone("somebody else's label"));
        }
    }
}
