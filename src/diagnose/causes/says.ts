import type { Facts } from '../cause.ts';

/** Fits where the reason of a refusal is one of these. */
export function says(pattern: RegExp): (facts: Facts) => boolean {
  return ({ details }) => pattern.test(String(details['reason']));
}
