import { type Check, findCallerToken, pass, unknown } from '../check.ts';
import { failBy } from '../fail-by.ts';
import { exchanges } from './exchange-endpoint.ts';
import { howToGetOne, noToken } from './caller-token.ts';

const timeoutMs = 30_000;

/** Trust between the two authorization servers, policy, audience and scopes: all of it, as for a call. */
export const exchange: Check = {
  id: 'exchange',
  title: "The caller's token is exchanged for the service's",
  needs: ['caller-token', 'exchange-grant', 'exchange-dpop'],
  applies: exchanges,
  async run(patient) {
    const { route, findings } = patient;
    const token = findCallerToken(patient)?.reveal();
    if (token === undefined || findings.caller === undefined) return unknown(noToken, howToGetOne);
    const identity = { caller: findings.caller, callerToken: token };
    try {
      findings.credential = await route.credential.obtain(identity, { signal: AbortSignal.timeout(timeoutMs) });
    } catch (error) {
      return failBy(error, { credential: route.credential.strategy });
    }
    const { claims, waitedMs } = findings.credential;
    if (claims === undefined) return pass(`An opaque token, in ${waitedMs} ms`);
    const { iss, aud, scp } = claims;
    return pass(
      `iss ${iss ?? '–'}, aud ${[aud ?? '–'].flat().join(' ')}, scp ${scp?.join(' ') ?? '–'}, in ${waitedMs} ms`,
    );
  },
};
