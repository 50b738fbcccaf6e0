import { aspectOfRefusal } from '../aspect-of-refusal.ts';
import { type Check, pass, unknown } from '../check.ts';
import { failBy } from '../fail-by.ts';
import { exchanges } from './exchange-endpoint.ts';

/** RFC 9449 §5 and §8. */
export const exchangeDpop: Check = {
  id: 'exchange-dpop',
  title: 'The provider wants no proof of possession that the gateway does not send',
  needs: ['exchange-client'],
  applies: exchanges,
  run({ route, findings: { probe } }) {
    if (probe === undefined) return unknown('Nothing was answered');
    const { error, description } = probe.details;
    return aspectOfRefusal(probe) === 'dpop'
      ? failBy(probe, { credential: route.credential.strategy })
      : pass(`It went on to ${error}: ${description}`);
  },
};
