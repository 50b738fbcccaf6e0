import type { Credential } from '../../model/credential.ts';
import { atPlace } from '../../model/usher-error.ts';
import { buildCachedCredential, type TokenSource } from '../../oauth/build-cached-credential.ts';
import { buildProver, bindingOf } from '../../oauth/build-prover.ts';
import { buildTokenEndpoint, type TokenEndpointDeps } from '../../oauth/build-token-endpoint.ts';
import { buildClientAuthentication } from '../../oauth/client-authentication/build-client-authentication.ts';
import type { HeaderSettings } from '../../oauth/header-form.ts';
import { handIn, type HandedIn } from '../../oauth/hand-in.ts';
import type { TokenRequest } from '../../oauth/token-request.ts';
import { jwtBearerGrant, tokenExchangeGrant, tokenTypePrefix } from '../../model/urns.ts';
import { askFor, expectedAudience } from '../../oauth/wanted-token.ts';
import type { IdJagSettings } from './schema.ts';

const strategy = 'id-jag';

export interface IdJagDeps extends TokenEndpointDeps {
  /** As `explainRefusal`, of the other server's. */
  readonly explainTargetRefusal?: TokenEndpointDeps['explainRefusal'];
}

/** Strategy `id-jag` (draft-ietf-oauth-identity-assertion-authz-grant): the provider both companies sign in at issues a
 * grant for the other's authorization server, which takes it for an access token.
 */
export function buildIdJagCredential(settings: IdJagSettings, deps: IdJagDeps): Credential {
  return buildCachedCredential(buildIdJagSource(settings, deps), settings, deps);
}

export type IdJagSourceSettings = Omit<IdJagSettings, keyof HeaderSettings>;

/** Where its tokens come from; for a chain, too. */
export function buildIdJagSource(settings: IdJagSourceSettings, deps: IdJagDeps): TokenSource {
  const { target, timeoutSeconds } = settings;
  const provider = buildTokenEndpoint(settings, buildClientAuthentication(settings, deps), deps);
  const prover = buildProver(target, deps.now);
  const other = buildTokenEndpoint(
    { url: target.url, timeoutSeconds, prover },
    buildClientAuthentication(target, deps),
    {
      ...deps,
      explainRefusal: deps.explainTargetRefusal,
    },
  );
  return {
    strategy,
    checkAvailable() {
      provider.checkAvailable();
      other.checkAvailable();
    },
    async request(subject, flight) {
      // Used once, and never kept: the other server may refuse one that it has seen.
      const grant = await provider
        .request(buildGrantRequest(handIn(subject, strategy), settings), flight)
        .catch((error: unknown) => {
          throw atPlace(error, 'The grant');
        });
      const token = await other
        .request(buildTokenRequest(grant.upstreamToken, subject.callerToken, settings), flight)
        .catch((error: unknown) => {
          throw atPlace(error, 'The token for the grant');
        });
      return { ...token, steps: [{ strategy: 'id-jag grant', ...grant.claims }] };
    },
    binding: bindingOf(prover, target),
  };
}

/** §4.3 of the draft. */
function buildGrantRequest(
  handedIn: HandedIn,
  { subjectTokenType, audience, resource, scopes }: IdJagSourceSettings,
): TokenRequest {
  const parameters = new URLSearchParams({
    requested_token_type: `${tokenTypePrefix}id-jag`,
    subject_token: handedIn.callerToken,
    subject_token_type: tokenTypePrefix + subjectTokenType,
  });
  askFor({ audience: [audience], resource, scopes }, parameters);
  return {
    grantType: tokenExchangeGrant,
    parameters,
    audience: [audience],
    scopes,
    ...handedIn,
    answer: 'id-jag',
  };
}

/** §4.4 of the draft: the grant says for whom and what; the client proves itself as the one it names. */
function buildTokenRequest(
  grant: string,
  callerToken: string | undefined,
  { scopes, resource, target: { audience } }: IdJagSourceSettings,
): TokenRequest {
  return {
    grantType: jwtBearerGrant,
    parameters: new URLSearchParams({ assertion: grant }),
    audience: expectedAudience({ audience, resource }),
    scopes,
    callerToken: grant,
    otherTokens: callerToken === undefined ? [] : [callerToken],
    answer: 'granted',
    subjectOf: 'earlier step',
  };
}
