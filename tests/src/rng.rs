//! A small pseudorandom number generator for randomized tests.
//!
//! The same seed gives the same numbers, so that a failure can be reproduced.

/// A linear congruential generator with the multiplier of Knuth's MMIX.
#[derive(Clone, Debug)]
pub struct SeededRng(pub u64);

impl SeededRng {
    /// A number below `limit`.
    pub fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }

    /// A random element, or `None` if `several` is empty.
    pub fn pick<'a, T>(&mut self, several: &'a [T]) -> Option<&'a T> {
        let which = self.below(u64::try_from(several.len()).unwrap_or(u64::MAX).max(1));
        several.get(usize::try_from(which).unwrap_or(usize::MAX))
    }

    /// A random element.
    ///
    /// # Panics
    ///
    /// Panics if `several` is empty.
    pub fn one_of<T: Clone, const N: usize>(&mut self, several: [T; N]) -> T {
        self.pick(&several).expect("there is something to pick from").clone()
    }

    /// True with a probability of 1 in `n`.
    pub fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }
}
