import type { Flight } from '../../lib/single-flight.ts';
import type { Credential } from '../../model/credential.ts';
import { buildCachedCredential, type TokenSource } from '../../oauth/build-cached-credential.ts';
import { buildOwnToken, type OwnToken } from '../../oauth/build-own-token.ts';
import { buildProver, bindingOf } from '../../oauth/build-prover.ts';
import { buildTokenEndpoint, type TokenEndpoint, type TokenEndpointDeps } from '../../oauth/build-token-endpoint.ts';
import { buildClientAuthentication } from '../../oauth/client-authentication/build-client-authentication.ts';
import { buildClientCredentialsRequest } from '../../oauth/client-credentials-request.ts';
import { handIn, type HandedIn, type Subject } from '../../oauth/hand-in.ts';
import type { HeaderSettings } from '../../oauth/header-form.ts';
import type { IssuedToken } from '../../oauth/parse-answer.ts';
import type { TokenRequest } from '../../oauth/token-request.ts';
import { UsherError } from '../../model/usher-error.ts';
import { tokenExchangeGrant, tokenTypePrefix } from '../../model/urns.ts';
import { askFor, expectedAudience } from '../../oauth/wanted-token.ts';
import type { TokenExchangeSettings } from './schema.ts';

export interface TokenExchangeDeps extends TokenEndpointDeps {
  /** What this provider wants beside the parameters every provider takes. */
  readonly exchangeParameters?: Readonly<Record<string, string>>;
}

/** Strategy `token-exchange` (RFC 8693): the caller's token is swapped for one that acts for the same user. */
export function buildTokenExchangeCredential(settings: TokenExchangeSettings, deps: TokenExchangeDeps): Credential {
  return buildCachedCredential(buildTokenExchangeSource(settings, deps), settings, deps);
}

export type TokenExchangeSourceSettings = Omit<TokenExchangeSettings, keyof HeaderSettings>;

/** Where its tokens come from; for a chain, too. */
export function buildTokenExchangeSource(settings: TokenExchangeSourceSettings, deps: TokenExchangeDeps): TokenSource {
  const { url, timeoutSeconds } = settings;
  const prover = buildProver(settings, deps.now);
  const client = buildClientAuthentication(settings, deps);
  const endpoint = buildTokenEndpoint({ url, timeoutSeconds, prover }, client, deps);
  const actor = buildActor(settings, { endpoint, now: deps.now });
  const warnOfExtraScopes = buildExtraScopesWarning(settings, deps);

  const send = (subject: Subject, flight: Flight, actorToken: string | undefined): Promise<IssuedToken> => {
    const { exchangeParameters } = deps;
    const request = buildRequest(handIn(subject, 'token-exchange'), settings, { actorToken, exchangeParameters });
    return endpoint.request(request, flight);
  };

  /** RFC 8693 §2.2.2 has one error for a bad subject token and a bad actor token: once more with another actor token, where the
   * one at hand may have been withdrawn.
   */
  async function sendWith(own: OwnToken, subject: Subject, flight: Flight): Promise<IssuedToken> {
    const actorToken = await own.obtain();
    try {
      return await send(subject, flight, actorToken.upstreamToken);
    } catch (error) {
      if (!(error instanceof UsherError) || !refusals.has(error.code) || !own.doubt(actorToken)) throw error;
      return await send(subject, flight, (await own.obtain()).upstreamToken);
    }
  }

  return {
    strategy: 'token-exchange',
    checkAvailable: () => endpoint.checkAvailable(),
    async request(subject, flight) {
      // Nothing is awaited where there is no own token: who leaves at once must not cost an exchange.
      const token = await (typeof actor === 'object' ? sendWith(actor, subject, flight) : send(subject, flight, actor));
      if (token.extraScopes.length > 0) warnOfExtraScopes(token.extraScopes);
      return token;
    },
    binding: bindingOf(prover, settings),
  };
}

interface RequestParts {
  readonly actorToken?: string | undefined;
  /** What this provider wants beside the parameters every provider takes. */
  readonly exchangeParameters?: Readonly<Record<string, string>> | undefined;
}

/** RFC 8693 §2.1. `requested_token_type` is left out unless it is set or the provider is known to want it: an access token is
 * the default, and some providers refuse the parameter. What a provider wants beside goes with the types of RFC 8693: one of
 * somebody's own is an exchange that was made there to measure.
 */
export function buildRequest(
  handedIn: HandedIn,
  settings: TokenExchangeSourceSettings,
  { actorToken, exchangeParameters }: RequestParts = {},
): TokenRequest {
  const { subjectTokenType, requestedTokenType, actorTokenType } = settings;
  const usual = isOwnType(subjectTokenType) ? {} : exchangeParameters;
  const parameters = new URLSearchParams({ ...usual, ...settings.parameters });
  parameters.set('subject_token', handedIn.callerToken);
  parameters.set('subject_token_type', uriOfType(subjectTokenType));
  if (requestedTokenType !== undefined) parameters.set('requested_token_type', tokenTypePrefix + requestedTokenType);
  if (actorToken !== undefined) {
    parameters.set('actor_token', actorToken);
    parameters.set('actor_token_type', uriOfType(actorTokenType));
  }
  askFor(settings, parameters);
  return {
    grantType: tokenExchangeGrant,
    parameters,
    audience: expectedAudience(settings),
    scopes: settings.scopes,
    ...handedIn,
    otherTokens: actorToken === undefined ? handedIn.otherTokens : [...handedIn.otherTokens, actorToken],
    ...(requestedTokenType === 'id_token' ? { answer: 'id_token' } : {}),
  };
}

/** Those of RFC 8693 §3 are written without their prefix. */
function isOwnType(type: string): boolean {
  return type.includes(':');
}

function uriOfType(type: string): string {
  return isOwnType(type) ? type : tokenTypePrefix + type;
}

const refusals: ReadonlySet<string> = new Set([
  'exchange_misconfigured',
  'exchange_denied',
  'exchange_subject_refused',
]);

/** Who acts for the user: a token that was given, or one of the gateway's own; undefined when nobody is named. */
function buildActor(
  { actorToken, actorFromClient, actorScopes }: TokenExchangeSourceSettings,
  { endpoint, now }: { readonly endpoint: TokenEndpoint; readonly now: () => number },
): OwnToken | string | undefined {
  if (actorToken !== undefined) return actorToken.reveal();
  if (!actorFromClient) return undefined;
  const request = buildClientCredentialsRequest({ scopes: actorScopes });
  return buildOwnToken(() => endpoint.request(request, { giveUp: undefined }), now);
}

/** Whoever grants more than was asked for gives the MCP server behind more power than anybody meant it to have. That is
 * the authorization server's to decide, so it is not refused; it is said once for each set of scopes.
 */
function buildExtraScopesWarning(
  { url, scopes }: TokenExchangeSourceSettings,
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
