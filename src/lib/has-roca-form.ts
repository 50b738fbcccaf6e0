/** Primes up to 167: their product is what the faulty library built its primes around, for every size of key. */
const primes = [
  3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103, 107, 109, 113,
  127, 131, 137, 139, 149, 151, 157, 163, 167,
] as const;

const generator = 65_537;

/** Does an RSA modulus look as those of the smart cards and TPMs of CVE-2017-15361 (ROCA) do? Their private keys can be
 * computed. Modulo each small prime such a modulus is a power of 65537; another one is by chance in 2^-27 of all cases.
 */
export function hasRocaForm(modulus: bigint): boolean {
  return primes.every((prime) => powersOf(prime).has(Number(modulus % BigInt(prime))));
}

const known = new Map<number, ReadonlySet<number>>();

function powersOf(prime: number): ReadonlySet<number> {
  const found = known.get(prime);
  if (found !== undefined) return found;
  const powers = new Set<number>();
  for (let power = 1; !powers.has(power); power = (power * generator) % prime) powers.add(power);
  known.set(prime, powers);
  return powers;
}
