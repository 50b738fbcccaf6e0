import type { UsherError } from '../model/usher-error.ts';
import { diagnoseFacts } from './diagnose-facts.ts';

/** What of an exchange a provider objects to: where it is asked, who asks, by which grant, without a proof, for what, or with which token. */
export type Aspect = 'endpoint' | 'client' | 'grant' | 'dpop' | 'request' | 'token';

/** Ids of known refusals say what they are about; providers do not always: Keycloak calls a wrong secret
 * `unauthorized_client` and an unknown audience `invalid_client`, Auth0 calls a wrong secret `access_denied`.
 */
const byId: readonly (readonly [RegExp, Aspect])[] = [
  [/-(user|session)-/, 'token'],
  [/-(realm|server-not-found|https-required|tenant)|^token-endpoint-wrong$/, 'endpoint'],
  [/-(secret|client-(unknown|unauthorized|authentication|assertion|disabled)|credentials|public-client)/, 'client'],
  [/^generic-client$/, 'client'],
  [/-(subject-token|assertion|not-in-audience|server-not-trusted)/, 'token'],
  [/-(grant-not|grant-unsupported|exchange-off|exchange-unsupported|feature-missing|obo-not)/, 'grant'],
  [/-(dpop|sender-constrained)/, 'dpop'],
  [/-(scope|audience|target|api-unknown|service|resource)/, 'request'],
];

const byCode: Readonly<Record<string, Aspect>> = {
  invalid_client: 'client',
  unauthorized_client: 'grant',
  unsupported_grant_type: 'grant',
  invalid_dpop_proof: 'dpop',
  use_dpop_nonce: 'dpop',
  invalid_scope: 'request',
  invalid_target: 'request',
};

/** What a refusal of the token endpoint is about. */
export function aspectOfRefusal({ code, details, known }: UsherError): Aspect {
  const id = known?.id ?? diagnoseFacts({ code, details })?.id ?? '';
  const found = byId.find(([pattern]) => pattern.test(id));
  if (found !== undefined) return found[1];
  return byCode[String(details['error'])] ?? (code === 'exchange_misconfigured' ? 'request' : 'token');
}
