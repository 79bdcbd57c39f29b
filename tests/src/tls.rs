//! A TLS proxy in front of a local server, with a new certificate.

use std::sync::Arc;

use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

use crate::background::Background;

/// The kinds of certificates. A client needs the PEM to trust the certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Certificate {
    /// For `localhost`, and valid.
    Good,
    /// For `localhost`, and expired.
    Expired,
    /// Valid, but for another host.
    ForAnotherHost,
}

/// A port of 127.0.0.1 that terminates TLS for another port.
pub struct Tls {
    port: u16,
    pem: String,
    _server: Background,
}

impl Tls {
    /// Starts a proxy in front of a port.
    ///
    /// # Panics
    ///
    /// Panics with the cause if the proxy doesn't start.
    pub async fn to(upstream: u16, certificate: Certificate) -> Self {
        let host = if certificate == Certificate::ForAnotherHost { "elsewhere.example" } else { "localhost" };
        let mut params = CertificateParams::new([host.to_owned()]).expect("the host is a name");
        if certificate == Certificate::Expired {
            (params.not_before, params.not_after) = (date_time_ymd(2020, 1, 1), date_time_ymd(2021, 1, 1));
        }
        let key = KeyPair::generate().expect("ring makes a key");
        let own = params.self_signed(&key).expect("rcgen signs");
        let key = PrivateKeyDer::try_from(key.serialize_der()).expect("rustls reads rcgen's key");
        let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .expect("ring has the suites of TLS")
            .with_no_client_auth()
            .with_single_cert(vec![own.der().clone()], key)
            .expect("the key is the certificate's");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("the machine has a free port");
        let port = listener.local_addr().expect("a bound socket has an address").port();
        let listener = listener.into_std().expect("the runtime gives the listener back");
        let server = Background::spawn(async move {
            let listener = TcpListener::from_std(listener).expect("the runtime takes the listener");
            serve(listener, TlsAcceptor::from(Arc::new(config)), upstream).await;
        });
        Self { port, pem: own.pem(), _server: server }
    }

    /// The endpoint URL for a function.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("https://localhost:{}", self.port)
    }

    /// The certificate in PEM.
    #[must_use]
    pub fn pem(&self) -> &str {
        &self.pem
    }
}

async fn serve(listener: TcpListener, acceptor: TlsAcceptor, upstream: u16) {
    while let Ok((stream, _)) = listener.accept().await {
        let acceptor = acceptor.clone();
        tokio::spawn(async move {
            // An error on either side ends only this connection.
            let _ = stream.set_nodelay(true);
            let Ok(mut stream) = acceptor.accept(stream).await else { return };
            let Ok(mut upstream) = TcpStream::connect(("127.0.0.1", upstream)).await else { return };
            let _ = upstream.set_nodelay(true);
            let _ = tokio::io::copy_bidirectional(&mut stream, &mut upstream).await;
        });
    }
}
