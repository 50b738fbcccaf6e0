import { z } from 'zod';
import { tokenFields } from '../../oauth/token-fields.ts';

const { header, headerPrefix } = tokenFields({ group: 'Chain' });
const mostSteps = 5;

/** Settings of the `chain` credential: the caller's token is exchanged by the first step, what comes out by the next, and
 * so on. A step is a credential of another strategy; its schema has no header, since only the last token goes on.
 */
export function buildChainSchema<S extends readonly [z.core.$ZodTypeDiscriminable, ...z.core.$ZodTypeDiscriminable[]]>(
  steps: S,
) {
  return z.strictObject({
    strategy: z.literal('chain'),
    steps: z.array(z.discriminatedUnion('strategy', steps)).min(2).max(mostSteps),
    header,
    headerPrefix,
  });
}
