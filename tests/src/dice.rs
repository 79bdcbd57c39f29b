//! A small random number generator for randomized tests.
//!
//! The same seed gives the same numbers, so that a failure can be reproduced.

/// A linear congruential generator with the multiplier of Knuth's MMIX.
#[derive(Clone, Debug)]
pub struct Dice(pub u64);

impl Dice {
    /// A number below `sides`.
    pub fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }

    /// A random element, or `None` if `several` is empty.
    pub fn pick<'a, T>(&mut self, several: &'a [T]) -> Option<&'a T> {
        let which = self.roll(u64::try_from(several.len()).unwrap_or(u64::MAX).max(1));
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

    /// True once in `times` on average.
    pub fn once_in(&mut self, times: u64) -> bool {
        self.roll(times) == 0
    }
}
