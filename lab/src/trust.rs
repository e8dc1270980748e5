//! Whom the lab trusts when it calls somebody over TLS: the authorities of the machine, and those that the lab was given.
//!
//! AWS trusts the public authorities, which are those of a machine that nobody added any to. Where people serve an
//! endpoint of their own, its certificate is mostly their own authority's:
//! [`LabBuilder::ca_bundle`](crate::LabBuilder::ca_bundle) adds it.
//!
//! The machine's are where the system keeps them, or in what `SSL_CERT_FILE` and `SSL_CERT_DIR` name. They are read when
//! the first endpoint is called, as that takes longer than a lab does to start.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::net::TcpStream;
use tokio::sync::OnceCell;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::aws_lc_rs::default_provider;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, Error, RootCertStore};

/// The authorities, and what has been made of them.
#[derive(Debug, Default)]
pub(crate) struct Trust {
    added: Vec<CertificateDer<'static>>,
    settings: OnceCell<Arc<ClientConfig>>,
}

/// Why the file of further authorities cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("the CA bundle {} {why}", path.display())]
pub struct CaBundleError {
    path: PathBuf,
    why: String,
}

impl Trust {
    /// Trusts the authorities in a file of PEM as well.
    pub(crate) fn with_bundle(path: &Path) -> Result<Self, CaBundleError> {
        let wrong = |why: String| CaBundleError { path: path.to_owned(), why };
        let text = std::fs::read(path).map_err(|error| wrong(format!("cannot be read: {error}")))?;
        let added: Vec<_> = CertificateDer::pem_slice_iter(&text)
            .collect::<Result<_, _>>()
            .map_err(|error| wrong(format!("is no PEM: {error}")))?;
        // Bundles of companies carry an old one now and then that nothing reads any more.
        let (usable, _) = RootCertStore::empty().add_parsable_certificates(added.iter().cloned());
        if usable == 0 {
            return Err(wrong(
                "holds no certificate: it must be PEM, with -----BEGIN CERTIFICATE----- in it".to_owned(),
            ));
        }
        Ok(Self { added, settings: OnceCell::new() })
    }

    /// Speaks TLS over a connection, once the other side has proved that it is this host.
    pub(crate) async fn connect(&self, host: &str, stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
        let settings = self.settings.get_or_try_init(|| self.read()).await?;
        TlsConnector::from(Arc::clone(settings)).connect(name, stream).await.map_err(explained)
    }

    async fn read(&self) -> io::Result<Arc<ClientConfig>> {
        let machine = tokio::task::spawn_blocking(rustls_native_certs::load_native_certs).await?;
        let mut roots = RootCertStore::empty();
        // A machine may have some that are no longer right: they are left out, as everywhere.
        roots.add_parsable_certificates(machine.certs.into_iter().chain(self.added.iter().cloned()));
        if roots.is_empty() {
            let errors: Vec<_> = machine.errors.iter().map(ToString::to_string).collect();
            let why = "this machine has no CA certificates, and the lab was given none (--ca-bundle)";
            return Err(io::Error::other(format!("{why} {}", errors.join("; ")).trim_end().to_owned()));
        }
        let mut settings = ClientConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?
            .with_root_certificates(roots)
            .with_no_client_auth();
        settings.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Arc::new(settings))
    }
}

/// Says of a certificate that was refused what would be accepted.
fn explained(error: io::Error) -> io::Error {
    let refused = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>());
    match refused {
        Some(Error::InvalidCertificate(_)) => io::Error::other(format!(
            "its certificate is not accepted ({error}); AWS accepts one that holds for the name and comes from a public \
             authority, and the lab also one from an authority that it was given (--ca-bundle)"
        )),
        _ => error,
    }
}
