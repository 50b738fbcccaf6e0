import { aspectOfRefusal } from '../aspect-of-refusal.ts';
import { type Check, findCallerToken, pass, unknown } from '../check.ts';
import { failBy } from '../fail-by.ts';
import { exchanges } from './exchange-endpoint.ts';

/** Whether audience and scopes are the right ones shows only where the provider looks at them before the token. */
export const exchangeRequest: Check = {
  id: 'exchange-request',
  title: 'The provider knows the audience and scopes that are asked for',
  needs: ['exchange-grant', 'exchange-dpop'],
  applies: exchanges,
  run(patient) {
    const { route, findings } = patient;
    const { probe } = findings;
    if (probe === undefined) return unknown('Nothing was answered');
    const { error, description } = probe.details;
    if (aspectOfRefusal(probe) === 'request') return failBy(probe, { credential: route.credential.strategy });
    if (findCallerToken(patient) !== undefined) return pass('The whole exchange is tried below');
    return unknown(
      `It refused the token first (${error}: ${description}), as it should`,
      'With --sign-in or --caller-token-file the whole exchange is tried: trust, policy, audience and scopes.',
    );
  },
};
