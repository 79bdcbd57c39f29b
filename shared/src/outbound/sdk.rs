//! The configuration that the clients of AWS services share (trusted roots, timeouts, retries), and their errors.
//!
//! In the commercial regions TLS trusts the five Amazon roots, unless `AWS_CA_BUNDLE` is set: parsing the 144 roots of
//! a system would take most of a cold start.

use std::time::Duration;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::config::{
    Credentials, SharedCredentialsProvider, SharedHttpClient, StalledStreamProtectionConfig,
};
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::RequestId;
use aws_sdk_dynamodb::primitives::{DateTime, DateTimeFormat};
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};

use crate::domain::{ExpiresAt, Fault, is_plain_word};
use crate::platform::config::{AwsConfig, ConfigError, TrustedRoots};

/// Amazon Root CA 1 to 4 and Starfield Services Root Certificate Authority - G2, from Mozilla's list; the roots that
/// AWS documents for its endpoints (AWS General Reference, "AWS service endpoints"; amazontrust.com/repository).
const AMAZON_ROOTS: &[u8] = include_bytes!("sdk/amazon-roots.pem");

/// The timeout of one attempt. A first TLS handshake on the smallest Lambda takes a tenth of a second, a normal call a
/// few milliseconds.
const ATTEMPT: Duration = Duration::from_millis(900);

/// The configuration of each client, from [`AwsConfig`] alone. The SDK's own loader would add code for profiles,
/// instance metadata and STS: a thirteenth of the program, which Lambda never runs.
///
/// # Errors
/// A [`ConfigError`] for certificates that can't be used.
pub(crate) fn sdk_config(config: &AwsConfig) -> Result<SdkConfig, ConfigError> {
    let credentials = &config.credentials;
    let credentials = Credentials::new(
        &credentials.access_key_id,
        &credentials.secret_access_key,
        credentials.session_token.clone(),
        None,
        "environment",
    );
    Ok(SdkConfig::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .http_client(http_client(&config.trusted_roots)?)
        .region(Region::new(config.region.clone()))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .use_fips(config.use_fips)
        .use_dual_stack(config.use_dual_stack)
        .retry_config(retries())
        .timeout_config(TimeoutConfig::builder().operation_attempt_timeout(ATTEMPT).build())
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .build())
}

/// Up to three attempts. If a service hangs, the deadline of an HTTP request is reached before the third attempt ends.
fn retries() -> RetryConfig {
    RetryConfig::standard()
        .with_max_attempts(3)
        .with_initial_backoff(Duration::from_millis(50))
        .with_max_backoff(Duration::from_millis(500))
}

fn http_client(roots: &TrustedRoots) -> Result<SharedHttpClient, ConfigError> {
    let trust_store = match roots {
        TrustedRoots::Amazon => TrustStore::empty().with_pem_certificate(AMAZON_ROOTS),
        TrustedRoots::System => TrustStore::empty().with_native_roots(true),
        TrustedRoots::Pem(pem) => TrustStore::empty().with_pem_certificate(pem.as_slice()),
    };
    let context = TlsContext::builder().with_trust_store(trust_store).build();
    let context = context.map_err(|_| ConfigError::new("AWS_CA_BUNDLE", "holds certificates that can't be used"))?;
    let builder = aws_smithy_http_client::Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring));
    Ok(builder.tls_context(context).build_https())
}

/// Reduces an SDK error to a code and a request id, since the text of the error can contain the item.
pub(crate) fn fault<E>(error: &SdkError<E>) -> Fault
where
    E: ProvideErrorMetadata,
    SdkError<E>: RequestId,
{
    let reason = match error {
        SdkError::ConstructionFailure(_) => "requestNotBuilt".into(),
        SdkError::TimeoutError(_) => "timeout".into(),
        SdkError::DispatchFailure(_) => "notConnected".into(),
        SdkError::ResponseError(_) => "replyUnreadable".into(),
        _ => {
            let code = error.code().filter(|code| is_plain_word(code));
            code.map_or("replyUnknown".into(), |code| code.to_owned().into())
        }
    };
    let aws_request_id = error.request_id().filter(|id| is_plain_word(id)).map(str::to_owned);
    Fault { reason, aws_request_id, key_id: None }
}

/// Parses an RFC 3339 time with the SDK's parser. A fraction of a second is dropped.
pub(crate) fn parse_rfc3339(text: &str) -> Option<ExpiresAt> {
    let moment = DateTime::from_str(text, DateTimeFormat::DateTime).ok()?;
    u64::try_from(moment.secs()).ok().map(ExpiresAt::from_epoch_seconds)
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::error::ConnectorError;
    use aws_sdk_dynamodb::operation::put_item::PutItemError;

    use super::*;

    #[test]
    fn an_sdk_error_is_reduced_to_a_reason_word() {
        let errors: [(SdkError<PutItemError>, &str); 4] = [
            (SdkError::construction_failure("canary"), "requestNotBuilt"),
            (SdkError::timeout_error("canary"), "timeout"),
            (SdkError::dispatch_failure(ConnectorError::io("canary".into())), "notConnected"),
            (SdkError::response_error("canary", reply()), "replyUnreadable"),
        ];
        for (error, code) in errors {
            assert_eq!((&*fault(&error).reason, fault(&error).aws_request_id), (code, None));
        }
    }

    fn reply() -> aws_sdk_dynamodb::config::http::HttpResponse {
        aws_sdk_dynamodb::config::http::HttpResponse::new(200.try_into().unwrap(), "canary".into())
    }
}
