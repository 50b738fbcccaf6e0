import { isSecret } from './leaves.ts';
import { isTree } from './path.ts';

/** Do two parts of a configuration mean the same? Secrets are compared by what they hold, which no generic comparison can
 * see. Nothing else in a configuration is more than plain data.
 */
export function sameSettings(one: unknown, other: unknown): boolean {
  if (isSecret(one) || isSecret(other)) return isSecret(one) && isSecret(other) && one.reveal() === other.reveal();
  if (Array.isArray(one) || Array.isArray(other)) {
    return (
      Array.isArray(one) &&
      Array.isArray(other) &&
      one.length === other.length &&
      one.every((item, index) => sameSettings(item, other[index]))
    );
  }
  if (!isTree(one) || !isTree(other)) return Object.is(one, other);
  const keys = Object.keys(one);
  return (
    keys.length === Object.keys(other).length &&
    keys.every((key) => Object.hasOwn(other, key) && sameSettings(one[key], other[key]))
  );
}
