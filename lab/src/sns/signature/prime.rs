//! Finding primes.

use num_bigint::BigUint;

/// How many bases a number must pass. One that is no prime passes one base with a probability far below a quarter.
const ROUNDS: usize = 8;

/// The odd primes below this sort out most candidates.
const SIEVE: u32 = 2000;

/// A random prime `p` of this many bits, the four highest of them set, such that `exponent` is prime to `p - 1`.
pub(super) fn random(bits: usize, exponent: u32) -> BigUint {
    let small = small_primes();
    let one = BigUint::from(1_u32);
    loop {
        let mut candidate = random_number(bits);
        // Eight such numbers multiplied have all the bits that they could have.
        for high in bits.saturating_sub(4)..bits {
            candidate.set_bit(high as u64, true);
        }
        candidate.set_bit(0, true);
        let zero = BigUint::ZERO;
        let is_sieved = small.iter().any(|prime| &candidate % *prime == zero);
        let fits = || (&candidate - &one) % exponent != zero;
        if !is_sieved && fits() && is_prime(&candidate) {
            return candidate;
        }
    }
}

fn random_number(bits: usize) -> BigUint {
    let bytes: Vec<u8> = (0..bits / 8).map(|_| rand::random()).collect();
    BigUint::from_bytes_be(&bytes)
}

fn small_primes() -> Vec<u32> {
    let is_prime = |n: &u32| (3..).step_by(2).take_while(|d| d * d <= *n).all(|d| !n.is_multiple_of(d));
    (3..SIEVE).step_by(2).filter(is_prime).collect()
}

/// The test of Miller and Rabin, first to the base 2, which all but very few others fail.
fn is_prime(candidate: &BigUint) -> bool {
    let one = BigUint::from(1_u32);
    let less = candidate - &one;
    let twos = less.trailing_zeros().unwrap_or(0);
    let odd = &less >> twos;
    let passes = |base: &BigUint| {
        let mut power = base.modpow(&odd, candidate);
        if power == one || power == less {
            return true;
        }
        for _ in 1..twos {
            power = &power * &power % candidate;
            if power == less {
                return true;
            }
        }
        false
    };
    // Bases are of half the length, so that they are smaller than the candidate.
    let bits = usize::try_from(candidate.bits() / 2).unwrap_or(64).next_multiple_of(8);
    passes(&BigUint::from(2_u32)) && (1..ROUNDS).all(|_| passes(&(random_number(bits) + 3_u32)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn primes_are_told_from_others() {
        // A Mersenne prime, and a product of two primes that is a strong pseudoprime to no small base.
        let mersenne = (BigUint::from(1_u32) << 521_u32) - 1_u32;
        assert!(is_prime(&mersenne));
        assert!(!is_prime(&(&mersenne - 2_u32)));
        assert!(!is_prime(&BigUint::from(3_215_031_751_u64)), "a strong pseudoprime to 2, 3, 5 and 7");
        let found = random(64, 65_537);
        assert_eq!(found.bits(), 64);
    }
}
