//! The DynamoDB client: its credentials, its trust and its patience.
//!
//! TLS trusts the five Amazon roots alone, since parsing a system's 144 would be most of a cold start.

use std::time::Duration;

use aws_config::{BehaviorVersion, Region};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::config::{Builder, Credentials, SharedHttpClient, StalledStreamProtectionConfig};
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};

use crate::config::{StoreConfig, TrustedRoots};

/// Amazon Root CA 1 to 4 and Starfield Services Root Certificate Authority - G2, from Mozilla's list; the roots that
/// AWS documents for its endpoints (AWS General Reference, "AWS service endpoints"; amazontrust.com/repository).
const AMAZON_ROOTS: &[u8] = include_bytes!("amazon-roots.pem");

/// One try. A cold TLS handshake on the smallest Lambda needs a tenth of a second; a healthy call a few milliseconds.
const ATTEMPT: Duration = Duration::from_millis(900);

pub(super) async fn build(config: &StoreConfig) -> Client {
    let mut loader = aws_config::defaults(BehaviorVersion::v2026_01_12())
        .http_client(http_client(&config.trusted_roots))
        .region(Region::new(config.region.clone()))
        .retry_config(retries())
        .timeout_config(TimeoutConfig::builder().operation_attempt_timeout(ATTEMPT).build())
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
    if let Some(credentials) = &config.credentials {
        loader = loader.credentials_provider(Credentials::new(
            &credentials.access_key_id,
            &credentials.secret_access_key,
            credentials.session_token.clone(),
            None,
            "environment",
        ));
    }
    let mut builder = Builder::from(&loader.load().await);
    if let Some(endpoint_url) = &config.endpoint_url {
        builder = builder.endpoint_url(endpoint_url);
    }
    Client::from_conf(builder.build())
}

/// Three tries within the request's budget; a throttled or reset call is through in well under a second.
fn retries() -> RetryConfig {
    RetryConfig::standard()
        .with_max_attempts(3)
        .with_initial_backoff(Duration::from_millis(50))
        .with_max_backoff(Duration::from_millis(500))
}

fn http_client(roots: &TrustedRoots) -> SharedHttpClient {
    let trust_store = match roots {
        TrustedRoots::Amazon => TrustStore::empty().with_pem_certificate(AMAZON_ROOTS),
        TrustedRoots::System => TrustStore::empty().with_native_roots(true),
        TrustedRoots::Pem(pem) => TrustStore::empty().with_pem_certificate(pem.as_slice()),
    };
    let builder = aws_smithy_http_client::Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring));
    // The context's builder can't fail: it only moves the trust store.
    match TlsContext::builder().with_trust_store(trust_store).build() {
        Ok(context) => builder.tls_context(context).build_https(),
        Err(_) => builder.build_https(),
    }
}
