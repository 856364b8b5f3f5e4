//! One try of the elliptic curve method, on Montgomery curves `b y^2 = x^3 + a x^2 + x`.
//!
//! Only `x` is kept, as a fraction `x : z`. Points are multiplied by every small prime power (stage 1), and
//! then by each of the larger primes at once (stage 2).

use super::mont64::{Mont, gcd};

/// Stage 1 multiplies by every prime power up to here.
const STAGE_1: u64 = 180;

/// The primes up to [`STAGE_1`], 2 and 3 being dealt with by the choice of the curves as well.
const PRIMES: [u64; 41] = [
    2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103,
    107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167, 173, 179,
];

/// Stage 2 writes each larger prime as `60 m ± j`, up to `60 GIANT_STEPS`.
const WHEEL: u64 = 60;
const BABY_STEPS: [usize; 8] = [1, 7, 11, 13, 17, 19, 23, 29];
const GIANT_STEPS: usize = 52;

/// How many curves are tried side by side. On one curve, most operations wait for the one before; the processor does
/// those of the other in the meantime.
pub(super) const LANES: usize = 2;

/// A value for each of the curves.
type Each = [u64; LANES];

#[derive(Clone, Copy)]
struct Point {
    x: Each,
    z: Each,
}

struct Curves<'f> {
    field: &'f Mont,
    // (a + 2) / 4
    a24: Each,
}

/// Tries the curves from this number on, [`LANES`] of them. `None`: try the next ones.
pub(super) fn find_divisor(field: &Mont, number: u64) -> Option<u64> {
    let proper = |divisor| (divisor != 1 && divisor != field.n()).then_some(divisor);
    // Curves that find different divisors at once have all of the modulus together, and are asked one by one.
    let shared = |values: Each| {
        let product = values.into_iter().reduce(|a, b| field.mul(a, b)).unwrap_or_default();
        match gcd(product, field.n()) {
            1 => None,
            all => proper(all).or_else(|| values.into_iter().find_map(|value| proper(gcd(value, field.n())))),
        }
    };
    let (curves, point) = match Curves::suyama(field, std::array::from_fn(|lane| number + lane as u64 + 6)) {
        Ok(start) => start,
        Err(divisor) => return proper(divisor),
    };
    let point = curves.stage_1(point);
    shared(point.z).or_else(|| shared(curves.stage_2(point)))
}

impl<'f> Curves<'f> {
    /// Suyama's family: the number of points is a multiple of 12, which makes it smoother.
    ///
    /// `Err` has what the denominators share with the modulus.
    fn suyama(field: &'f Mont, sigmas: Each) -> Result<(Self, Point), u64> {
        let f = field;
        let (mut numerators, mut denominators) = ([0; LANES], [0; LANES]);
        let mut point = Point { x: [0; LANES], z: [0; LANES] };
        for (lane, sigma) in sigmas.into_iter().enumerate() {
            let sigma = f.enter(sigma);
            let u = f.sub(f.mul(sigma, sigma), f.enter(5));
            let v = f.mul(sigma, f.enter(4));
            let u3 = f.mul(f.mul(u, u), u);
            let v3 = f.mul(f.mul(v, v), v);
            let difference = f.sub(v, u);
            let cube = f.mul(f.mul(difference, difference), difference);
            let three_u = f.add(f.add(u, u), u);
            numerators[lane] = f.mul(cube, f.add(three_u, v));
            denominators[lane] = f.mul(f.mul(u3, v), f.enter(16));
            (point.x[lane], point.z[lane]) = (u3, v3);
        }
        // One inversion for all: that of the product, times the other denominators.
        let inverse = f.invert(denominators.into_iter().fold(f.one(), |product, d| f.mul(product, d)))?;
        let a24 = std::array::from_fn(|lane| {
            let others = (0..LANES).filter(|other| *other != lane);
            others.fold(f.mul(numerators[lane], inverse), |a24, other| f.mul(a24, denominators[other]))
        });
        Ok((Self { field, a24 }, point))
    }

    // These are compiled into the formulas: only there the operations of several curves can be mixed.
    #[inline(always)]
    fn mul(&self, a: Each, b: Each) -> Each {
        std::array::from_fn(|lane| self.field.mul(a[lane], b[lane]))
    }

    #[inline(always)]
    fn plus(&self, a: Each, b: Each) -> Each {
        std::array::from_fn(|lane| self.field.add(a[lane], b[lane]))
    }

    #[inline(always)]
    fn sub(&self, a: Each, b: Each) -> Each {
        std::array::from_fn(|lane| self.field.sub(a[lane], b[lane]))
    }

    /// `p + q`, given `p - q`.
    #[inline(always)]
    fn add(&self, p: Point, q: Point, difference: Point) -> Point {
        let f = self;
        let a = f.mul(f.sub(p.x, p.z), f.plus(q.x, q.z));
        let b = f.mul(f.plus(p.x, p.z), f.sub(q.x, q.z));
        let (sum, minus) = (f.plus(a, b), f.sub(a, b));
        Point { x: f.mul(difference.z, f.mul(sum, sum)), z: f.mul(difference.x, f.mul(minus, minus)) }
    }

    #[inline(always)]
    fn double(&self, p: Point) -> Point {
        let f = self;
        let (sum, minus) = (f.plus(p.x, p.z), f.sub(p.x, p.z));
        let (sum, minus) = (f.mul(sum, sum), f.mul(minus, minus));
        let four_xz = f.sub(sum, minus);
        Point { x: f.mul(sum, minus), z: f.mul(four_xz, f.plus(minus, f.mul(self.a24, four_xz))) }
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

    /// Numbers that share a factor with the modulus when some `60 m ± j` takes the point to infinity modulo
    /// that factor: then `60 m` times the point and `j` times the point have the same `x`.
    fn stage_2(&self, point: Point) -> Each {
        let f = self;
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
        let mut product = [f.field.one(); LANES];
        for _ in 2..=GIANT_STEPS {
            let xz = f.mul(giant.x, giant.z);
            for (point, point_xz) in &baby {
                // x1 z2 - x2 z1 with one multiplication: (x1 - x2)(z1 + z2) - x1 z1 + x2 z2.
                let cross = f.mul(f.sub(giant.x, point.x), f.plus(giant.z, point.z));
                product = f.mul(product, f.plus(f.sub(cross, xz), *point_xz));
            }
            (last, giant) = (giant, self.add(giant, step, last));
        }
        product
    }
}
