import type { Credential } from '../../model/credential.ts';
import {
  buildCachedCredential,
  type CachedCredentialDeps,
  type TokenSource,
} from '../../oauth/build-cached-credential.ts';
import { buildChain } from '../../oauth/build-chain.ts';
import type { HeaderSettings } from '../../oauth/header-form.ts';

/** Strategy `chain`: first exchanged here, then there. Each step has its own client, tokens and refusals. */
export function buildChainCredential(
  settings: HeaderSettings,
  steps: readonly TokenSource[],
  deps: CachedCredentialDeps,
): Credential {
  return buildCachedCredential(buildChain(steps, deps), settings, deps);
}
