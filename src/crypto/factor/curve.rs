//! One try of the elliptic curve method on a Montgomery curve `b y^2 = x^3 + a x^2 + x`.
//!
//! Only `x` is kept, as a fraction `x : z`. Points are multiplied by every small prime power (stage 1), and
//! then by each of the larger primes at once (stage 2).

use super::mont64::{Mont, gcd};

/// Stage 1 multiplies by every prime power up to here.
const STAGE_1: u64 = 125;

/// The primes up to [`STAGE_1`], 2 and 3 being dealt with by the choice of the curves as well.
const PRIMES: [u64; 30] = [
    2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103,
    107, 109, 113,
];

/// Stage 2 writes each larger prime as `60 m ± j`, up to `60 GIANT_STEPS`.
const WHEEL: u64 = 60;
const BABY_STEPS: [usize; 8] = [1, 7, 11, 13, 17, 19, 23, 29];
const GIANT_STEPS: usize = 52;

#[derive(Clone, Copy)]
struct Point {
    x: u64,
    z: u64,
}

struct Curve<'f> {
    field: &'f Mont,
    // (a + 2) / 4
    a24: u64,
}

/// Tries the curve with this number. `None`: try the next one.
pub(super) fn find_divisor(field: &Mont, number: u64) -> Option<u64> {
    let proper = |divisor| (divisor != 1 && divisor != field.n()).then_some(divisor);
    let (curve, point) = match Curve::suyama(field, number + 6) {
        Ok(start) => start,
        Err(divisor) => return proper(divisor),
    };
    let point = curve.stage_1(point);
    let shared = gcd(point.z, field.n());
    if shared != 1 {
        return proper(shared);
    }
    proper(gcd(curve.stage_2(point), field.n()))
}

impl<'f> Curve<'f> {
    /// Suyama's family: the number of points is a multiple of 12, which makes it smoother.
    ///
    /// `Err` has what the denominator shares with the modulus.
    fn suyama(field: &'f Mont, sigma: u64) -> Result<(Self, Point), u64> {
        let f = field;
        let sigma = f.enter(sigma);
        let u = f.sub(f.mul(sigma, sigma), f.enter(5));
        let v = f.mul(sigma, f.enter(4));
        let u3 = f.mul(f.mul(u, u), u);
        let v3 = f.mul(f.mul(v, v), v);
        let difference = f.sub(v, u);
        let cube = f.mul(f.mul(difference, difference), difference);
        let three_u = f.add(f.add(u, u), u);
        let numerator = f.mul(cube, f.add(three_u, v));
        let denominator = f.mul(f.mul(u3, v), f.enter(16));
        let a24 = f.mul(numerator, f.invert(denominator)?);
        Ok((Self { field, a24 }, Point { x: u3, z: v3 }))
    }

    /// `p + q`, given `p - q`.
    #[inline]
    fn add(&self, p: Point, q: Point, difference: Point) -> Point {
        let f = self.field;
        let a = f.mul(f.sub(p.x, p.z), f.add(q.x, q.z));
        let b = f.mul(f.add(p.x, p.z), f.sub(q.x, q.z));
        let (sum, minus) = (f.add(a, b), f.sub(a, b));
        Point { x: f.mul(difference.z, f.mul(sum, sum)), z: f.mul(difference.x, f.mul(minus, minus)) }
    }

    #[inline]
    fn double(&self, p: Point) -> Point {
        let f = self.field;
        let (sum, minus) = (f.add(p.x, p.z), f.sub(p.x, p.z));
        let (sum, minus) = (f.mul(sum, sum), f.mul(minus, minus));
        let four_xz = f.sub(sum, minus);
        Point { x: f.mul(sum, minus), z: f.mul(four_xz, f.add(minus, f.mul(self.a24, four_xz))) }
    }

    /// Montgomery's ladder; `factor` is at least 2.
    fn multiply(&self, p: Point, factor: u64) -> Point {
        let (mut low, mut high) = (p, self.double(p));
        for bit in (0..63 - factor.leading_zeros()).rev() {
            let middle = self.add(high, low, p);
            if factor >> bit & 1 == 1 {
                (low, high) = (middle, self.double(high));
            } else {
                (low, high) = (self.double(low), middle);
            }
        }
        low
    }

    fn stage_1(&self, mut point: Point) -> Point {
        for prime in PRIMES {
            let mut power = prime;
            while power <= STAGE_1 {
                point = if prime == 2 { self.double(point) } else { self.multiply(point, prime) };
                power *= prime;
            }
        }
        point
    }

    /// A number that shares a factor with the modulus when some `60 m ± j` takes the point to infinity modulo
    /// that factor: then `60 m` times the point and `j` times the point have the same `x`.
    fn stage_2(&self, point: Point) -> u64 {
        let f = self.field;
        // Odd multiples: odd[i] is 2 i + 1 times the point.
        let twice = self.double(point);
        let mut odd = [point; 15];
        odd[1] = self.add(twice, point, point);
        for i in 2..odd.len() {
            odd[i] = self.add(odd[i - 1], twice, odd[i - 2]);
        }
        let baby = BABY_STEPS.map(|j| (odd[j / 2], f.mul(odd[j / 2].x, odd[j / 2].z)));
        let fifteen = odd[7];
        let step = self.double(self.double(fifteen));
        debug_assert_eq!(WHEEL, 15 * 4);
        let (mut last, mut giant) = (step, self.double(step));
        let mut product = f.one();
        for _ in 2..=GIANT_STEPS {
            let xz = f.mul(giant.x, giant.z);
            for (point, point_xz) in &baby {
                // x1 z2 - x2 z1 with one multiplication: (x1 - x2)(z1 + z2) - x1 z1 + x2 z2.
                let cross = f.mul(f.sub(giant.x, point.x), f.add(giant.z, point.z));
                product = f.mul(product, f.add(f.sub(cross, xz), *point_xz));
            }
            (last, giant) = (giant, self.add(giant, step, last));
        }
        product
    }
}
