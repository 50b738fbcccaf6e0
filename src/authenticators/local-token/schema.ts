import { z } from 'zod';

/** Settings of the `local-token` authenticator: callers have the one token that Usher made for this server and wrote into the
 * clients of this machine. What `remoteAuth` has, unless it says otherwise.
 */
export const localTokenSchema = z.strictObject({ strategy: z.literal('local-token') });
