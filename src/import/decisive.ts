import type { RunConfig } from './run-config.ts';

/** Fields that decide who may do what, or what happens to calls, and cannot be taken over; with why. */
export const decisive: ReadonlyMap<keyof RunConfig, string> = new Map([
  [
    'authz_config',
    'says who may use what, in a language Usher does not read; policy.rules and --oidc-scopes are for that',
  ],
  [
    'authz_config_path',
    'says who may use what, in a language Usher does not read; policy.rules and --oidc-scopes are for that',
  ],
  ['upstream_swap_config', 'lends the server tokens of an authorization server of ToolHive'],
  ['embedded_auth_server_config', 'is an authorization server of ToolHive, at which callers sign in'],
  ['aws_sts_config', 'signs calls for AWS, which Usher does not'],
  ['rate_limit_config', 'limits how often somebody may call; usher update --rate-limit is for that'],
  ['tools_override', 'gives tools other names and descriptions, which Usher does not'],
  ['validating_webhooks', 'asks another service whether a call may go on'],
  ['mutating_webhooks', 'lets another service change calls'],
  ['additional_middleware_configs', 'puts parts into the way of calls that only their maker knows'],
  ['jwks_auth_token_file', 'is a token for the request for keys, which Usher sends without'],
  ['k8s_pod_template_patch', 'is for Kubernetes; the chart of Usher has values for that'],
  ['scaling_config', 'is for Kubernetes; the chart of Usher has values for that'],
]);
