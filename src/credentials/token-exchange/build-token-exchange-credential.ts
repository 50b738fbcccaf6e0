import type { Credential } from '../../model/credential.ts';
import { fail } from '../../model/usher-error.ts';
import { buildCachedCredential } from '../../oauth/build-cached-credential.ts';
import { buildTokenEndpoint, type TokenEndpointDeps } from '../../oauth/build-token-endpoint.ts';
import { buildClientAuthentication } from '../../oauth/client-authentication.ts';
import { makeProofKey, readProofKey, type ProofKey } from '../../oauth/proof-key.ts';
import { Prover } from '../../oauth/prover.ts';
import type { TokenRequest } from '../../oauth/token-request.ts';
import type { TokenExchangeSettings } from './schema.ts';

const grantType = 'urn:ietf:params:oauth:grant-type:token-exchange';
const accessTokenType = 'urn:ietf:params:oauth:token-type:access_token';

/** Strategy `token-exchange` (RFC 8693): the caller's token is swapped for one that acts for the same user. */
export function buildTokenExchangeCredential(settings: TokenExchangeSettings, deps: TokenEndpointDeps): Credential {
  const { url, timeoutSeconds, dpop, dpopKeyFile, dpopUrl } = settings;
  const prover = dpop ? new Prover(readKey(dpopKeyFile), deps.now) : undefined;
  const client = buildClientAuthentication(settings);
  const endpoint = buildTokenEndpoint({ url, timeoutSeconds, prover }, client, deps);
  const warnOfExtraScopes = buildExtraScopesWarning(settings, deps);
  return buildCachedCredential(
    {
      strategy: 'token-exchange',
      checkAvailable: () => endpoint.checkAvailable(),
      async request({ callerToken }, flight) {
        if (callerToken === undefined)
          throw fail('internal', { reason: 'token-exchange was asked to act for a caller without a token' });
        const token = await endpoint.request(buildRequest(callerToken, settings), flight);
        if (token.extraScopes.length > 0) warnOfExtraScopes(token.extraScopes);
        return token;
      },
      proofFor: prover === undefined ? undefined : (upstreamToken) => prover.forToken(upstreamToken, dpopUrl),
    },
    deps,
  );
}

/** @throws UsherError config_invalid when there is no usable key in the file
 */
function readKey(file: string | undefined): ProofKey {
  if (file === undefined) return makeProofKey();
  try {
    return readProofKey(file);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw fail('config_invalid', { report: `--token-exchange-dpop-key: ${JSON.stringify(file)} ${reason}` }, { cause });
  }
}

/** RFC 8693 §2.1. `requested_token_type` is left out: an access token is the default, and some providers refuse the
 * parameter.
 */
export function buildRequest(callerToken: string, settings: TokenExchangeSettings): TokenRequest {
  const { audience, resource, scopes } = settings;
  const parameters = new URLSearchParams({ subject_token: callerToken, subject_token_type: accessTokenType });
  for (const one of audience) parameters.append('audience', one);
  for (const one of resource) parameters.append('resource', one);
  if (scopes.length > 0) parameters.set('scope', scopes.join(' '));
  return {
    grantType,
    parameters,
    // A provider that is asked by resource indicator only names that resource in the token (RFC 8707 §2).
    audience: audience.length === 0 ? resource : audience,
    scopes,
    callerToken,
  };
}

/** Whoever grants more than was asked for gives the MCP server behind more power than anybody meant it to have. That is
 * the authorization server's to decide, so it is not refused; it is said once for each set of scopes.
 */
function buildExtraScopesWarning(
  { url, scopes }: TokenExchangeSettings,
  { log, name }: TokenEndpointDeps,
): (extra: readonly string[]) => void {
  const said = new Set<string>();
  return (extra) => {
    const text = extra.toSorted().join(' ');
    if (said.has(text) || said.size >= mostWarnings) return;
    said.add(text);
    log.warn(
      `The provider grants scopes nobody asked for: ${JSON.stringify(text)}, asked for ${JSON.stringify(scopes.join(' '))}`,
      {
        server: name,
        hint: `Narrow the default scopes or the rule at ${url}, or add them to --token-exchange-scopes if they are meant.`,
      },
    );
  };
}

const mostWarnings = 20;
