import { z } from 'zod';

const texts = z.array(z.string()).default([]);
const attributes = z.record(z.string(), z.unknown()).default({});

const protocolMappers = z
  .array(z.looseObject({ protocolMapper: z.string().optional(), config: attributes }))
  .default([]);

/** ClientScopeRepresentation, as far as it is looked at; everything else is kept for an undo.
 * https://www.keycloak.org/docs-api/latest/rest-api/index.html#ClientScopeRepresentation
 */
export const scopeSchema = z.looseObject({
  id: z.string(),
  name: z.string(),
  protocol: z.string().optional(),
  attributes,
  protocolMappers,
});
export type ScopeRepresentation = z.output<typeof scopeSchema>;

/** ClientRepresentation, as far as it is looked at: its secret is not. */
export const clientSchema = z.object({
  id: z.string(),
  clientId: z.string(),
  enabled: z.boolean().default(true),
  protocol: z.string().optional(),
  publicClient: z.boolean().default(false),
  bearerOnly: z.boolean().default(false),
  consentRequired: z.boolean().default(false),
  standardFlowEnabled: z.boolean().default(false),
  clientAuthenticatorType: z.string().optional(),
  redirectUris: texts,
  webOrigins: texts,
  attributes,
  defaultClientScopes: texts,
  optionalClientScopes: texts,
  /** Its own, beside those of its scopes. */
  protocolMappers,
});
/** What brings claims into tokens. */
export type MapperRepresentation = z.output<typeof protocolMappers>[number];
export type ClientRepresentation = z.output<typeof clientSchema>;
