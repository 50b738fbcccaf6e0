import { aspectOfRefusal } from '../aspect-of-refusal.ts';
import { type Check, pass, unknown } from '../check.ts';
import { failBy } from '../fail-by.ts';
import { exchanges } from './exchange-endpoint.ts';

/** RFC 6749 §5.2: known, and not allowed to do this. */
export const exchangeGrant: Check = {
  id: 'exchange-grant',
  title: 'The gateway may exchange tokens there',
  needs: ['exchange-client'],
  applies: exchanges,
  run({ route, findings: { probe } }) {
    if (probe === undefined) return unknown('Nothing was answered');
    const { error, description } = probe.details;
    return aspectOfRefusal(probe) === 'grant'
      ? failBy(probe, { credential: route.credential.strategy })
      : pass(`It went on to ${error}: ${description}`);
  },
};
