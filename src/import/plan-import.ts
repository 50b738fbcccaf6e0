import { decisive } from './decisive.ts';
import { type ImportPlan, isSaid, PlanDraft } from './import-plan.ts';
import type { ParsedRunConfig } from './parse-run-config.ts';
import { planAuthentication } from './plan-authentication.ts';
import { planContainer } from './plan-container.ts';
import { planRemote } from './plan-remote.ts';
import { readMiddleware } from './read-middleware.ts';
import type { RunConfig } from './run-config.ts';
import type { Surroundings } from './surroundings.ts';

/** What has no counterpart here, since it needs none. */
const needless: readonly (readonly [key: keyof RunConfig, what: string])[] = [
  ['registry_api_url', 'no registry is asked: what is to be run stands in the file'],
  ['registry_url', 'no registry is asked: what is to be run stands in the file'],
  ['registry_server_name', 'no registry is asked: what is to be run stands in the file'],
  ['container_name', 'Usher names containers itself'],
  ['base_name', 'Usher names containers itself'],
  ['container_labels', 'containers have labels of Usher'],
  ['allow_docker_gateway', 'a container finds this machine as host.docker.internal anyway'],
  ['strict_protocol_validation', 'Usher always looks whether headers and body say the same'],
  ['stateless', 'Usher finds out what the server can do'],
  ['rate_limit_namespace', 'is for Kubernetes'],
  ['mcpserver_generation', 'is for Kubernetes'],
  ['env_file_dir', 'its variables are among env_vars'],
  ['audit_config', 'there always is an audit trail: usher update --audit-file says where'],
  ['audit_config_path', 'there always is an audit trail: usher update --audit-file says where'],
  ['telemetry_config', 'Usher sends no traces or metrics'],
  ['session_ttl', 'a session ends with its server, or when it was not used (--session-idle)'],
  ['runtime_config', 'it says how an image was built, which is there already'],
  ['endpoint_prefix', 'clients find the server at --path'],
  ['trust_proxy_headers', 'proxies whose X-Forwarded-For is believed are named with --trusted-proxies'],
];

/** Says what a run configuration of ToolHive means as a server of Usher: every field of it is a setting, has a remark why it is none,
 * or is in the way.
 */
export function planImport({ config, ...parsed }: ParsedRunConfig, surroundings: Surroundings): ImportPlan {
  const draft = new PlanDraft();
  draft.blocked.push(...parsed.blocked);
  draft.problems.push(...parsed.problems);
  if (config === undefined) return finish(draft, undefined, { tools: undefined, hasCallers: true });
  for (const [key, what] of needless) if (isSaid(config[key])) draft.remark(key, what);
  for (const [key, what] of decisive) if (isSaid(config[key])) draft.block(key, what);
  const merged = readMiddleware(config, draft);
  draft.set('host', 'host', merged.host);
  draft.set('port', 'port', merged.port);
  draft.set('allowed-origins', 'allowed_origins', merged.allowed_origins);
  if (merged.debug === true) draft.set('log-level', 'debug', 'debug');
  if (merged.proxy_mode === 'sse')
    draft.remark('proxy_mode', 'callers speak Streamable HTTP, never the older HTTP with SSE');
  planAuthentication(merged, draft);
  if (isSaid(merged.remote_url)) planRemote(merged, draft);
  else planContainer(merged, draft, surroundings);
  const { tools_filter: tools = [] } = merged;
  for (const tool of tools)
    if (tool.includes('*'))
      draft.refuse('tools_filter', `has the tool ${JSON.stringify(tool)}, and * stands for all here`);
  return finish(draft, merged, {
    tools: tools.length > 0 ? tools : undefined,
    // Signing in is for servers elsewhere.
    hasCallers: isSaid(merged.oidc_config) || (isSaid(merged.remote_url) && isSaid(merged.remote_auth_config)),
  });
}

function finish(
  { settings, remarks, blocked, problems }: PlanDraft,
  config: RunConfig | undefined,
  rest: Pick<ImportPlan, 'tools' | 'hasCallers'>,
): ImportPlan {
  const { name = '', group = '' } = config ?? {};
  return {
    name: name === '' ? undefined : name,
    group: group === '' ? undefined : group,
    settings,
    remarks,
    blocked,
    problems,
    ...rest,
  };
}
