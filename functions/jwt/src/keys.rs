//! The key that verifies tokens. Its kind fixes the algorithm.

use jsonwebtoken::{Algorithm, DecodingKey};
use shared::config::{ConfigError, Environment};
use spki::der::asn1::UintRef;
use spki::der::{Decode, Document, Reader, SliceReader};
use spki::{ObjectIdentifier, SubjectPublicKeyInfoRef};

const SECRET: &str = "JWT_SECRET";
const PUBLIC_KEY: &str = "JWT_PUBLIC_KEY";

/// RFC 7518 section 3.2: an HMAC key is at least as long as the hash.
const MIN_SECRET_BYTES: usize = 32;

/// RFC 7518 section 3.3.
const MIN_RSA_BITS: usize = 2_048;
/// The largest modulus that ring verifies with.
const MAX_RSA_BITS: usize = 8_192;

/// rsaEncryption, RFC 8017 appendix C.
const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
/// id-ecPublicKey and secp256r1, RFC 5480 section 2.1.1.
const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
/// id-Ed25519, RFC 8410 section 3.
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");

/// A key, the one algorithm it is for, and the variable it came from.
pub(crate) struct VerificationKey {
    pub(crate) variable: &'static str,
    pub(crate) algorithm: Algorithm,
    pub(crate) key: DecodingKey,
}

impl VerificationKey {
    /// Reads exactly one of `JWT_SECRET` and `JWT_PUBLIC_KEY`.
    pub(crate) fn read(environment: &Environment) -> Result<Self, ConfigError> {
        match (environment.optional(SECRET), environment.optional(PUBLIC_KEY)) {
            (Some(secret), None) => Self::from_secret(secret),
            (None, Some(pem)) => Self::from_public_key(pem).ok_or(ConfigError::new(
                PUBLIC_KEY,
                "is not the PEM of an RSA (2048 to 8192 bits), P-256 or Ed25519 public key",
            )),
            (None, None) => Err(ConfigError::new(SECRET, "is not set, and neither is JWT_PUBLIC_KEY")),
            (Some(_), Some(_)) => {
                Err(ConfigError::new(SECRET, "is set, and so is JWT_PUBLIC_KEY: only one of them may be"))
            }
        }
    }

    fn from_secret(secret: &str) -> Result<Self, ConfigError> {
        if secret.len() < MIN_SECRET_BYTES {
            return Err(ConfigError::new(SECRET, "is shorter than 32 bytes"));
        }
        let key = DecodingKey::from_secret(secret.as_bytes());
        Ok(Self { variable: SECRET, algorithm: Algorithm::HS256, key })
    }

    /// A `SubjectPublicKeyInfo` (RFC 5280 section 4.1.2.7) in PEM. Line ends may be written as `\\n`, as they must be
    /// where a variable has but one line.
    fn from_public_key(pem: &str) -> Option<Self> {
        let pem = pem.trim().replace("\\n", "\n");
        let (label, document) = Document::from_pem(&pem).ok()?;
        let info = SubjectPublicKeyInfoRef::try_from(document.as_bytes()).ok().filter(|_| label == "PUBLIC KEY")?;
        let bytes = info.subject_public_key.as_bytes()?;
        let (algorithm, key) = match info.algorithm.oid {
            RSA if is_strong_rsa(bytes) => (Algorithm::RS256, DecodingKey::from_rsa_der(bytes)),
            EC if info.algorithm.parameters_oid().ok()? == P256 && is_uncompressed_p256(bytes) => {
                (Algorithm::ES256, DecodingKey::from_ec_der(bytes))
            }
            ED25519 if bytes.len() == 32 => (Algorithm::EdDSA, DecodingKey::from_ed_der(bytes)),
            _ => return None,
        };
        Some(Self { variable: PUBLIC_KEY, algorithm, key })
    }
}

/// An `RSAPublicKey` (RFC 8017 appendix A.1.1) with a modulus of a length that is safe and that ring takes.
fn is_strong_rsa(der: &[u8]) -> bool {
    let modulus_bits = || -> spki::der::Result<usize> {
        let mut reader = SliceReader::new(der)?;
        reader.sequence(|reader| {
            let modulus = UintRef::decode(reader)?;
            let _exponent = UintRef::decode(reader)?;
            let leading_zeros = modulus.as_bytes().first().map_or(0, |byte| byte.leading_zeros() as usize);
            Ok::<_, spki::der::Error>(modulus.as_bytes().len() * 8 - leading_zeros)
        })
    };
    modulus_bits().is_ok_and(|bits| (MIN_RSA_BITS..=MAX_RSA_BITS).contains(&bits))
}

/// SEC 1 section 2.3.3: 04, x, y.
fn is_uncompressed_p256(point: &[u8]) -> bool {
    point.len() == 65 && point[0] == 4
}
