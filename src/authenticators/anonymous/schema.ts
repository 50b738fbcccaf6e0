import { z } from 'zod';
import { setting } from '../../model/setting.ts';

/** Settings of the `anonymous` authenticator: everybody may call. Only by name, never by leaving something out. */
export const anonymousSchema = z.strictObject({
  strategy: setting(z.literal('anonymous'), {
    help: 'Let everybody call, without a token; whom it reaches is up to you',
    flag: 'anonymous',
    group: 'Caller authentication',
  }),
});
