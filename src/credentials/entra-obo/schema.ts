import { z } from 'zod';
import { scope } from '../../model/scope.ts';
import { setting } from '../../model/setting.ts';
import { webUrl } from '../../model/web-url.ts';
import { clientFields } from '../../oauth/client-authentication/schema.ts';
import { tokenFields } from '../../oauth/token-fields.ts';

const group = 'Entra, on behalf of';

/** Settings of the `entra-obo` credential: Microsoft Entra's on-behalf-of flow, which is its way of token exchange. */
export const entraOboSchema = z
  .strictObject({
    strategy: z.literal('entra-obo'),
    url: setting(webUrl(), {
      help: "Token endpoint of the users' tenant, version 2.0",
      group,
      flag: 'entra-obo-url',
      placeholder: 'URL',
      example: 'https://login.microsoftonline.com/TENANT/oauth2/v2.0/token',
    }),
    ...clientFields({ group, flagPrefix: 'entra-obo-client' }),
    scopes: setting(z.array(scope).min(1), {
      help: 'Scopes to ask for: /.default of the API for all that was consented to, or some of its own',
      group,
      flag: 'entra-obo-scopes',
      placeholder: 'SCOPE,…',
      example: 'api://backend/.default',
      spaceSeparated: true,
    }),
    audience: setting(z.array(z.string().min(1)).min(1), {
      help: "The returned token must be meant for one of them: the API's client id (its tokens of version 2.0), or its application id URI",
      group,
      flag: 'entra-obo-audience',
      placeholder: 'AUDIENCE',
      example: '11111111-2222-3333-4444-555555555555',
    }),
    ...tokenFields({ group, flagPrefix: 'entra-obo' }),
  })
  .describe('Microsoft Entra exchanges tokens by its on-behalf-of flow');

export type EntraOboSettings = z.output<typeof entraOboSchema>;
