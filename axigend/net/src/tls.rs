//! Certificates by path and the TLS settings made from them.
//!
//! One PEM file holds chain and private key (services-core 3.3.1, `certFile`). Files are read once and kept until
//! [`TlsStore::reload`]; a file that became unreadable keeps the certificate it had, so that a failed renewal does not
//! switch TLS off. The crypto provider is named here and nowhere taken from the process default.

use axigen_shared::value::working_path;
use axigen_shared::{Cause, Refusal};
use axigend_config::{SslSettings, TlsVersion};
use parking_lot::Mutex;
use rustls::crypto::CryptoProvider;
use rustls::crypto::aws_lc_rs;
use rustls::server::ProducesTickets;
use rustls::{ServerConfig, SupportedProtocolVersion, version};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What makes two listeners share one TLS configuration.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Key {
    cert_file: PathBuf,
    tls12: bool,
    tls13: bool,
}

/// The certificates in use.
pub struct TlsStore {
    working_directory: PathBuf,
    provider: Arc<CryptoProvider>,
    tickets: Option<Arc<dyn ProducesTickets>>,
    configs: Mutex<HashMap<Key, Result<Arc<ServerConfig>, Refusal>>>,
}

impl TlsStore {
    /// An empty store; relative paths are below the working directory.
    pub fn new(working_directory: &Path) -> Self {
        let tickets = aws_lc_rs::Ticketer::new();
        if let Err(error) = &tickets {
            tracing::warn!("TLS sessions are not resumed: {error}");
        }
        Self {
            working_directory: working_directory.to_path_buf(),
            provider: Arc::new(aws_lc_rs::default_provider()),
            tickets: tickets.ok(),
            configs: Mutex::new(HashMap::new()),
        }
    }

    /// TLS as a listener speaks it. The refusal names the file and what is wrong with it.
    pub fn server_config(&self, ssl: &SslSettings) -> Result<Arc<ServerConfig>, Refusal> {
        let key = self.key(ssl);
        let known = self.configs.lock().get(&key).cloned();
        known.unwrap_or_else(|| {
            let loaded = self.load(&key);
            self.configs.lock().insert(key, loaded.clone());
            loaded
        })
    }

    /// Whether a listener could speak TLS like this, by what is in the file now. The refusal names the file and what is
    /// wrong with it; a certificate in use is not given up for it.
    pub fn check(&self, ssl: &SslSettings) -> Result<(), Refusal> {
        let key = self.key(ssl);
        let loaded = self.load(&key)?;
        let mut configs = self.configs.lock();
        if !matches!(configs.get(&key), Some(Ok(_))) {
            configs.insert(key, Ok(loaded));
        }
        Ok(())
    }

    /// Reads every certificate in use again. Answers what could not be read; what it replaces stays in use.
    pub fn reload(&self) -> Vec<Refusal> {
        let keys: Vec<Key> = self.configs.lock().keys().cloned().collect();
        let mut refusals = Vec::new();
        for key in keys {
            let loaded = self.load(&key);
            let mut configs = self.configs.lock();
            match (&loaded, configs.get(&key)) {
                (Err(refusal), Some(Ok(_))) => refusals.push(refusal.clone()),
                (Err(refusal), _) => {
                    refusals.push(refusal.clone());
                    // Whoever still needs it tries again.
                    configs.remove(&key);
                }
                (Ok(_), _) => {
                    configs.insert(key, loaded);
                }
            }
        }
        refusals
    }

    fn key(&self, ssl: &SslSettings) -> Key {
        let speaks = |version| ssl.allowed_versions.contains(&version);
        Key {
            cert_file: self.working_directory.join(working_path(&ssl.cert_file)),
            tls12: speaks(TlsVersion::Tls12),
            tls13: speaks(TlsVersion::Tls13),
        }
    }

    fn load(&self, key: &Key) -> Result<Arc<ServerConfig>, Refusal> {
        let invalid = |what: String| {
            Refusal::new(
                Cause::Invalid,
                format!("certFile {} {what}", key.cert_file.display()),
            )
        };
        let pem =
            std::fs::read(&key.cert_file).map_err(|error| invalid(format!("cannot be read: {error}")))?;
        let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(&pem)
            .collect::<Result<_, _>>()
            .map_err(|error| invalid(format!("is not a PEM file: {error}")))?;
        if chain.is_empty() {
            return Err(invalid(
                "holds no certificate; chain and private key must be in this one file".to_owned(),
            ));
        }
        let private_key = PrivateKeyDer::from_pem_slice(&pem).map_err(|error| {
            invalid(format!(
                "holds no private key: {error}; chain and key must be in this one file"
            ))
        })?;
        let versions = key.versions();
        if versions.is_empty() {
            return Err(invalid(
                "is of no use: allowedVersions has neither tls1_2 nor tls1_3".to_owned(),
            ));
        }
        let mut config = ServerConfig::builder_with_provider(Arc::clone(&self.provider))
            .with_protocol_versions(&versions)
            .map_err(|error| invalid(format!("cannot be used: {error}")))?
            .with_no_client_auth()
            .with_single_cert(chain, private_key)
            .map_err(|error| invalid(format!("holds a certificate and a key that {}", why(&error))))?;
        if let Some(tickets) = &self.tickets {
            config.ticketer = Arc::clone(tickets);
        }
        Ok(Arc::new(config))
    }
}

/// Why certificate and key cannot be used together.
fn why(error: &rustls::Error) -> String {
    match error {
        rustls::Error::InconsistentKeys(_) => "do not belong together".to_owned(),
        other => format!("cannot be used: {other}"),
    }
}

impl Key {
    fn versions(&self) -> Vec<&'static SupportedProtocolVersion> {
        let mut versions = Vec::new();
        if self.tls13 {
            versions.push(&version::TLS13);
        }
        if self.tls12 {
            versions.push(&version::TLS12);
        }
        versions
    }
}
