import type { Draft } from './draft.ts';
import type { Finding } from './finding.ts';
import { type Segment } from './leaves.ts';
import { isTree, valueAt } from './path.ts';

/** What is wrong between the rate limits of a server and its other settings: half a limit would be none.
 * @param isAnonymous may everybody call without a token?
 */
export function* checkRateLimit(draft: Draft, base: readonly Segment[], isAnonymous: boolean): Generator<Finding> {
  const path = [...base, 'rateLimit'];
  const settings = valueAt(draft.tree, path);
  if (!isTree(settings)) return;
  for (const key of ['windowSeconds', 'burst']) {
    if (settings['calls'] !== undefined || settings[key] === undefined) continue;
    yield {
      path: [...path, key],
      what: 'limits nothing by itself; say with --rate-limit (rateLimit.calls) how many calls a user may make, or leave it out',
    };
  }
  const rules = settings['rules'];
  if (!isAnonymous || !Array.isArray(rules)) return;
  for (const index of rules.keys()) {
    if (valueAt(rules, [index, 'per']) !== 'client') continue;
    yield {
      path: [...path, 'rules', index, 'per'],
      what: 'is client, but callers without a token have none; say user, which tells them apart by their address, or give an issuer',
    };
  }
}
