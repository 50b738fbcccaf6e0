import type { Asked, Policy } from '../../model/policy.ts';
import type { Caller } from '../../model/caller.ts';
import { fail } from '../../model/usher-error.ts';
import { buildToolRules } from './build-tool-rules.ts';
import { buildToolScopes } from './build-tool-scopes.ts';
import { askedFor, usualScopes } from './offered-scopes.ts';
import type { ScopesSettings } from './schema.ts';

/** Strategy `scopes`: the token must carry every scope that the call, its method and its tool need, and a rule must let
 * the caller use the tool.
 */
export function buildScopesPolicy(settings: ScopesSettings): Policy {
  const { required, methods, tools, rules, prefix } = settings;
  const isSimple = Object.keys(methods).length === 0 && Object.keys(tools).length === 0 && rules.length === 0;
  const simply = required.length === 0 ? 'no scopes required' : `scopes ${required.join(' ')}`;
  if (!isSimple) return buildDetailedPolicy(settings);
  return {
    strategy: 'scopes',
    scopes: usualScopes(settings),
    authorize(caller) {
      requireScopes(caller, required, prefix);
      return simply;
    },
    visibleTools: () => undefined,
  };
}

function buildDetailedPolicy({ required, methods, tools, rules, list, prefix }: ScopesSettings): Policy {
  const ofMethod = new Map(Object.entries(methods));
  const ofTool = buildToolScopes(tools);
  const judge = buildToolRules(rules);
  const always = [...required, ...(ofMethod.get('tools/call') ?? [])];
  return {
    strategy: 'scopes',
    scopes: askedFor(required, prefix),
    authorize(caller, asked) {
      const needed = new Set(required);
      const reasons = new Set<string>();
      for (const { message, tool } of asked) {
        for (const scope of ofMethod.get(message.method ?? '') ?? []) needed.add(scope);
        if (tool === undefined && !isToolCall(message)) continue;
        const name = tool ?? '';
        const ruling = judge(caller, name);
        // First, so that nobody is sent for a scope that would not help.
        if (!ruling.isAllowed) throw fail('tool_unknown', { tool: name, rule: ruling.reason });
        if (ruling.reason !== '') reasons.add(ruling.reason);
        for (const scope of ofTool(name)) needed.add(scope);
      }
      requireScopes(caller, [...needed], prefix);
      const scopes = needed.size === 0 ? 'no scopes required' : `scopes ${[...needed].join(' ')}`;
      return [scopes, ...reasons].join('; ');
    },
    visibleTools: (caller) => (tool) =>
      judge(caller, tool).isAllowed &&
      (list === 'obtainable' || hasScopes(caller, always)) &&
      (list === 'obtainable' || hasScopes(caller, ofTool(tool))),
  };
}

function isToolCall({ method }: Asked['message']): boolean {
  return method === 'tools/call';
}

function hasScopes({ scopes }: Caller, needed: readonly string[]): boolean {
  return needed.every((scope) => scopes.has(scope));
}

/** All that this call needs, not only what is missing: a client asks once, for the lot (MCP authorization, scope challenge
 * handling).
 */
function requireScopes(caller: Caller, needed: readonly string[], prefix: string | undefined): void {
  if (hasScopes(caller, needed)) return;
  const found = caller.scopes.size === 0 ? 'none' : JSON.stringify([...caller.scopes].join(' '));
  throw fail(
    'insufficient_scope',
    { found, expected: JSON.stringify(needed.join(' ')) },
    { scopes: askedFor(needed, prefix) },
  );
}
