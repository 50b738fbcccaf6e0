import type { Provider } from '../../model/provider.ts';
import { genericRefusals } from './refusals.ts';

/** Whoever keeps to the RFCs. */
export const generic: Provider = {
  name: 'generic',
  title: 'Any provider',
  recognises: () => true,
  exchangeParameters: {},
  refusals: genericRefusals,
};
