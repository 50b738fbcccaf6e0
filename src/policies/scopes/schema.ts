import { z } from 'zod';
import { scope } from '../../model/scope.ts';
import { setting } from '../../model/setting.ts';

/** A list, or a single one. */
function listOf<S extends z.ZodType>(item: S) {
  return z.union([z.array(item).min(1), item.transform((one) => [one])]);
}

const toolPattern = z.string().min(1).max(200);

/** Who may use which tools. */
const ruleSchema = z.strictObject({
  /** Names; `*` stands for any characters. */
  tools: listOf(toolPattern),
  /** Claims the caller's token has to have: each with one of the values. A dotted name leads into nested claims. */
  claims: z.record(z.string().min(1), listOf(z.union([z.string(), z.number(), z.boolean()]))).default({}),
  effect: z.enum(['allow', 'deny']).default('allow'),
});

export type ToolRule = z.output<typeof ruleSchema>;

/** Settings of the `scopes` policy: what a token must be allowed to do. */
export const scopesSchema = z.strictObject({
  strategy: z.literal('scopes').default('scopes'),
  required: setting(z.array(scope).default([]), {
    help: 'Scopes every call needs; also what clients are told to ask for',
    flag: 'oidc-scopes',
    group: 'Caller authentication',
    placeholder: 'SCOPE,…',
    example: 'mcp:tools:call',
    spaceSeparated: true,
  }),
  prefix: setting(scope.optional(), {
    help: 'What stands before each scope where clients ask for it, while the token has it without: api://CLIENT-ID/ with Entra',
    flag: 'oidc-scope-prefix',
    group: 'Caller authentication',
    placeholder: 'PREFIX',
    example: 'api://11111111-2222-3333-4444-555555555555/',
  }),
  methods: setting(z.record(z.string().min(1), listOf(scope)).default({}), {
    help: 'Scopes an MCP method needs beside those, by method, such as resources/read',
    group: 'Policy',
    fileOnly: true,
  }),
  tools: setting(z.record(toolPattern, listOf(scope)).default({}), {
    help: 'Scopes a tool needs beside those, by its name; * stands for any characters',
    group: 'Policy',
    fileOnly: true,
  }),
  rules: setting(z.array(ruleSchema).default([]), {
    help: 'Who may use which tools: the first rule that fits tool and claims decides, and without one that fits there is no such tool',
    group: 'Policy',
    fileOnly: true,
  }),
  list: setting(z.enum(['allowed', 'obtainable']).default('allowed'), {
    help: 'Tools that tools/list shows: those a call would be allowed to, or also those for which only a scope is missing',
    flag: 'list-tools',
    group: 'Policy',
  }),
});

export type ScopesSettings = z.output<typeof scopesSchema>;
