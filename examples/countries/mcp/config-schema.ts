import { isIP } from 'node:net';
import { z } from 'zod';

const loopbackHosts = new Set(['localhost', '127.0.0.1', '[::1]']);

const httpUrl = z
  .string()
  .refine((value) => /^https?:$/.test(URL.parse(value)?.protocol ?? ''), 'expected an http or https URL');

/** Over plain http anybody on the way could hand us keys of their own. */
const issuerUrl = z.string().refine((value) => {
  const url = URL.parse(value);
  return url?.protocol === 'https:' || (url?.protocol === 'http:' && loopbackHosts.has(url.hostname));
}, 'expected an https URL (http on loopback addresses only)');

const word = z.string().min(1, 'expected a word that is not empty');

const auth = z
  .strictObject({
    servers: z.array(issuerUrl).min(1, 'expected at least one authorization server'),
    issuers: z.array(issuerUrl).optional(),
    audiences: z.array(word).min(1, 'expected at least one audience'),
    resource: httpUrl,
    resource_documentation: httpUrl.optional(),
    scopes: z.array(z.string().regex(/^[!#-[\]-~]+$/, 'expected a scope: printable, without spaces and quotes')),
    scope_mode: z.enum(['require_all', 'require_any', 'disabled']).default('require_all'),
    disable_auth_token_passthrough: z.boolean().default(false),
    tls: z.strictObject({ ca_cert: z.string().nullish() }).default({}),
  })
  .refine(({ issuers, servers }) => issuers?.every((issuer) => servers.includes(issuer)) ?? true, {
    path: ['issuers'],
    error: 'every issuer must stand under servers too, where its keys are found',
  });

/** The part of Apollo MCP server's configuration this server knows
 * (https://www.apollographql.com/docs/apollo-mcp-server/config-file). */
export const configSchema = z.strictObject({
  endpoint: httpUrl,
  instructions: z.string().optional(),
  transport: z.strictObject({
    type: z.literal('streamable_http'),
    address: z
      .string()
      .refine((value) => isIP(value) !== 0, 'expected an IP address')
      .default('127.0.0.1'),
    port: z.int().min(0).max(65_535).default(8000),
    // This server keeps no sessions, so only that can be asked for.
    stateful_mode: z.literal(false).optional(),
    host_validation: z.strictObject({ allowed_hosts: z.array(word).default([]) }).default({ allowed_hosts: [] }),
    auth: auth.optional(),
  }),
  schema: z.strictObject({ source: z.literal('local'), path: word }),
  operations: z.strictObject({ source: z.literal('local'), paths: z.array(word).min(1) }),
});

export type Config = z.infer<typeof configSchema>;
export type AuthConfig = z.infer<typeof auth>;
