//! Arithmetic modulo an odd 64-bit number in Montgomery's form: no division on the way.

/// A modulus `n`. All values are below `n` and stand for themselves times 2^64.
pub(super) struct Mont {
    n: u64,
    // 1 / n mod 2^64
    inverse: u64,
    // 2^64 mod n
    one: u64,
    // 2^128 mod n
    square: u64,
}

impl Mont {
    /// `None` when `n` is even or 1.
    pub(super) fn new(n: u64) -> Option<Self> {
        if n < 3 || n.is_multiple_of(2) {
            return None;
        }
        // Newton: every step doubles the number of right bits, and n is its own inverse modulo 8.
        let mut inverse = n;
        for _ in 0..5 {
            inverse = inverse.wrapping_mul(2u64.wrapping_sub(n.wrapping_mul(inverse)));
        }
        let one = (u64::MAX % n + 1) % n;
        let square = (u128::from(one) * u128::from(one) % u128::from(n)) as u64;
        Some(Self { n, inverse, one, square })
    }

    pub(super) fn n(&self) -> u64 {
        self.n
    }

    pub(super) fn one(&self) -> u64 {
        self.one
    }

    /// The form of a plain number.
    pub(super) fn enter(&self, plain: u64) -> u64 {
        self.mul(plain % self.n, self.square)
    }

    #[inline]
    pub(super) fn mul(&self, a: u64, b: u64) -> u64 {
        let product = u128::from(a) * u128::from(b);
        let (high, low) = ((product >> 64) as u64, product as u64);
        let quotient = low.wrapping_mul(self.inverse);
        let correction = ((u128::from(quotient) * u128::from(self.n)) >> 64) as u64;
        self.sub(high, correction)
    }

    #[inline]
    pub(super) fn add(&self, a: u64, b: u64) -> u64 {
        // a + b - n, without a sum that would not fit.
        self.sub(a, self.n - b)
    }

    #[inline]
    pub(super) fn sub(&self, a: u64, b: u64) -> u64 {
        let (difference, below_zero) = a.overflowing_sub(b);
        if below_zero { difference.wrapping_add(self.n) } else { difference }
    }

    pub(super) fn pow(&self, base: u64, exponent: u64) -> u64 {
        let mut power = self.one;
        for bit in (0..64 - exponent.leading_zeros()).rev() {
            power = self.mul(power, power);
            if exponent >> bit & 1 == 1 {
                power = self.mul(power, base);
            }
        }
        power
    }

    /// The inverse of a value, or the divisor of `n` that it shares.
    pub(super) fn invert(&self, value: u64) -> Result<u64, u64> {
        // Euclid on (n, value); `s` follows the factor of `value`, modulo n and with alternating sign.
        let (mut r, mut next_r) = (self.n, value);
        let (mut s, mut next_s) = (0u64, 1u64);
        let mut negative = false;
        while next_r != 0 {
            let quotient = r / next_r;
            (r, next_r) = (next_r, r % next_r);
            // |s| never exceeds n, so that this does not overflow before the last step.
            (s, next_s) = (next_s, quotient.wrapping_mul(next_s).wrapping_add(s));
            negative = !negative;
        }
        if r != 1 {
            return Err(r);
        }
        let plain = if negative { s } else { self.n - s };
        // The value carried a factor 2^64, so its inverse lacks two of them.
        Ok(self.mul(self.mul(plain, self.square), self.square))
    }
}

/// The greatest common divisor of `a` and an odd `b`.
pub(super) fn gcd(mut a: u64, mut b: u64) -> u64 {
    // By halving: two shifts and a subtraction are done sooner than one division.
    while a != 0 {
        a >>= a.trailing_zeros();
        (a, b) = (a.abs_diff(b), a.min(b));
    }
    b
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn agrees_with_plain_arithmetic(n in 3u64.., a: u64, b: u64) {
            let n = n | 1;
            let field = Mont::new(n).unwrap();
            let (a, b) = (a % n, b % n);
            let leave = |value| field.mul(value, 1);
            let (x, y) = (field.enter(a), field.enter(b));
            let wide = |value: u128| (value % u128::from(n)) as u64;
            prop_assert_eq!(leave(x), a);
            prop_assert_eq!(leave(field.mul(x, y)), wide(u128::from(a) * u128::from(b)));
            prop_assert_eq!(leave(field.add(x, y)), wide(u128::from(a) + u128::from(b)));
            prop_assert_eq!(leave(field.sub(x, y)), wide(u128::from(a) + u128::from(n - b)));
            match field.invert(x) {
                Ok(inverse) => prop_assert_eq!(field.mul(x, inverse), field.one()),
                Err(divisor) => prop_assert!(divisor > 1 && n.is_multiple_of(divisor)),
            }
        }
    }
}
