import { z } from 'zod';

/** Settings of the `anonymous` authenticator: everybody may call. Only by name, never by leaving something out. */
export const anonymousSchema = z.strictObject({
  strategy: z.literal('anonymous'),
});
