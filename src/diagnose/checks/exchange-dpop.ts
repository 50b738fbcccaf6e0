import { type Check, pass, unknown } from '../check.ts';
import { failBy } from '../fail-by.ts';
import { exchanges } from './exchange-endpoint.ts';

/** RFC 9449 §5 and §8. */
export const exchangeDpop: Check = {
  id: 'exchange-dpop',
  title: 'The provider wants no proof of possession that the gateway does not send',
  needs: ['exchange-client'],
  applies: exchanges,
  run({ findings: { probe } }) {
    if (probe === undefined) return unknown('Nothing was answered');
    const { error } = probe.details;
    return error === 'invalid_dpop_proof' || error === 'use_dpop_nonce'
      ? failBy(probe)
      : pass(`It went on to ${error}`);
  },
};
