//! The key that verifies tokens. Its type determines the algorithm.

use jsonwebtoken::{Algorithm, DecodingKey};
use ring::agreement::{ECDH_P256, EphemeralPrivateKey, UnparsedPublicKey, agree_ephemeral};
use ring::rand::SystemRandom;
use spki::der::asn1::UintRef;
use spki::der::{Decode, Reader, SliceReader};
use spki::{ObjectIdentifier, SubjectPublicKeyInfoRef};

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
/// RFC 8032 section 5.1.5.
const ED25519_BYTES: usize = 32;

/// The `y` of every Ed25519 point of small order: 0, 1, the two of order 8, -1, and 0 and 1 in their second encoding.
const SMALL_ORDER: [&str; 7] = [
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
];

#[derive(Clone)]
pub(crate) struct VerificationKey {
    pub(crate) algorithm: Algorithm,
    pub(crate) key: DecodingKey,
}

impl VerificationKey {
    /// A secret for HS256, if it is long enough.
    pub(crate) fn from_secret(secret: &str) -> Option<Self> {
        let key = DecodingKey::from_secret(secret.as_bytes());
        (secret.len() >= MIN_SECRET_BYTES).then_some(Self { algorithm: Algorithm::HS256, key })
    }

    /// Whether the DER is a `SubjectPublicKeyInfo`, of any kind of key.
    pub(crate) fn is_public_key(der: &[u8]) -> bool {
        SubjectPublicKeyInfoRef::try_from(der).is_ok()
    }

    /// The key in a `SubjectPublicKeyInfo`, if it is of a supported kind and strong.
    pub(crate) fn from_public_key(der: &[u8]) -> Option<Self> {
        let info = SubjectPublicKeyInfoRef::try_from(der).ok()?;
        let bytes = info.subject_public_key.as_bytes()?;
        let (algorithm, key) = match info.algorithm.oid {
            RSA if is_strong_rsa(bytes) => (Algorithm::RS256, DecodingKey::from_rsa_der(bytes)),
            EC if info.algorithm.parameters_oid().ok()? == P256 && is_p256_point(bytes) => {
                (Algorithm::ES256, DecodingKey::from_ec_der(bytes))
            }
            ED25519 if is_strong_ed25519(bytes) => (Algorithm::EdDSA, DecodingKey::from_ed_der(bytes)),
            _ => return None,
        };
        Some(Self { algorithm, key })
    }
}

/// An `RSAPublicKey` (RFC 8017 appendix A.1.1) with a modulus of a length that is safe and that ring accepts.
fn is_strong_rsa(der: &[u8]) -> bool {
    let modulus_bits = || -> spki::der::Result<usize> {
        let mut reader = SliceReader::new(der)?;
        reader.sequence(|reader| {
            let modulus = UintRef::decode(reader)?;
            let exponent = UintRef::decode(reader)?;
            let leading_zeros = modulus.as_bytes().first().map_or(0, |byte| byte.leading_zeros() as usize);
            let is_usable = is_rsa_exponent(exponent.as_bytes());
            Ok::<_, spki::der::Error>(if is_usable { modulus.as_bytes().len() * 8 - leading_zeros } else { 0 })
        })
    };
    modulus_bits().is_ok_and(|bits| (MIN_RSA_BITS..=MAX_RSA_BITS).contains(&bits))
}

/// Odd, at least 3 and at most 33 bits long, as ring requires.
fn is_rsa_exponent(bytes: &[u8]) -> bool {
    let is_odd = bytes.last().is_some_and(|byte| byte % 2 == 1);
    is_odd && bytes != [1] && (bytes.len() < 5 || matches!(bytes, [1, _, _, _, _]))
}

/// A point of the curve, as 04, x, y (SEC 1 section 2.3.3). A key agreement makes ring check the point.
fn is_p256_point(point: &[u8]) -> bool {
    let ours = EphemeralPrivateKey::generate(&ECDH_P256, &SystemRandom::new());
    ours.is_ok_and(|ours| agree_ephemeral(ours, &UnparsedPublicKey::new(&ECDH_P256, point), |_| ()).is_ok())
}

/// A point whose order is not small. With a key of small order, anyone can make a signature that verifies; RFC 8032
/// leaves this check to the application.
fn is_strong_ed25519(point: &[u8]) -> bool {
    let mut y = point.to_vec();
    if let Some(last) = y.last_mut() {
        *last &= 0x7f;
    }
    y.len() == ED25519_BYTES && !SMALL_ORDER.contains(&hex::encode(y).as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An `RSAPublicKey` whose modulus is the byte `first` and `more` bytes 0xff.
    fn rsa(first: u8, more: usize, exponent: &[u8]) -> Vec<u8> {
        let integer = |bytes: &[u8]| {
            let sign = if bytes[0] >= 0x80 { &[0][..] } else { &[] };
            let length = u16::try_from(sign.len() + bytes.len()).unwrap().to_be_bytes();
            // DER requires the shortest form of a length.
            let length = match length {
                [0, short @ 0..=0x7f] => vec![short],
                [0, long] => vec![0x81, long],
                [high, low] => vec![0x82, high, low],
            };
            [&[2], &*length, sign, bytes].concat()
        };
        let numbers = [integer(&[&[first][..], &vec![0xff; more]].concat()), integer(exponent)].concat();
        let length = u16::try_from(numbers.len()).unwrap().to_be_bytes();
        [&[0x30, 0x82], &length[..], &numbers].concat()
    }

    #[test]
    fn a_modulus_has_from_2048_to_8192_bits() {
        let usable = [(0x80, 255), (0xff, 255), (0x01, 256), (0x80, 1023), (0xff, 1023)];
        for (first, more) in usable {
            assert!(is_strong_rsa(&rsa(first, more, &[1, 0, 1])), "{first:#x} and {more} bytes more");
        }
        for (first, more) in [(0x7f, 255), (0x01, 255), (0xff, 254), (0x01, 1024)] {
            assert!(!is_strong_rsa(&rsa(first, more, &[1, 0, 1])), "{first:#x} and {more} bytes more");
        }
    }

    #[test]
    fn an_exponent_is_odd_from_3_on_and_has_33_bits_at_most() {
        for exponent in
            [&[3][..], &[5], &[1, 0, 1], &[0xff, 0xff, 0xff, 0xff], &[1, 0, 0, 0, 1], &[1, 0xff, 0xff, 0xff, 0xff]]
        {
            assert!(is_rsa_exponent(exponent), "{exponent:?}");
            assert!(is_strong_rsa(&rsa(0x80, 255, exponent)), "{exponent:?}");
        }
        for exponent in [&[1][..], &[2], &[1, 0, 0], &[2, 0, 0, 0, 1], &[1, 0, 0, 0, 0], &[1, 0, 0, 0, 0, 1]] {
            assert!(!is_rsa_exponent(exponent), "{exponent:?}");
            assert!(!is_strong_rsa(&rsa(0x80, 255, exponent)), "{exponent:?}");
        }
        assert!(!is_rsa_exponent(&[]));
    }
}
