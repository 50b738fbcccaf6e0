import { z } from 'zod';
import { setting } from '../../model/setting.ts';
import { longestSkewSeconds } from '../longest-skew.ts';

const group = 'Caller authentication';
const longestAgeSeconds = 600;

/** By no setting is a proof taken that was made longer ago, in milliseconds. */
export const longestProofLifeMs = (longestAgeSeconds + longestSkewSeconds) * 1000;

/** Settings of proof of possession (DPoP, RFC 9449): what is asked of callers beside a good token. A token that is bound to
 * a key is never taken without a proof, whatever stands here.
 */
export const dpopSchema = z.strictObject({
  required: setting(z.boolean().default(false), {
    help: 'Take only tokens that are bound to a key of the client, each call with a proof (DPoP)',
    flag: 'require-dpop',
    group,
  }),
  nonces: setting(z.boolean().default(false), {
    help: 'Want a nonce of this gateway in every proof (DPoP), so that none can be made ahead of time',
    flag: 'dpop-nonces',
    group,
  }),
  maxAgeSeconds: setting(z.number().int().min(5).max(longestAgeSeconds).default(60), {
    help: 'How old a proof (DPoP) may be, beside the leeway for clocks; it is remembered for as long',
    flag: 'dpop-max-age',
    group,
    placeholder: 'SECONDS',
  }),
});

export type DpopSettings = z.output<typeof dpopSchema>;
