//! SHA-256 over several parts. Each part follows its length, so two different lists are never the same input.

use ring::digest::{Context, SHA256};

/// SHA-256 over the parts, each after its length as eight big-endian bytes.
#[must_use]
pub fn length_prefixed(parts: &[&[u8]]) -> [u8; 32] {
    let mut context = Context::new(&SHA256);
    for part in parts {
        context.update(&(part.len() as u64).to_be_bytes());
        context.update(part);
    }
    let mut hash = [0; 32];
    hash.copy_from_slice(context.finish().as_ref());
    hash
}

#[cfg(test)]
mod tests {
    use super::length_prefixed;

    #[test]
    fn the_boundaries_between_parts_change_the_digest() {
        assert_ne!(length_prefixed(&[b"ab", b"c"]), length_prefixed(&[b"a", b"bc"]));
        assert_ne!(length_prefixed(&[b"abc"]), length_prefixed(&[b"abc", b""]));
        assert_eq!(length_prefixed(&[b"a", b"b"]), length_prefixed(&[b"a", b"b"]));
    }
}
