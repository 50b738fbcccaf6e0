import { z } from 'zod';

/** `server.json`, the form in which MCP registries describe servers (github.com/modelcontextprotocol/registry,
 * docs/reference/server-json, version 2025-12-11 and its forerunners). Read: bounded, and only what Usher makes use of.
 */
const text = (longest: number) => z.string().max(longest);
const value = text(2_000);
const few = 50;

const input = z.object({
  description: text(2_000).optional(),
  isRequired: z.boolean().optional(),
  isSecret: z.boolean().optional(),
  value: value.optional(),
  default: value.optional(),
  placeholder: value.optional(),
});
const filled = input.extend({ variables: z.record(text(100), input).optional() });
const keyValue = filled.extend({ name: text(200).min(1) });
const positional = filled.extend({ type: z.literal('positional'), valueHint: text(200).optional() });
const named = filled.extend({ type: z.literal('named'), name: text(200).min(1) });
const argument = z.discriminatedUnion('type', [positional, named]);

const headers = z.array(keyValue).max(few).optional();
const remote = z.object({
  type: z.enum(['streamable-http', 'sse']),
  url: text(2_000).min(1),
  headers,
  variables: z.record(text(100), input).optional(),
});
const transport = z.discriminatedUnion('type', [
  z.object({ type: z.literal('stdio') }),
  z.object({ type: z.literal('streamable-http'), url: text(2_000).optional(), headers }),
  z.object({ type: z.literal('sse'), url: text(2_000).optional(), headers }),
]);

const packageDocument = z.object({
  registryType: text(50),
  registryBaseUrl: text(500).optional(),
  identifier: text(500).min(1),
  version: text(255).optional(),
  fileSha256: z
    .string()
    .regex(/^[a-f0-9]{64}$/)
    .optional(),
  runtimeHint: text(50).optional(),
  transport,
  runtimeArguments: z.array(argument).max(few).optional(),
  packageArguments: z.array(argument).max(few).optional(),
  environmentVariables: z.array(keyValue).max(few).optional(),
});

export const serverDocument = z.object({
  name: z
    .string()
    .max(200)
    .regex(/^[a-zA-Z0-9.-]+\/[a-zA-Z0-9._-]+$/, 'a name such as io.github.owner/server'),
  title: text(200).optional(),
  description: text(1_000),
  version: text(255).min(1),
  websiteUrl: text(500).optional(),
  repository: z.object({ url: text(500).optional() }).optional(),
  packages: z.array(packageDocument).max(few).optional(),
  remotes: z.array(remote).max(few).optional(),
});

/** One server as a registry describes it. */
export type ServerDocument = z.output<typeof serverDocument>;
export type PackageDocument = z.output<typeof packageDocument>;
export type RemoteDocument = z.output<typeof remote>;
export type ArgumentDocument = z.output<typeof argument>;
export type InputDocument = z.output<typeof filled>;

/** Where it stands in its life, in the words of the official registry. */
export const official = 'io.modelcontextprotocol.registry/official';
export const serverResponse = z.object({
  server: serverDocument,
  _meta: z
    .object({ [official]: z.object({ status: text(50).optional(), publishedAt: text(50).optional() }).optional() })
    .optional(),
});

/** One of a list, with what the registry says about it. */
export interface Entry {
  readonly server: ServerDocument;
  /** `active`, `deprecated` or `deleted`, where the registry says so. */
  readonly status: string | undefined;
  /** Of which registry it is, as people named it. */
  readonly source: string;
  /** As it came: what is agreed to is all of it, also what Usher makes no use of. */
  readonly raw: unknown;
}
