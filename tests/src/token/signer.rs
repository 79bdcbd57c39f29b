//! Keys that sign tokens, and the public keys that verify them.
//!
//! ES256 and Ed25519 keys are made at run time and never stored.

use der::asn1::{AnyRef, BitString, Null, ObjectIdentifier};
use der::pem::LineEnding;
use ring::hmac;
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair,
};
use spki::{AlgorithmIdentifier, SubjectPublicKeyInfo};

use super::rfc7515;

const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const EC_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const PRIME256V1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");

/// An algorithm with its key.
#[derive(Debug)]
pub enum Signer {
    /// `none`: the signature is empty.
    None,
    /// `HS256`, `HS384` or `HS512`, under that name.
    Hmac(&'static str, hmac::Key),
    /// `RS256`.
    Rsa(Box<RsaKeyPair>),
    /// `ES256`.
    P256(EcdsaKeyPair),
    /// `EdDSA` with Ed25519.
    Ed25519(Ed25519KeyPair),
}

impl Signer {
    /// HMAC with SHA-256.
    #[must_use]
    pub fn hs256(secret: &[u8]) -> Self {
        Self::Hmac("HS256", hmac::Key::new(hmac::HMAC_SHA256, secret))
    }

    /// HMAC with SHA-384.
    #[must_use]
    pub fn hs384(secret: &[u8]) -> Self {
        Self::Hmac("HS384", hmac::Key::new(hmac::HMAC_SHA384, secret))
    }

    /// HMAC with SHA-512.
    #[must_use]
    pub fn hs512(secret: &[u8]) -> Self {
        Self::Hmac("HS512", hmac::Key::new(hmac::HMAC_SHA512, secret))
    }

    /// RSA with the published key of RFC 7515, since ring makes no RSA keys.
    #[must_use]
    pub fn rs256() -> Self {
        Self::Rsa(Box::new(rfc7515::key_pair()))
    }

    /// A new P-256 key.
    ///
    /// # Panics
    ///
    /// Panics if the machine has no random bytes.
    #[must_use]
    pub fn es256() -> Self {
        let random = SystemRandom::new();
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let document = EcdsaKeyPair::generate_pkcs8(algorithm, &random).expect("ring makes a key");
        Self::P256(EcdsaKeyPair::from_pkcs8(algorithm, document.as_ref(), &random).expect("ring reads its own key"))
    }

    /// A new Ed25519 key.
    ///
    /// # Panics
    ///
    /// Panics if the machine has no random bytes.
    #[must_use]
    pub fn ed25519() -> Self {
        let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).expect("ring makes a key");
        Self::Ed25519(Ed25519KeyPair::from_pkcs8(document.as_ref()).expect("ring reads its own key"))
    }

    /// The algorithm's name in a token's header.
    #[must_use]
    pub const fn algorithm(&self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Hmac(name, _) => name,
            Self::Rsa(_) => "RS256",
            Self::P256(_) => "ES256",
            Self::Ed25519(_) => "EdDSA",
        }
    }

    /// The signature over a message.
    ///
    /// # Panics
    ///
    /// Panics if the machine has no random bytes.
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        match self {
            Self::None => Vec::new(),
            Self::Hmac(_, key) => hmac::sign(key, message).as_ref().to_vec(),
            Self::Rsa(pair) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature).expect("ring signs");
                signature
            }
            Self::P256(pair) => pair.sign(&SystemRandom::new(), message).expect("ring signs").as_ref().to_vec(),
            Self::Ed25519(pair) => pair.sign(message).as_ref().to_vec(),
        }
    }

    /// The public key in the format of `JWT_PUBLIC_KEY`: SubjectPublicKeyInfo in PEM.
    ///
    /// # Panics
    ///
    /// Panics for `none` and HMAC, which have no public key.
    #[must_use]
    pub fn public_key_pem(&self) -> String {
        match self {
            Self::None | Self::Hmac(..) => panic!("{} has no public key", self.algorithm()),
            Self::Rsa(pair) => pem(RSA_ENCRYPTION, Some(AnyRef::from(Null)), pair.public().as_ref()),
            Self::P256(pair) => pem(EC_PUBLIC_KEY, Some(AnyRef::from(&PRIME256V1)), pair.public_key().as_ref()),
            Self::Ed25519(pair) => pem(ED25519, None, pair.public_key().as_ref()),
        }
    }
}

fn pem(oid: ObjectIdentifier, parameters: Option<AnyRef<'_>>, public_key: &[u8]) -> String {
    let subject_public_key = BitString::from_bytes(public_key).expect("a key is short");
    let info = SubjectPublicKeyInfo { algorithm: AlgorithmIdentifier { oid, parameters }, subject_public_key };
    let document = der::Document::encode_msg(&info).expect("a key has a DER form");
    document.to_pem("PUBLIC KEY", LineEnding::LF).expect("DER has a PEM form")
}
