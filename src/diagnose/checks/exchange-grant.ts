import { type Check, pass, unknown } from '../check.ts';
import { diagnoseFacts } from '../diagnose-facts.ts';
import { failBy } from '../fail-by.ts';
import { exchanges } from './exchange-endpoint.ts';

/** RFC 6749 §5.2: known, and not allowed to do this. */
export const exchangeGrant: Check = {
  id: 'exchange-grant',
  title: 'The gateway may exchange tokens there',
  needs: ['exchange-client'],
  applies: exchanges,
  run({ findings: { probe } }) {
    if (probe === undefined) return unknown('Nothing was answered');
    const { code, details } = probe;
    const id = diagnoseFacts({ code, details, known: probe.known?.id })?.id ?? '';
    const isRefused =
      ['unauthorized_client', 'unsupported_grant_type'].includes(String(details['error'])) || /-exchange-off$/.test(id);
    return isRefused ? failBy(probe) : pass(`It went on to ${details['error']}: ${details['description']}`);
  },
};
