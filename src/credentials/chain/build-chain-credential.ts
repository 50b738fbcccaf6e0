import type { Clock } from '../../lib/clock.ts';
import type { Credential } from '../../model/credential.ts';
import type { Store } from '../../model/store.ts';
import { buildCachedCredential, type TokenSource } from '../../oauth/build-cached-credential.ts';
import { buildChain } from '../../oauth/build-chain.ts';
import { buildHeaderForm, type HeaderSettings } from '../../oauth/header-form.ts';

/** Strategy `chain`: first exchanged here, then there. Each step has its own client, tokens and refusals. */
export function buildChainCredential(
  settings: HeaderSettings,
  steps: readonly TokenSource[],
  { now, store }: { readonly now: Clock; readonly store?: Store | undefined },
): Credential {
  return buildCachedCredential(buildChain(steps, { now }), { now, header: buildHeaderForm(settings), store });
}
