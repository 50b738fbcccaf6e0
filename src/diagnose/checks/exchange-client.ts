import { aspectOfRefusal } from '../aspect-of-refusal.ts';
import { type Check, pass, unknown } from '../check.ts';
import { failBy } from '../fail-by.ts';
import { exchanges } from './exchange-endpoint.ts';

/** RFC 6749 §5.2: `invalid_client` says that the gateway is not who it says it is. */
export const exchangeClient: Check = {
  id: 'exchange-client',
  title: 'The provider knows the gateway by client id and secret',
  needs: ['exchange-endpoint'],
  applies: exchanges,
  run({ route, findings: { probe } }) {
    if (probe === undefined) return unknown('Nothing was answered');
    const { error, description } = probe.details;
    return aspectOfRefusal(probe) === 'client'
      ? failBy(probe, { credential: route.credential.strategy })
      : pass(`It went on to ${error}: ${description}`);
  },
};
