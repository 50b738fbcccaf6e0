import { z } from 'zod';
import { appSchema, policySchema, ruleSchema, scopeSchema, serverSchema, userSchema } from '../seed/seed-schema.ts';

const stamps = { created: z.string(), lastUpdated: z.string() };

const scopeStateSchema = scopeSchema.extend({ id: z.string(), displayName: z.string(), consent: z.string() });

const ruleStateSchema = ruleSchema.extend({
  id: z.string(),
  priority: z.number().int(),
  scopes: z.union([z.literal('*'), z.array(z.string())]),
  ...stamps,
});

const policyStateSchema = policySchema.extend({
  id: z.string(),
  description: z.string(),
  priority: z.number().int(),
  clients: z.union([z.literal('ALL_CLIENTS'), z.array(z.string())]),
  rules: z.array(ruleStateSchema),
  ...stamps,
});

/** Made through the management API only: a seed has none. */
export const claimStateSchema = z.strictObject({
  id: z.string(),
  name: z.string().min(1).max(100),
  claimType: z.enum(['RESOURCE', 'IDENTITY']),
  valueType: z.enum(['EXPRESSION', 'GROUPS']),
  value: z.string().min(1).max(1024),
  groupFilterType: z.enum(['STARTS_WITH', 'EQUALS', 'CONTAINS', 'REGEX']).optional(),
  active: z.boolean(),
  alwaysIncludeInToken: z.boolean(),
  scopes: z.array(z.string()),
});

const serverStateSchema = serverSchema.extend({
  description: z.string(),
  active: z.boolean(),
  scopes: z.array(scopeStateSchema),
  claims: z.array(claimStateSchema),
  policies: z.array(policyStateSchema),
  ...stamps,
});

const appStateSchema = appSchema.extend({
  active: z.boolean(),
  grantTypes: z.array(appSchema.shape.grantTypes.element),
  ...stamps,
});

const userStateSchema = userSchema.extend({
  id: z.string(),
  active: z.boolean(),
  firstName: z.string(),
  lastName: z.string(),
  ...stamps,
});

const groupStateSchema = z.strictObject({ id: z.string(), name: z.string(), description: z.string(), ...stamps });

/** The org as it is now: what the seed began with, and what was changed through the management API. */
export const orgDataSchema = z.strictObject({
  servers: z.array(serverStateSchema),
  apps: z.array(appStateSchema),
  users: z.array(userStateSchema),
  groups: z.array(groupStateSchema),
});

export type OrgData = z.output<typeof orgDataSchema>;
export type LiveServer = OrgData['servers'][number];
export type LiveClaim = LiveServer['claims'][number];
export type LiveScope = LiveServer['scopes'][number];
export type LivePolicy = LiveServer['policies'][number];
export type LiveRule = LivePolicy['rules'][number];
export type LiveApp = OrgData['apps'][number];
export type LiveUser = OrgData['users'][number];
export type LiveGroup = OrgData['groups'][number];
