import { z } from 'zod';

/** The parts of Okta's objects that a set-up looks at; the rest is kept as it came, to be sent back unchanged.
 * Source: https://developer.okta.com/docs/api/openapi/okta-management/ and its examples.
 */
// They become parts of paths.
export const idSchema = z.string().regex(/^(?!\.{1,2}$)[A-Za-z0-9._~-]{1,100}$/);
const id = idSchema;
const status = z.string();
const names = z.array(z.string());

export const madeSchema = z.looseObject({ id });

export const serverSchema = z.looseObject({ id, name: z.string(), audiences: names, issuer: z.url(), status });

export const scopeSchema = z.looseObject({ id, name: z.string() });

export const policySchema = z.looseObject({
  id,
  name: z.string(),
  status,
  conditions: z.looseObject({ clients: z.looseObject({ include: names }) }),
});

const someone = z.looseObject({ include: names.default([]), exclude: names.default([]) }).prefault({});
const nobody = someone.parse({});

export const ruleSchema = z.looseObject({
  id,
  name: z.string(),
  status,
  conditions: z.looseObject({
    people: z
      .looseObject({ users: someone, groups: someone })
      .nullish()
      .transform((people) => people ?? { users: nobody, groups: nobody }),
    grantTypes: z.looseObject({ include: names }),
    scopes: z.looseObject({ include: names }),
  }),
});

export const appSchema = z.looseObject({
  id,
  name: z.string(),
  label: z.string(),
  status,
  signOnMode: z.string().nullish(),
});

export const oidcAppSchema = appSchema.extend({
  credentials: z.looseObject({ oauthClient: z.looseObject({ client_id: z.string() }) }),
  settings: z.looseObject({
    oauthClient: z.looseObject({
      application_type: z.string(),
      grant_types: names,
      redirect_uris: names.nullish().transform((uris) => uris ?? []),
      dpop_bound_access_tokens: z.boolean().nullish(),
    }),
  }),
});

export const secretSchema = z.looseObject({ status, client_secret: z.string().min(1).optional() });

export const groupSchema = z.looseObject({ id, profile: z.looseObject({ name: z.string() }) });

export const userSchema = z.looseObject({ id, status, profile: z.looseObject({ login: z.string() }) });

export const errorSchema = z.looseObject({
  errorCode: z.string(),
  errorSummary: z.string().default(''),
  errorCauses: z.array(z.looseObject({ errorSummary: z.string().default('') })).default([]),
});

export type OktaServer = z.output<typeof serverSchema>;
export type OktaPolicy = z.output<typeof policySchema>;
export type OktaRule = z.output<typeof ruleSchema>;
export type OktaApp = z.output<typeof oidcAppSchema>;
export type OktaGroup = z.output<typeof groupSchema>;
